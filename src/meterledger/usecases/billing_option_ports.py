"""What journeys need of the store for budget plans, due dates and delivery.

Lives here      the port ``BillingOptions``; one suite of promises (tests/stores) tests every store.
Lives elsewhere the other ports (``ports``), the nouns (``facts/billing_options``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.billing_options import AccountOptions, DeliveryPreference, DueDateChoice
from meterledger.facts.budget import BudgetAmount, BudgetElection, BudgetPlan, PlanEnd
from meterledger.kernel.decision import Reason


class OptionsAsked(Protocol):
    """What a calculation asks: the choices of some accounts, as known at an instant."""

    def billing_options(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, AccountOptions]:
        """What the accounts have chosen; accounts without a choice are left out.

        Asked once for a batch of windows.
        """


class BillingOptions(OptionsAsked, Protocol):
    """Choices on two clocks. An account has one plan, one due date and one delivery on a day."""

    def begin_budget_plan(
        self, plan: BudgetPlan, amount: BudgetAmount, election: BudgetElection
    ) -> None:
        """Keep a plan with its first amount and election.

        :raises NotFound: if there is no such account
        :raises Conflict: if the account has a plan on one of the days
        """

    def end_budget_plan(
        self,
        plan_id: str,
        last_day_out: date,
        ended: PlanEnd,
        reasons: Sequence[Reason],
        learned_at: datetime,
    ) -> None:
        """End a plan. What was known before stays as it was.

        :raises NotFound: if there is no such plan
        :raises Conflict: if it has ended already, or would end before its first day is over
        """

    def add_budget_amount(self, amount: BudgetAmount) -> bool:
        """Keep the decision of a month of review; False if that month has one already."""

    def add_budget_election(self, election: BudgetElection) -> None:
        """Keep a changed election.

        :raises NotFound: if there is no such plan
        :raises Conflict: if something was elected from that day on already
        """

    def take_back_budget_plan(self, plan_id: str, learned_at: datetime) -> None:
        """A plan is believed no more, as if nobody had joined.

        :raises NotFound: if there is no such plan
        :raises Conflict: if it has an end, or a bill was asked by it
        """

    def take_back_budget_end(self, plan_id: str, learned_at: datetime) -> None:
        """A plan that was ended goes on as it did before.

        :raises NotFound: if there is no such plan
        :raises Conflict: if it has no end, a bill has settled it, or another plan follows
        """

    def take_back_budget_election(self, plan_id: str, from_day: date, learned_at: datetime) -> None:
        """An election that begins on a day is believed no more; the one before holds again.

        :raises NotFound: if there is no such plan, or nothing is elected from that day on
        :raises Conflict: if the plan began with it, or a later one follows
        """

    def account_ids_on_a_plan(self, known_at: datetime) -> list[str]:
        """Accounts with a plan, whether it has ended or not, in order."""

    def choose_due_date(self, choice: DueDateChoice) -> None:
        """Keep a due date chosen; one that is in force ends on the new one's first day.

        :raises NotFound: if there is no such account
        :raises Conflict: if a later choice is there already
        """

    def end_due_date(self, account_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End the due date that is in force.

        :raises NotFound: if none is
        """

    def take_back_due_date(self, account_id: str, from_day: date, learned_at: datetime) -> None:
        """A due date chosen for a day is chosen no more; what it ended holds again.

        :raises NotFound: if none begins on that day
        :raises Conflict: if a later choice is there, or it has an end already
        """

    def take_back_delivery(self, account_id: str, from_day: date, learned_at: datetime) -> None:
        """A delivery preferred from a day is preferred no more; what it ended holds again.

        :raises NotFound: if none begins on that day
        :raises Conflict: if a later preference is there
        """

    def prefer_delivery(self, preference: DeliveryPreference) -> None:
        """Keep how bills are to be sent; what was preferred ends on the new one's first day.

        :raises NotFound: if there is no such account
        :raises Conflict: if a later preference is there already
        """

    def delivery_preference(self, account_id: str, day: date) -> DeliveryPreference | None:
        """How the account's bills are to be sent on a day, as known now; None: nobody has said."""
