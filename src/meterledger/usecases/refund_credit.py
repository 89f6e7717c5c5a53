"""Give a credit back: ask, approve, send, clear; stop and send again; a credit of goodwill.

Lives here      the journeys of refunds, credits of accounts that ended, and goodwill.
Lives elsewhere the rules (``ledger.refunds``), check and ACH files (the channels), the bank's word
                that a payment cleared (reconciliation), a deposit's own refund (deposits).
Read first      docs/operating/settlements.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from meterledger.facts.settlements import (
    CREDIT,
    Act,
    Means,
    SettlementCase,
    SettlementKind,
    VerifiedPayee,
)
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.money import Cents, usd_display
from meterledger.ledger import (
    DEPOSITS,
    DUE_TO_DEPOSITORS,
    GoodwillFacts,
    RefundWay,
    decide_goodwill,
    decide_refund,
)
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.credit_facts import REFUND_RULE as REFUND_RULE
from meterledger.usecases.credit_facts import (
    credit_decided,
    credit_facts,
    live_account,
)
from meterledger.usecases.deposit_remainders import (
    name_of_remainder,
    next_name,
)
from meterledger.usecases.pledge_credits import (
    PledgeCredit,
    payee_of_pledge,
    pledge_credits,
)
from meterledger.usecases.recoverable import credit_by_evening
from meterledger.usecases.refund_left import (
    refuse_done_on_a_card,
    refuse_paid,
    refuse_to_leave,
)
from meterledger.usecases.refund_payees import payee_of_refund
from meterledger.usecases.settlement_ports import SettlementWrite
from meterledger.usecases.settlements import (
    AGENCY_TERMS,
    CannotSettle,
    Decided,
    MoneyDesk,
    Settled,
    kept,
    named,
    new_settlement,
    one_step,
    refuse_earlier,
    refused,
    step_on,
)
from meterledger.usecases.settlements_by_hand import ask_by_hand
from meterledger.usecases.write_off import written_off_cents
from meterledger.usecases.written_off_first import PAYS_FIRST, refuse_written_off

GOODWILL_RULE = "ledger.goodwill"


@dataclass(frozen=True, slots=True)
class RefundToSend:
    """One line of a check register or of an ACH file: what is approved and not on its way."""

    settlement_id: str
    account_id: str
    cents: int
    name: str
    means: Means
    details: str
    payment_key: str
    by_day: date | None


@dataclass(frozen=True, slots=True)
class FinalCredit:
    """What became of the credit of an account that ended, and why in words."""

    account_id: str
    cents: int
    way: RefundWay
    words: str
    case: SettlementCase | None = None
    is_new: bool = False
    stays_cents: int = 0
    """What of the credit stays beside what was written off, until a person looks."""
    stays_words: str = ""

    @property
    def waits_for_a_person(self) -> bool:
        """Whether a person is asked what becomes of what stays."""
        return bool(self.stays_words)


def verify_payee(
    payee_id: str,
    *,
    account_id: str,
    name: str,
    means: Means,
    details: str,
    by: str,
    evidence: str,
    desk: MoneyDesk,
) -> bool:
    """Keep somebody as the one that money of an account may go to; False if known already.

    :raises CannotSettle: if a word is missing
    :raises Conflict: if the name of the payee is used with other contents
    """
    who, seen = named(by, evidence, f"payee {payee_id[:40]}")
    words = [" ".join(one.split()) for one in (payee_id, name, details)]
    if not all(words) or not all(one.isprintable() and len(one) <= 200 for one in words):
        raise CannotSettle(
            "A payee has a short name of its own, a name and an address or bank account's name",
            where=f"account {account_id}",
            do="Give all three, up to 200 plain characters each",
        )
    if means is Means.CARD:
        raise CannotSettle(
            "A payee is paid by check or ACH",
            where=f"account {account_id}",
            why="Money goes to a card only where that card paid: back from its own payment",
            do="Give --means check or ach, or name the payment when the refund is asked for",
        )
    payee = VerifiedPayee(
        *(words[0], account_id, words[1], means, words[2], who, seen), learned_at=desk.now
    )
    return desk.store.add_payee(payee)


@looks_once_more
def ask_refund(
    account_id: str,
    cents: int,
    *,
    by: str,
    reason: str,
    desk: MoneyDesk,
    payment_key: str = "",
    payee_id: str = "",
    source: str = "142",
    of_deposits: Collection[str] = (),
    agency_terms: str = "",
) -> Settled:
    """Ask for a credit, or a part of it, to go back. Another person approves it.

    It goes back to where ``payment_key`` came from, or to the verified payee; without either to
    the newest payment of the customer that was not returned. What a pledge left goes back to its
    agency, unless ``agency_terms`` say that the customer keeps it. ``source`` is 142, or 235 for
    what remains of deposits that have ended; ``of_deposits`` says of which. The same amount of an
    account, or of these deposits, is asked for once a day; after it was refused or taken back it
    may be asked for anew.

    :raises CannotSettle: if nobody is known to whom it may go, or the credit is of a debt that was
        written off
    :raises RefundContradicts: if more is asked for than there is
    :raises Conflict: if what is there is spoken for
    """
    where = f"account {account_id}"
    who, why = named(by, reason, where)
    desk.store.account(account_id)
    key = f"{account_id}-{desk.on:%Y%m%d}-{cents}"
    if source == DEPOSITS:
        key, known = name_of_remainder(key, account_id, cents, of_deposits, desk)
    else:
        key, known = next_name(key, account_id, desk)
    if known is not None:
        return Settled(known, is_new=False)
    if cents <= 0:
        raise CannotSettle(
            f"A refund of {usd_display(cents)} is none", where=where, do="Ask for more than zero"
        )
    if source != DEPOSITS:
        refuse_written_off(account_id, cents, desk)
    decided = credit_decided(account_id, cents, desk, source)
    terms = " ".join(agency_terms.split())
    if terms:
        _, why = named(by, f"{why}; the agency's terms: {terms}", where)
    write = new_settlement(
        SettlementKind.REFUND,
        key,
        decided,
        account_id=account_id,
        cents=cents,
        source=source,
        by=who,
        reason=why,
        desk=desk,
        approved=False,
        needs_two=True,
        payee=payee_of_refund(
            account_id,
            cents,
            desk,
            source=source,
            payment_key=payment_key,
            payee_id=payee_id,
            agency_terms=terms,
        ),
        by_day=decided.decision.outcome.by_day,
        told={AGENCY_TERMS: terms} if terms else None,
    )
    return Settled(*kept(write, desk))


def settle_final_credit(account_id: str, *, by: str, desk: MoneyDesk) -> FinalCredit:
    """What becomes of a credit of an account that ended: asked for, moved, or left with a reason.

    What was written off and not recovered is owed as before: so much of the credit stays, and what
    is above it is the customer's. Where an agency's money is in it, all of it stays.

    A refund is asked for in the name of ``by``; another person approves it. What came after the
    desk's day is left to that day.

    :raises CannotSettle: if it is due to go back, and nobody is known to whom it may go
    """
    who, _ = named(by, "a credit of an account that ended", f"account {account_id}")
    decided = credit_decided(account_id, 0, desk, "142")
    stays, why_stays = _beside_a_write_off(account_id, desk)
    pledged = pledge_credits(account_id, desk)
    outcome, why = decided.decision.outcome, decided.decision.reasons[0].finding
    leaves = outcome.way in (RefundWay.BACK, RefundWay.MOVES)
    if stays and (pledged or not leaves):
        whole = credit_by_evening(account_id, desk)
        return FinalCredit(
            account_id, whole, RefundWay.STAYS, why_stays, stays_cents=whole, stays_words=why_stays
        )
    if not leaves:
        return FinalCredit(account_id, outcome.amount_cents, outcome.way, why)
    found = _settle_final(account_id, decided, pledged, who, desk)
    return replace(found, stays_cents=stays, stays_words=why_stays) if stays else found


def _beside_a_write_off(account_id: str, desk: MoneyDesk) -> tuple[int, str]:
    """What of a credit that would leave pays what was written off first, in cents, and why."""
    written_off = written_off_cents(account_id, desk)
    if written_off <= 0:
        return 0, ""
    facts = credit_facts(account_id, 0, desk, "142", written_off=0)
    way = decide_refund(facts, desk.terms).outcome.way
    if way not in (RefundWay.BACK, RefundWay.MOVES):
        return 0, ""
    return min(written_off, int(facts.credit_cents)), (
        f"{usd_display(written_off)} of the account is written off and not recovered, and is "
        f"owed as before: {PAYS_FIRST}"
    )


def _settle_final(
    account_id: str,
    decided: Decided,
    pledged: Sequence[PledgeCredit],
    who: str,
    desk: MoneyDesk,
) -> FinalCredit:
    """Ask for it, or move it; what an agency gave first."""
    outcome, why = decided.decision.outcome, decided.decision.reasons[0].finding
    open_now = [
        one
        for one in desk.store.settlements(account_id=account_id, open_only=True)
        if one.awaits_approval
        and one.kind is SettlementKind.REFUND
        and one.source != DUE_TO_DEPOSITORS  # that money is not the account's
    ]
    if open_now:
        return FinalCredit(account_id, open_now[0].cents, outcome.way, why, open_now[0])
    key = f"{account_id}-{desk.on:%Y%m%d}-final"
    if pledged and pledged[0].cents > outcome.amount_cents:
        words = "an agency's money came after the day: it is of the next night"
        return FinalCredit(account_id, outcome.amount_cents, RefundWay.STAYS, words)
    if pledged:  # none of it is the customer's to have or to move: it goes first
        return _back_to_agency(account_id, pledged[0], who, desk)
    moves = outcome.way is RefundWay.MOVES
    write = new_settlement(
        SettlementKind.TRANSFER if moves else SettlementKind.REFUND,
        key,
        decided,
        account_id=account_id,
        cents=int(outcome.amount_cents),
        source=CREDIT if moves else "142",
        to_account_id=live_account(account_id, desk) or "" if moves else "",
        by=who,
        reason=why,
        desk=desk,
        approved=moves,
        needs_two=not moves,
        payee=None
        if moves
        else payee_of_refund(account_id, int(outcome.amount_cents), desk, source="142"),
        by_day=outcome.by_day,
    )
    case, is_new = kept(write, desk)
    return FinalCredit(account_id, case.cents, outcome.way, why, case, is_new)


def send_refund(
    settlement_id: str, *, by: str, reference: str, reason: str = "", desk: MoneyDesk
) -> Settled:
    """Send an approved refund; ``reference`` is the check's or the file's number.

    What was stopped or came back is sent again the same way, with another reference.

    :raises Conflict: if it is on its way already, or nobody has approved it
    :raises MustNotLeave: if the payment that it goes back to came back meanwhile
    """
    number = " ".join(reference.split())
    if not number or len(number) > 64 or not (number.isascii() and number.isprintable()):
        raise CannotSettle(
            "The number of the check or of the file is missing",
            where=f"settlement {settlement_id[:80]}",
            why="By it the bank's word is matched",
            do="Give it with --reference, up to 64 plain characters",
        )
    case = desk.store.settlement(settlement_id)
    if case.is_open_refund:
        refuse_to_leave(case, desk.store)
    why = reason or f"sent as {number}"
    return one_step(settlement_id, Act.SENT, by=by, reason=why, desk=desk, reference=number)


def send_refunds(
    sent: Iterable[tuple[str, str]], *, by: str, desk: MoneyDesk
) -> list[SettlementCase]:
    """Mark the refunds of one file as sent, all of them or none: (settlement id, reference)."""
    return send_refunds_on_their_days([(*one, desk.on) for one in sent], by=by, desk=desk)


def send_refunds_on_their_days(
    sent: Iterable[tuple[str, str, date]], *, by: str, desk: MoneyDesk
) -> list[SettlementCase]:
    """As ``send_refunds``, each with the day on which it was sent."""
    who, _ = named(by, "a file", "refunds")
    writes = []
    for settlement_id, reference, on in sent:
        case, then = desk.store.settlement(settlement_id), replace(desk, on=on)
        refuse_earlier(case, then)
        begun = SettlementWrite(case, (), ())
        why = f"sent as {reference}"
        writes.append(step_on(begun, Act.SENT, who, why, then, reference=reference))
    desk.store.record_settlements(writes)
    return [one.case for one in writes]


def clear_refund(settlement_id: str, *, by: str, reference: str, desk: MoneyDesk) -> Settled:
    """The bank says that it was paid; ``reference`` is the bank's line."""
    return one_step(
        settlement_id,
        Act.CLEARED,
        by=by,
        reason=f"paid by the bank, {reference}",
        desk=desk,
        reference=reference,
    )


def stop_refund(settlement_id: str, *, by: str, reason: str, desk: MoneyDesk) -> Settled:
    """Stop what was sent before it is paid; it lies with us again, and may be sent anew.

    :raises HasLeft: if the processor or the bank shows that it was paid
    """
    refuse_paid(desk.store.settlement(settlement_id), desk.store)
    return one_step(settlement_id, Act.STOPPED, by=by, reason=reason, desk=desk)


def return_refund(settlement_id: str, *, by: str, reason: str, desk: MoneyDesk) -> Settled:
    """What was sent came back: a bank's return, a letter that found nobody.

    :raises HasLeft: if it is done on a card, which only the processor's answer brings back
    """
    refuse_done_on_a_card(desk.store.settlement(settlement_id), desk.store)
    return one_step(settlement_id, Act.RETURNED, by=by, reason=reason, desk=desk)


def refunds_to_send(desk: MoneyDesk, *, means: Means | None = None) -> list[RefundToSend]:
    """What is approved and not on its way, the earliest day first: for the channel that sends."""
    found = []
    for one in desk.store.settlements(kind=SettlementKind.REFUND, open_only=True):
        payee = one.payee
        if not one.is_open_refund or payee is None or (means and payee.means is not means):
            continue
        details = desk.store.payee(payee.payee_id).details if payee.payee_id else ""
        found.append(
            RefundToSend(
                *(one.settlement_id, one.account_id, one.cents, payee.name, payee.means),
                *(details, payee.payment_key, one.by_day),
            )
        )
    return sorted(found, key=lambda one: (one.by_day or desk.on, one.settlement_id))


def give_credit(
    account_id: str, cents: int, *, by: str, reason: str, desk: MoneyDesk, key: str = ""
) -> Settled:
    """Ask for a credit of goodwill on an account. Another person approves it.

    ``key`` tells two credits of one day apart. The same is asked for once; after it was refused or
    taken back it may be asked for anew, under the next number.

    :raises CannotSettle: if it is above the limit, or no cause is given
    """
    where = f"account {account_id}"
    who, why = named(by, reason, where)
    desk.store.account(account_id)
    facts, terms = GoodwillFacts(Cents(cents)), desk.terms
    decided = Decided(GOODWILL_RULE, facts, decide_goodwill(facts, terms), terms)
    if not decided.decision.outcome.may_be_given:
        raise refused(
            decided,
            f"A credit of {usd_display(cents)} may not be given",
            where,
            "Correct the bill, if it is wrong",
        )
    return ask_by_hand(
        SettlementKind.CREDIT,
        "credits",
        decided,
        account_id=account_id,
        cents=cents,
        by=who,
        reason=why,
        desk=desk,
        key=key,
    )


def _back_to_agency(account_id: str, one: PledgeCredit, by: str, desk: MoneyDesk) -> FinalCredit:
    """Ask that what a pledge left goes back to its agency; the rest waits until that is approved.

    :raises CannotSettle: if no pledge says whose money it was
    """
    payee = payee_of_pledge(account_id, one)
    words = f"{usd_display(one.cents)} of the credit is of the pledge of {one.agency}"
    decided = credit_decided(account_id, one.cents, desk, "142")
    name = sha256_hex(one.payment_key.encode())[:8]
    write = new_settlement(
        SettlementKind.REFUND,
        f"{account_id}-{desk.on:%Y%m%d}-pledge.{name}",
        decided,
        account_id=account_id,
        cents=one.cents,
        by=by,
        reason=f"{words}, and goes back to it",
        desk=desk,
        approved=False,
        needs_two=True,
        payee=payee,
        by_day=decided.decision.outcome.by_day,
    )
    case, is_new = kept(write, desk)
    return FinalCredit(account_id, one.cents, RefundWay.BACK, words, case, is_new)


def decide_refund_again(case: SettlementCase, told: dict[str, Any], desk: MoneyDesk) -> Decided:
    """The decision of a refund from what was known at the desk's instant."""
    asked = int(case.cents) if told["asked_usd"] != "0.00" else 0
    return credit_decided(
        case.account_id, asked, desk, "142" if case.source == CREDIT else case.source
    )


def decide_goodwill_again(case: SettlementCase, told: dict[str, Any], desk: MoneyDesk) -> Decided:
    """The decision of a credit of goodwill on the day it was asked for."""
    facts, terms = GoodwillFacts(Cents(case.cents)), desk.terms
    return Decided(GOODWILL_RULE, facts, decide_goodwill(facts, terms), terms)
