"""Polars, deltalake and DuckDB read one and the same table, whatever was done to the lake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable
from tests.stores.lake.kept_world import KeptWorld
from tests.stores.lake.lake_world import ADA, BEN, CAM, day_of, slots, span, values_of
from tests.stores.lake.test_who_speaks import EDITED, LIKE_DAY, told

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.usage import MISSING_VALUE
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.lake import LakeUpkeep
from meterledger.usecases.keep_lake import retain_lake, sweep_lake

JULY_1, JULY_2 = date(2025, 7, 1), date(2025, 7, 2)
KEYS = ("meter", "channel", "starts_at")
COLUMNS = [
    *KEYS,
    "local_day",
    "value",
    "quality",
    "method",
    "learned_at",
    "source",
    "interval_seconds",
    "unit",
    "scale",
]
Read = Callable[[Path], pl.DataFrame]


def by_polars(folder: Path) -> pl.DataFrame:
    return pl.scan_delta(str(folder)).select(COLUMNS).collect()


def by_deltalake(folder: Path) -> pl.DataFrame:
    table = DeltaTable(str(folder)).to_pyarrow_table(columns=COLUMNS)
    made = pl.from_arrow(table)
    assert isinstance(made, pl.DataFrame)
    return made


def by_duckdb(folder: Path) -> pl.DataFrame:
    """DuckDB on the files that the table lists (its own Delta reader would be a download)."""
    instants = ("starts_at", "learned_at")
    said = [f"epoch_us({name})" if name in instants else name for name in COLUMNS]
    found = duckdb.sql(
        f"select {', '.join(said)} from read_parquet($paths, union_by_name => true)",
        params={"paths": DeltaTable(str(folder)).file_uris()},
    ).fetchall()
    rows = pl.DataFrame(found, schema=COLUMNS, orient="row")
    return rows.with_columns(pl.from_epoch(pl.col(*instants), "us").dt.replace_time_zone("UTC"))


@pytest.fixture(params=[by_polars, by_deltalake, by_duckdb], ids=lambda one: one.__name__)
def read(request: pytest.FixtureRequest) -> Read:
    """Each engine in turn."""
    made: Read = request.param
    return made


@pytest.fixture
def world(tmp_path: Path) -> KeptWorld:
    """Two days of three meters, a correction, an estimate and an edit."""
    made = KeptWorld(tmp_path / "lake")
    made.ingest(
        *((meter, day_of(JULY_1, 10)) for meter in (ADA, BEN)), (CAM, slots(JULY_1, {0: 1}))
    )
    made.ingest(*((meter, day_of(JULY_2, 20)) for meter in (ADA, BEN, CAM)))
    made.ingest((ADA, slots(JULY_1, {3: 99})))
    made.ingest((CAM, told({1: 7}, LIKE_DAY)), (BEN, told({2: 8}, EDITED)))
    made.lake.sync_delta(4)
    return made


def assert_as_billed(world: KeptWorld, rows: pl.DataFrame) -> None:
    """One row for each slot, with the value that a bill would be made of."""
    assert rows.height == rows.select(KEYS).n_unique() == 3 * 2 * 96
    rows = rows.sort(KEYS)
    for meter in (ADA, BEN, CAM):
        usage = world.usage(meter, span(JULY_1, 2))
        of_meter = rows.filter(pl.col("meter") == meter)
        told_values = [None if wh == MISSING_VALUE else wh for wh in of_meter["value"]]
        assert told_values == values_of(usage)
        methods = [
            code
            for day in usage.days
            for code in ([0] * 96 if day.method is None else day.method[0].tolist())
        ]
        assert of_meter["method"].to_list() == methods
    assert rows["starts_at"].min() == datetime(2025, 7, 1, 5, tzinfo=UTC)
    assert rows["local_day"].unique().sort().to_list() == [JULY_1, JULY_2]
    assert rows.select("interval_seconds", "unit", "scale").unique().rows() == [(900, "Wh", 0)]


def test_after_a_correction_an_estimate_and_an_edit(world: KeptWorld, read: Read) -> None:
    assert_as_billed(world, read(world.folder))


def test_the_same_rows_after_the_month_was_put_together(world: KeptWorld, read: Read) -> None:
    before = read(world.folder).sort(KEYS)

    world.compact("2025-08")

    after = read(world.folder).sort(KEYS)
    assert after.equals(before)
    assert after["learned_at"].n_unique() == 4
    listed = {Path(path).name for path in DeltaTable(str(world.folder)).file_uris()}
    assert listed == {Path(name).name for name in world.lake.published(world.sequence)}


def test_after_a_correction_of_what_was_put_together(world: KeptWorld, read: Read) -> None:
    world.compact("2025-08")
    world.ingest((ADA, slots(JULY_2, {5: 1})))
    world.lake.sync_delta(world.sequence)

    assert_as_billed(world, read(world.folder))


def test_after_a_sweep(world: KeptWorld, read: Read) -> None:
    world.compact("2025-08")
    now = datetime(2025, 10, 1, tzinfo=UTC)
    sweep_lake(
        store=world.store,
        files=LakeUpkeep(world.lake),
        on=now.date(),
        margin_days=7,
        now=now,
    )

    assert_as_billed(world, read(world.folder))


def test_after_retention_only_what_is_kept(world: KeptWorld, read: Read) -> None:
    world.ingest((ADA, day_of(date(2020, 1, 1), 1)))
    world.lake.sync_delta(world.sequence)
    assert read(world.folder).height == 7 * 96
    retain_lake(
        store=world.store,
        files=LakeUpkeep(world.lake),
        view=open_book(default_book_folder()).as_known(date(2026, 11, 28)),
        on=date(2026, 11, 28),
        learned_at=datetime(2026, 11, 28, tzinfo=UTC),
    )

    assert_as_billed(world, read(world.folder))
