"""Send an approved refund back to the card that paid: begin once, ask, hear, end.

A card refund is kept before the processor is called, under our key. Until the processor says
otherwise its outcome is unknown: it is never begun a second time, the refund goes no other way, and
it is neither sent nor lying with us. What stays unknown waits for a person.

Lives here      the journeys, and how a card refund stands after an answer.
Lives elsewhere asking for a refund and approving it by two people (``refund_credit``,
                ``settlements``), the processor (``stores/gateways/processor``).
Read first      docs/operating/settlements.md, "To a card".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from meterledger.billing import CARD_DAYS, absent_after, bank_day
from meterledger.facts.bank import Expectation
from meterledger.facts.card_refunds import (
    OUT,
    CardRefund,
    CardRefundOnFile,
    CardRefundState,
    CardRefundStep,
)
from meterledger.facts.checkouts import (
    OF_CHECKOUT,
    SAYS_NOTHING,
    Answer,
    CheckoutOnFile,
    HeardBy,
    Said,
)
from meterledger.facts.settlements import Act, Means, SettlementCase
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.card_refund_ports import CardRefunds
from meterledger.usecases.channel_ports import Processor, ProcessorSilent
from meterledger.usecases.checkouts import OF_REFUND, CheckoutDesk, hear
from meterledger.usecases.no_card_numbers import refuse_card_numbers
from meterledger.usecases.ports import Conflict
from meterledger.usecases.post_payments import again_if_moved, again_if_taken
from meterledger.usecases.refund_left import refuse_to_leave
from meterledger.usecases.settlement_ports import SettlementWrite
from meterledger.usecases.settlements import (
    CannotSettle,
    MoneyDesk,
    SettlementStore,
    named,
    refuse_earlier,
    step_on,
)

CARDS = "131.card"


class CardRefundStore(CardRefunds, SettlementStore, Protocol):
    """What these journeys need of the store."""

    def checkout(self, checkout_id: str) -> CheckoutOnFile:
        """A checkout with its steps. :raises NotFound:"""


@dataclass(frozen=True, slots=True)
class CardDesk:
    """Where these journeys work: the desk of settlements, the store's other part, the processor."""

    money: MoneyDesk
    store: CardRefundStore
    processor: Processor


def send_to_card(settlement_id: str, *, by: str, desk: CardDesk) -> CardRefundOnFile:
    """Send an approved refund to the card that paid. Called again it asks instead of beginning.

    :raises CannotSettle: if it goes to no card, to one that the processor does not know, or if more
        would go back than the payment brought
    :raises Conflict: if it is not approved, or on its way another way
    :raises NotFound: if there is no such refund
    """
    who, _ = named(by, "a refund to a card", f"settlement {settlement_id[:80]}")
    case = desk.store.settlement(settlement_id)
    refuse_earlier(case, desk.money)
    attempts = desk.store.card_refunds(settlement_id=settlement_id)
    last = attempts[-1] if attempts else None
    if last is not None and last.state is CardRefundState.UNKNOWN:
        return ask_card_refund(last.refund.refund_id, desk=desk)
    if last is not None and last.state is CardRefundState.DONE and case.last.act is Act.SENT:
        return last
    refuse_to_leave(case, desk.store)
    number = len(attempts) + 1
    refund = CardRefund(
        refund_id=settlement_id if number == 1 else f"{settlement_id}:{number}",
        settlement_id=settlement_id,
        checkout_id=_checkout_of(case, desk),
        account_id=case.account_id,
        cents=case.cents,
        started_at=desk.money.now,
        processor=desk.processor.name,
        by=who,
    )
    try:
        desk.store.begin_card_refund(refund)
    except Conflict:  # another call came first: what it began is told, or asked about
        begun = desk.store.card_refunds(settlement_id=settlement_id)[number - 1 :]
        if begun and begun[-1].state is CardRefundState.UNKNOWN:
            return ask_card_refund(begun[-1].refund.refund_id, desk=desk)
        if begun and begun[-1].state is CardRefundState.DONE:
            return begun[-1]
        raise
    try:
        answer = desk.processor.refund(refund)
    except ProcessorSilent:
        answer = Answer(refund.refund_id, Said.SILENT, 0, 0)
    return hear_card_refund(answer, HeardBy.START, desk=desk)


def _checkout_of(case: SettlementCase, desk: CardDesk) -> str:
    """The checkout whose card it goes to; what may go back of its payment is enough.

    :raises CannotSettle: if there is none, or not enough
    """
    where, payee = f"settlement {case.settlement_id}", case.payee
    if payee is None or payee.means is not Means.CARD:
        raise CannotSettle(
            "It does not go to a card",
            where=where,
            do="Send it the way it goes: see `meterledger refund to-send`",
        )
    if not payee.payment_key.startswith(OF_CHECKOUT):
        raise CannotSettle(
            f"Payment {payee.payment_key or 'of a payee'} was not made at the processor's pages",
            where=where,
            why="Money goes back to the card that paid, and only the processor knows that card",
            do="Send it as the processor's own desk does, and mark it with `meterledger refund "
            "send`, or ask anew for a verified payee",
        )
    checkout_id = payee.payment_key.removeprefix(OF_CHECKOUT)
    paid = desk.store.checkout(checkout_id)
    if not paid.is_posted:
        raise CannotSettle(
            f"Checkout {checkout_id} is {paid.state.value}: nothing of it can go back",
            where=where,
            do="Take the refund back, and ask for it to a verified payee",
        )
    brought = next(
        one.cents
        for one in desk.store.payments_of_account(case.account_id)
        if one.payment_key == payee.payment_key
    )
    out = sum(
        one.refund.cents
        for one in desk.store.card_refunds(checkout_id=checkout_id)
        if one.state in OUT
    )
    if case.cents > brought - out:
        raise CannotSettle(
            f"{usd_display(case.cents)} is more than {usd_display(brought - out)}, what is left of "
            f"payment {payee.payment_key}",
            where=where,
            why="No more goes back to a card than it paid",
            do="Take the refund back, and ask for less, or to a verified payee",
        )
    return checkout_id


def take_answer(
    body: bytes, signature: str, *, checkouts: CheckoutDesk, refunds: CardDesk
) -> CheckoutOnFile | CardRefundOnFile:
    """Take an answer that the processor sent by itself, of a checkout or of a refund.

    :raises CallbackRefused: if its signature or its form is wrong; nothing is changed
    :raises CardNumberRefused: if something in it looks like a card number; nothing is kept
    :raises NotFound: if it is of nothing of ours
    """
    answer = checkouts.processor.read_callback(body, signature)
    if answer.checkout_id.startswith(OF_REFUND):
        return hear_card_refund(answer, HeardBy.CALLBACK, desk=refunds)
    return hear(answer, HeardBy.CALLBACK, desk=checkouts)


def ask_card_refund(refund_id: str, *, desk: CardDesk) -> CardRefundOnFile:
    """Ask the processor how a card refund stands. :raises NotFound:"""
    desk.store.card_refund(refund_id)
    try:
        answer = desk.processor.ask_refund(refund_id)
    except ProcessorSilent:
        answer = Answer(refund_id, Said.SILENT, 0, 0)
    return hear_card_refund(answer, HeardBy.ASKED, desk=desk)


def ask_card_refunds(
    *, desk: CardDesk, refused: list[tuple[str, str]] | None = None
) -> list[CardRefundOnFile]:
    """Ask about every card refund without a known outcome. Safe to run twice.

    With ``refused`` an answer that cannot be taken is told there, and the others are asked about;
    without it the first one ends the run.
    """
    found = []
    for one in desk.store.card_refunds(state=CardRefundState.UNKNOWN):
        name = one.refund.refund_id
        try:
            found.append(ask_card_refund(name, desk=desk))
        except Refusal as refusal:
            if refused is None:
                raise
            refused.append((f"card refund {name}", refusal.of_one_case().sentence))
    return found


def settle_card_refund(
    refund_id: str, *, is_done: bool, by: str, reason: str, desk: CardDesk
) -> CardRefundOnFile:
    """A person says how an unknown one ended; the processor's later word still counts.

    :raises CannotSettle: if its outcome is known, name or reason lack, or it left another way
    """
    who, why = named(by, reason, f"card refund {refund_id[:80]}")
    refuse_card_numbers([who, why], where=f"card refund {refund_id[:80]}")
    known = desk.store.card_refund(refund_id)
    _refuse_known(known)
    case = desk.store.settlement(known.refund.settlement_id)
    if is_done and not case.is_open_refund:
        _refuse_known(desk.store.card_refund(refund_id))  # somebody may have said so meanwhile
        raise CannotSettle(
            f"The refund itself is {case.last.act.value} already: this would be money twice",
            where=f"card refund {refund_id}",
            why="One refund is in the book, and two people agreed to one",
            do="Ask the processor to take it back. If it will not, the bank's line of it is "
            "adjusted by two people: `meterledger bank adjust`; then end it with --refused",
        )
    said, cents = (Said.PAID, known.refund.cents) if is_done else (Said.REFUSED, 0)
    answer = Answer(refund_id, said, cents, max(0, known.newest_sequence))
    return hear_card_refund(answer, HeardBy.PERSON, desk=desk, by=who, reason=why)


def _refuse_known(on_file: CardRefundOnFile) -> None:
    if on_file.state is not CardRefundState.UNKNOWN:
        raise CannotSettle(
            f"Its outcome is known: {on_file.state.value}",
            where=f"card refund {on_file.refund.refund_id}",
            do="Look at it with `meterledger settlement show`",
        )


def hear_card_refund(
    answer: Answer, heard_by: HeardBy, *, desk: CardDesk, by: str = "", reason: str = ""
) -> CardRefundOnFile:
    """Add what was heard, with what it does to the refund, in one transaction."""
    refuse_card_numbers([answer.reference], where="answer of the processor")

    def hear_it() -> CardRefundOnFile:
        return _hear(answer, heard_by, desk, by, reason)

    return again_if_moved(lambda: again_if_taken(hear_it))


def _hear(
    answer: Answer, heard_by: HeardBy, desk: CardDesk, by: str, reason: str
) -> CardRefundOnFile:
    on_file = desk.store.card_refund(answer.checkout_id)
    if heard_by is HeardBy.PERSON:
        _refuse_known(on_file)  # somebody may have said it since the person looked
    refund, case = on_file.refund, desk.store.settlement(on_file.refund.settlement_id)
    after = _heard(on_file, answer, heard_by, case, desk)
    if after is None:
        return on_file
    state, sentence = after
    act = None
    if state is CardRefundState.DONE and on_file.state is not CardRefundState.DONE:
        act = Act.SENT
    if state is CardRefundState.CAME_BACK:
        act = Act.RETURNED
    writes: tuple[SettlementWrite, ...] = ()
    expected: tuple[Expectation, ...] = ()
    if act is not None:
        begun = SettlementWrite(case, (), ())
        reference = answer.reference or refund.refund_id if act is Act.SENT else ""
        who = by or refund.by
        writes = (step_on(begun, act, who, sentence, desk.money, reference=reference[:64]),)
        expected = (_expected(refund, act, desk),)
    step = CardRefundStep(
        refund_id=refund.refund_id,
        number=len(on_file.steps) + 1,
        heard_by=heard_by,
        answer=answer,
        state=state,
        sentence=f"{sentence}; {reason}" if reason else sentence,
        learned_at=desk.money.now,
        by=by,
    )
    desk.store.hear_card_refund(step, writes=writes, expectations=expected)
    return replace(on_file, steps=(*on_file.steps, step))


def _heard(
    on_file: CardRefundOnFile,
    answer: Answer,
    heard_by: HeardBy,
    case: SettlementCase,
    desk: CardDesk,
) -> tuple[CardRefundState, str] | None:
    """How it stands after an answer, and why; None where the answer is no news."""
    state, refund = on_file.state, on_file.refund
    if answer.said in SAYS_NOTHING:
        return _nothing_said(on_file, answer, heard_by, absent_after(desk.money.terms), desk)
    if heard_by is not HeardBy.PERSON and answer.sequence <= on_file.newest_sequence:
        return None
    if answer.said is Said.OPEN:
        return state, "the processor has it, and has not sent it yet"
    if answer.said is Said.PAID:
        if state is CardRefundState.DONE:
            return state, "sent, as was known"
        if answer.cents != refund.cents:
            told = f"{usd_display(answer.cents)} where {usd_display(refund.cents)} was asked"
            return CardRefundState.UNKNOWN, f"the processor sent {told}: a person decides"
        if state is not CardRefundState.UNKNOWN and not case.is_open_refund:
            return CardRefundState.UNKNOWN, "sent after all, and it went another way: a person"
        return CardRefundState.DONE, f"sent to the card: {usd_display(refund.cents)}"
    if state is CardRefundState.DONE:
        if case.last.act is not Act.SENT:
            return state, f"the processor says {answer.said.value} after it was cleared: a person"
        return CardRefundState.CAME_BACK, f"the card's bank sent it back: {answer.said.value}"
    if state is CardRefundState.CAME_BACK:
        return state, f"the processor says {answer.said.value}"
    return CardRefundState.REFUSED, f"nothing left: {answer.said.value}"


def _nothing_said(
    on_file: CardRefundOnFile,
    answer: Answer,
    heard_by: HeardBy,
    absent: timedelta,
    desk: CardDesk,
) -> tuple[CardRefundState, str] | None:
    state, first = on_file.state, not on_file.steps
    never_there = (
        answer.said is Said.ABSENT
        and state is CardRefundState.UNKNOWN
        and heard_by is HeardBy.ASKED
        and on_file.newest_sequence < 0
        and desk.money.now >= on_file.refund.started_at + absent
    )
    if never_there:
        return CardRefundState.REFUSED, "the processor does not know it: nothing was ever begun"
    return (state, f"the processor gave {answer.said.value}") if first else None


def _expected(refund: CardRefund, act: Act, desk: CardDesk) -> Expectation:
    way, sign = ("card-refund", -1) if act is Act.SENT else ("card-refund-back", 1)
    shown = bank_day(desk.money.on, CARD_DAYS, desk.money.terms)
    return Expectation(
        f"{way}:{refund.refund_id}",
        CARDS,
        shown,
        sign * refund.cents,
        f"refund {refund.settlement_id} to the card of checkout {refund.checkout_id}",
        refund.refund_id,
        f"{refund.processor}:{shown}",
    )
