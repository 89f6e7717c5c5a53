"""Months put together and deleted over the real system of record, stopped at any instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.stores.lake.kept_world import KeptWorld
from tests.stores.lake.lake_world import ADA, BEN, day_of, slots, span, values_of
from tests.stores.paper_town import ANALYST

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.lake_log import ForgottenFile
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.lake import FileErased, LakeUpkeep
from meterledger.stores.postgres.repository import PostgresStore
from meterledger.usecases.keep_lake import retain_lake, sweep_lake

pytestmark = pytest.mark.postgres

JULY_1 = date(2020, 7, 1)


class Stopped(Exception):
    """As if the process had been killed there."""


@pytest.fixture
def world(postgres: PostgresStore, tmp_path: Path) -> KeptWorld:
    made = KeptWorld(tmp_path / "lake", store=postgres)  # type: ignore[arg-type]
    for number in range(3):
        day = JULY_1 + timedelta(days=number)
        made.ingest((ADA, day_of(day, 1)), (BEN, day_of(day, 2)))
    made.ingest((ADA, slots(JULY_1, {0: 9})))
    return made


def test_a_month_is_put_together_swept_and_deleted(world: KeptWorld) -> None:
    before = values_of(world.usage(ADA, span(JULY_1, 3)))
    (done,) = world.compact("2020-08")
    assert done.sequence == 5
    assert values_of(world.usage(ADA, span(JULY_1, 3))) == before
    assert values_of(world.usage(ADA, span(JULY_1), 3))[0] == 1

    now = datetime(2025, 9, 20, tzinfo=UTC)
    files = LakeUpkeep(world.lake)
    swept = sweep_lake(store=world.store, files=files, on=now.date(), margin_days=7, now=now)
    assert len(swept.removed) == 7
    with pytest.raises(FileErased):
        world.usage(ADA, span(JULY_1), 3)

    view = open_book(default_book_folder()).as_known(date(2026, 11, 28))
    (july,) = retain_lake(
        store=world.store, files=files, view=view, on=date(2026, 8, 1), learned_at=now
    )
    assert len(july.deleted) == 2
    assert list(world.folder.glob("month=*/bucket=*/*.parquet")) == []
    assert world.lake.verify(world.sequence) == (0, [])


@pytest.mark.parametrize("where", ["before it is published", "after it is published"])
def test_a_stop_is_made_good_by_running_again(
    world: KeptWorld, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    before = values_of(world.usage(ADA, span(JULY_1, 3)))
    record = type(world.store).record_compaction

    def stop(self: Any, *given: Any, **more: Any) -> int:
        if where.startswith("after"):
            record(self, *given, **more)
        raise Stopped

    with monkeypatch.context() as stopped:
        stopped.setattr(type(world.store), "record_compaction", stop)
        with pytest.raises(Stopped):
            world.compact("2020-08")
    assert values_of(world.usage(ADA, span(JULY_1, 3))) == before

    done = world.compact("2020-08")

    assert len(done) == (0 if where.startswith("after") else 1)
    assert world.sequence == 5
    assert values_of(world.usage(ADA, span(JULY_1, 3))) == before
    rows = pl.scan_delta(str(world.folder)).filter(pl.col("quality") != 0).collect()
    assert rows["value"].sum() == 3 * 96 * 3 + 8


def test_a_forgotten_file_and_what_upkeep_did_are_on_record(
    world: KeptWorld, postgres: PostgresStore
) -> None:
    world.compact("2020-08")
    at = datetime(2031, 3, 1, 12, tzinfo=UTC)
    postgres.record_forgotten([ForgottenFile("a" * 64, 12, "72 months", date(2031, 3, 1), at)])

    with postgres.viewing(ANALYST, ["all"]):
        rows = postgres.read_snapshot(
            lambda connection: connection.execute(
                "SELECT event, subject, data FROM record WHERE event <> 'file received'"
                " ORDER BY event_number"
            ).fetchall()
        )

    assert rows == [
        ("lake compacted", "2020-07", {"sequence": 5, "files": 7}),
        (
            "received file forgotten",
            "a" * 64,
            {"bytes": 12, "reason": "72 months", "on": "2031-03-01"},
        ),
    ]
