"""Usage into determinants: watt-hours by segment and period, and the highest hour for demand.

Lives here      putting every interval into its period by the local clock, exactly.
Lives elsewhere whether the usage is complete (``usage``), what it costs (``price``).
Read first      facts/usage.py and facts/determinants.py, for the shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.usage import DayValues, Int64Array, UsageBatch
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc, seconds_in_day, zone
from meterledger.kernel.refusal import Refusal
from meterledger.rating.exact import share_by_weights
from meterledger.rating.plan_shapes import COUNTS, RatePlan
from meterledger.rulebook.schedule import ALL_HOURS, DayWindows

HOUR_SECONDS = 3600
DAY_SECONDS = 86_400


class IntervalTooLong(Refusal):
    """The intervals are too long to say in which period or hour the energy was used."""


class TimesNeeded(Refusal):
    """The schedule prices energy by its time, and the usage given has no times."""


def determine(usage: UsageBatch, plan: RatePlan) -> Determinants:
    """Sum interval energy into the plan's segments and periods.

    ``usage`` holds exactly the days of the plan's window. Watt-hours are whole numbers, so energy
    in equals energy out exactly; local days of 23 and 25 hours need no special case, because each
    interval is placed by the local clock at its start.

    :raises IntervalTooLong: if a period begins inside an interval, or an hour of demand does
    """
    window_days = list(plan.window.days())
    ensure([values.day for values in usage.days] == window_days, "usage holds the window's days")
    ensure(usage.zone == plan.zone, "usage is cut into days by the clock of the book")
    shape = (len(usage.meters), len(plan.segments), len(plan.periods))
    energy_wh = np.zeros(shape, dtype=np.int64)
    peak_wh = np.zeros(shape[:2], dtype=np.int64)
    demand_w = np.zeros((*shape[:2], len(plan.demands)), dtype=np.int64)
    for number, values in enumerate(usage.days):
        segment = plan.segment_of_day[number]
        windows = plan.day_windows[number]
        if windows is None:
            energy_wh[:, segment, 0] += values.energy_wh.sum(axis=1)
        else:
            places = period_places(
                values.day, usage.zone, usage.interval_seconds, windows, plan.periods
            )
            for start, stop, period in places:
                energy_wh[:, segment, period] += values.energy_wh[:, start:stop].sum(axis=1)
        demand_windows = plan.demand_windows[number]
        if demand_windows is not None:
            highest = _highest_wh(values, usage, demand_windows, HOUR_SECONDS)
            peak_wh[:, segment] = np.maximum(peak_wh[:, segment], highest)
        for place, demand in enumerate(plan.demands):
            seconds = 60 * demand.minutes
            hours = demand.day_windows[number]
            watts = _highest_wh(values, usage, hours, seconds) * (HOUR_SECONDS // seconds)
            demand_w[:, segment, place] = np.maximum(demand_w[:, segment, place], watts)
    ensure(
        bool((energy_wh.sum(axis=(1, 2)) == usage.total_wh).all()),
        "segments and periods hold all the energy and nothing else",
    )
    return Determinants(
        energy_wh=energy_wh,
        peak_wh=peak_wh,
        by_days=False,
        demand_w=demand_w if plan.demands else None,
    )


def determine_by_days(
    total_wh: Sequence[int],
    plan: RatePlan,
    demands_w: Mapping[str, Sequence[int]] | None = None,
) -> Determinants:
    """Share totals without times over the plan's segments, in proportion to days.

    ``demands_w`` are the watts of each demand that the schedule names, the same on every day.

    The customary substitute where no interval says when energy was used (reading
    C-SEASON-PRORATION). The parts are whole watt-hours and sum to the total.

    :raises TimesNeeded: if the schedule prices by time of day, or by a demand that is not given
    """
    missing = [one.name for one in plan.demands if one.name not in (demands_w or {})]
    if missing:
        raise TimesNeeded(
            f"Schedule {plan.schedule.code} bills the demand {' and '.join(missing)}, and a "
            "quantity of kWh has no demand",
            do="Give interval data (--usage FILE), or the demand with --kw N",
        )
    if plan.periods != (ALL_HOURS,) or plan.schedule.demand_window is not None:
        raise TimesNeeded(
            f"Schedule {plan.schedule.code} prices energy by the time of day it is used, and a "
            "single quantity of kWh has no times",
            do="Give interval data (--usage FILE), or choose 1M-anytime",
        )
    weights = np.array([segment.days.day_count for segment in plan.segments], dtype=np.int64)
    totals = np.array(total_wh, dtype=np.int64)
    shared = share_by_weights(totals, np.tile(weights, (len(totals), 1)))
    return Determinants(
        energy_wh=shared[:, :, None],
        peak_wh=np.zeros(shared.shape, dtype=np.int64),
        by_days=len(plan.segments) > 1,
        demand_w=_given_w(plan, demands_w or {}, shared.shape) if plan.demands else None,
    )


def highest_var(usage: UsageBatch, minutes: int) -> Int64Array:
    """The highest reactive demand of windows of so many minutes, in vars: Int64 [N].

    ``usage`` are watt-hours as the lake gives them, of channels of reactive energy: var-hours.

    :raises IntervalTooLong: if the intervals do not tile the windows
    """
    seconds = 60 * minutes
    highest = np.zeros(len(usage.meters), dtype=np.int64)
    for values in usage.days:
        highest = np.maximum(highest, _highest_wh(values, usage, None, seconds))
    return highest * (HOUR_SECONDS // seconds)


def _given_w(
    plan: RatePlan, demands_w: Mapping[str, Sequence[int]], shape: tuple[int, ...]
) -> Int64Array:
    """Demands that were given, the same in every segment: Int64 [N x segments x demands]."""
    columns = [np.array(demands_w[one.name], dtype=np.int64) for one in plan.demands]
    given = np.stack(columns, axis=1)[:, None, :]
    return np.ascontiguousarray(np.broadcast_to(given, (*shape, len(columns))))


def _highest_wh(
    values: DayValues, usage: UsageBatch, windows: DayWindows | None, seconds: int
) -> Int64Array:
    """Watt-hours of the highest window of ``seconds`` of one day that counts, Int64 [N]."""
    per_window = intervals_per_window(usage.interval_seconds, seconds)
    meters, width = values.energy_wh.shape
    summed = values.energy_wh.reshape(meters, width // per_window, per_window).sum(axis=2)
    highest = np.zeros(meters, dtype=np.int64)
    for start, stop in windows_of_demand(values.day, usage.zone, windows, seconds):
        highest = np.maximum(highest, summed[:, start:stop].max(axis=1))
    return highest


def intervals_per_window(interval_seconds: int, seconds: int = HOUR_SECONDS) -> int:
    """How many intervals tile a window of demand.

    :raises IntervalTooLong: if none do
    """
    count, rest = divmod(seconds, interval_seconds)
    if rest or count == 0:
        length = "an hour" if seconds == HOUR_SECONDS else f"{seconds // 60} minutes"
        raise IntervalTooLong(
            f"Demand is measured over {length}, and intervals of {interval_seconds} s do not "
            "tile one",
            do="Choose a schedule without a demand charge for this meter",
        )
    return count


def windows_of_demand(
    day: date, zone_name: str, windows: DayWindows | None, seconds: int = HOUR_SECONDS
) -> tuple[tuple[int, int], ...]:
    """Runs ``[start, stop)`` of windows of ``seconds`` of the day that count for demand, from 0."""
    if windows is None:
        return ((0, seconds_in_day(day, zone_name) // seconds),)
    places = period_places(day, zone_name, seconds, windows, (COUNTS, "outside"))
    return tuple((start, stop) for start, stop, counts in places if counts == 0 and stop > start)


@lru_cache(maxsize=8192)
def _slot_minutes(day: date, zone_name: str, interval_seconds: int) -> tuple[int, ...]:
    """The local clock's minute of the day at the start of each interval of the day."""
    start = day_start_utc(day, zone_name)
    count = seconds_in_day(day, zone_name) // interval_seconds
    local = zone(zone_name)
    minutes = []
    for number in range(count):
        clock = (start + timedelta(seconds=number * interval_seconds)).astimezone(local)
        minutes.append(clock.hour * 60 + clock.minute)
    return tuple(minutes)


_ORDINARY = date(2025, 1, 1)
"""A day of 24 hours in any zone: its places are those of every ordinary day."""


def period_places(
    day: date,
    zone_name: str,
    interval_seconds: int,
    windows: DayWindows,
    periods: tuple[str, ...],
) -> tuple[tuple[int, int, int], ...]:
    """Runs of intervals ``[start, stop)`` of the day and the index of the period they are in."""
    if seconds_in_day(day, zone_name) == DAY_SECONDS and day_changes_no_clock(day, zone_name):
        day = _ORDINARY
    return _places(day, zone_name, interval_seconds, windows, periods)


@lru_cache(maxsize=65_536)
def day_changes_no_clock(day: date, zone_name: str) -> bool:
    """Whether the zone's offset is the same at both ends of the local day."""
    local = zone(zone_name)
    start = day_start_utc(day, zone_name).astimezone(local)
    end = day_start_utc(day + timedelta(days=1), zone_name).astimezone(local)
    return start.utcoffset() == end.utcoffset()


@lru_cache(maxsize=8192)
def _places(
    day: date,
    zone_name: str,
    interval_seconds: int,
    windows: DayWindows,
    periods: tuple[str, ...],
) -> tuple[tuple[int, int, int], ...]:
    minutes = _slot_minutes(day, zone_name, interval_seconds)
    length_minutes = -(-interval_seconds // 60)
    found: list[list[int]] = []
    for slot, minute in enumerate(minutes):
        window = next(
            one for one in windows.windows if one.from_minute <= minute < one.until_minute
        )
        if minute + length_minutes > window.until_minute and len(windows.windows) > 1:
            raise IntervalTooLong(
                f"An interval of {interval_seconds} s begins at {_clock(minute)} and runs past "
                f"{_clock(window.until_minute)}, "
                "where the price changes",
                do="Use shorter intervals, or a schedule without times of use, for this meter",
            )
        period = periods.index(window.period)
        if found and found[-1][2] == period and found[-1][1] == slot:
            found[-1][1] = slot + 1
        else:
            found.append([slot, slot + 1, period])
    return tuple((start, stop, period) for start, stop, period in found)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
