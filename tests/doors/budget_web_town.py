"""A town to look at with budget plans: one customer joins, is reviewed, and another leaves.

Made by the journeys themselves. Shared by the tests of the pages and those in the browser.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from tests.doors.web_town import WebTown, household
from tests.journeys.town import VIEWER, Town

from meterledger.usecases.budget_ends import leave_budget
from meterledger.usecases.budget_plans import JoinRequest, join_budget
from meterledger.usecases.budget_reviews import review_budgets

FIRST = date(2025, 6, 1)
JOINED = date(2025, 12, 5)
KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)


class _Hours:
    """An instant for each step, an hour after the last."""

    def __init__(self) -> None:
        self.count = 0

    def next(self) -> datetime:
        self.count += 1
        return KNOWN + timedelta(hours=self.count)


@lru_cache(maxsize=1)
def budget_web_town() -> WebTown:
    """Ana stays on the plan through its anniversary; Grace leaves in May."""
    town, hours = Town(), _Hours()
    view = town.book.as_known(KNOWN.date())
    with town.store.viewing(VIEWER, ["everything"]):
        for number, name in ((1, "Ana Rivera"), (2, "Grace Okafor")):
            town.start(
                number, people=((f"P{number}", name),), from_day=FIRST, meter_id=f"E-2{number}"
            )
            town.read(f"E-2{number}", (FIRST, date(2026, 12, 2)), household(number))
        _bill(town, date(2025, 12, 1), hours)
        for number in (1, 2):
            _join(town, number, hours, view)
        for month in range(1, 13):
            on = date(2026, month, 1)
            review_budgets(on=on, learned_at=hours.next(), view=view, store=town.store)
            _bill(town, on, hours)
            if month == 5:
                leave_budget(
                    account_id=town.account_id(2),
                    on=date(2026, 5, 10),
                    learned_at=hours.next(),
                    view=view,
                    store=town.store,
                )
    return WebTown(town, now=hours.next())


def _bill(town: Town, on: date, hours: _Hours) -> None:
    run = town.bill(1, 2, on=on, known_at=hours.next())
    assert not run.held, run.held


def _join(town: Town, number: int, hours: _Hours, view: Any) -> None:
    request = JoinRequest(
        town.account_id(number),
        JOINED,
        credit_requirements_met=True,
        settlement_option="a" if number == 1 else "b",
        month_option="b",
        bill_medium="postcard",
    )
    join_budget(request, learned_at=hours.next(), view=view, store=town.store)
