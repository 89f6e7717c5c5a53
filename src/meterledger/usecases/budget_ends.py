"""The end of a budget plan: by the customer, and by the utility for non-payment.

Lives here      what the rules are asked, and what the store is told.
Lives elsewhere joining (``budget_plans``), an end by a final bill (``budget_reviews``), what the
                next bill settles (``bill_options``).
Read first      GRR V.I.6 and V.I.7; docs/operating/budget_billing.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import (
    END_BY_COMPANY,
    LEAVING,
    ColdWeatherAgreement,
    LeavingFacts,
    MissedPaymentFacts,
)
from meterledger.facts.bills import read_record
from meterledger.facts.budget import PlanEnd, asked_cents
from meterledger.facts.documents import SetAside
from meterledger.facts.entry_names import PAYMENT
from meterledger.facts.late_charges import LateHistory
from meterledger.facts.receivables import Movement
from meterledger.kernel.money import Cents, usd_display
from meterledger.rulebook.book import BookView
from meterledger.usecases.budget_plans import PlanStore, words_of
from meterledger.usecases.budget_state import BudgetRefused, PlanState, plan_in_force
from meterledger.usecases.decide import Ruling, decide_filled
from meterledger.usecases.late_charge_base import grace_until, is_in_time
from meterledger.usecases.ports import StoredBill


class EndStore(PlanStore, Protocol):
    """What these journeys need of the store."""

    def bill(self, bill_id: str) -> StoredBill:
        """The bill as stored."""

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, oldest first."""

    def set_aside_of_bill(self, bill_id: str) -> list[SetAside]:
        """In which runs and why no document of the bill could be made, oldest first."""

    def late_histories(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, LateHistory]:
        """What was charged and paid, how payments came in, and of which nobody knows."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A plan that ends: on which day, why, and what the next bill settles."""

    state: PlanState
    on: date
    ended: PlanEnd
    ruling: Ruling

    @property
    def settlement_cents(self) -> int:
        """The difference that is settled with the next bill."""
        return self.state.difference_cents


def leave_budget(
    *,
    account_id: str,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: EndStore,
    cold_weather_agreement: str = "none",
    dry_run: bool = False,
) -> Ended:
    """A customer leaves the plan; the difference is settled with the next bill (GRR V.I.7).

    :raises BudgetRefused: if the account has no plan on the day
    :raises Conflict: if the plan began on the day
    """
    state = plan_in_force(account_id, on, learned_at, store)
    facts = LeavingFacts(
        enrolled=state.plan.days.from_day,
        difference_cents=Cents(state.difference_cents),
        cold_weather_agreement=_cold_weather(cold_weather_agreement),
    )
    ruling = decide_filled(rule=LEAVING, facts=facts, day=on, view=view)
    return _end(state, on, PlanEnd.CUSTOMER, ruling, learned_at, store, dry_run)


def end_budget_unpaid(
    *,
    bill_id: str,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: EndStore,
    cold_weather_agreement: str = "none",
    dry_run: bool = False,
) -> Ended:
    """The utility ends a plan because a bill was not paid in time (GRR V.I.6).

    Whether and when the bill was paid is what the account's payments since it say, and what was
    taken off by corrections. A payment that was taken back never paid; mail is in time within its
    grace, and may still come until that is over.

    :raises BudgetRefused: if the plan may not be ended for this, with why, or while the outcome of
        a receipt that could have paid the bill is unknown
    """
    bill = store.bill(bill_id)
    if bill.cancelled_by is not None:
        raise BudgetRefused(
            f"Bill {bill_id} is cancelled and asks for nothing",
            where=f"account {bill.account_id}",
            why=f"Bill {bill.cancelled_by} cancelled it, and has a due date of its own",
            do=f"Name bill {bill.cancelled_by}, if that one was not paid in time",
        )
    state = plan_in_force(bill.account_id, on, learned_at, store)
    history = store.late_histories([bill.account_id], learned_at)[bill.account_id]
    late = next((one for one in history.bills if one.bill_id == bill_id), None)
    if late is not None and not late.is_delivered:
        raise _not_out(bill, store)
    due_day = bill.due_day if late is None else late.asked_by
    money = _standing(history.movements)
    credited = list(_credited(bill, store.issued_bills_of_account(bill.account_id)))
    paid = _paid_on(bill, [*((one.effective_day, -one.cents) for one in money), *credited], on)
    timely = [one for one in money if is_in_time(one, due_day, history, view)]
    in_time = _paid_on(
        bill,
        [
            *((one.effective_day, -one.cents) for one in timely),
            *(one for one in credited if one[0] <= due_day),
        ],
        on,
    )
    facts = MissedPaymentFacts(
        delinquent_date=due_day,
        paid=paid,
        mail_in_time_until=(
            grace_until(due_day, view) if paid is None or in_time is not None else None
        ),
        company_ends=True,
        difference_cents=Cents(state.difference_cents),
        cold_weather_agreement=_cold_weather(cold_weather_agreement),
    )
    ruling = decide_filled(rule=END_BY_COMPANY, facts=facts, day=on, view=view)
    if not ruling.decision.outcome.ended:
        raise BudgetRefused(
            f"The budget plan of account {bill.account_id} may not be ended for bill {bill_id}",
            where=f"account {bill.account_id}",
            why=words_of(ruling.decision.reasons),
            do="Leave the plan as it is",
        )
    if paid is None and history.unknown_payment_cents > 0:
        raise BudgetRefused(
            f"The budget plan of account {bill.account_id} may not be ended for bill {bill_id} yet",
            where=f"account {bill.account_id}",
            why=f"Of {usd_display(history.unknown_payment_cents)} nobody knows whether it was paid",
            do="Settle the receipt of unknown outcome first, then ask again",
        )
    return _end(state, on, PlanEnd.NON_PAYMENT, ruling, learned_at, store, dry_run)


def _not_out(bill: StoredBill, store: EndStore) -> BudgetRefused:
    """The bill has not gone out yet, or it never does (GRR V.E.2)."""
    what = f"The budget plan of account {bill.account_id} may not be ended for bill {bill.bill_id}"
    where = f"account {bill.account_id}"
    never = [one for one in store.set_aside_of_bill(bill.bill_id) if one.is_not_rendered]
    if never:
        return BudgetRefused(
            what,
            where=where,
            why=f"It asks for nothing and never goes out. {never[-1].reason}",
            do="Name a bill that was sent and not paid in time",
        )
    return BudgetRefused(
        what,
        where=where,
        why="The bill came back or was set aside, and has not reached the customer yet",
        do="Print it with `meterledger documents cycle`; the time to pay counts from then",
    )


def _cold_weather(text: str) -> ColdWeatherAgreement:
    try:
        return ColdWeatherAgreement(text)
    except ValueError as problem:
        raise BudgetRefused(
            f"'{text[:40]}' is no way that a Cold Weather agreement stands",
            where="--cold-weather",
            do="Give none, kept or defaulted",
        ) from problem


def _credited(bill: StoredBill, issued: Sequence[StoredBill]) -> Iterator[tuple[date, int]]:
    """What corrections since the bill took off what it and the bills before had asked, by day."""
    by_name = {one.bill_id: one for one in issued}
    for one in issued:
        before = by_name.get(one.corrects or "")
        if before is None or one.known_at <= bill.known_at:
            continue
        first = before
        while first.corrects is not None and first.corrects in by_name:
            first = by_name[first.corrects]
        if first.known_at <= bill.known_at:
            yield one.issued_day, _asked(before) - _asked(one)


def _asked(bill: StoredBill) -> int:
    return asked_cents(read_record(bill.record))


def _standing(movements: Sequence[Movement]) -> list[Movement]:
    """Payments that nothing has taken back."""
    taken_back = {one.reverses for one in movements if one.reverses}
    return [
        one
        for one in movements
        if one.entry_id.startswith(f"{PAYMENT}:") and one.entry_id not in taken_back
    ]


def _paid_on(bill: StoredBill, paid: Sequence[tuple[date, int]], on: date) -> date | None:
    """The day on which what was paid or credited since the bill came to what it asked, with what
    was owed before.
    """
    owed = bill.previous_balance_cents + _asked(bill)
    if owed <= 0:
        return bill.issued_day
    for day, cents in sorted(paid):
        if bill.issued_day <= day <= on:
            owed -= cents
            if owed <= 0:
                return day
    return None


def _end(
    state: PlanState,
    on: date,
    ended: PlanEnd,
    ruling: Ruling,
    learned_at: datetime,
    store: EndStore,
    dry_run: bool,
) -> Ended:
    if not dry_run:
        store.end_budget_plan(state.plan.plan_id, on, ended, ruling.decision.reasons, learned_at)
    return Ended(state, on, ended, ruling)
