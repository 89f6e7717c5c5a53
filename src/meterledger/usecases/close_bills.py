"""Steps of a close that make bills: late charges and budget reviews, the bills, deposits they end.

Lives here      going through the reading cycles, and counting bills due = billed + held + excluded.
Lives elsewhere late charges (``late_charges``), budget reviews (``budget_reviews``), the run with
                its gate (``issue_bills``).

Every cycle is looked at each night: a bill that was held leaves as soon as nothing holds it.
What was billed is counted in the store, not by the run: whoever billed it, and whenever it was
stopped, the day has the same bills.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from meterledger.facts.issued import IssuedBill
from meterledger.kernel.ids import is_corrected
from meterledger.usecases.budget_reviews import review_budgets
from meterledger.usecases.close_desk import CloseDesk
from meterledger.usecases.close_told import BillsOfDay, StepTold
from meterledger.usecases.deposit_run import settle_final_bills
from meterledger.usecases.gate_bills import RunIsStopped
from meterledger.usecases.issue_bills import STOPPED, first_due, issue_bills
from meterledger.usecases.late_charges import charge_late, correct_late_charges


def charge_what_is_late(desk: CloseDesk, told: StepTold) -> None:
    """Charge accounts that have a bill due on the day, and correct charges on corrected bills."""
    codes: Counter[str] = Counter()
    considered = charged = not_charged = cents = taken_back = 0
    with desk.bar("Late charges", len(desk.cycles)) as advance:
        for cycle in desk.cycles:
            services = desk.store.services_of_cycle(cycle, desk.now)
            due, _ = first_due(services, desk.day, desk.view)
            run = charge_late(
                [one.service.account.account_id for one in due],
                on=desk.day,
                known_at=desk.now,
                store=desk.store,
                book=desk.book,
                scope=f"close, cycle {cycle}",
            )
            considered += run.considered
            charged += run.charged
            not_charged += run.not_charged
            cents += run.cents
            taken_back += len(run.reversals)
            codes.update(run.by_code)
            told.refused += [(f"account {of}", why) for of, why in run.refused]
            advance(1)
    corrected = correct_late_charges(
        on=desk.day, known_at=desk.now, store=desk.store, book=desk.book
    )
    told.refused += [(f"account {of}", why) for of, why in corrected.refused]
    told.counts |= {
        "considered": considered,
        "charged": charged,
        "not charged": not_charged,
        "refused": len(told.refused),
        "taken back": taken_back + len(corrected.reversals),
    }
    told.cents["charged"] = cents


def review_budget_plans(desk: CloseDesk, told: StepTold) -> None:
    """Review the plans whose month this is, before the bills that ask by them (GRR V.I)."""
    run = review_budgets(on=desk.day, learned_at=desk.now, view=desk.view, store=desk.store)
    told.counts |= {
        "decided": len(run.decided),
        "decided before": run.known,
        "not due": run.not_due,
        "plans ended": len(run.ended),
        "missed a review": len(run.missed),
    }
    told.refused += [(f"budget plan of account {of}", why) for of, why in run.held]
    if run.missed:
        account, months = min(run.missed, key=lambda one: (one[1], one[0]))
        told.note = (
            f"plans went through a month of review without one, first account {account} in "
            f"{months[0]:%Y-%m}; `meterledger budget review` names them"
        )


def issue_what_is_due(desk: CloseDesk, told: StepTold, bills: BillsOfDay) -> None:
    """Issue every bill that is due and may leave; credit deposits to final bills.

    :raises RunIsStopped: at the end, if a run was stopped; its bills are counted as held
    """
    bills.known_accounts = len(desk.store.account_ids())
    stop: RunIsStopped | None = None
    issued = 0
    with desk.bar("Bills", len(desk.cycles)) as advance:
        for cycle in desk.cycles:
            before = len(_issued_on_the_day(desk, cycle))
            try:
                issued += _cycle(desk, told, bills, cycle)
            except RunIsStopped as refusal:
                stop = refusal
                _all_wait(desk, bills, cycle)
            bills.due += before
            for bill in _issued_on_the_day(desk, cycle):
                bills.billed += 1
                bills.billed_cents += bill.total_cents
                bills.billed_accounts.add(bill.account_id)
            advance(1)
    told.counts |= {
        "due": bills.due,
        "billed": bills.billed,
        "of them now": issued,
        "held": bills.held_count,
        "excluded": bills.excluded,
    }
    told.cents["billed"] = bills.billed_cents
    if stop is not None:
        raise stop


def _cycle(desk: CloseDesk, told: StepTold, bills: BillsOfDay, cycle: int) -> int:
    services = desk.store.services_of_cycle(cycle, desk.now)
    due, held = first_due(services, desk.day, desk.view)
    if not due and not held:
        return 0
    run = issue_bills(
        services=services,
        on=desk.day,
        known_at=desk.now,
        store=desk.store,
        lake=desk.lake,
        book=desk.book,
        scope=f"close, cycle {cycle}",
        keep_bills=False,
    )
    bills.due += run.due
    bills.excluded += len(run.excluded)
    bills.excluded_accounts |= {one.account_id for one in run.excluded}
    for one in run.held:
        bills.held[one.code] = bills.held.get(one.code, 0) + 1
        bills.held_accounts.add(one.account_id)
    if run.waiting:
        bills.held[STOPPED] = bills.held.get(STOPPED, 0) + run.waiting
        bills.held_accounts |= _accounts_without_bill(desk, cycle)
    ended = [one.account.account_id for one in services if one.agreement.days.until_day is not None]
    credited = settle_final_bills(ended, on=desk.day, desk=desk.deposits)
    told.refused += [(f"deposit {one.deposit_id}", one.sentence) for one in credited.refused]
    return run.issued_count


def _all_wait(desk: CloseDesk, bills: BillsOfDay, cycle: int) -> None:
    """Nothing of a cycle leaves, since a run was stopped."""
    services = desk.store.services_of_cycle(cycle, desk.now)
    due, held = first_due(services, desk.day, desk.view)
    count = len(due) + len(held)
    if count:
        bills.due += count
        bills.held[STOPPED] = bills.held.get(STOPPED, 0) + count
        bills.held_accounts |= {one.service.account.account_id for one in due}
        bills.held_accounts |= {one.account_id for one in held}


def _accounts_without_bill(desk: CloseDesk, cycle: int) -> set[str]:
    due, held = first_due(desk.store.services_of_cycle(cycle, desk.now), desk.day, desk.view)
    return {one.service.account.account_id for one in due} | {one.account_id for one in held}


def _issued_on_the_day(desk: CloseDesk, cycle: int) -> list[IssuedBill]:
    """Live bills of the day that were due. A corrected one was not: its period was billed before,
    and what it changes is a difference.
    """
    found = desk.store.issued_bills(cycle, desk.day, desk.day + timedelta(days=1))
    return [one for one in found if not is_corrected(one.bill_id)]
