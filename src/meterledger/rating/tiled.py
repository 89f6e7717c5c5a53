"""One meter's intervals of any length into determinants: the same periods, segments and hours.

Lives here      an interval into its period; sharing one that lies in two segments by time; which
                intervals are too long for a schedule.
Lives elsewhere whole local days of many meters (``determine``); whether intervals tile the window
                (``usage``); what the determinants cost (``price``: the same for both).
Read first      facts/usage.py and facts/determinants.py; docs/decisions/0011.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from math import lcm

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import Int64Array, TiledInterval, TiledUsage
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc, seconds_in_day, zone
from meterledger.kernel.rounding import share_whole
from meterledger.rating.determine import (
    HOUR_SECONDS,
    IntervalTooLong,
    period_places,
    windows_of_demand,
)
from meterledger.rating.plan_shapes import RatePlan
from meterledger.rulebook.schedule import DayWindows

MINUTE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of an interval that lies in one local day, in seconds from its midnight."""

    day: date
    number: int
    """Of the day, in the window."""
    begin: int
    until: int
    day_seconds: int


def determine_tiled(usage: TiledUsage, plan: RatePlan) -> Determinants:
    """Sum one meter's intervals into the plan's segments and periods: a batch of one.

    An interval is priced whole where its period is one and the same from end to end. If it lies in
    several segments it is shared between them in proportion to days, and to the part of a day
    where it begins or ends inside one (reading C-SEASON-PRORATION: by intervals, else by days).

    :raises IntervalTooLong: naming an interval in which a period or an hour of demand changes
    """
    ensure(usage.days == plan.window, "usage holds the window's days")
    ensure(usage.zone == plan.zone, "usage is cut into days by the clock of the book")
    energy_wh = np.zeros((1, len(plan.segments), len(plan.periods)), dtype=np.int64)
    hours: dict[tuple[int, int], int] = {}
    windows: list[dict[tuple[int, int], int]] = [{} for _ in plan.demands]
    shared = False
    days = _Days(plan)
    for interval in usage.intervals:
        parts = list(days.parts(interval))
        period = _period(interval, parts, plan)
        weights = _weights(parts, plan)
        shared = shared or len(weights) > 1
        shares = share_whole(interval.energy_wh, list(weights.values()))
        for segment, wh in zip(weights, shares, strict=True):
            energy_wh[0, segment, period] += wh
        if plan.schedule.demand_window is not None:
            hour = _window_of_demand(interval, parts, plan.demand_windows, HOUR_SECONDS, plan.zone)
            _add(hours, hour, interval)
        for found, demand in zip(windows, plan.demands, strict=True):
            window = _window_of_demand(
                interval, parts, demand.day_windows, 60 * demand.minutes, plan.zone
            )
            _add(found, window, interval)
    ensure(int(energy_wh.sum()) == usage.energy_wh, "segments and periods hold all the energy")
    peak_wh = _highest(hours, plan)
    demand_w = None
    if plan.demands:
        watts = [
            _highest(found, plan) * (60 // demand.minutes)
            for found, demand in zip(windows, plan.demands, strict=True)
        ]
        demand_w = np.stack(watts, axis=2)
    return Determinants(energy_wh=energy_wh, peak_wh=peak_wh, by_days=shared, demand_w=demand_w)


def _highest(windows: dict[tuple[int, int], int], plan: RatePlan) -> Int64Array:
    """The most energy of a window in each segment, Int64 [1 x segments]."""
    highest = np.zeros((1, len(plan.segments)), dtype=np.int64)
    for (number, _), wh in windows.items():
        segment = plan.segment_of_day[number]
        highest[0, segment] = max(int(highest[0, segment]), wh)
    return highest


def _add(
    found: dict[tuple[int, int], int], window: tuple[int, int] | None, interval: TiledInterval
) -> None:
    if window is not None:
        found[window] = found.get(window, 0) + interval.energy_wh


class _Days:
    """The local days of a plan's window on the UTC line."""

    def __init__(self, plan: RatePlan) -> None:
        self._days = list(plan.window.days())
        self._begins = [int(day_start_utc(day, plan.zone).timestamp()) for day in self._days]
        self._lengths = [seconds_in_day(day, plan.zone) for day in self._days]
        self._at = 0

    def parts(self, interval: TiledInterval) -> Iterator[_Part]:
        """The interval cut at local midnights. Intervals are asked in order of time."""
        while self._begins[self._at] + self._lengths[self._at] <= interval.start:
            self._at += 1
        for number in range(self._at, len(self._days)):
            begin, length = self._begins[number], self._lengths[number]
            if interval.end <= begin:
                return
            yield _Part(
                self._days[number],
                number,
                max(interval.start - begin, 0),
                min(interval.end - begin, length),
                length,
            )


def _weights(parts: list[_Part], plan: RatePlan) -> dict[int, int]:
    """The segments that the parts lie in, with whole numbers in proportion to their days."""
    days: dict[int, Fraction] = {}
    for part in parts:
        segment = plan.segment_of_day[part.number]
        share = Fraction(part.until - part.begin, part.day_seconds)
        days[segment] = days.get(segment, Fraction(0)) + share
    common = lcm(*(share.denominator for share in days.values()))
    return {segment: int(share * common) for segment, share in days.items()}


def _period(interval: TiledInterval, parts: list[_Part], plan: RatePlan) -> int:
    """The one period that the interval lies in."""
    found: int | None = None
    for part in parts:
        windows = plan.day_windows[part.number]
        if windows is None:
            return 0
        places = period_places(part.day, plan.zone, MINUTE_SECONDS, windows, plan.periods)
        for start, stop, period in places:
            if stop * MINUTE_SECONDS <= part.begin or part.until <= start * MINUTE_SECONDS:
                continue
            if found is not None and period != found:
                changes = _instant_of(part, start * MINUTE_SECONDS, plan)
                raise IntervalTooLong(
                    f"The interval {_words(interval)} goes on past {changes}, where the price "
                    "changes",
                    do="Ingest shorter intervals, or choose a schedule without times of use for "
                    "this meter",
                )
            found = period
    ensure(found is not None, "every minute of a day has a period")
    return int(found or 0)


def _window_of_demand(
    interval: TiledInterval,
    parts: list[_Part],
    day_windows: tuple[DayWindows | None, ...],
    seconds: int,
    zone_name: str,
) -> tuple[int, int] | None:
    """The window that counts for demand and holds the interval: day's number, window from 0."""
    for part in parts:
        first, last = part.begin // seconds, -(-part.until // seconds)
        counting = windows_of_demand(part.day, zone_name, day_windows[part.number], seconds)
        if not any(start < last and first < stop for start, stop in counting):
            continue
        if len(parts) > 1 or last - first > 1:
            one = "one clock hour" if seconds == HOUR_SECONDS else f"{seconds // 60} minutes"
            length = "an hour" if seconds == HOUR_SECONDS else f"{seconds // 60} minutes"
            raise IntervalTooLong(
                f"The interval {_words(interval)} does not lie within {one}, and demand "
                f"is measured over {length}",
                do="Ingest shorter intervals, or choose a schedule without a demand charge for "
                "this meter",
            )
        return part.number, first
    return None


def _instant_of(part: _Part, seconds: int, plan: RatePlan) -> str:
    begin = int(day_start_utc(part.day, plan.zone).timestamp())
    local = datetime.fromtimestamp(begin + seconds, UTC).astimezone(zone(plan.zone))
    return f"{local:%H:%M} local time on {part.day}"


def _words(interval: TiledInterval) -> str:
    return f"from {_instant(interval.start)} until {_instant(interval.end)}"


def _instant(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
