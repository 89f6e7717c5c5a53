"""Files from before there was a method stay readable, by us and by every other engine."""

from __future__ import annotations

from datetime import date

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.stores.lake.lake_world import ADA, BEN, LakeWorld, day_of, slots, span, values_of
from tests.stores.lake.test_who_speaks import LIKE_DAY, told

from meterledger.stores.lake import delta
from meterledger.stores.lake import files as lake_files

JULY_1, JULY_2 = date(2025, 7, 1), date(2025, 7, 2)


@pytest.fixture
def aged(world: LakeWorld, monkeypatch: pytest.MonkeyPatch) -> LakeWorld:
    """A lake and a Delta table as they were written before."""

    def without(schema: pa.Schema) -> pa.Schema:
        return schema.remove(schema.get_field_index("method"))

    with monkeypatch.context() as before:
        before.setattr(lake_files, "_WRITING", without(lake_files._WRITING))
        before.setattr(lake_files.RunValues, "plain", property(lambda self: None))
        before.setattr(delta, "TABLE_SCHEMA", without(delta.TABLE_SCHEMA))
        world.ingest((ADA, slots(JULY_1, {0: 10, 1: 11})), (BEN, day_of(JULY_2, 5)))
        world.lake.sync_delta(1)
    assert "method" not in DeltaTable(str(world.folder)).to_pyarrow_table().column_names
    return world


def test_they_are_read_as_received(aged: LakeWorld) -> None:
    (day,) = aged.usage(ADA, span(JULY_1)).days

    assert values_of(aged.usage(ADA, span(JULY_1)))[:3] == [10, 11, None]
    assert day.method is None
    assert aged.lake.verify(1) == (len(aged.files_at(1)), [])


def test_an_estimate_fills_their_gaps_and_never_their_values(aged: LakeWorld) -> None:
    aged.ingest((ADA, told({0: 7, 2: 8}, LIKE_DAY)))

    (day,) = aged.usage(ADA, span(JULY_1)).days

    assert values_of(aged.usage(ADA, span(JULY_1)))[:3] == [10, 11, 8]
    assert day.method is not None
    assert day.method[0, :3].tolist() == [0, 0, LIKE_DAY]


def test_every_engine_reads_old_and_new_files_together(aged: LakeWorld) -> None:
    aged.ingest((ADA, told({2: 8}, LIKE_DAY)))
    aged.lake.sync_delta(2)

    told_by_polars = (
        pl.scan_delta(str(aged.folder))
        .filter(pl.col("quality") != 0)
        .group_by(pl.col("method"))
        .agg(pl.col("value").sum())
        .collect()
    )
    told_by_deltalake = DeltaTable(str(aged.folder)).to_pyarrow_table()
    told_by_duckdb = duckdb.sql(
        "select method, sum(value)::int from read_parquet($paths, hive_partitioning => true, "
        "union_by_name => true) where quality <> 0 group by method",
        params={"paths": DeltaTable(str(aged.folder)).file_uris()},
    ).fetchall()

    expected = {(None, 5 * 96), (0, 21), (int(LIKE_DAY), 8)}
    assert set(told_by_polars.rows()) == expected
    assert set(told_by_duckdb) == expected
    assert {
        (row["method"], row["value_sum"])
        for row in told_by_deltalake.filter(pa.compute.field("quality") != 0)
        .group_by("method")
        .aggregate([("value", "sum")])
        .to_pylist()
    } == expected
