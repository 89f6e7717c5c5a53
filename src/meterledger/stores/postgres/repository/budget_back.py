"""Budget plans, their ends and elections, taken back before they have had an effect.

Lives here      what closes, and what is believed again in its place.
Lives elsewhere everything else of what accounts choose (``billing_options``), whether it has had
                an effect by bills or reviews (``usecases/take_back``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from meterledger.facts.budget import BudgetBill, BudgetElection, BudgetPlan
from meterledger.stores.believed import A_MOMENT
from meterledger.stores.option_words import (
    closed_at,
    election_to_take_back,
    end_to_take_back,
    plan_to_take_back,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.billing_option_rows import (
    budget_bill_of,
    election_of,
    plan_of,
)
from meterledger.stores.postgres.repository.billing_options import (
    AT,
    BUDGET_BILL,
    NOW,
    PLAN,
    BillingOptionTables,
    believed_plan,
    close_known,
    insert_plan,
    plans_of,
)

ELECTIONS = """
SELECT id, plan_id, account_id, from_day, month_option, reevaluation_month, settlement_option,
       elected, reasons, learned_at
  FROM budget_election
 WHERE plan_id = %s AND NOT EXISTS (SELECT FROM budget_election_back back
                                     WHERE back.election_id = budget_election.id)
"""


class BudgetBackTables(BillingOptionTables):
    """The part of the store that takes back what was booked of budget plans."""

    def take_back_budget_plan(self, plan_id: str, learned_at: datetime) -> None:
        """A plan is believed no more."""

        def work(connection: Connection) -> None:
            plan = believed_plan(connection, plan_id)
            plan_to_take_back(plan, _asked(connection, plan))
            _close(connection, plan, learned_at)

        self._keep("budget plan taken back", self._owner(plan_id), learned_at, work)

    def take_back_budget_end(self, plan_id: str, learned_at: datetime) -> None:
        """A plan that was ended goes on as it did before."""

        def work(connection: Connection) -> None:
            plan = believed_plan(connection, plan_id)
            others = plans_of(connection, f"WHERE {NOW}", plan.account_id)
            end_to_take_back(plan, others, _asked(connection, plan))
            key = {"accounts": [plan.account_id], "at": plan.learned_at - A_MOMENT}
            before = map(plan_of, connection.execute(f"{PLAN} WHERE {AT}", key).fetchall())
            (was,) = [one for one in before if one.plan_id == plan_id]
            moment = _close(connection, plan, learned_at)
            insert_plan(connection, replace(was, learned_at=moment))

        self._keep("end of a budget plan taken back", self._owner(plan_id), learned_at, work)

    def take_back_budget_election(self, plan_id: str, from_day: date, learned_at: datetime) -> None:
        """An election is believed no more."""

        def work(connection: Connection) -> None:
            plan = believed_plan(connection, plan_id)
            rows = connection.execute(ELECTIONS, [plan_id]).fetchall()
            known: dict[int, BudgetElection] = {row[0]: election_of(row[1:]) for row in rows}
            one = election_to_take_back(list(known.values()), plan_id, from_day)
            (name,) = [key for key, election in known.items() if election is one]
            told: list[Any] = [name, plan.account_id, closed_at(one, learned_at)]
            connection.execute(
                "INSERT INTO budget_election_back (election_id, account_id, learned_at)"
                " VALUES (%s, %s, %s)",
                told,
            )

        self._keep("budget election taken back", self._owner(plan_id), learned_at, work)

    def _owner(self, plan_id: str) -> str:
        return self._step(
            "look for a budget plan",
            lambda connection: believed_plan(connection, plan_id, lock=False).account_id,
        )


def _asked(connection: Connection, plan: BudgetPlan) -> list[BudgetBill]:
    rows = connection.execute(f"{BUDGET_BILL} WHERE plan_id = %s", [plan.plan_id])
    return [budget_bill_of(row) for row in rows.fetchall()]


def _close(connection: Connection, plan: BudgetPlan, learned_at: datetime) -> datetime:
    moment = closed_at(plan, learned_at)
    close_known(connection, "budget_plan", plan.account_id, plan.days.from_day, moment)
    return moment
