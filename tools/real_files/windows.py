"""Which windows a file's readings are billed in, and which readings lie in them.

Lives here      calendar months of whole local days, or a long interval as it was read.
Lives elsewhere windows of the reading calendar (``billing``); measuring (``measuring``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from meterledger.facts.readings import Reading
from meterledger.kernel.local_days import day_start_utc, local_day_of
from meterledger.kernel.span import DaySpan

LONGEST_WINDOW_DAYS = 100
A_DAY_SECONDS = 90_000
"""The longest local day: intervals that are longer are windows of their own."""


def windows_of(readings: Sequence[Reading], zone: str) -> list[DaySpan]:
    """From the first whole local day to the last: calendar months, or as a long interval was read.

    Intervals longer than a day are windows themselves where they begin and end with local days,
    for a meter that is read once a month is billed from reading to reading.
    """
    begin = local_day_of(_utc(readings[0].start), zone)
    if _epoch(begin, zone) < readings[0].start:
        begin += timedelta(days=1)
    until = local_day_of(_utc(max(one.start + one.seconds for one in readings)), zone)
    if not begin < until:
        return []
    span = DaySpan(begin, until)
    cuts = {day for day in span.days() if day.day == 1}
    if max(one.seconds for one in readings) <= A_DAY_SECONDS:
        return span.split_at(cuts)
    ends = {edge for one in readings for edge in (one.start, one.start + one.seconds)}
    edges = [day for day in (*span.days(), until) if _epoch(day, zone) in ends]
    as_read = [DaySpan(first, last) for first, last in pairwise(sorted({begin, *edges, until}))]
    return [
        part
        for window in as_read
        for part in (window.split_at(cuts) if window.day_count > LONGEST_WINDOW_DAYS else [window])
    ]


def inside(readings: Sequence[Reading], window: DaySpan, zone: str) -> list[Reading]:
    begin, until = _epoch(window.from_day, zone), _epoch(window.until_day, zone)
    return [one for one in readings if begin <= one.start and one.start + one.seconds <= until]


def touching(readings: Sequence[Reading], window: DaySpan, zone: str) -> list[Reading]:
    begin, until = _epoch(window.from_day, zone), _epoch(window.until_day, zone)
    return [one for one in readings if one.start < until and begin < one.start + one.seconds]


def _epoch(day: date, zone: str) -> int:
    return int(day_start_utc(day, zone).timestamp())


def _utc(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
