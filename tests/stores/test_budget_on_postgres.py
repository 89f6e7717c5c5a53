"""A budget customer in the system of record: billed, settled, replayed; every invariant holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.test_put_right_and_plans import past_an_end
from tests.journeys.town import VIEWER, Town

from meterledger.facts.budget import AskedKind
from meterledger.stores.postgres import verify_invariants
from meterledger.usecases.budget_ends import leave_budget
from meterledger.usecases.budget_plans import JoinRequest, join_budget
from meterledger.usecases.budget_reviews import review_budgets
from meterledger.usecases.due_dates import choose_due_date

pytestmark = pytest.mark.postgres

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_a_plan_is_joined_reviewed_left_and_settled_and_replays_to_the_byte(postgres: Any) -> None:
    town = Town(store=postgres)
    view = town.book.as_known(KNOWN.date())
    account = town.account_id(1)
    instants = (KNOWN + timedelta(hours=hour) for hour in range(100))
    bills: list[Any] = []

    def bill(on: date) -> None:
        run = town.bill(1, on=on, known_at=next(instants))
        assert not run.held, run.held
        bills.extend(run.issued)

    with postgres.viewing(VIEWER, ["everything"]):
        town.start(1, from_day=date(2025, 7, 1))
        town.read("M1", (date(2025, 7, 1), date(2026, 3, 1)), lambda day, count: [250] * count)
        bill(date(2025, 10, 1))
        ordinary = len(bills)
        join_budget(
            JoinRequest(
                account,
                date(2025, 10, 5),
                credit_requirements_met=True,
                settlement_option="b",
                bill_medium="postcard",
            ),
            learned_at=next(instants),
            view=view,
            store=postgres,
        )
        choose_due_date(
            account_id=account,
            day_of_month=3,
            on=date(2025, 10, 5),
            learned_at=next(instants),
            view=view,
            store=postgres,
        )
        bill(date(2025, 11, 1))
        run = review_budgets(
            on=date(2026, 2, 1), learned_at=next(instants), view=view, store=postgres
        )
        assert len(run.decided) == 1
        bill(date(2026, 2, 1))
        leave_budget(
            account_id=account,
            on=date(2026, 2, 10),
            learned_at=next(instants),
            view=view,
            store=postgres,
        )
        bill(date(2026, 3, 1))

        planned = bills[ordinary:]
        assert [one.asked.kind for one in planned] == [AskedKind.PLAN] * 4 + [AskedKind.ENDED]
        assert sum(one.asked_cents for one in planned) == sum(one.total_cents for one in planned)
        assert postgres.balance_cents(account) == sum(one.asked_cents for one in bills)
        assert postgres.trial_balance().get("142.budget", 0) == 0
        for one in bills:
            assert town.replay(one.bill_id).same_bytes, one.days
        assert {name: said for name, _, said in verify_invariants(postgres) if said} == {}


def test_a_corrected_bill_past_an_end_told_late_leaves_nothing_open(postgres: Any) -> None:
    with postgres.viewing(VIEWER, ["everything"]):
        customer = past_an_end(Town(store=postgres))
        assert customer.state(date(2026, 3, 11)).difference_cents == 0
        assert customer.ledger("142.budget") == 0
