"""A generated day for the benches of validation and estimation: stored, with history and faults.

Values are those of ``metered``; on them lie planted faults of each kind, a few in two thousand
meters, and beside them what is known of each meter: its register, area, neighbor, state, source.

Lives here      making the day, its history from generated days before it, and writing it.
Lives elsewhere the values (``metered``), what is measured (``validation``, ``estimation``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from meterledger.entrypoints.bench.metered import quarter_hours
from meterledger.entrypoints.progress import progress_bar
from meterledger.entrypoints.wiring import book_folder
from meterledger.facts.readings import Quality
from meterledger.facts.stored import StoredDays, UInt64Array, meter_names
from meterledger.facts.usage import MISSING_VALUE, Int64Array
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import load_book
from meterledger.stores.lake import IntervalLake
from meterledger.usage import (
    GENERATES,
    VACANT,
    DayBlock,
    FillingPlan,
    History,
    MeterFacts,
    Source,
    ValidationTerms,
    history_of,
)

ZONE = "America/Chicago"
DAY = date(2025, 9, 17)
LEARNED_AT = datetime(2025, 9, 18, 8, tzinfo=UTC)
METERS_OF_A_FILE = 1_200_000 // 64
AREA_METERS = 500
LIKE_DAYS = tuple(DAY - timedelta(weeks=weeks) for weeks in (1, 2, 3))
RECENT_DAYS = (DAY - timedelta(days=1), DAY - timedelta(days=2))
YEAR_BEFORE = date(2024, 9, 17)
EVERY = 2000
"""One fault of each kind in so many meters."""


@dataclass(frozen=True)
class GeneratedDay:
    """The day as it is stored, and all that validation and estimation ask beside it."""

    lake: IntervalLake
    numbers: UInt64Array
    names: list[str]
    facts: MeterFacts
    history: History
    terms: ValidationTerms
    plan: FillingPlan
    past: Mapping[date, DayBlock]
    """Past days of the meters whose day has a gap, in the order of their rows."""

    def blank(self) -> DayBlock:
        """Room for the day, to be read into."""
        value = np.empty((len(self.numbers), 96), np.int32)
        return DayBlock(DAY, ZONE, 900, self.names, value)


def generate_day(folder: Path, accounts: int) -> GeneratedDay:
    """Write the day of so many meters into a lake of its own, one file for each bucket."""
    names: list[str] = []
    buckets = max(1, round(accounts / METERS_OF_A_FILE))
    lake = IntervalLake(
        folder / "lake",
        zone=ZONE,
        files_at=lambda sequence: names if sequence else [],
        bucket_count=buckets,
    )
    numbers = _numbers(accounts)
    of_bucket = (numbers >> np.uint64(32)) % np.uint64(buckets)
    parts: list[_Part] = []
    first = 0
    with progress_bar("Generating", total=accounts) as advance:
        for bucket in range(buckets):
            some = np.sort(numbers[of_bucket == np.uint64(bucket)])
            part = _make_part(some, bucket, first)
            quality = np.where(
                part.value == MISSING_VALUE, Quality.MISSING.value, Quality.VALID.value
            )
            names += lake.write_block(
                meter_names(some),
                DaySpan(DAY, DAY + timedelta(days=1)),
                part.value,
                quality=quality.astype(np.int8),
                source_sha256=sha256_hex(b"generated day"),
                learned_at=LEARNED_AT,
                at_sequence=0,
            )
            parts.append(replace(part, value=part.value[:0]))
            first += len(some)
            advance(len(some))
    view = load_book(book_folder()).as_known(date.max)
    ordered = np.concatenate([part.numbers for part in parts])
    gap_names = meter_names(np.concatenate([part.numbers[part.gap_rows] for part in parts]))
    past = {
        day: DayBlock(day, ZONE, 900, gap_names, np.concatenate([part.past[day] for part in parts]))
        for day in LIKE_DAYS
    }
    return GeneratedDay(
        lake=lake,
        numbers=ordered,
        names=meter_names(ordered),
        facts=_joined_facts([part.facts for part in parts]),
        history=_joined_history([part.history for part in parts]),
        terms=ValidationTerms.of(view, DAY),
        plan=FillingPlan.of(view, DAY),
        past=past,
    )


def read_day(day: GeneratedDay) -> DayBlock:
    """The whole day from the lake, as validation asks for it."""
    block = day.blank()
    scan = day.lake.scan(DaySpan(DAY, DAY + timedelta(days=1)), at_sequence=1)
    ensure(np.array_equal(scan.meters, day.numbers) and len(scan.others) == 0, "meters in order")

    def take(part: StoredDays) -> None:
        first, until = rows_of(part.rows)
        block.value[first:until] = part.values[:, part.first_slot : part.first_slot + 96]

    scan.read(take)
    return block


def rows_of(rows: Int64Array) -> tuple[int, int]:
    """The run of rows of a part of the lake: each file holds one bucket, whole and in order."""
    first, until = int(rows[0]), int(rows[-1]) + 1
    ensure(until - first == len(rows), "a part is a run of rows")
    return first, until


@dataclass(frozen=True)
class _Part:
    """The meters of one bucket."""

    numbers: UInt64Array
    value: npt.NDArray[np.int32]
    facts: MeterFacts
    history: History
    gap_rows: Int64Array
    past: dict[date, npt.NDArray[np.int32]]


def _numbers(count: int) -> UInt64Array:
    """So many pseudonyms as numbers, well spread, none twice: an odd factor modulo 2**64."""
    return (np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)).astype(
        np.uint64
    )


def _day_of(numbers: UInt64Array, day: date) -> DayBlock:
    value = quarter_hours(numbers, DaySpan(day, day + timedelta(days=1)), ZONE)
    return DayBlock(day, ZONE, 900, [""] * len(numbers), value)


def _make_part(numbers: UInt64Array, bucket: int, first: int) -> _Part:
    count = len(numbers)
    like = {day: _day_of(numbers, day) for day in LIKE_DAYS}
    recent = [_day_of(numbers, day) for day in RECENT_DAYS]
    year = _day_of(numbers, YEAR_BEFORE)
    value = _day_of(numbers, DAY).value
    history = history_of(list(like.values()), recent=recent, years=[year], count=count)
    facts = _known(count, bucket, first, history)
    _plant(value, recent[0].value, year.value, history)
    register = np.where(value == MISSING_VALUE, 0, value).sum(axis=1, dtype=np.int64)
    register[5::EVERY] += 3000
    gap_rows = np.flatnonzero((value == MISSING_VALUE).any(axis=1)).astype(np.int64)
    return _Part(
        numbers=numbers,
        value=value,
        facts=replace(facts, register_wh=register),
        history=replace(
            history,
            received_wh=np.where(facts.state & GENERATES, 9000, history.received_wh),
        ),
        gap_rows=gap_rows,
        past={day: block.value[gap_rows] for day, block in like.items()},
    )


def _known(count: int, bucket: int, first: int, history: History) -> MeterFacts:
    place = np.arange(count)
    state = np.where(place % 13 == 0, GENERATES, 0) | np.where(history.day_wh < 300, VACANT, 0)
    source = np.where(place % 50 == 1, Source.MANUAL, Source.HEAD_END)
    source = np.where(place % 73 == 1, Source.CUSTOMER, source)
    neighbor = np.where((place ^ 1) < count, first + (place ^ 1), -1)
    blank = MeterFacts.unknown(count)
    return replace(
        blank,
        source=source.astype(np.int8),
        state=state.astype(np.int8),
        installed_days=np.where(place % 40 == 0, 10, 900).astype(np.int32),
        location_wh=history.day_wh,
        area=(bucket * 1000 + place // AREA_METERS).astype(np.int32),
        neighbor=neighbor.astype(np.int32),
        received_wh=np.where(place % 13 == 0, 9000, 0).astype(np.int64),
        readings_sent=np.full(count, 96, np.int32),
        at_one_time=np.ones(count, np.int32),
        channel_key=np.where(place % 1000 < 2, place // 1000 + first, -1).astype(np.int64),
        late_days=np.ones(count, np.int32),
    )


def _plant(
    value: npt.NDArray[np.int32],
    before: npt.NDArray[np.int32],
    year: npt.NDArray[np.int32],
    history: History,
) -> None:
    """Change some rows as faults do; where in two thousand is the kind of fault."""
    width = value.shape[1]
    value[40::EVERY] *= np.int32(10)  # installed ten days ago
    value[41::EVERY] = np.roll(value[41::EVERY], 20, axis=1)
    pairs = min(len(value[60::EVERY]), len(value[61::EVERY]))
    one, other = value[60::EVERY][:pairs].copy(), value[61::EVERY][:pairs].copy()
    value[60::EVERY][:pairs], value[61::EVERY][:pairs] = other, one
    frozen = value[71::EVERY]
    frozen[:, 60] = np.where(frozen[:, 61:] == MISSING_VALUE, 0, frozen[:, 61:]).sum(axis=1)
    frozen[:, 61:] = MISSING_VALUE
    value[81::EVERY] = before[81::EVERY]
    value[83::EVERY] = year[83::EVERY]
    for step in range(1, 6):
        same = min(len(value[90::EVERY]), len(value[90 + step :: EVERY]))
        value[90 + step :: EVERY][:same] = np.roll(value[90::EVERY][:same], step, axis=1)
    value[111::EVERY, 20:50] = 33
    twice = min(len(value[::EVERY]), len(value[1::EVERY]))
    value[1::EVERY][:twice] = value[::EVERY][:twice]
    ensure(width == 96 and len(history) == len(value), "faults are planted in a plain day")


def _joined_facts(parts: list[MeterFacts]) -> MeterFacts:
    return MeterFacts(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in MeterFacts.__dataclass_fields__
        }
    )


def _joined_history(parts: list[History]) -> History:
    return History(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in History.__dataclass_fields__
        }
    )
