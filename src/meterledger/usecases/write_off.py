"""Write off what nobody pays, provide for it beforehand, and book what is paid all the same.

Lives here      the journeys: provision of a month, write-off of a balance, recovery by a payment.
Lives elsewhere criteria and ceiling (``ledger.write_off``), taking the payment (payments).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

from meterledger.facts.budget import asked_of
from meterledger.facts.entry_names import BILL, entry_name
from meterledger.facts.settlements import Act, SettlementCase, SettlementKind
from meterledger.kernel.money import Cents, cents_from_text, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.ledger import (
    DEPOSITS,
    ProvisionFacts,
    RecoveryFacts,
    WriteOffFacts,
    control_of,
    decide_provision,
    decide_recovery,
    decide_write_off,
)
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.days_asked import NEVER, days_asked
from meterledger.usecases.deposit_remainders import next_name, next_of_payment
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.recoverable import recoverable
from meterledger.usecases.settlements import (
    CannotSettle,
    Decided,
    MoneyDesk,
    Settled,
    bills_known,
    entries_known,
    in_service,
    kept,
    named,
    new_settlement,
    one_step,
    owed_cents,
    refused,
)

WRITE_OFF_RULE, PROVISION_RULE, RECOVERY_RULE = (
    "ledger.write_off",
    "ledger.provision",
    "ledger.recovery",
)


class DueBy(Enum):
    """By which of its days a bill was due, as releases took it one after another."""

    OWN = "own"
    """Until 2026-11-29: the day that it says itself."""
    ASKED = "asked"
    """Until 2026-11-30: the day by which it was asked for."""
    LAW = "law"
    """That day, or what the law names for a government."""


BATCH = 1000
"""Accounts whose money is read at once."""


@looks_once_more
def write_off(
    account_id: str,
    *,
    by: str,
    reason: str,
    desk: MoneyDesk,
    disputed: bool = False,
    under_agreement: bool = False,
    with_agency: bool = False,
) -> Settled:
    """Write off all that an account owes. Above the ceiling it waits for another person.

    Asked again on the day, it changes nothing; after it was refused or taken back it is asked anew.

    :raises CannotSettle: naming every criterion that is not met; if a deposit is held, or a bill
        has not gone out
    :raises Conflict: if less is owed by now
    """
    where = f"account {account_id}"
    who, why = named(by, reason, where)
    desk.store.account(account_id)
    key = f"{account_id}-{desk.on:%Y%m%d}"
    key, known = next_name(key, account_id, desk, kind=SettlementKind.WRITE_OFF)
    if known is not None:
        return Settled(known, is_new=False)
    _refuse_secured(account_id, where, desk)
    _refuse_unsent(account_id, where, desk)
    told = {"disputed": disputed, "under_agreement": under_agreement, "with_agency": with_agency}
    decided = _decided(account_id, told, desk)
    outcome = decided.decision.outcome
    if not outcome.may_be_written_off:
        raise refused(
            decided,
            f"The balance of account {account_id} is not written off",
            where,
            f"Write it off from {outcome.from_day} on, if nothing is paid"
            if outcome.from_day and outcome.from_day > desk.on
            else "Settle what stands against it first",
        )
    write = new_settlement(
        SettlementKind.WRITE_OFF,
        key,
        decided,
        account_id=account_id,
        cents=int(decided.facts.balance_cents),
        by=who,
        reason=why,
        desk=desk,
        approved=not outcome.needs_two,
        needs_two=outcome.needs_two,
        ceiling_cents=int(outcome.ceiling_cents),
    )
    return Settled(*kept(write, desk))


def _refuse_secured(account_id: str, where: str, desk: MoneyDesk) -> None:
    """What a deposit was held for is paid from it first (GRR VI.C); nobody writes that off."""
    held_cents = -sum(
        leg.cents
        for entry in entries_known(account_id, desk)
        for leg in entry.legs
        if leg.customer_account_id == account_id and control_of(leg.ledger_account) == DEPOSITS
    )
    if held_cents > 0:
        raise CannotSettle(
            f"A deposit of {usd_display(Cents(held_cents))} is still held for the account",
            where=where,
            why="It secures this debt, and pays it before anything is written off (GRR VI.C)",
            do="Credit it first: `meterledger deposit apply`, after the final bill",
        )


def _refuse_unsent(account_id: str, where: str, desk: MoneyDesk) -> None:
    """Nobody has failed to pay what nobody was asked for. A bill that asks for nothing, as a final
    one that is not rendered (GRR V.E.2), keeps nothing else from it: it never goes out.
    """
    days = days_asked(account_id, desk.now, desk.store)
    unsent = [
        one
        for one in bills_known(account_id, desk)
        if days.get(_item(one)) == NEVER and asked_of(one.record, one.total_cents)
    ]
    if unsent:
        raise CannotSettle(
            f"Bill {unsent[0].bill_id} came back or was set aside, and has not gone out since",
            where=where,
            why="The time to pay counts from when a bill goes out (20 CSR 4240-13.015)",
            do="Put right what lacks; the next run of documents takes it",
        )


def _item(bill: StoredBill) -> str:
    return entry_name(BILL, bill.bill_id)


def record_recovery(payment_key: str, account_id: str, *, by: str, desk: MoneyDesk) -> Settled:
    """Book a payment, or what of it fits, as recovery of what was written off; one at a time of a
    payment, anew where that was taken back.

    It is no more than came of the payment to what the account owes, and does not pay what was
    charged since (``recoverable``).

    :raises CannotSettle: if the payment is not one of the account, came back, came before the
        write-off or after the day, or nothing of it or of the debt is left
    """
    where = f"payment {payment_key[:64]}"
    who, why = named(by, f"payment {payment_key} came after the write-off", where)
    paid = [
        one for one in desk.store.payments_of_account(account_id) if one.payment_key == payment_key
    ]
    if not paid:
        raise CannotSettle(
            f"It is no payment of account {account_id}",
            where=where,
            do="Take the payment on the account first",
        )
    key, known = next_of_payment(SettlementKind.RECOVERY, payment_key, account_id, desk)
    if known is not None:
        return Settled(known, is_new=False)
    there = written_off_cents(account_id, desk)
    if there <= 0:
        raise CannotSettle(
            f"Nothing of account {account_id} is written off and not recovered",
            where=where,
            do="The payment pays what the account owes, as any does",
        )
    found = recoverable(paid[0], desk)
    if not found.cents:
        raise CannotSettle(
            f"Nothing of payment {payment_key} recovers what was written off",
            where=f"account {account_id}",
            why=found.why_not,
            do="Look at the account's payments with `meterledger payment show`",
        )
    decided = _recovery(found.cents, account_id, desk)
    cents = int(decided.decision.outcome.amount_cents)
    write = new_settlement(
        SettlementKind.RECOVERY,
        key,
        decided,
        account_id=account_id,
        cents=cents,
        by=who,
        reason=why,
        desk=desk,
        approved=True,
        about=payment_key,
    )
    return Settled(*kept(write, desk))


def record_recoveries(
    *, by: str, desk: MoneyDesk, refused: list[tuple[str, str]] | None = None
) -> list[Settled]:
    """Book every payment that came after a write-off and was not booked yet, oldest first.

    Each in a transaction of its own; run again, it goes on where it was stopped. What a person took
    back is not booked anew by itself (``record_recovery``). What is of a later
    day than the desk's is left to that day. With ``refused`` each refusal is told there, by what it
    is of, and the others go on; without it the first one ends the run.
    """
    named(by, "a run", "recoveries")
    since: dict[str, datetime] = {}
    for one in desk.store.settlements(kind=SettlementKind.WRITE_OFF):
        if one.last.act is Act.APPROVED:
            since.setdefault(one.account_id, one.last.learned_at)
    done = []
    for account_id, first in since.items():
        if written_off_cents(account_id, desk) <= 0:
            continue
        known = desk.store.settlements(account_id=account_id, kind=SettlementKind.RECOVERY)
        booked = {one.about for one in known}
        for payment in desk.store.payments_of_account(account_id):
            key = payment.payment_key
            if key in booked or payment.learned_at <= first:
                continue
            if not recoverable(payment, desk).cents:
                continue
            try:
                done.append(record_recovery(key, account_id, by=by, desk=desk))
            except Refusal as refusal:
                if refused is None:
                    raise
                refused.append((f"account {account_id}", refusal.of_one_case().sentence))
    return done


def take_recoveries_back(
    *, by: str, desk: MoneyDesk, refused: list[tuple[str, str]] | None = None
) -> list[Settled]:
    """Take back every recovery whose payment came back by the desk's day. Safe to run twice.

    Without it the account would owe what the payment never paid, and 144 show money that is not
    there. ``refused`` is as for ``record_recoveries``.
    """
    done = []
    recoveries = desk.store.settlements(kind=SettlementKind.RECOVERY)
    stand = [one for one in recoveries if one.last.act is Act.APPROVED and one.last.on <= desk.on]
    back = _came_back(sorted({one.account_id for one in stand}), desk)
    for case in stand:
        if (case.account_id, f"payment:{case.about}") not in back:
            continue
        why = f"payment {case.about} came back"
        try:
            settled = one_step(case.settlement_id, Act.REVERSED, by=by, reason=why, desk=desk)
        except Refusal as refusal:
            if refused is None:
                raise
            refused.append((f"account {case.account_id}", refusal.of_one_case().sentence))
        else:
            done.append(settled)
    return done


def _came_back(account_ids: Sequence[str], desk: MoneyDesk) -> set[tuple[str, str]]:
    """What was taken back on the accounts by the desk's day, as known then: account and entry."""
    found: set[tuple[str, str]] = set()
    for start in range(0, len(account_ids), BATCH):
        every = desk.store.account_money(account_ids[start : start + BATCH])
        found |= {
            (account_id, one.reverses)
            for account_id, money in every.items()
            for one in money.movements
            if one.reverses and one.effective_day <= desk.on and one.learned_at <= desk.now
        }
    return found


def written_off_cents(account_id: str, desk: MoneyDesk) -> int:
    """What of an account is written off and not recovered yet, as known at the desk's instant."""
    signs = {SettlementKind.WRITE_OFF: 1, SettlementKind.RECOVERY: -1}
    return sum(
        signs.get(one.kind, 0) * one.cents
        for one in desk.store.settlements(account_id=account_id)
        if _stood(one, desk) is Act.APPROVED
    )


def provide(month: date, *, by: str, reason: str, desk: MoneyDesk) -> Settled:
    """Set aside, once a month, what of its revenue will not be paid; anew where that was undone.

    :raises CannotSettle: if the month is not over, or brought nothing
    """
    first = month.replace(day=1)
    where = f"provision {first:%Y-%m}"
    who, why = named(by, reason, where)
    until = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    key, known = next_name(f"{first:%Y-%m}", "", desk, kind=SettlementKind.PROVISION)
    if known is not None:
        return Settled(known, is_new=False)
    if desk.on < until:
        raise CannotSettle(
            "The month is not over", where=where, do=f"Provide for it from {until} on"
        )
    revenue = desk.store.revenue_cents(DaySpan(first, until))
    facts, terms = ProvisionFacts(Cents(revenue)), desk.terms
    decided = Decided(PROVISION_RULE, facts, decide_provision(facts, terms), terms)
    cents = int(decided.decision.outcome.amount_cents)
    if cents <= 0:
        raise CannotSettle(
            f"A revenue of {usd_display(revenue)} leaves nothing to set aside",
            where=where,
            do="Nothing is to be done",
        )
    write = new_settlement(
        SettlementKind.PROVISION,
        key,
        decided,
        account_id="",
        cents=cents,
        by=who,
        reason=why,
        desk=desk,
        approved=True,
    )
    return Settled(*kept(write, desk))


def decide_write_off_again(
    case: SettlementCase, told: dict[str, Any], desk: MoneyDesk, *, by: DueBy = DueBy.LAW
) -> Decided:
    """The decision of a write-off from what was known at the desk's instant.

    ``by``: by which of its days its last bill was due, as it was taken then.
    """
    return _decided(case.account_id, told, desk, by=by)


def decide_provision_again(case: SettlementCase, told: dict[str, Any], desk: MoneyDesk) -> Decided:
    """The decision of a provision on the revenue that was told then."""
    facts = ProvisionFacts(cents_from_text(str(told["revenue_usd"]), where="record"))
    terms = desk.terms
    return Decided(PROVISION_RULE, facts, decide_provision(facts, terms), terms)


def decide_recovery_again(case: SettlementCase, told: dict[str, Any], desk: MoneyDesk) -> Decided:
    """The decision of a recovery on what was told then."""
    facts = RecoveryFacts(
        cents_from_text(str(told["paid_usd"]), where="record"),
        cents_from_text(str(told["written_off_usd"]), where="record"),
    )
    terms = desk.terms
    return Decided(RECOVERY_RULE, facts, decide_recovery(facts, terms), terms)


def _decided(
    account_id: str, told: dict[str, Any], desk: MoneyDesk, *, by: DueBy = DueBy.LAW
) -> Decided:
    asked: dict[str, date] = {}
    if by is not DueBy.OWN:
        asked = days_asked(account_id, desk.now, desk.store, with_law=by is DueBy.LAW)
    went_out = {item: day for item, day in asked.items() if day != NEVER}
    due = [went_out.get(_item(one), one.due_day) for one in bills_known(account_id, desk)]
    reversed_then = {one.reverses for one in entries_known(account_id, desk)}
    paid = [
        one.received_day
        for one in desk.store.payments_of_account(account_id)
        if one.learned_at <= desk.now and f"payment:{one.payment_key}" not in reversed_then
    ]
    facts = WriteOffFacts(
        balance_cents=Cents(owed_cents(account_id, desk)),
        in_service=in_service(desk.store.services_of_account(account_id, desk.now), desk.on),
        final_due=max(due, default=None),
        last_paid=max(paid, default=None),
        disputed=bool(told["disputed"]),
        under_agreement=bool(told["under_agreement"]),
        with_agency=bool(told["with_agency"]),
    )
    terms = desk.terms
    return Decided(WRITE_OFF_RULE, facts, decide_write_off(facts, terms), terms)


def _recovery(paid_cents: int, account_id: str, desk: MoneyDesk) -> Decided:
    there = written_off_cents(account_id, desk)
    facts, terms = RecoveryFacts(Cents(paid_cents), Cents(there)), desk.terms
    return Decided(RECOVERY_RULE, facts, decide_recovery(facts, terms), terms)


def _stood(case: SettlementCase, desk: MoneyDesk) -> Act | None:
    known = [one.act for one in case.steps if one.learned_at <= desk.now]
    return known[-1] if known else None
