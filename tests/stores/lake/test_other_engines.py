"""Any Delta reader sees the rows that a bill would be made of, and nothing that names anybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable
from tests.stores.lake.lake_world import ADA, BEN, CAM, LakeWorld, day_of, slots, span, values_of

from meterledger.stores.lake import FileMissing, LakeNotWritable

JULY_1 = date(2025, 7, 1)
FALL_BACK = date(2025, 11, 2)


def delta_rows(world: LakeWorld, version: int | None = None) -> pl.DataFrame:
    return (
        pl.scan_delta(str(world.folder), version=version)
        .sort("meter", "channel", "starts_at")
        .collect()
    )


def keys(rows: pl.DataFrame) -> int:
    return rows.select("meter", "channel", "starts_at").n_unique()


class TestTheDeltaTable:
    def test_has_a_row_for_every_slot_with_its_key(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(FALL_BACK, 1)), (BEN, slots(FALL_BACK, {99: 7}, unit="kWh")))
        world.lake.sync_delta(1)

        rows = delta_rows(world)

        assert rows.height == keys(rows) == 200
        ada = rows.filter(pl.col("meter") == ADA)
        midnight = datetime(2025, 11, 2, 5, tzinfo=UTC)
        assert ada["starts_at"].to_list() == [
            midnight + number * timedelta(minutes=15) for number in range(100)
        ]
        assert ada["local_day"].unique().to_list() == [FALL_BACK]
        assert ada.select("unit", "scale", "interval_seconds", "month").unique().rows() == [
            ("Wh", 0, 900, "2025-11")
        ]
        ben = rows.filter(pl.col("meter") == BEN, pl.col("quality") != 0)
        assert ben.select("value", "unit", "channel").rows() == [
            (7, "kWh", "electricity/delivered/energy")
        ]

    def test_shows_the_newest_state_after_a_correction(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)), (ADA, day_of(date(2025, 7, 2), 5)))
        world.lake.sync_delta(1)
        world.ingest((ADA, slots(JULY_1, {3: 99})))
        world.lake.sync_delta(2)

        rows = delta_rows(world)

        assert rows.height == keys(rows) == 192
        assert rows["value"].to_list() == values_of(world.usage(ADA, span(JULY_1, 2)))
        assert rows["learned_at"].n_unique() == 2
        assert delta_rows(world, version=0)["value"].to_list() == [10] * 96 + [5] * 96

    def test_takes_in_more_after_a_correction(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        world.ingest((ADA, slots(JULY_1, {3: 99})))
        world.lake.sync_delta(2)
        world.ingest((ADA, day_of(date(2025, 7, 2), 1)))
        world.lake.sync_delta(3)

        rows = delta_rows(world)

        assert rows.height == keys(rows) == 192
        assert rows["value"].sum() == 95 * 10 + 99 + 96

    def test_settles_the_days_that_were_corrected_and_no_others(self, world: LakeWorld) -> None:
        for number in (1, 2, 3):
            world.ingest((ADA, day_of(date(2025, 7, number), number)))
        world.ingest((ADA, slots(date(2025, 7, 2), {0: 9})))
        world.lake.sync_delta(4)

        listed = {Path(path).name for path in DeltaTable(str(world.folder)).file_uris()}
        first, _, third, _ = (Path(name).name for name in world.files_at(4))
        assert len(listed) == 3
        assert {first, third} < listed
        assert delta_rows(world)["value"].sum() == 96 * 6 + 7

    def test_shows_what_two_writers_at_once_say_together(self, world: LakeWorld) -> None:
        first = world.write((ADA, slots(JULY_1, {0: 10})))
        second = world.write((ADA, slots(JULY_1, {1: 11})))
        world.publish(first)
        world.publish(second)
        world.lake.sync_delta(2)

        rows = delta_rows(world).filter(pl.col("quality") != 0)

        assert rows["value"].to_list() == [10, 11]

    def test_is_read_by_another_engine(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 3)), (BEN, slots(JULY_1, {0: 4, 1: None})))
        world.lake.sync_delta(1)
        paths = DeltaTable(str(world.folder)).file_uris()

        total, rows, at = duckdb.sql(
            "select sum(value) filter (quality <> 0), count(*), min(starts_at)::varchar "
            "from read_parquet($paths, hive_partitioning => true) where month = '2025-07'",
            params={"paths": paths},
        ).fetchall()[0]

        assert (total, rows) == (96 * 3 + 4, 192)
        assert at.startswith("2025-07-01")

    def test_is_empty_before_anything_is_published(self, world: LakeWorld) -> None:
        world.write((ADA, day_of(JULY_1, 1)))

        assert world.lake.sync_delta(0) == 0
        assert not DeltaTable.is_deltatable(str(world.folder))


class TestSync:
    def test_twice_changes_nothing(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)), (BEN, day_of(JULY_1, 1)))
        world.ingest((ADA, slots(JULY_1, {0: 2})))

        assert world.lake.sync_delta(2) == 2
        version = DeltaTable(str(world.folder)).version()
        assert world.lake.sync_delta(2) == 0
        assert DeltaTable(str(world.folder)).version() == version

    def test_repairs_a_log_that_lags(self, world: LakeWorld) -> None:
        for number in range(1, 6):
            world.ingest((ADA, day_of(date(2025, 7, number), number)))
            if number == 2:
                world.lake.sync_delta(2)
        world.lake.sync_delta(5)

        assert delta_rows(world)["value"].sum() == 96 * 15

    def test_by_two_at_once_registers_every_file_once(self, world: LakeWorld) -> None:
        for number in range(1, 5):
            world.ingest((ADA, day_of(date(2025, 7, number), 1)))
        world.ingest((ADA, slots(JULY_1, {0: 7})))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(world.lake.sync_delta, [2, 5, 3, 5]))
        world.lake.sync_delta(5)

        rows = delta_rows(world)
        assert rows.height == keys(rows) == 4 * 96
        assert rows["value"].sum() == 4 * 96 + 6

    def test_joins_files_of_other_bucket_counts(self, world: LakeWorld) -> None:
        world.ingest(*((meter, day_of(JULY_1, 1)) for meter in (ADA, BEN, CAM)))
        wider = LakeWorld(world.folder, bucket_count=3)
        wider.published = world.published
        wider.written = 10
        wider.ingest((ADA, slots(JULY_1, {0: 5})))
        world.lake.sync_delta(2)

        rows = delta_rows(world)
        assert rows.height == keys(rows) == 3 * 96
        assert rows["value"].sum() == 3 * 96 + 4

    def test_of_a_missing_file_is_refused(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        next(world.folder.rglob("*.parquet")).unlink()

        with pytest.raises(FileMissing):
            world.lake.sync_delta(1)

    def test_into_a_log_that_cannot_be_written_is_refused(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        (world.folder / "_delta_log").write_text("a file where a folder should be")

        with pytest.raises(LakeNotWritable, match="Bills do not depend on it"):
            world.lake.sync_delta(1)
