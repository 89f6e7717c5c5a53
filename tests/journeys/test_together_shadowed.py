"""One bill of several meters over a lake of files: shadow, a changed book, and a month's end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys import town as towns
from tests.journeys.test_bills_together import SIGNED, with_a_barn
from tests.journeys.test_impact import PRICE, change
from tests.journeys.test_shadow import AUTUMN, CHICAGO, arrive, shadow
from tests.journeys.town import FIRST, LATER, NOON, VIEWER, lively

from meterledger.facts.shadow import ShadowCause
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.determinants import DeterminantFiles
from meterledger.usecases.together import end_together, start_together
from meterledger.usecases.unbilled import unbilled
from meterledger.usecases.unbilled_revenue import unbilled_revenue

__all__ = ["change"]


@pytest.fixture
def living(town: Any, tmp_path: Path) -> Iterator[Any]:
    """A house with a barn on one bill, and a neighbor, over a lake of files."""
    town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    town.kept = DeterminantFiles(tmp_path / "determinants", files_at=town.store.lake_files)
    place = {"from_day": AUTUMN[0], "tax_place": "university_city"}
    town.start(1, **place)
    with_a_barn(town, **place)
    town.start(3, **place)
    for number in (1, 2, 3):
        arrive(town, towns, f"M{number}", AUTUMN, lively, learned_at=FIRST)
    with town.store.viewing(VIEWER, []):
        start_together(
            account_id=town.account_id(1), on=AUTUMN[0], learned_at=FIRST + timedelta(minutes=5),
            view=town.view, store=town.store, **SIGNED,
        )  # fmt: skip
        run = town.bill(1, 3, on=date(2025, 11, 1))
        assert (run.due, run.issued_count) == (4, 4)
        yield town


class TestAShadow:
    def test_of_what_nothing_has_changed_is_the_same(self, living: Any) -> None:
        found = shadow(living, towns)
        assert (found.bills, found.same, found.different, found.not_made) == (4, 4, [], [])
        assert found.in_columns == 2  # the neighbor's; a sum of meters goes the whole way

    def test_tells_a_late_reading_of_one_of_the_meters(self, living: Any) -> None:
        day = (date(2025, 10, 7), date(2025, 10, 8))
        arrive(living, towns, "M2", day, lambda _, n: [900] * n, learned_at=LATER)
        (found,) = shadow(living, towns).different
        assert set(found.parts) <= {ShadowCause.READING}
        assert found.parts[ShadowCause.READING] == found.shadow_cents - found.issued_cents != 0


def test_the_impact_of_a_changed_book_ties(living: Any, change: Any) -> None:
    found = change(PRICE.format(begins="2025-10-01"))
    row = found.accounts.index(living.account_id(1))
    assert found.bills[row] == 2
    assert found.issued_cents[row] == found.before_cents[row]
    assert found.after_cents[row] > found.before_cents[row]
    assert found.one_by_one >= 2  # a sum of meters goes the whole way by both books


class TestAMonthsEnd:
    def test_accrues_the_sum_once(self, living: Any) -> None:
        made = unbilled_revenue(
            date(2025, 11, 30), known_at=NOON, today=date(2025, 12, 2), store=living.store,
            lake=living.lake, view=living.view,
        )  # fmt: skip
        assert len(made.lines) == 2  # one line for the account's two meters
        one = next(each for each in made.lines if each.account_id == living.account_id(1))
        (bill,) = living.bill(1, on=date(2025, 12, 1), dry_run=True).issued
        assert one.energy_wh == bill.usage.energy_wh

    @pytest.mark.parametrize(
        ("began", "ended"),
        [("2025-10-01", None), ("2025-09-01", "2025-10-01"), ("2025-10-01", "2025-11-01")],
    )
    def test_accrues_each_watt_hour_once_where_the_arrangement_began_or_ended_unbilled(
        self, town: Any, tmp_path: Path, began: str, ended: str | None
    ) -> None:
        """Bills of three months wait; their days are the house's or the barn's, on one line."""
        town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
        place = {"from_day": AUTUMN[0], "tax_place": "university_city"}
        town.start(1, **place)
        with_a_barn(town, **place)
        for number in (1, 2):
            arrive(town, towns, f"M{number}", AUTUMN, lively, learned_at=FIRST)
        said: dict[str, Any] = {"account_id": town.account_id(1), "store": town.store, **SIGNED}

        def accrued() -> Any:
            return unbilled_revenue(
                date(2025, 11, 30), known_at=NOON, today=date(2025, 12, 2), store=town.store,
                lake=town.lake, view=town.view,
            ).lines  # fmt: skip

        with town.store.viewing(VIEWER, []):
            apart = sum(one.energy_wh or 0 for one in accrued())
            start_together(on=date.fromisoformat(began), learned_at=FIRST + timedelta(minutes=5),
                           view=town.view, **said)  # fmt: skip
            if ended is not None:
                end_together(on=date.fromisoformat(ended), view=town.view,
                             learned_at=FIRST + timedelta(minutes=6), **said)  # fmt: skip
            lines = accrued()
        assert len(lines) == len({one.agreement_id for one in lines}) == 2
        assert sum(one.energy_wh or 0 for one in lines) == apart

    def test_the_monitor_finds_one_agreement_without_a_bill(self, living: Any) -> None:
        found = list(
            unbilled(date(2026, 1, 20), known_at=NOON, store=living.store, view=living.view)
        )
        assert sorted(one.account_id for one in found) == [
            living.account_id(1),
            living.account_id(3),
        ]
