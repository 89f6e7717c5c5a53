"""A processor that behaves badly on purpose: for tests, and to try a desk out.

It keeps one payment for each key, as processors do, and is in the right about what it holds. All
else may go wrong: it takes the money and does not answer, answers twice, late, out of order, with a
wrong signature or another amount, says nothing for as long as one likes, and charges back.

Lives here      the misbehavior; each is named, so that a test says which it wants.
Lives elsewhere the form of its answers (``processor``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from meterledger.facts.card_refunds import CardRefund
from meterledger.facts.checkouts import Answer, Checkout, Said
from meterledger.stores.gateways.processor import answer_body, read_answer, signature_of
from meterledger.usecases.channel_ports import ProcessorSilent


class Bad(Enum):
    """What goes wrong at one call."""

    SILENT_AFTER_ACTING = "does it and does not answer"
    SILENT = "neither acts nor answers"
    UNCLEAR = "says unknown"
    WRONG_SIGNATURE = "signs with another secret"


@dataclass(frozen=True, slots=True)
class Callback:
    """An answer on its way: bytes and signature."""

    body: bytes
    signature: str


class BadProcessor:
    """Payments by key, with answers that a test delivers when and as often as it likes."""

    name = "bad processor"

    def __init__(self, secret: bytes = b"a secret of sixteen bytes") -> None:
        """``secret`` signs the answers."""
        self._secret = secret
        self._held: dict[str, Answer] = {}
        self.next_bad: list[Bad] = []
        """What goes wrong at the calls to come, in their order."""
        self.callbacks: list[Callback] = []
        """Answers that it has sent by itself, the oldest first."""
        self.starts = 0
        self._given: dict[str, tuple[str, Answer]] = {}
        self.refunds = 0
        self.refunds_wait = False
        """Whether it begins refunds and sends them later."""

    def start(self, checkout: Checkout) -> Answer:
        """Begin, or find what the key began."""
        bad = self.next_bad.pop(0) if self.next_bad else None
        if bad is Bad.SILENT:
            raise _no_answer()
        self.starts += 1
        known = self._held.get(checkout.checkout_id)
        if known is None:
            address = f"https://pay.example/{checkout.checkout_id}"
            known = Answer(checkout.checkout_id, Said.OPEN, 0, 1, "", address)
            self._held[checkout.checkout_id] = known
        return self._told(known, bad)

    def ask(self, checkout_id: str) -> Answer:
        """How it stands."""
        bad = self.next_bad.pop(0) if self.next_bad else None
        known = self._held.get(checkout_id, Answer(checkout_id, Said.ABSENT, 0, 0))
        return self._told(known, bad)

    def refund(self, refund: CardRefund) -> Answer:
        """Give back, or find what the key began; never more than it holds of the checkout."""
        bad = self.next_bad.pop(0) if self.next_bad else None
        if bad is Bad.SILENT:
            raise _no_answer()
        known = self._given.get(refund.refund_id)
        if known is None:
            self.refunds += 1
            enough = refund.cents <= self.holds(refund.checkout_id)
            said = Said.OPEN if self.refunds_wait else Said.PAID
            answer = Answer(refund.refund_id, said, refund.cents, 1, f"back-{self.refunds}")
            if not enough:
                answer = Answer(refund.refund_id, Said.REFUSED, 0, 1)
            known = (refund.checkout_id, answer)
            self._given[refund.refund_id] = known
        return self._told(known[1], bad)

    def ask_refund(self, refund_id: str) -> Answer:
        """How a refund stands."""
        bad = self.next_bad.pop(0) if self.next_bad else None
        absent = Answer(refund_id, Said.ABSENT, 0, 0)
        return self._told(self._given.get(refund_id, ("", absent))[1], bad)

    def end_refund(self, refund_id: str, said: Said, cents: int) -> None:
        """A refund goes on: it is sent, refused, or comes back; the answer is sent by itself."""
        checkout_id, known = self._given[refund_id]
        made = replace(known, said=said, cents=cents, sequence=known.sequence + 1)
        self._given[refund_id] = (checkout_id, made)
        body = answer_body(made)
        self.callbacks.append(Callback(body, signature_of(body, self._secret)))

    def given_back(self, checkout_id: str) -> int:
        """Cents of a checkout that went back to its card."""
        return sum(
            answer.cents
            for of, answer in self._given.values()
            if of == checkout_id and answer.said is Said.PAID
        )

    def read_callback(self, body: bytes, signature: str) -> Answer:
        """An answer that came by itself."""
        return read_answer(body, signature, self._secret)

    def pay(self, checkout_id: str, cents: int, on: date | None = None) -> None:
        """The customer pays this much, be it what was asked or not; it may say on which day."""
        self._go_on(checkout_id, Said.PAID, cents, {Said.OPEN}, on)

    def refuse(self, checkout_id: str) -> None:
        """The customer's bank says no."""
        self._go_on(checkout_id, Said.REFUSED, 0, {Said.OPEN})

    def expire(self, checkout_id: str) -> None:
        """The customer never came."""
        self._go_on(checkout_id, Said.EXPIRED, 0, {Said.OPEN})

    def charge_back(self, checkout_id: str) -> None:
        """The customer's bank takes the money back."""
        self._go_on(checkout_id, Said.CHARGED_BACK, 0, {Said.PAID})

    def holds(self, checkout_id: str) -> int:
        """Cents that it has of a checkout."""
        known = self._held.get(checkout_id)
        paid = known.cents if known and known.said is Said.PAID else 0
        return paid - self.given_back(checkout_id)

    def settled_cents(self, but: Iterable[str] = ()) -> int:
        """All that it has and will pay out."""
        return sum(self.holds(one) for one in self._held if one not in set(but))

    def forge(self, checkout_id: str, cents: int) -> Callback:
        """An answer that somebody else made up."""
        body = answer_body(Answer(checkout_id, Said.PAID, cents, 99))
        return Callback(body, signature_of(body, b"not the secret at all"))

    def _go_on(
        self,
        checkout_id: str,
        said: Said,
        cents: int,
        only_from: set[Said],
        paid_on: date | None = None,
    ) -> None:
        known = self._held.get(checkout_id)
        if known is None or known.said not in only_from:
            return
        reference = f"pay-{checkout_id}" if said is Said.PAID else known.reference
        made = replace(
            known,
            said=said,
            cents=cents,
            sequence=known.sequence + 1,
            reference=reference,
            paid_on=paid_on,
        )
        self._held[checkout_id] = made
        body = answer_body(made)
        self.callbacks.append(Callback(body, signature_of(body, self._secret)))

    def _told(self, answer: Answer, bad: Bad | None) -> Answer:
        if bad in (Bad.SILENT, Bad.SILENT_AFTER_ACTING, Bad.WRONG_SIGNATURE):
            raise _no_answer()
        if bad is Bad.UNCLEAR:
            return replace(answer, said=Said.UNCLEAR, cents=0, redirect="")
        return answer


def _no_answer() -> ProcessorSilent:
    return ProcessorSilent("The processor gave no answer that can be used")
