"""A deposit goes back: after twelve good months, after a review, through the final bill.

Lives here      the decision, interest, what is set against charges, what remains for the customer.
Lives elsewhere the rules (``arrears``), handing the rest out (a refund from 235, by two people),
                the nightly run (``deposit_run``).
Read first      GRR VI.C.2 and VI.C.4; docs/operating/deposits.md, "Giving it back".

Interest, application and what remains are written in one call: a deposit is held or given back, and
never half of it. What remains stays on 235 until a refund takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from meterledger.facts.deposits import Deposit, DepositAct, DepositStep
from meterledger.facts.money import Entry
from meterledger.kernel.money import usd_text
from meterledger.ledger import entry_for_deposit_step
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_back_unbilled import closed_without_a_bill
from meterledger.usecases.deposit_history import AccountHistory, account_history, payments_of
from meterledger.usecases.deposit_history_unknown import waits_for
from meterledger.usecases.deposit_interest import last_interest
from meterledger.usecases.deposit_money import DepositMoney, deposit_money
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.deposit_record import Ruled, ask, record_of
from meterledger.usecases.ports import StoredBill

RESIDENTIAL = "deposits.refund.residential"
NON_RESIDENTIAL = "deposits.refund.nonresidential"
AUTOMATIC, ON_REQUEST = "automatic", "on request"
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class GoesBack:
    """What is to be done with a deposit now, with the ruling behind it and what our books said."""

    action: str
    ruled: Ruled
    own: dict[str, Any]
    history: AccountHistory
    ended_on: date | None = None
    """The last day of service of an account that is closed without ever a bill."""


def consider_return(
    money: DepositMoney, *, on: date, desk: Desk, disputed: Collection[str] = ()
) -> GoesBack:
    """Whether a deposit or a guarantee goes back on a day, by our own bills and payments.

    Months count from the day on which it was held: bills rendered since, whose delinquent date has
    passed.

    :raises WaitsForPayment: if it would go back, and nobody knows whether a bill of these was paid
    """
    deposit = money.deposit
    since = held_since(money)
    history = account_history(
        deposit.account_id,
        on=on,
        known_at=desk.now,
        store=desk.store,
        view=desk.view,
        disputed=disputed,
        since=since or on,
    )
    bills = history.bills if since is not None else ()
    held = "guarantee" if deposit.guarantee and not money.held_cents else "cash"
    dispute = deposit.dispute.note if deposit.dispute else "none"
    closed = closed_without_a_bill(deposit.account_id, on=on, desk=desk)
    ended_on = closed - A_DAY if closed else None
    if deposit.is_residential:
        facts: dict[str, Any] = {
            "held": held,
            "months": payments_of(bills),
            "account_closed": closed is not None,
            "open_dispute": dispute,
        }
        ruled = ask(RESIDENTIAL, facts, on=on, view=desk.view)
        if ruled.outcome.refund and history.waiting:
            # Without them, months stand one after another that may not do so.
            raise waits_for(deposit.account_id, history.unknown_cents)
    else:
        review = deposit.last(DepositAct.REVIEWED)
        facts = {
            "held": held,
            "received_on": (since or on).isoformat(),
            "opinion": review.note if review else "not_reviewed",
            "open_dispute": dispute,
        }
        ruled = ask(NON_RESIDENTIAL, facts, on=on, view=desk.view)
    own = {"bills": [one.as_json() for one in bills]}
    action = ruled.outcome.action.value
    if ended_on is not None and not deposit.is_residential:
        # The text of a business knows its review alone; at the end of service VI.C.4 takes over.
        ruled = _remainder(money.held_cents, ended_on, desk)
        action = "refund" if held == "cash" else "release_guarantor"
    return GoesBack(action, ruled, own, history, ended_on)


def _remainder(cents: int, ended_on: date, desk: Desk) -> Ruled:
    """Whether what remains when service ended goes back by itself, and by when."""
    facts = {
        "remaining_usd": usd_text(cents),
        "service_ended_on": ended_on.isoformat(),
        "customer_asked": False,
    }
    return ask("deposits.final.remainder", facts, on=ended_on, view=desk.view)


def held_since(money: DepositMoney) -> date | None:
    """The day from which we hold the cash, or have the guarantor's word."""
    guarantee = money.deposit.guarantee
    return money.first_received or (guarantee.on if guarantee else None)


def give_back(
    money: DepositMoney, found: GoesBack, *, on: date, desk: Desk, reason: str
) -> DepositWork:
    """The steps by which a deposit goes back: interest, what pays charges, what remains.

    What is open and undisputed of utility charges is paid first; the next bill shows it as a line
    of its balance.
    """
    key = f"back.{on}"
    steps, entries, interest = _with_interest(money, "returned", on, key, desk)
    facts = {
        "refundable_usd": usd_text(money.held_cents),
        "interest_usd": usd_text(interest),
        "undisputed_utility_usd": usd_text(found.history.open_utility_cents),
        "disputed_utility_usd": usd_text(found.history.disputed_utility_cents),
        "special_usd": usd_text(found.history.special_cents),
        "shown_on_bill": True,
    }
    ruled = ask("deposits.refund.apply", facts, on=on, view=desk.view)
    left = int(ruled.outcome.to_return_cents)
    rest = _remainder(left, found.ended_on, desk) if found.ended_on else None
    rulings = [found.ruled, ruled, *([rest] if rest else [])]
    record = record_of(rulings, view=desk.view, known_at=desk.now, own=found.own)
    applied = int(ruled.outcome.may_apply_cents)
    if applied:
        step = _step(money.deposit, f"applied.{on}", DepositAct.APPLIED, on, reason, desk)
        _add(steps, entries, _with(step, cents=applied, record=record), money.deposit)
    last = _step(money.deposit, key, DepositAct.GIVEN_BACK, on, reason, desk)
    steps.append(_with(last, cents=left, **_way(left, rest), record=record))
    return _work(money.deposit, _called_off(money, on, desk) + steps, entries)


def release_guarantor(
    money: DepositMoney, found: GoesBack, *, on: date, desk: Desk, reason: str
) -> DepositWork:
    """The step by which a guarantor answers no more."""
    step = _step(money.deposit, f"released.{on}", DepositAct.RELEASED, on, reason, desk)
    record = record_of([found.ruled], view=desk.view, known_at=desk.now, own=found.own)
    return _work(money.deposit, [_with(step, record=record)], [])


def settle_final(
    money: DepositMoney, bill: StoredBill, *, owed_cents: int, on: date, desk: Desk
) -> DepositWork | None:
    """Credit deposit and interest to the final bill; decide what becomes of the rest.

    ``owed_cents`` is what the account owes for service with that bill. None where nothing is held
    and nothing is asked for.

    :raises DepositFactsContradict: if the account owes less than nothing
    """
    deposit = money.deposit
    ended_on = bill.days.last_day
    if money.held_cents <= 0:
        return _end_without_cash(money, bill.bill_id, f"final bill {bill.bill_id}", on, desk)
    key = f"final.{bill.bill_id}"
    steps, entries, interest = _with_interest(money, "applied", on, key, desk)
    final = ask(
        "deposits.final.credit",
        {
            "final_bill_usd": usd_text(owed_cents),
            "deposit_usd": usd_text(money.held_cents),
            "interest_usd": usd_text(interest),
        },
        on=ended_on,
        view=desk.view,
    )
    left = int(final.outcome.remaining_cents)
    rest = _remainder(left, ended_on, desk)
    record = record_of([final, rest], view=desk.view, known_at=desk.now)
    why = f"final bill {bill.bill_id}"
    applied = int(final.outcome.credited_cents) - left
    if applied:
        step = _step(deposit, f"applied.{bill.bill_id}", DepositAct.APPLIED, on, why, desk)
        _add(steps, entries, _with(step, cents=applied, note=bill.bill_id, record=record), deposit)
    last = _step(deposit, f"back.{bill.bill_id}", DepositAct.GIVEN_BACK, on, why, desk)
    steps.append(_with(last, cents=left, **_way(left, rest), record=record))
    return _work(deposit, _called_off(money, on, desk) + steps, entries)


def end_unbilled(money: DepositMoney, *, on: date, desk: Desk) -> DepositWork:
    """End a deposit of which nothing is held, where service never began: it is asked no more."""
    return _end_without_cash(money, str(on), "service never began", on, desk)


def _end_without_cash(money: DepositMoney, key: str, why: str, on: date, desk: Desk) -> DepositWork:
    """Nothing is held: what is unpaid is called off, a guarantor answers for what came before."""
    deposit = money.deposit
    steps = _called_off(money, on, desk)
    act = DepositAct.RELEASED if deposit.guarantee else DepositAct.GIVEN_BACK
    steps.append(_step(deposit, f"back.{key}", act, on, why, desk))
    return _work(deposit, steps, [])


def _way(left: int, rest: Ruled | None) -> dict[str, Any]:
    """How and by when what remains goes back; ``rest`` is the ruling at the end of service."""
    if rest is None:
        return {"note": AUTOMATIC if left else ""}
    way = AUTOMATIC if rest.outcome.automatic else ON_REQUEST
    return {"note": way if left else "", "until": rest.outcome.return_by}


def _with_interest(
    money: DepositMoney, occasion: str, on: date, key: str, desk: Desk
) -> tuple[list[DepositStep], list[Entry], int]:
    step, entry = last_interest(money, occasion, on=on, desk=desk, key=key)
    return (
        [step] if step else [],
        [entry] if entry else [],
        step.cents if step else 0,
    )


def _called_off(money: DepositMoney, on: date, desk: Desk) -> list[DepositStep]:
    """What is unpaid is asked for no longer once the deposit ends."""
    if not money.unpaid_cents:
        return []
    step = _step(
        money.deposit, f"called_off.{on}", DepositAct.CANCELLED, on, "the deposit ends", desk
    )
    return [_with(step, cents=money.unpaid_cents)]


def _step(
    deposit: Deposit, key: str, act: DepositAct, on: date, reason: str, desk: Desk
) -> DepositStep:
    return DepositStep(deposit.deposit_id, key, act, on, desk.by, reason, desk.now)


def _with(step: DepositStep, **changed: Any) -> DepositStep:
    return replace(step, **changed)


def _add(
    steps: list[DepositStep], entries: list[Entry], step: DepositStep, deposit: Deposit
) -> None:
    steps.append(step)
    entry = entry_for_deposit_step(step, deposit.account_id)
    if entry is not None:
        entries.append(entry)


def _work(deposit: Deposit, steps: Sequence[DepositStep], entries: Sequence[Entry]) -> DepositWork:
    return DepositWork(
        deposit.deposit_id,
        deposit.account_id,
        deposit.kind,
        len(deposit.steps),
        tuple(steps),
        tuple(entries),
    )


@dataclass(frozen=True, slots=True)
class RemainderDue:
    """What of a deposit is the customer's and still with us."""

    deposit_id: str
    account_id: str
    cents: int
    since: date
    return_by: date | None
    automatic: bool
    """False: it goes back only once the customer asks."""


def deposit_remainders_due(
    account_ids: Sequence[str], *, at: date, desk: Desk
) -> tuple[RemainderDue, ...]:
    """What is to be handed out to customers: refunds from 235, each of the account that it is of.

    A refund that was posted takes it off the list; one that was taken back puts it on again.
    """
    found = []
    for account_id, deposits in desk.store.deposits_of_accounts(account_ids).items():
        money = deposit_money(account_id, deposits, desk.store, at=at, known_at=desk.now)
        now = money
        if any(one.of(DepositAct.UNDONE) for one in deposits):
            # Of what came back after an earlier evening, nothing is there to hand out.
            now = deposit_money(account_id, deposits, desk.store, known_at=desk.now)
        for name, one in money.items():
            step = one.deposit.last(DepositAct.GIVEN_BACK)
            cents = min(one.held_cents, now[name].held_cents)
            if step is None or not step.cents or cents <= 0:
                continue
            asked = bool(one.deposit.of(DepositAct.REQUESTED))
            found.append(
                RemainderDue(
                    deposit_id=one.deposit.deposit_id,
                    account_id=account_id,
                    cents=cents,
                    since=step.on,
                    return_by=step.until,
                    automatic=step.note == AUTOMATIC or asked,
                )
            )
    return tuple(sorted(found, key=lambda one: (one.since, one.deposit_id)))
