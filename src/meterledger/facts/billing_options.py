"""What an account has chosen of its bills: due date, delivery, and its budget plans, gathered.

Lives here      a chosen due date, a deferred pay date, how bills are sent; all of one account.
Lives elsewhere budget plans (``budget``), deciding any of it (``billing``).
Read first      GRR V.O; docs/operating/due_dates.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.facts.budget import BudgetAmount, BudgetBill, BudgetElection, BudgetPlan
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity


class DueDateKind(Enum):
    """By which rule an account's bills are due on another day."""

    PREFERRED = "preferred"
    """A day of the month that the customer chose (GRR V.O)."""
    DEFERRED = "deferred"
    """The deferred pay date of retired and disabled customers (GRR V.J of 2013)."""


@dataclass(frozen=True, slots=True)
class DueDateChoice:
    """An account's own due date on some days. ``day_of_month`` is 1 to 28, or 0 if deferred.

    ``person`` tells, for a deferred pay date, what its rule asks of the person, as (fact, value).
    """

    account_id: str
    kind: DueDateKind
    day_of_month: int
    days: Validity
    learned_at: datetime
    reasons: tuple[Reason, ...]
    person: tuple[tuple[str, str], ...] = ()


class Delivery(Enum):
    """How an account's bills are sent."""

    PAPER = "paper"
    ELECTRONIC = "electronic"


@dataclass(frozen=True, slots=True)
class DeliveryPreference:
    """How an account wants its bills on some days, and where an electronic one goes."""

    account_id: str
    medium: Delivery
    days: Validity
    learned_at: datetime
    address: str = ""


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """All that an account has chosen of its bills, as known at an instant."""

    account_id: str
    plans: tuple[BudgetPlan, ...] = ()
    amounts: tuple[BudgetAmount, ...] = ()
    elections: tuple[BudgetElection, ...] = ()
    budget_bills: tuple[BudgetBill, ...] = ()
    """Every row that was known, oldest first; ``budget.holding`` says which hold."""
    due_dates: tuple[DueDateChoice, ...] = ()
    deliveries: tuple[DeliveryPreference, ...] = ()

    def plan_on(self, day: date) -> BudgetPlan | None:
        """The plan in force on a day."""
        return next((one for one in self.plans if day in one.days), None)

    def due_date_on(self, day: date) -> DueDateChoice | None:
        """The due date chosen, in force on a day."""
        return next((one for one in self.due_dates if day in one.days), None)

    def delivery_on(self, day: date) -> DeliveryPreference | None:
        """How bills are to be sent on a day; None where nobody has said."""
        return next((one for one in self.deliveries if day in one.days), None)

    def amount_of(self, plan_id: str, day: date) -> BudgetAmount | None:
        """The decision on the monthly amount that holds on a day."""
        found = [one for one in self.amounts if one.plan_id == plan_id and one.from_day <= day]
        return max(found, key=lambda one: (one.from_day, one.learned_at), default=None)

    def election_of(self, plan_id: str, day: date) -> BudgetElection | None:
        """The election that holds on a day."""
        found = [one for one in self.elections if one.plan_id == plan_id and one.from_day <= day]
        return max(found, key=lambda one: (one.from_day, one.learned_at), default=None)
