"""What others would do: the same determinants in DuckDB and in Polars, with their best settings.

The peers sum watt-hours on and off peak and find the highest clock hour that counts, in one season
and without a clock change, of 96 quarter-hours a day: a question put as simply as it can be. Their
layout is the best of those tried; where a table has buckets, they go bucket by bucket.

Lives here      the queries, layouts that suit them, and their answers as sums to compare.
Lives elsewhere what is measured (``determinants``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.rating import RatePlan
from meterledger.rulebook.schedule import DayWindows
from meterledger.stores.lake.grid import epoch_seconds

THREADS = 2
MEMORY = "12GB"
SLOTS = 96
LONG_GROUP_ROWS = 1 << 20


class PeersMissing(Refusal):
    """A peer of the bench is not installed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Sums over all meters, by which answers are compared before anything is timed."""

    meters: int
    on_peak_wh: int
    off_peak_wh: int
    highest_hours_wh: int
    missing: int

    def plus(self, other: Answer) -> Answer:
        """The answer of both parts."""
        return Answer(
            self.meters + other.meters,
            self.on_peak_wh + other.on_peak_wh,
            self.off_peak_wh + other.off_peak_wh,
            self.highest_hours_wh + other.highest_hours_wh,
            self.missing + other.missing,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """A plan's window as a peer is asked: hours on peak, working days, hours that count."""

    on_from: int
    on_until: int
    counts_from: int
    counts_until: int
    resting: tuple[date, ...]
    midnight: int
    """The instant at which the first day begins, in seconds of the epoch."""

    @classmethod
    def of(cls, plan: RatePlan) -> Question:
        """The question that has this plan's answer.

        :raises InvariantBroken: if the plan is not of the simple kind described above
        """
        days = list(plan.window.days())
        working = [_hours(windows, "on_peak") for windows in plan.day_windows]
        spans = {hours for hours in working if hours}
        counting = {_hours(windows, "counts") for windows in plan.demand_windows}
        ensure(
            len(spans) == 1 and len(counting) == 1 and None not in counting,
            "the window has one season and one kind of working day",
        )
        (on_from, on_until), (counts_from, counts_until) = spans.pop(), counting.pop() or (0, 0)
        resting = tuple(day for day, hours in zip(days, working, strict=True) if not hours)
        midnight = epoch_seconds(days[0], plan.zone)
        return cls(on_from, on_until, counts_from, counts_until, resting, midnight)


def _hours(windows: DayWindows | None, period: str) -> tuple[int, int] | None:
    found = [
        (one.from_minute // 60, one.until_minute // 60)
        for one in (windows.windows if windows else ())
        if one.period == period
    ]
    ensure(len(found) < 2, "a period of a day is one stretch")
    return found[0] if found else None


def load_peers() -> tuple[Any, Any]:
    """DuckDB and Polars.

    :raises PeersMissing: if one is not installed
    """
    try:
        import duckdb
        import polars
    except ImportError as missing:
        raise PeersMissing(
            f"The bench needs {missing.name}, which is not installed",
            where="bench determinants",
            why="Its figures are ratios to DuckDB and Polars on the same machine",
            do="Install the packages of the tests (./test does), or name other benches",
        ) from missing
    return duckdb, polars


def connect(duckdb: Any) -> Any:
    """DuckDB on as many threads as we take."""
    con = duckdb.connect()
    con.execute(f"SET threads={THREADS}")
    con.execute(f"SET memory_limit='{MEMORY}'")
    con.execute("SET preserve_insertion_order=false")
    return con


def write_long(files: Sequence[Path], target: Path) -> None:
    """The day as the plainest long rows: a small number for the meter, the slot, the watt-hours.

    A missing value is a null.
    """
    schema = pa.schema({"meter_id": pa.int32(), "slot": pa.int16(), "wh": pa.int32()})
    first = 0
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        for path in files:
            value = pq.read_table(path, columns=["value"]).column(0).to_numpy()
            count = len(value) // SLOTS
            ids = np.arange(first, first + count, dtype=np.int32)
            columns = {
                "meter_id": np.repeat(ids, SLOTS),
                "slot": np.tile(np.arange(SLOTS, dtype=np.int16), count),
                "wh": pa.array(value, mask=value == MISSING_VALUE),
            }
            writer.write_table(pa.table(columns, schema), row_group_size=LONG_GROUP_ROWS)
            first += count


def duckdb_long(con: Any, source: str, question: Question) -> pa.Table:
    """One day of long rows."""
    return _duckdb(con, f"SELECT meter_id m, slot s, wh v FROM {source}", question)


def duckdb_table(con: Any, files: Sequence[str], question: Question) -> pa.Table:
    """The lake's own rows, by their columns."""
    listed = ", ".join(f"'{name}'" for name in files)
    rows = (
        f"SELECT meter m, (epoch_us(starts_at) // 1000000 - {question.midnight}) // 900 s, "
        f"CASE WHEN quality = 0 THEN NULL ELSE value END v FROM read_parquet([{listed}])"
    )
    return _duckdb(con, rows, question)


def _duckdb(con: Any, rows: str, question: Question) -> pa.Table:
    """Energy by hour first, then by meter: faster than a filtered sum for each hour."""
    resting = ", ".join(str(_day_number(day, question)) for day in question.resting)
    on = f"h % 24 >= {question.on_from} AND h % 24 < {question.on_until}"
    if resting:
        on += f" AND h // 24 NOT IN ({resting})"
    counts = f"h % 24 >= {question.counts_from} AND h % 24 < {question.counts_until}"
    query = (
        f"SELECT m, coalesce(sum(e) FILTER ({on}), 0)::BIGINT on_peak, "
        f"coalesce(sum(e) FILTER (NOT ({on})), 0)::BIGINT off_peak, "
        f"coalesce(greatest(max(e) FILTER ({counts}), 0), 0)::BIGINT highest, "
        f"sum(gone)::BIGINT missing FROM (SELECT m, s // 4 h, sum(v) e, count(*) - count(v) gone "
        f"FROM ({rows}) GROUP BY ALL) GROUP BY m"
    )
    return con.sql(query).to_arrow_table()


def polars_table(polars: Any, frame: Any, question: Question) -> pa.Table:
    """The lake's own rows through Polars' streaming engine, lazily."""
    pl = polars
    hour = (pl.col("starts_at").dt.epoch("s") - question.midnight) // 3600
    value = pl.when(pl.col("quality") == 0).then(None).otherwise(pl.col("value")).cast(pl.Int64)
    clock = pl.col("h") % 24
    on = (clock >= question.on_from) & (clock < question.on_until)
    if question.resting:
        numbers = [_day_number(day, question) for day in question.resting]
        on &= ~(pl.col("h") // 24).is_in(numbers)
    counts = (clock >= question.counts_from) & (clock < question.counts_until)
    energy = pl.col("e")
    return (
        frame.select(m=pl.col("meter"), h=hour, v=value)
        .group_by("m", "h")
        .agg(e=pl.col("v").sum(), gone=pl.col("v").null_count())
        .group_by("m")
        .agg(
            on_peak=energy.filter(on).sum(),
            off_peak=energy.filter(~on).sum(),
            highest=energy.filter(counts).max().clip(lower_bound=0).fill_null(0),
            missing=pl.col("gone").sum().cast(pl.Int64),
        )
        .collect(engine="streaming")
        .to_arrow()
    )


def _day_number(day: date, question: Question) -> int:
    first = datetime.fromtimestamp(question.midnight, UTC).date()
    return (day - first).days


def answer_of(table: pa.Table) -> Answer:
    """A peer's rows as sums."""

    def total(name: str) -> int:
        column: npt.NDArray[np.int64] = table.column(name).to_numpy()
        return int(column.sum())

    names = ("on_peak", "off_peak", "highest", "missing")
    return Answer(table.num_rows, *(total(name) for name in names))
