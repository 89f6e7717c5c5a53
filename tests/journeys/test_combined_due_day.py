"""The Company's due day of a combined statement stands in the place of each account's own."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.journeys.combined_town import AFTER, ALL, accounts_of, combine, schools_town
from tests.journeys.town import VIEWER, Town

from meterledger.usecases.combined_statements import state_combination
from meterledger.usecases.late_charges import LateRun, charge_late

COMPANYS = date(2026, 7, 15)
TOLD = AFTER + timedelta(hours=1)
"""When the statement of June 2 is made; each bill of June 1 is due by itself on June 22."""


@pytest.fixture
def town() -> Town:
    """Twelve schools of one customer with the bills of three months, not paid, on one statement."""
    made = schools_town()
    with made.store.viewing(VIEWER, []):
        combine(made, *ALL)
        for month in (4, 5, 6):
            known = AFTER + timedelta(minutes=month)
            assert len(made.bill(*ALL, on=date(2026, month, 1), known_at=known).issued) == 12
        state_combination(
            combination_id="SCHOOLS",
            on=date(2026, 6, 2),
            due=COMPANYS,
            learned_at=TOLD,
            view=made.book.as_known(TOLD.date()),
            store=made.store,
        )
    return made


def charged(town: Town, on: date, *, known_after: timedelta = timedelta(hours=1)) -> LateRun:
    with town.store.viewing(VIEWER, []):
        return charge_late(
            accounts_of(ALL),
            on=on,
            known_at=TOLD + known_after,
            store=town.store,
            book=town.book,
            dry_run=True,
        )


class TestALateCharge:
    def test_is_not_made_before_the_companys_day_is_over(self, town: Town) -> None:
        """Theirs was June 22; they were asked for July 15."""
        run = charged(town, date(2026, 7, 1))
        assert (run.charged, run.refused) == (0, [])

    def test_is_made_after_it_of_that_day(self, town: Town) -> None:
        run = charged(town, date(2026, 8, 3))
        assert (run.charged, run.refused) == (12, [])
        assert {one.delinquent_day for one in run.charges} == {COMPANYS}

    def test_is_decided_by_their_own_day_as_known_before_the_statement(self, town: Town) -> None:
        """So that a charge of before is replayed by what was known then."""
        run = charged(town, date(2026, 7, 1), known_after=-timedelta(seconds=1))
        assert run.charged == 12
        assert {one.delinquent_day for one in run.charges} == {date(2026, 6, 22)}
