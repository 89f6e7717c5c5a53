"""Checkouts: begin one at the processor, hear its answers, ask again, and end each of them.

A checkout is kept before the processor is called, under our key. Whatever happens after that, its
outcome is unknown until the processor says: it is never begun a second time, never counted as paid
and never as missed. ``ask_checkouts`` asks again; what stays unknown waits for a person.

Lives here      the journeys.
Lives elsewhere how a checkout stands after an answer (``checkout_answers``), postings
                (``channel_money``), the processor (``stores/gateways/processor``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import CARD_DAYS, absent_after, ask_after, bank_day, person_after
from meterledger.facts.bank import Expectation
from meterledger.facts.checkouts import (
    CARD_BACK_LINE,
    CARD_LINE,
    OF_CHECKOUT,
    Answer,
    Checkout,
    CheckoutOnFile,
    CheckoutState,
    CheckoutStep,
    HeardBy,
    Said,
)
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, Receipt
from meterledger.facts.places import Account
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import CENTS_MAX, shown, usd_display, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.channel_money import MoneyStore, Postings
from meterledger.usecases.channel_ports import ChannelChange, Processor, ProcessorSilent
from meterledger.usecases.checkout_answers import MoneyMove, heard, received_on, still_open
from meterledger.usecases.no_card_numbers import refuse_card_numbers
from meterledger.usecases.payment_keys import key_rule, payment_key_of
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.post_payments import again_if_moved, again_if_taken
from meterledger.usecases.take_payment import AskedDeposits, no_deposits

CARDS = "131.card"
OF_REFUND = "refund:"
"""How keys of refunds begin at the processor; no checkout's does."""


class CheckoutRefused(Refusal):
    """A checkout cannot be begun or ended as asked."""


class CheckoutStore(MoneyStore, Protocol):
    """What these journeys need of the store."""

    def account(self, account_id: str) -> Account:
        """The account. :raises NotFound:"""

    def checkout(self, checkout_id: str) -> CheckoutOnFile:
        """A checkout with its steps. :raises NotFound:"""

    def checkouts(
        self, *, account_ids: Collection[str] | None = None, state: CheckoutState | None = None
    ) -> list[CheckoutOnFile]:
        """Checkouts, the oldest first."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


@dataclass(frozen=True, slots=True)
class CheckoutDesk:
    """Where these journeys work: store, processor, book and the instant, which is now."""

    store: CheckoutStore
    processor: Processor
    view: BookView
    now: datetime
    asked_deposits: AskedDeposits = no_deposits

    @property
    def today(self) -> date:
        """The utility's local day."""
        return local_day_of(self.now, self.view.time_zone)

    @property
    def terms(self) -> Terms:
        """The book today."""
        return Terms(self.view, self.today)


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of checkouts that were asked about."""

    heard: tuple[CheckoutOnFile, ...]
    still_unknown: tuple[CheckoutOnFile, ...]
    for_a_person: tuple[CheckoutOnFile, ...]
    refused: tuple[tuple[str, str], ...] = ()
    """Checkouts whose answer could not be taken, each with why: a person looks at them."""


def start_checkout(
    checkout_id: str, *, account_id: str, cents: int, tender: Tender, desk: CheckoutDesk
) -> CheckoutOnFile:
    """Begin a checkout, or find the one of that key. ``redirect`` says where the customer pays.

    Called again with the same key nothing is begun again: a checkout without an address is asked
    about instead. While another checkout of the account is unknown, none is begun.

    :raises CheckoutRefused: if the amount or the key is none, or another outcome is unknown
    :raises CardNumberRefused: if the key looks like a card number
    :raises Conflict: if the key was used with other contents
    :raises NotFound: if there is no such account
    """
    refuse_card_numbers([checkout_id, account_id], where="checkout")
    is_key = payment_key_of(checkout_id, prefix=OF_CHECKOUT) == checkout_id
    if not is_key or checkout_id.startswith(OF_REFUND):
        raise CheckoutRefused(
            f"{shown(checkout_id)} is not a key of a checkout",
            do=f"Give {key_rule(OF_CHECKOUT)}",
        )
    if not 0 < cents <= CENTS_MAX:
        raise CheckoutRefused(
            f"{usd_display(cents)} cannot be paid",
            where=f"checkout {checkout_id}",
            do=f"Give an amount above zero, at most {usd_text(CENTS_MAX)}",
        )
    desk.store.account(account_id)
    checkout = Checkout(checkout_id, account_id, cents, tender, desk.now, desk.processor.name)
    known = _known(checkout_id, desk)
    if known is None:
        _refuse_second(checkout, desk)
        change = ChannelChange("checkout begun", account_id, desk.now, checkouts=(checkout,))
        try:
            desk.store.keep_channel(change)
        except Conflict:  # another call came first: with this key, or for this account
            known = _known(checkout_id, desk)
            if known is None:
                _refuse_second(checkout, desk)
                raise
    if known is not None:
        same = replace(known.checkout, started_at=checkout.started_at)
        if same != checkout:
            raise Conflict(
                f"The key {checkout_id} is used already, for {usd_display(known.checkout.cents)} "
                f"on account {known.checkout.account_id}",
                where="checkout",
                why="A key is one checkout, for ever, and nothing was changed",
                do="Use another key for another payment",
            )
        needs_asking = known.state is CheckoutState.UNKNOWN and not known.redirect
        return _ask(checkout_id, desk) if needs_asking else known
    try:
        answer = desk.processor.start(checkout)
    except ProcessorSilent:
        answer = Answer(checkout_id, Said.SILENT, 0, 0)
    return hear(answer, HeardBy.START, desk=desk)


def _known(checkout_id: str, desk: CheckoutDesk) -> CheckoutOnFile | None:
    try:
        return desk.store.checkout(checkout_id)
    except NotFound:
        return None


def _refuse_second(checkout: Checkout, desk: CheckoutDesk) -> None:
    unknown = desk.store.checkouts(account_ids=[checkout.account_id], state=CheckoutState.UNKNOWN)
    for one in unknown:
        if one.checkout.checkout_id == checkout.checkout_id:
            continue
        raise CheckoutRefused(
            f"{usd_display(one.checkout.cents)} may have been paid already: checkout "
            f"{one.checkout.checkout_id} has no known outcome",
            where=f"account {checkout.account_id}",
            why="A second payment could take the money twice",
            do=f"Go on with it, or ask the processor with `meterledger checkout ask "
            f"{one.checkout.checkout_id}`",
        )


def answer_checkout(body: bytes, signature: str, *, desk: CheckoutDesk) -> CheckoutOnFile:
    """Take an answer that the processor sent by itself.

    :raises CallbackRefused: if its signature or its form is wrong; nothing is changed
    :raises CardNumberRefused: if something in it looks like a card number; nothing is kept
    :raises NotFound: if it is of no checkout of ours
    """
    answer = desk.processor.read_callback(body, signature)
    return hear(answer, HeardBy.CALLBACK, desk=desk)


def hear(
    answer: Answer, heard_by: HeardBy, *, desk: CheckoutDesk, by: str = "", reason: str = ""
) -> CheckoutOnFile:
    """Add what was heard of a checkout, with the money that it moves, in one transaction."""
    refuse_card_numbers([answer.reference, answer.redirect], where="answer of the processor")
    return again_if_moved(lambda: again_if_taken(lambda: _hear(answer, heard_by, desk, by, reason)))


def _hear(
    answer: Answer, heard_by: HeardBy, desk: CheckoutDesk, by: str, reason: str
) -> CheckoutOnFile:
    on_file = desk.store.checkout(answer.checkout_id)
    checkout = on_file.checkout
    if heard_by is HeardBy.PERSON:
        _refuse_known(on_file)  # somebody may have said it since the person looked
    after = heard(on_file, answer, heard_by, now=desk.now, absent_after=absent_after(desk.terms))
    zone = desk.view.time_zone
    if not after.is_news:
        waits = still_open(on_file, answer, heard_by, now=desk.now, zone=zone)
        if waits is None:
            return on_file
        after = waits
    postings = Postings(
        desk.store,
        desk.view,
        now=desk.now,
        today=desk.today,
        asked_deposits=desk.asked_deposits,
    )
    expected: tuple[Expectation, ...] = ()
    sentence = f"{after.sentence}; {reason}" if reason else after.sentence
    if after.move is MoneyMove.POST:
        day = received_on(on_file, answer, now=desk.now, zone=zone)
        receipt = _receipt(checkout, answer, day, desk)
        if checkout.payment_key in desk.store.known_receipts([checkout.payment_key]):
            raise Moved.meanwhile(f"checkout {checkout.checkout_id}")
        postings.post(receipt, checkout.account_id, why=sentence)
        expected = (_expected(checkout, answer.cents, receipt.received_day, desk),)
    if after.move is MoneyMove.TAKE_BACK:
        taken = desk.store.receipt(checkout.payment_key).receipt.cents
        who = by or checkout.processor
        postings.take_back(checkout.payment_key, on=desk.today, why=sentence, by=who)
        expected = (_expected(checkout, -taken, desk.today, desk),)
    step = CheckoutStep(
        checkout_id=checkout.checkout_id,
        number=len(on_file.steps) + 1,
        heard_by=heard_by,
        answer=answer,
        state=after.state,
        sentence=sentence,
        learned_at=desk.now,
        by=by,
        payment_key="" if after.move is MoneyMove.NONE else checkout.payment_key,
    )
    desk.store.keep_channel(
        ChannelChange(
            f"checkout {after.state.value}",
            checkout.account_id,
            desk.now,
            receipts=tuple(postings.new),
            receipt_steps=tuple(postings.steps),
            checkout_steps=(step,),
            expectations=expected,
        )
    )
    return replace(on_file, steps=(*on_file.steps, step))


def _receipt(checkout: Checkout, answer: Answer, day: date, desk: CheckoutDesk) -> Receipt:
    """The same for whoever makes it, but for the day where two hear it around midnight."""
    return Receipt(
        payment_key=checkout.payment_key,
        account_told=checkout.account_id,
        cents=answer.cents,
        tender=checkout.tender,
        channel=Channel.CARD,
        received_day=day,
        learned_at=desk.now,
        reference=_plain_reference(answer.reference),
    )


def _plain_reference(reference: str) -> str:
    """A reference that a receipt takes: one with thirteen digits in a row is left to the step."""
    digits = re.sub(r"[ -]", "", reference)
    return "" if re.search(r"[0-9]{13}", digits) else reference


def _expected(checkout: Checkout, cents: int, day: date, desk: CheckoutDesk) -> Expectation:
    way = CARD_LINE if cents > 0 else CARD_BACK_LINE
    shown = bank_day(day, CARD_DAYS, Terms(desk.view, day))
    return Expectation(
        f"{way}:{checkout.checkout_id}",
        CARDS,
        shown,
        cents,
        f"checkout {checkout.checkout_id}",
        checkout.checkout_id,
        f"{checkout.processor}:{shown}",
    )


def ask_checkout(checkout_id: str, *, desk: CheckoutDesk) -> CheckoutOnFile:
    """Ask the processor how a checkout stands. :raises NotFound:"""
    return _ask(checkout_id, desk)


def _ask(checkout_id: str, desk: CheckoutDesk) -> CheckoutOnFile:
    desk.store.checkout(checkout_id)
    try:
        answer = desk.processor.ask(checkout_id)
    except ProcessorSilent:
        answer = Answer(checkout_id, Said.SILENT, 0, 0)
    return hear(answer, HeardBy.ASKED, desk=desk)


def ask_checkouts(*, desk: CheckoutDesk) -> Asked:
    """Ask about every unknown checkout that was begun some minutes ago. Safe to run twice.

    An answer that cannot be taken is told, and leaves its own checkout unknown; the others are
    asked about.
    """
    since = desk.now - ask_after(desk.terms)
    late = desk.now - person_after(desk.terms)
    unknown = desk.store.checkouts(state=CheckoutState.UNKNOWN)
    due = [one for one in unknown if one.checkout.started_at <= since]
    after: list[CheckoutOnFile] = []
    refused: list[tuple[str, str]] = []
    for one in due:
        try:
            after.append(_ask(one.checkout.checkout_id, desk))
        except Refusal as refusal:
            refused.append((one.checkout.checkout_id, refusal.of_one_case().sentence))
            after.append(desk.store.checkout(one.checkout.checkout_id))
    left = [one for one in after if one.state is CheckoutState.UNKNOWN]
    return Asked(
        heard=tuple(one for one in after if one.state is not CheckoutState.UNKNOWN),
        still_unknown=tuple(left),
        for_a_person=tuple(one for one in left if one.checkout.started_at <= late),
        refused=tuple(refused),
    )


def settle_checkout(
    checkout_id: str, *, is_paid: bool, cents: int, by: str, reason: str, desk: CheckoutDesk
) -> CheckoutOnFile:
    """A person says how an unknown checkout ended, with what the processor holds of it.

    The processor's word comes first wherever it has one: a later answer still posts, or takes back.

    :raises CheckoutRefused: if its outcome is known, or name, reason or amount lack
    """
    on_file = desk.store.checkout(checkout_id)
    refuse_card_numbers([by, reason], where=f"checkout {checkout_id}")
    where = f"checkout {checkout_id}"
    _refuse_known(on_file)
    if not by.strip() or not reason.strip():
        raise CheckoutRefused(
            "A person decides with a name and a reason", where=where, do="Give --by and --reason"
        )
    if any(one.state is CheckoutState.TAKEN_BACK for one in on_file.steps) and is_paid:
        raise CheckoutRefused(
            "It was posted and taken back, and a key posts once",
            where=where,
            do="Take the money as a payment of its own with `meterledger payment take`",
        )
    stands = on_file.standing_cents
    if stands and is_paid and cents != stands:
        raise CheckoutRefused(
            f"{usd_display(stands)} of it is posted, and not {usd_display(cents)}",
            where=where,
            why="A key posts once, and a payment is taken back whole",
            do="Say --refused, which takes it back, and take what the processor holds as a payment "
            "of its own with `meterledger payment take`",
        )
    if is_paid and not 0 < cents <= CENTS_MAX:
        raise CheckoutRefused(
            f"{usd_display(cents)} is no amount that the processor can hold",
            where=where,
            do="Give what it holds with --usd",
        )
    said = Said.PAID if is_paid else Said.REFUSED
    answer = Answer(checkout_id, said, cents if is_paid else 0, max(0, on_file.newest_sequence))
    return hear(answer, HeardBy.PERSON, desk=desk, by=by.strip(), reason=reason.strip())


def _refuse_known(on_file: CheckoutOnFile) -> None:
    if on_file.state is not CheckoutState.UNKNOWN:
        raise CheckoutRefused(
            f"Its outcome is known: {on_file.state.value}",
            where=f"checkout {on_file.checkout.checkout_id}",
            do="Look at it with `meterledger checkout show`",
        )
