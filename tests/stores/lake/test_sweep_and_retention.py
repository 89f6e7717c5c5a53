"""What a compaction replaced goes when nobody reads it; what is too old goes on schedule."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable
from tests.stores.lake.kept_world import COMPACTED_AT, KeptWorld
from tests.stores.lake.lake_world import ADA, BEN, CAM, day_of, slots, span, values_of
from tests.stores.paper_town import bill_of, start_of

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.lake_log import LakeHold
from meterledger.kernel.ids import bucket_of
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.lake import FileErased, LakeUpkeep
from meterledger.usecases.keep_lake import MonthKept, Swept, retain_lake, sweep_lake

JULY_1, JULY_2 = date(2025, 7, 1), date(2025, 7, 2)
SWEPT_AT = COMPACTED_AT + timedelta(days=30)


@pytest.fixture
def world(tmp_path: Path) -> KeptWorld:
    return KeptWorld(tmp_path / "lake")


@pytest.fixture(scope="module")
def view() -> BookView:
    return open_book(default_book_folder()).as_known(date(2026, 11, 28))


def sweep(world: KeptWorld, *, now: datetime = SWEPT_AT, **more: Any) -> Swept:
    return sweep_lake(
        store=world.store,
        files=LakeUpkeep(world.lake),
        on=now.date(),
        margin_days=7,
        now=now,
        **more,
    )


def on_disk(world: KeptWorld) -> set[str]:
    return {
        path.relative_to(world.folder).as_posix()
        for path in world.folder.glob("month=*/bucket=*/*.parquet")
    }


def two_days(world: KeptWorld) -> list[str]:
    """July 1 and 2 of Ada and Ben, put together; the files that were."""
    for day in (JULY_1, JULY_2):
        world.ingest((ADA, day_of(day, 1)), (BEN, day_of(day, 2)))
    old = world.lake.published(2)
    world.compact("2025-08")
    return old


class TestASweep:
    def test_removes_what_was_replaced_before_the_margin(self, world: KeptWorld) -> None:
        old = two_days(world)
        before = COMPACTED_AT + timedelta(days=7)

        assert sweep(world, now=before).removed == ()
        swept = sweep(world, now=before + timedelta(seconds=1))

        assert {one.lake_file for one in swept.removed} == set(old)
        assert all(one.row_count == 96 and len(one.sha256) == 64 for one in swept.removed)
        assert on_disk(world) == set(world.lake.published(3))
        assert values_of(world.usage(ADA, span(JULY_1, 2))) == [1] * 192
        assert world.lake.verify(3) == (2, [])

    def test_keeps_what_a_bill_was_made_of(self, world: KeptWorld) -> None:
        january = date(2025, 1, 1)
        world.ingest((ADA, day_of(january, 1)), (BEN, day_of(date(2025, 1, 31), 1)))
        world.ingest((ADA, day_of(date(2025, 1, 2), 1)), (BEN, day_of(date(2025, 1, 30), 1)))
        world.store.start_services([start_of(1)])
        world.store.record_bills([bill_of(1)])  # read January 1 to 30 at sequence 1
        world.compact("2025-02")

        swept = sweep(world)

        assert swept.pinned_count == 1
        assert len(swept.removed) == 3
        assert values_of(world.usage(ADA, span(january), 1)) == [1] * 96

    def test_that_is_only_tried_removes_nothing(self, world: KeptWorld) -> None:
        old = two_days(world)

        swept = sweep(world, dry_run=True)

        assert len(swept.removed) == 4
        assert on_disk(world) >= set(old)
        assert world.store.erased_lake_files() == {}

    def test_makes_an_older_sequence_say_that_its_files_are_gone(self, world: KeptWorld) -> None:
        two_days(world)
        sweep(world)

        with pytest.raises(FileErased, match="was deleted on 2025-10-01, on schedule") as gone:
            world.usage(ADA, span(JULY_1), 2)
        assert "no bill issued by 2025-10-01 was made of it" in gone.value.sentence

    def test_removes_what_was_never_published_and_is_old(self, world: KeptWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        (stray,) = world.write((ADA, slots(JULY_1, {0: 5})))
        (young,) = world.write((ADA, slots(JULY_1, {0: 6})))
        old = (SWEPT_AT - timedelta(days=8)).timestamp()
        os.utime(world.folder / stray, (old, old))

        assert sweep(world).stray_count == 1
        assert on_disk(world) == {young, *world.lake.published(1)}

    def test_that_was_stopped_is_finished_by_the_next(
        self, world: KeptWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = two_days(world)

        def stop(self: LakeUpkeep, names: Any) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as stopped:
            stopped.setattr(LakeUpkeep, "remove", stop)
            with pytest.raises(KeyboardInterrupt):
                sweep(world)
        assert on_disk(world) >= set(old)
        _, left = world.lake.verify(3)
        assert len(left) == 4
        assert "was deleted on 2025-10-01, and its bytes are still there" in left[0]

        sweep(world)

        assert world.lake.verify(3) == (2, [])
        assert on_disk(world) == set(world.lake.published(3))
        assert len(world.store.erased_lake_files()) == 4


def retain(world: KeptWorld, view: BookView, on: date, **more: Any) -> list[MonthKept]:
    return retain_lake(
        store=world.store,
        files=LakeUpkeep(world.lake),
        view=view,
        on=on,
        learned_at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
        **more,
    )


@pytest.fixture
def old_july(world: KeptWorld) -> KeptWorld:
    """July and August 2020, with a correction of July."""
    world.ingest((ADA, day_of(date(2020, 7, 31), 1)), (BEN, day_of(date(2020, 7, 31), 2)))
    world.ingest((ADA, slots(date(2020, 7, 31), {0: 9})), (CAM, day_of(date(2020, 8, 1), 3)))
    world.lake.sync_delta(2)
    return world


class TestRetention:
    def test_keeps_a_month_for_seventy_two_months(
        self, old_july: KeptWorld, view: BookView
    ) -> None:
        (july, august) = retain(old_july, view, date(2026, 7, 30))
        assert not july.may_be_deleted
        assert july.kept_until == date(2026, 7, 31)
        assert "kept for 72 months" in july.reason

        (july, august) = retain(old_july, view, date(2026, 7, 31))
        assert july.may_be_deleted
        assert len(july.deleted) == 3
        assert not august.may_be_deleted
        assert {name[:13] for name in on_disk(old_july)} == {"month=2020-08"}

    def test_keeps_it_for_sixty_under_the_other_reading(
        self, old_july: KeptWorld, view: BookView
    ) -> None:
        sixty = view.with_readings({"retention.meter_data_months": "60"})

        assert not retain(old_july, sixty, date(2025, 7, 30))[0].may_be_deleted
        assert retain(old_july, sixty, date(2025, 7, 31))[0].may_be_deleted

    def test_counts_from_the_last_bill_that_relied_on_the_month(
        self, world: KeptWorld, view: BookView
    ) -> None:
        world.ingest((ADA, day_of(date(2025, 1, 1), 1)))
        world.store.start_services([start_of(1)])
        world.store.record_bills([bill_of(1), bill_of(1, 1)])
        issued = bill_of(1, 1)[0].issued_day
        assert bill_of(1, 1)[0].days.from_day == date(2025, 1, 31)

        (january,) = retain(world, view, date(2031, 1, 31))

        assert not january.may_be_deleted
        assert january.kept_until == issued.replace(year=issued.year + 6)

    def test_leaves_a_tombstone_with_counts_hash_and_citation(
        self, old_july: KeptWorld, view: BookView
    ) -> None:
        retain(old_july, view, date(2026, 8, 1))

        stones = old_july.store.erased_lake_files()

        assert len(stones) == 3
        for name, stone in stones.items():
            assert stone.file.sha256.startswith(name[-40:-8])
            assert stone.file.row_count == 96
            assert stone.cause == "retention"
            assert "Sheet 131" in stone.reason

    def test_makes_a_bill_of_that_month_say_so(self, old_july: KeptWorld, view: BookView) -> None:
        retain(old_july, view, date(2026, 8, 1))

        with pytest.raises(FileErased) as gone:
            old_july.usage(ADA, span(date(2020, 7, 31)), 1)
        assert "was deleted on 2026-08-01, on schedule" in gone.value.sentence
        assert "what was billed on it stands" in gone.value.sentence

    def test_tells_the_delta_table(self, old_july: KeptWorld, view: BookView) -> None:
        assert any("settled" in name for name in on_disk(old_july))

        retain(old_july, view, date(2026, 8, 1))

        rows = pl.scan_delta(str(old_july.folder)).collect()
        assert rows["local_day"].unique().to_list() == [date(2020, 8, 1)]
        listed = set(DeltaTable(str(old_july.folder)).file_uris())
        assert len(listed) == len(on_disk(old_july)) == 1

    def test_only_tried_deletes_nothing(self, old_july: KeptWorld, view: BookView) -> None:
        before = on_disk(old_july)

        (july, _) = retain(old_july, view, date(2026, 8, 1), dry_run=True)

        assert len(july.deleted) == 3
        assert on_disk(old_july) == before
        assert values_of(old_july.usage(ADA, span(date(2020, 7, 31))))[0] == 9

    def test_twice_changes_nothing(self, old_july: KeptWorld, view: BookView) -> None:
        retain(old_july, view, date(2026, 8, 1))

        (august,) = retain(old_july, view, date(2026, 8, 1))

        assert august.month == "2020-08"
        assert len(old_july.store.erased_lake_files()) == 3

    def test_of_every_month_empties_the_table(self, old_july: KeptWorld, view: BookView) -> None:
        retain(old_july, view, date(2026, 9, 1))

        assert on_disk(old_july) == set()
        assert DeltaTable(str(old_july.folder)).file_uris() == []
        assert old_july.lake.verify(2) == (0, [])

    def test_does_not_touch_the_month_that_is_in_use(
        self, world: KeptWorld, view: BookView
    ) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))

        (july,) = retain(world, view, date(2025, 7, 31))

        assert july.kept_until is None
        assert "2025-07-31 is not over" in july.reason


class TestAHold:
    def test_keeps_the_files_of_its_meter(self, old_july: KeptWorld, view: BookView) -> None:
        assert bucket_of(ADA) != bucket_of(BEN)
        hold = LakeHold("H-1", BEN, "2020-06", "2020-07", "dispute", "ada", COMPACTED_AT)
        old_july.store.place_lake_hold(hold)

        (july, _) = retain(old_july, view, date(2026, 8, 1))

        assert len(july.deleted) == 2
        assert len(july.held) == 1
        assert values_of(old_july.usage(BEN, span(date(2020, 7, 31)))) == [2] * 96

    def test_on_every_meter_keeps_the_month_until_it_is_released(
        self, old_july: KeptWorld, view: BookView
    ) -> None:
        hold = LakeHold("H-1", None, "2020-07", "2020-07", "tampering", "ada", COMPACTED_AT)
        old_july.store.place_lake_hold(hold)
        assert retain(old_july, view, date(2026, 8, 1))[0].deleted == ()

        old_july.store.release_lake_hold(
            "H-1", author="ben", reason="closed", learned_at=COMPACTED_AT
        )

        assert len(retain(old_july, view, date(2026, 8, 1))[0].deleted) == 3
