"""Real interval series, read as they were published and moved to the town's months.

Lives here      reading the files of ``data/`` and moving each by whole weeks.
Lives elsewhere whose the files are and what they lack (data/README.md); the homes (``town``).

A series is moved by whole weeks, so that a Monday stays a Monday. The Illinois meter and the
official Green Button samples follow their own clock changes, and the weeks are chosen so that
those fall on ours (2025-11-02, 2026-03-08): no hour is made or lost. The others count hours
without any clock change; they are read as standard time the year round, as many meters keep it.
"""

from __future__ import annotations

import csv
import gzip
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from functools import lru_cache
from importlib import resources
from itertools import pairwise

from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan

WEEK_SECONDS = 7 * 86_400
STANDARD_OFFSET_SECONDS = 6 * 3_600  # Central Standard Time behind UTC
EASTERN_TO_CENTRAL_SECONDS = 3_600

Value = tuple[int, int]
"""Start of the interval (UTC epoch seconds) and its energy in watt-hours."""


@dataclass(frozen=True, slots=True)
class Series:
    """A published series: its file in ``data/``, its interval length, and how to read it."""

    file: str
    interval_seconds: int
    read: Callable[[str], tuple[Value, ...]]

    def values(self) -> tuple[Value, ...]:
        """All values in order, at their own times; no two at the same time."""
        return _values(self)


@dataclass(frozen=True, slots=True)
class Moved:
    """The part of a series that lands on ``days`` of ours after moving it by ``weeks``."""

    series: Series
    weeks: int
    days: DaySpan

    def values(self, zone_name: str) -> list[Value]:
        """Values on our days, at our times."""
        first = int(day_start_utc(self.days.from_day, zone_name).timestamp())
        end = int(day_start_utc(self.days.until_day, zone_name).timestamp())
        shift = self.weeks * WEEK_SECONDS
        values = self.series.values()
        begin = bisect_left(values, (first - shift,))
        until = bisect_left(values, (end - shift,))
        return [(start + shift, wh) for start, wh in values[begin:until]]


def data_bytes(file: str) -> bytes:
    """A file of ``data/``, unpacked."""
    packed = resources.files(__package__).joinpath("data", file).read_bytes()
    return gzip.decompress(packed)


def moved_green_button(file: str, *, weeks: int, meter_id: str) -> bytes:
    """An official Green Button sample as it is, but for its times and the meter it names.

    The samples are on Eastern time; an hour is added, so that the clock on the wall is kept.
    """
    shift = weeks * WEEK_SECONDS + EASTERN_TO_CENTRAL_SECONDS
    text = data_bytes(file).decode("utf-8")
    text = re.sub(
        r"<start>(\d+)</start>", lambda found: f"<start>{int(found[1]) + shift}</start>", text
    )
    text = text.replace("<tzOffset>-18000</tzOffset>", "<tzOffset>-21600</tzOffset>")
    text = re.sub(r"<!-- (?:start date: )?\d+/\d+/\d{4} [^>]*-->", "", text)  # the old times
    return re.sub(r"RetailCustomer/\w+/UsagePoint/\d+", f"UsagePoint/{meter_id}", text).encode()


@lru_cache(maxsize=32)
def _values(series: Series) -> tuple[Value, ...]:
    values = series.read(series.file)
    ensure(
        all(one[0] < other[0] for one, other in pairwise(values)),
        f"{series.file} is read in order of time",
    )
    return values


def whole_wh(exact_wh: Iterable[Decimal]) -> list[int]:
    """Whole watt-hours whose running total is never a whole watt-hour off the exact one."""
    whole: list[int] = []
    with localcontext() as context:
        context.prec = 60
        carried = Decimal(0)
        for wh in exact_wh:
            carried += wh
            part = int(carried)
            carried -= part
            whole.append(part)
    return whole


def _rows(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(data_bytes(file).decode("utf-8").splitlines()))


def _standard(naive: datetime) -> int:
    """The UTC instant of a time on a clock that shows Central Standard Time all year."""
    return int(naive.replace(tzinfo=UTC).timestamp()) + STANDARD_OFFSET_SECONDS


def _illinois(file: str) -> tuple[Value, ...]:
    """Hourly kWh; stamps carry their offset. The last row is the first hour of a day not held."""
    rows = _rows(file)
    starts = [int(datetime.fromisoformat(row["start"]).timestamp()) for row in rows]
    wh = whole_wh(Decimal(row["value"]) * 1000 for row in rows)
    return tuple(zip(starts, wh, strict=True))


def _uk(file: str) -> tuple[Value, ...]:
    """Half-hourly kWh; stamps carry no zone. A repeated row (all are equal) is taken once."""
    found: dict[str, str] = {}
    for row in _rows(file):
        ensure(
            found.setdefault(row["start"], row["value"]) == row["value"],
            f"{file} repeats {row['start']} with the same value",
        )
    stamps = sorted(found)
    wh = whole_wh(Decimal(found[stamp]) * 1000 for stamp in stamps)
    starts = [_standard(datetime.fromisoformat(stamp)) for stamp in stamps]
    return tuple(zip(starts, wh, strict=True))


def _fontana(file: str) -> tuple[Value, ...]:
    """Hourly kWh without dates: consecutive hours, the first the last hour of Sunday, 31 July."""
    wh = whole_wh(Decimal(row["non_shiftable_load"]) * 1000 for row in _rows(file))
    first = _standard(datetime(2016, 7, 31, 23))  # noqa: DTZ001 - a wall clock, made UTC there
    return tuple((first + 3_600 * hour, value) for hour, value in enumerate(wh))


def _nrel(file: str) -> tuple[Value, ...]:
    """Quarter-hourly kW of a modeled year that begins on a Monday, 1 January."""
    lines = data_bytes(file).decode("ascii").split()
    wh = whole_wh(Decimal(line) * 250 for line in lines)
    first = _standard(datetime(2018, 1, 1))  # noqa: DTZ001 - a wall clock, made UTC there
    return tuple((first + 900 * quarter, value) for quarter, value in enumerate(wh))


def _inland(file: str) -> tuple[Value, ...]:
    """Hourly Wh of 2011, 24 of them on every day, the days of the clock change too."""
    text = data_bytes(file).decode("utf-8")
    values = re.findall(r"<IntervalReading>.*?<value>(\d+)</value>", text, re.DOTALL)
    first = _standard(datetime(2011, 1, 1))  # noqa: DTZ001 - a wall clock, made UTC there
    return tuple((first + 3_600 * hour, int(value)) for hour, value in enumerate(values))


ILLINOIS = Series("illinois_hourly_2015_2018.csv.gz", 3_600, _illinois)
UK = Series("uk_half_hourly_2012_2014.csv.gz", 1_800, _uk)
FONTANA_1 = Series("fontana_building_1.csv.gz", 3_600, _fontana)
FONTANA_2 = Series("fontana_building_2.csv.gz", 3_600, _fontana)
FONTANA_5 = Series("fontana_building_5.csv.gz", 3_600, _fontana)
NREL = Series("nrel_residential_15min_kw.csv.gz", 900, _nrel)
INLAND = Series("green_button_inland_2011.xml.gz", 3_600, _inland)

_SUMMER_2025, _MAY_2026 = date(2025, 7, 28), date(2026, 5, 4)


def _whole(series: Series, weeks: int) -> tuple[Moved, ...]:
    return (Moved(series, weeks, DaySpan(_SUMMER_2025, _MAY_2026)),)


def _joined(series: Series, *parts: tuple[int, date]) -> tuple[Moved, ...]:
    """Parts of a series, each moved by its weeks, until the next begins on that day of ours."""
    begins = [from_day for _, from_day in parts]
    ends = [*begins[1:], _MAY_2026]
    return tuple(
        Moved(series, weeks, DaySpan(from_day, until_day))
        for (weeks, from_day), until_day in zip(parts, ends, strict=True)
    )


ILLINOIS_2016 = _whole(ILLINOIS, 469)
ILLINOIS_2017 = (Moved(ILLINOIS, 417, DaySpan(_SUMMER_2025 + timedelta(days=2), date(2026, 2, 5))),)
ILLINOIS_2015 = (Moved(ILLINOIS, 521, DaySpan(date(2025, 11, 17), _MAY_2026)),)
FONTANA = tuple(_whole(series, 469) for series in (FONTANA_1, FONTANA_2, FONTANA_5))
UK_HOME = _joined(UK, (626, _SUMMER_2025), (678, date(2026, 1, 23)))
"""Holds a half hour that its own meter never sent: 2014-01-15 21:00, on our 2026-01-14."""
NREL_HOME = _joined(NREL, (365, _SUMMER_2025), (417, date(2025, 12, 29)))
INLAND_HOME = _joined(INLAND, (730, _SUMMER_2025), (782, date(2025, 12, 27)))


def sample_total_wh(file: str) -> int:
    """The energy of an official Green Button sample: the plain sum of its values."""
    text = data_bytes(file).decode("utf-8")
    return sum(int(wh) for wh in re.findall(r"</timePeriod>\s*<value>(\d+)</value>", text))
