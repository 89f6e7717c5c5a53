"""Card and wallet payments at a processor: started here, paid there, answered later.

No card number is among these nouns, and none is ever stored: the customer types it at the
processor, to which the browser is sent.

Lives here      checkouts, answers of the processor, and how a checkout stands after them.
Lives elsewhere talking to a processor (``stores/gateways/processor``), the journeys
                (``usecases/checkouts``), keeping (``stores``).
Read first      docs/operating/payment_channels.md; docs/glossary.md: "checkout", "unknown outcome".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.facts.money import Tender
from meterledger.kernel.ensure import ensure

OF_CHECKOUT = "checkout:"
"""What stands before a checkout's key in the key of its payment."""
CARD_LINE, CARD_BACK_LINE = "card", "card-back"
"""How the lines begin that a checkout lets the bank show: its money, and its money back."""


class Said(Enum):
    """What a processor says of a checkout, or what we heard instead."""

    OPEN = "open"
    PAID = "paid"
    REFUSED = "refused"
    EXPIRED = "expired"
    CHARGED_BACK = "charged back"
    UNCLEAR = "unknown"
    ABSENT = "not there"
    SILENT = "no answer"


NO_MONEY = frozenset({Said.REFUSED, Said.EXPIRED})
SAYS_NOTHING = frozenset({Said.SILENT, Said.UNCLEAR, Said.ABSENT})
"""Answers that tell nothing about money; ``ABSENT`` does after a while."""


class CheckoutState(Enum):
    """How a checkout stands. Only ``POSTED`` is paid; an unknown one is neither paid nor missed."""

    UNKNOWN = "unknown"
    POSTED = "posted"
    REFUSED = "refused"
    TAKEN_BACK = "taken back"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A payment that was begun. ``checkout_id`` is our key at the processor, for ever."""

    checkout_id: str
    account_id: str
    cents: int
    tender: Tender
    started_at: datetime
    processor: str

    def __post_init__(self) -> None:
        ensure(self.cents > 0, f"checkout {self.checkout_id} is of a positive amount")
        ensure(self.tender in (Tender.CARD, Tender.WALLET), "a checkout is by card or wallet")

    @property
    def payment_key(self) -> str:
        """The key of the payment that it posts."""
        return f"{OF_CHECKOUT}{self.checkout_id}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a processor said. ``sequence`` is its own count of a checkout's changes.

    ``cents`` is what it holds of the customer's money; ``reference`` is its name of the payment;
    ``paid_on`` the day on which it took the money, where it says so.
    """

    checkout_id: str
    said: Said
    cents: int
    sequence: int
    reference: str = ""
    redirect: str = ""
    paid_on: date | None = None

    def __post_init__(self) -> None:
        ensure(self.cents >= 0 and self.sequence >= 0, "an answer counts from zero")


class HeardBy(Enum):
    """How an answer came."""

    START = "start"
    CALLBACK = "callback"
    ASKED = "asked"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class CheckoutStep:
    """Something that was heard of a checkout, and how it stands after it."""

    checkout_id: str
    number: int
    heard_by: HeardBy
    answer: Answer
    state: CheckoutState
    sentence: str
    learned_at: datetime
    by: str = ""
    payment_key: str = ""
    """The payment that this step posted or took back; empty for none."""


@dataclass(frozen=True, slots=True)
class CheckoutOnFile:
    """A checkout with its steps, the oldest first. Without one its outcome is unknown."""

    checkout: Checkout
    steps: tuple[CheckoutStep, ...] = ()

    @property
    def state(self) -> CheckoutState:
        """How it stands."""
        return self.steps[-1].state if self.steps else CheckoutState.UNKNOWN

    @property
    def redirect(self) -> str:
        """Where the customer pays; empty before the processor has said."""
        return next((one.answer.redirect for one in self.steps[::-1] if one.answer.redirect), "")

    @property
    def newest_sequence(self) -> int:
        """The highest count of the processor that was heard; -1 before any."""
        return max((one.answer.sequence for one in self.steps if _tells(one)), default=-1)

    @property
    def last_asked_at(self) -> datetime:
        """When the processor was last asked, or heard."""
        return self.steps[-1].learned_at if self.steps else self.checkout.started_at

    @property
    def is_posted(self) -> bool:
        """Whether a payment of it stands, and nothing since has put it in doubt."""
        return self.state is CheckoutState.POSTED

    @property
    def standing_cents(self) -> int:
        """What it posted and was not taken back, in doubt or not; 0 where no payment stands."""
        moved = [one for one in self.steps if one.payment_key]
        stands = bool(moved) and moved[-1].state is CheckoutState.POSTED
        return moved[-1].answer.cents if stands else 0

    @property
    def may_have_come(self) -> bool:
        """Whether nobody knows if its money came; what stands in the books did."""
        return self.state is CheckoutState.UNKNOWN and not self.standing_cents


def _tells(step: CheckoutStep) -> bool:
    return step.answer.said not in SAYS_NOTHING and step.heard_by is not HeardBy.PERSON


@dataclass(frozen=True, slots=True)
class PendingMoney:
    """Money that may come or may have come to an account, and is neither paid nor missed.

    ``cause`` is ``checkout:ID`` or ``pledge:ID``; ``for_items`` names what a pledge is for.
    """

    account_id: str
    cause: str
    cents: int
    since: date
    until: date | None = None
    for_items: tuple[str, ...] = ()
