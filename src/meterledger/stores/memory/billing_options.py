"""Budget plans, due dates and delivery in dictionaries, on two clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from meterledger.facts.billing_options import AccountOptions, DeliveryPreference, DueDateChoice
from meterledger.facts.bills import Bill
from meterledger.facts.budget import (
    BudgetAmount,
    BudgetBill,
    BudgetElection,
    BudgetPlan,
    PlanEnd,
)
from meterledger.kernel.decision import Reason
from meterledger.kernel.ids import first_version
from meterledger.kernel.span import Validity
from meterledger.stores.believed import A_MOMENT
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.stores.option_words import (
    before_choice,
    closed_at,
    election_to_take_back,
    end_of_plan,
    end_to_take_back,
    no_due_date,
    no_plan,
    nothing_booked,
    plan_to_take_back,
    refuse_elected_already,
    taken_back,
    two_plans,
)
from meterledger.usecases.ports import NotFound

Fact = TypeVar("Fact", BudgetPlan, DueDateChoice, DeliveryPreference)


@dataclass(slots=True)
class _Row(Generic[Fact]):
    fact: Fact
    until: datetime | None = None


class _Rows(Generic[Fact]):
    """Facts of one kind: believed from when they were learned until they are closed."""

    def __init__(self) -> None:
        self._rows: list[_Row[Fact]] = []

    def known(self, account_id: str, known_at: datetime | None = None) -> list[Fact]:
        found = [
            row.fact
            for row in self._rows
            if row.fact.account_id == account_id
            and (
                row.until is None
                if known_at is None
                else row.fact.learned_at <= known_at and (row.until is None or known_at < row.until)
            )
        ]
        return sorted(found, key=lambda one: one.days.from_day)

    def believed(self) -> list[Fact]:
        return [row.fact for row in self._rows if row.until is None]

    def add(self, fact: Fact) -> None:
        self._rows.append(_Row(fact))

    def replace(self, old: Fact, new: Fact | None, learned_at: datetime) -> None:
        at = closed_at(old, learned_at)
        for row in self._rows:
            if row.fact is old and row.until is None:
                row.until = at
        if new is not None:
            self.add(replace(new, learned_at=at))


class MemoryBillingOptions(MemoryPlaces):
    """The part of the store that keeps what accounts choose of their bills."""

    record: list[tuple[str, str, datetime]]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._plans = _Rows[BudgetPlan]()
        self._due_dates = _Rows[DueDateChoice]()
        self._deliveries = _Rows[DeliveryPreference]()
        self._amounts: list[BudgetAmount] = []
        self._elections: list[BudgetElection] = []
        self._elections_back: list[tuple[BudgetElection, datetime]] = []
        self._budget_bills: list[BudgetBill] = []

    def billing_options(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, AccountOptions]:
        """What the accounts have chosen, as known at an instant."""
        self._look()
        with self._lock:
            found = {one: self._options(one, known_at) for one in dict.fromkeys(account_ids)}
        return {name: one for name, one in found.items() if one != AccountOptions(name)}

    def _options(self, account_id: str, known_at: datetime) -> AccountOptions:
        def of(rows: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(
                one for one in rows if one.account_id == account_id and one.learned_at <= known_at
            )

        gone = {first_version(one) for one in self._withdrawn_bills(known_at)}
        bills = [one for one in of(self._budget_bills) if first_version(one.bill_id) not in gone]
        return AccountOptions(
            account_id=account_id,
            plans=tuple(self._plans.known(account_id, known_at)),
            amounts=tuple(sorted(of(self._amounts), key=lambda one: (one.month, one.plan_id))),
            elections=tuple(
                sorted(
                    of(self._elections_known(known_at)),
                    key=lambda one: (one.from_day, one.learned_at),
                )
            ),
            budget_bills=tuple(
                sorted(bills, key=lambda one: (one.days.from_day, one.learned_at, one.bill_id))
            ),
            due_dates=tuple(self._due_dates.known(account_id, known_at)),
            deliveries=tuple(self._deliveries.known(account_id, known_at)),
        )

    def _require_account(self, account_id: str) -> None:
        if account_id not in self._accounts:
            raise NotFound.of("account", account_id)

    def begin_budget_plan(
        self, plan: BudgetPlan, amount: BudgetAmount, election: BudgetElection
    ) -> None:
        """Keep a plan with its first amount and election."""
        with self._lock:
            self._require_account(plan.account_id)
            for other in self._plans.known(plan.account_id):
                if other.days.overlaps(plan.days) or other.plan_id == plan.plan_id:
                    raise two_plans(plan, other)
            self._plans.add(plan)
            self._amounts.append(amount)
            self._elections.append(election)
            self._note("budget plan begun", plan.account_id, plan.learned_at)

    def end_budget_plan(
        self,
        plan_id: str,
        last_day_out: date,
        ended: PlanEnd,
        reasons: Sequence[Reason],
        learned_at: datetime,
    ) -> None:
        """End a plan."""
        with self._lock:
            plan = self._plan(plan_id)
            end_of_plan(plan, last_day_out)
            days = Validity(plan.days.from_day, last_day_out)
            new = replace(plan, days=days, ended=ended, reasons=tuple(reasons))
            self._plans.replace(plan, new, learned_at)
            self._note("budget plan ended", plan.account_id, learned_at)

    def add_budget_amount(self, amount: BudgetAmount) -> bool:
        """Keep the decision of a month of review."""
        with self._lock:
            self._plan(amount.plan_id)
            key = (amount.plan_id, amount.month)
            if any((one.plan_id, one.month) == key for one in self._amounts):
                return False
            self._amounts.append(amount)
            self._note("budget amount decided", amount.account_id, amount.learned_at)
            return True

    def add_budget_election(self, election: BudgetElection) -> None:
        """Keep a changed election."""
        with self._lock:
            self._plan(election.plan_id)
            refuse_elected_already(self._elections_known(None), election)
            self._elections.append(election)
            self._note("budget election", election.account_id, election.learned_at)

    def take_back_budget_plan(self, plan_id: str, learned_at: datetime) -> None:
        """A plan is believed no more."""
        with self._lock:
            plan = self._plan(plan_id)
            plan_to_take_back(plan, self._budget_bills)
            self._plans.replace(plan, None, learned_at)
            self._note("budget plan taken back", plan.account_id, learned_at)

    def take_back_budget_end(self, plan_id: str, learned_at: datetime) -> None:
        """A plan that was ended goes on as it did before."""
        with self._lock:
            plan = self._plan(plan_id)
            known = self._plans.known(plan.account_id)
            end_to_take_back(plan, known, self._budget_bills)
            before = self._plans.known(plan.account_id, plan.learned_at - A_MOMENT)
            (was,) = [one for one in before if one.plan_id == plan_id]
            self._plans.replace(plan, was, learned_at)
            self._note("end of a budget plan taken back", plan.account_id, learned_at)

    def take_back_budget_election(self, plan_id: str, from_day: date, learned_at: datetime) -> None:
        """An election is believed no more."""
        with self._lock:
            plan = self._plan(plan_id)
            one = election_to_take_back(self._elections_known(None), plan_id, from_day)
            self._elections_back.append((one, closed_at(one, learned_at)))
            self._note("budget election taken back", plan.account_id, learned_at)

    def _elections_known(self, known_at: datetime | None) -> list[BudgetElection]:
        back = [one for one, at in self._elections_back if known_at is None or at <= known_at]
        return [one for one in self._elections if not any(one is gone for gone in back)]

    def _plan(self, plan_id: str) -> BudgetPlan:
        plan = next((one for one in self._plans.believed() if one.plan_id == plan_id), None)
        if plan is None:
            raise no_plan(plan_id)
        return plan

    def account_ids_on_a_plan(self, known_at: datetime) -> list[str]:
        """Accounts with a plan, in order."""
        self._look()
        known = self._plans.believed()
        return sorted({one.account_id for one in known if one.learned_at <= known_at})

    def choose_due_date(self, choice: DueDateChoice) -> None:
        """Keep a due date chosen."""
        with self._lock:
            self._require_account(choice.account_id)
            replaced = before_choice(self._due_dates.known(choice.account_id), choice)
            if replaced is not None:
                self._due_dates.replace(*replaced, choice.learned_at)
            self._due_dates.add(choice)
            self._note("due date chosen", choice.account_id, choice.learned_at)

    def end_due_date(self, account_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End the due date that is in force."""
        with self._lock:
            for one in self._due_dates.known(account_id):
                if last_day_out in one.days:
                    first = one.days.from_day
                    left = (
                        replace(one, days=Validity(first, last_day_out))
                        if first < last_day_out
                        else None
                    )
                    self._due_dates.replace(one, left, learned_at)
                    self._note("due date ended", account_id, learned_at)
                    return
            raise no_due_date(account_id, last_day_out)

    def take_back_due_date(self, account_id: str, from_day: date, learned_at: datetime) -> None:
        """A due date chosen for a day is chosen no more; what it ended holds again."""
        self._take_back(self._due_dates, account_id, from_day, learned_at)

    def take_back_delivery(self, account_id: str, from_day: date, learned_at: datetime) -> None:
        """A delivery preferred from a day is preferred no more; what it ended holds again."""
        self._take_back(self._deliveries, account_id, from_day, learned_at)

    def _take_back(
        self, rows: _Rows[Any], account_id: str, from_day: date, learned_at: datetime
    ) -> None:
        with self._lock:
            known = rows.known(account_id)
            mine = next((one for one in known if one.days.from_day == from_day), None)
            if mine is None:
                raise nothing_booked(account_id, from_day)
            left, was = taken_back(known, lambda at: rows.known(account_id, at), mine)
            rows.replace(mine, None, learned_at)
            if left is not None:
                rows.replace(left, None, learned_at)
            if was is not None:
                at = max(closed_at(one, learned_at) for one in (mine, left) if one is not None)
                rows.add(replace(was, learned_at=at))
            self._note("choice taken back", account_id, learned_at)

    def prefer_delivery(self, preference: DeliveryPreference) -> None:
        """Keep how bills are to be sent."""
        with self._lock:
            self._require_account(preference.account_id)
            replaced = before_choice(self._deliveries.known(preference.account_id), preference)
            if replaced is not None:
                self._deliveries.replace(*replaced, preference.learned_at)
            self._deliveries.add(preference)
            self._note("delivery preferred", preference.account_id, preference.learned_at)

    def delivery_preference(self, account_id: str, day: date) -> DeliveryPreference | None:
        """How the account's bills are to be sent on a day, as known now."""
        self._look()
        known = self._deliveries.known(account_id)
        return next((one for one in known if day in one.days), None)

    def _keep_asked(self, bill: Bill) -> None:
        row = bill.budget_bill
        if row is not None:
            self._budget_bills.append(row)

    def _withdrawn_bills(self, known_at: datetime) -> set[str]:
        raise NotImplementedError  # the store beside this part keeps corrections

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError  # the store beside this part keeps the record
