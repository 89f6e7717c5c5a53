"""Determinants of a population: stored meter-days summed where they lie, many meters at once.

The places of slots, the hours that count for demand and the refusals are those of ``determine``;
only the loops are compiled. Both give the same for the same values, and tests hold them to it.

Lives here      the sums of N meters over a plan's window, and the program of slots for the loops.
Lives elsewhere the loops (``compiled``), usage as batches (``determine``), reading (``stores``).
Read first      facts/stored.py; facts/determinants.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meterledger.facts.determinants import Determinants
from meterledger.facts.readings import Quality
from meterledger.facts.stored import LARGEST_POWER, StoredDays
from meterledger.facts.usage import Int64Array, UsageBatch
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rating.determine import (
    HOUR_SECONDS,
    determine,
    intervals_per_window,
    period_places,
    windows_of_demand,
)
from meterledger.rating.exact import SAFE
from meterledger.rating.plan_shapes import RatePlan
from meterledger.rulebook.schedule import DayWindows

_MADE = (Quality.ESTIMATED.value, Quality.SUBSTITUTED.value)
_ALL = np.zeros((0, 0), dtype=bool)


class PopulationSums:
    """What N meters used over the window of one plan, as far as parts of it were added.

    ``energy_wh``  Int64 [N x segments x periods], watt-hours
    ``peak_wh``    Int64 [N x segments], watt-hours of the highest clock hour that counts for demand
    ``demands_wh`` for each demand of the plan, Int64 [N x segments], of its highest window
    ``present``    Int32 [N], intervals that have a value
    ``estimated``  Int32 [N], those of them that nobody measured: estimated or substituted by the
                   sender, or made by any method but as received; 0 where nobody asked for quality
    """

    def __init__(self, plan: RatePlan, count: int) -> None:
        self.plan = plan
        segments, periods = len(plan.segments), len(plan.periods)
        self.energy_wh = np.zeros((count, segments, periods), dtype=np.int64)
        self.peak_wh = np.zeros((count, segments), dtype=np.int64)
        self.demands_wh = [np.zeros((count, segments), dtype=np.int64) for _ in plan.demands]
        self.present = np.zeros(count, dtype=np.int32)
        self.estimated = np.zeros(count, dtype=np.int32)
        self._programs: dict[tuple[DaySpan, int], _Program] = {}

    def add(self, part: StoredDays) -> None:
        """Add stored days. Several threads may add parts at once that have no row in common.

        :raises IntervalTooLong: if a period begins inside an interval, or an hour of demand does
        """
        from meterledger.rating import compiled  # loads a compiler: not for a single bill

        program = self.prepare(part.days, part.interval_seconds)
        ensure(0 <= part.power <= LARGEST_POWER, "values are watt-hours or kilowatt-hours")
        ensure(
            2**31 * 10**part.power * program.window_slots < SAFE,
            "no sum of the window can leave 64 bits",
        )
        counts = _ALL if part.counts is None else part.counts
        slots, hours = program.slots, program.hours
        if part.first_slot:
            slots, hours = slots + part.first_slot, hours + part.first_slot
        ensure(int(slots[-1]) <= part.values.shape[1], "the slots of the days are there")
        ensure(
            len(part.rows) == len(part.values)
            and (part.counts is None or counts.shape == (len(part.rows), len(slots) - 1)),
            "a part has a row for each meter",
        )
        compiled.add_days(
            part.values,
            part.rows,
            counts,
            10**part.power,
            slots,
            program.segments,
            program.kinds,
            program.masks,
            hours,
            program.hours_from,
            program.per_hour,
            self.energy_wh,
            self.peak_wh,
            self.present,
        )
        for windows, highest in zip(program.demands, self.demands_wh, strict=True):
            compiled.add_highest(
                part.values,
                part.rows,
                counts,
                10**part.power,
                slots,
                program.segments,
                windows.columns + part.first_slot if part.first_slot else windows.columns,
                windows.from_day,
                windows.per_window,
                highest,
            )
        if part.quality is not None and part.method is not None:
            ensure(
                part.quality.shape == part.method.shape == part.values.shape,
                "quality and method have a code for each value",
            )
            compiled.count_estimated(
                part.values,
                part.quality,
                part.method,
                part.rows,
                counts,
                slots,
                Quality.ESTIMATED.value,
                Quality.SUBSTITUTED.value,
                self.estimated,
            )

    def add_batch(self, usage: UsageBatch, rows: Int64Array) -> None:
        """Set the rows of meters whose usage of the whole window comes as a batch.

        :raises IntervalTooLong: as ``determine``
        """
        found = determine(usage, self.plan)
        self.energy_wh[rows] = found.energy_wh
        self.peak_wh[rows] = found.peak_wh
        for place, highest in enumerate(self.demands_wh):
            if found.demand_w is not None:
                highest[rows] = found.demand_w[:, :, place] // self._per_hour(place)
        for values in usage.days:
            self.present[rows] += (~values.missing).sum(axis=1, dtype=np.int32)
            if values.quality is not None and values.method is not None:
                made = (values.method != 0) | np.isin(values.quality, _MADE)
                self.estimated[rows] += (made & ~values.missing).sum(axis=1, dtype=np.int32)

    def multiply(self, multipliers: Int64Array) -> None:
        """Apply each meter's multiplier, Int64 [N], to its energy and its highest hour.

        :raises InvariantBroken: if a product could leave 64 bits
        """
        rows = np.flatnonzero(multipliers != 1)
        if not len(rows):
            return
        largest = max(int(np.abs(self.energy_wh[rows]).max()), int(self.peak_wh[rows].max()))
        ensure(largest * int(multipliers.max()) < SAFE, "multiplied energy fits 64 bits")
        self.energy_wh[rows] *= multipliers[rows, None, None]
        self.peak_wh[rows] *= multipliers[rows, None]
        for highest in self.demands_wh:
            highest[rows] *= multipliers[rows, None]

    def determinants(self) -> Determinants:
        """The sums in the shape that is priced."""
        watts = [one * self._per_hour(place) for place, one in enumerate(self.demands_wh)]
        return Determinants(
            energy_wh=self.energy_wh,
            peak_wh=self.peak_wh,
            by_days=False,
            demand_w=np.stack(watts, axis=2) if watts else None,
        )

    def _per_hour(self, place: int) -> int:
        """How many windows of a demand an hour has: watts are watt-hours of a window times it."""
        return HOUR_SECONDS // (60 * self.plan.demands[place].minutes)

    def prepare(self, days: DaySpan, interval_seconds: int) -> _Program:
        """The program of slots for days and intervals of one length, made once.

        :raises IntervalTooLong: if a period begins inside an interval, or an hour of demand does
        """
        key = (days, interval_seconds)
        program = self._programs.get(key)
        if program is None:
            program = self._programs[key] = _make_program(self.plan, days, interval_seconds)
        return program


@dataclass(frozen=True)
class _Windows:
    """Windows of one demand that count; shapes as ``compiled.add_highest`` has them."""

    columns: Int64Array
    from_day: Int64Array
    per_window: int


@dataclass(frozen=True)
class _Program:
    """Which columns of stored days belong where; columns count from the first day's first slot.

    Shapes as ``compiled.add_days`` has them; ``window_slots`` is the width of the plan's window.
    """

    slots: Int64Array
    segments: Int64Array
    kinds: Int64Array
    masks: npt.NDArray[np.int32]
    hours: Int64Array
    hours_from: Int64Array
    per_hour: int
    window_slots: int
    demands: tuple[_Windows, ...] = ()


def _make_program(plan: RatePlan, days: DaySpan, seconds: int) -> _Program:
    ensure(
        plan.window.from_day <= days.from_day and days.until_day <= plan.window.until_day,
        "stored days lie in the plan's window",
    )
    first = (days.from_day - plan.window.from_day).days
    slots, segments = [0], []
    kinds: dict[tuple[tuple[int, int, int], ...], int] = {}
    kind_of_day: list[int] = []
    for number, day in enumerate(days.days(), start=first):
        begin = slots[-1]
        slots.append(begin + intervals_in_day(day, plan.zone, seconds))
        segments.append(plan.segment_of_day[number])
        windows = plan.day_windows[number]
        if windows is None:
            places: tuple[tuple[int, int, int], ...] = ((0, slots[-1] - begin, 0),)
        else:
            places = period_places(day, plan.zone, seconds, windows, plan.periods)
        kind_of_day.append(kinds.setdefault(places, len(kinds)))
    hours = _Windows(np.zeros((0, 2), dtype=np.int64), np.zeros(len(slots), dtype=np.int64), 1)
    if plan.schedule.demand_window is not None:
        hours = _windows(plan, days, slots, seconds, plan.demand_windows, HOUR_SECONDS)
    return _Program(
        slots=np.array(slots, dtype=np.int64),
        segments=np.array(segments, dtype=np.int64),
        kinds=np.array(kind_of_day, dtype=np.int64),
        masks=_masks(list(kinds), len(plan.periods)),
        hours=hours.columns,
        hours_from=hours.from_day,
        per_hour=hours.per_window,
        window_slots=sum(intervals_in_day(day, plan.zone, seconds) for day in plan.window.days()),
        demands=tuple(
            _windows(plan, days, slots, seconds, one.day_windows, 60 * one.minutes)
            for one in plan.demands
        ),
    )


def _windows(
    plan: RatePlan,
    days: DaySpan,
    slots: list[int],
    seconds: int,
    day_windows: tuple[DayWindows | None, ...],
    window_seconds: int,
) -> _Windows:
    """The columns of windows that count, for each of the days."""
    per_window = intervals_per_window(seconds, window_seconds)
    first = (days.from_day - plan.window.from_day).days
    columns: list[tuple[int, int]] = []
    from_day = [0]
    for number, day in enumerate(days.days()):
        columns += [
            (slots[number] + start * per_window, slots[number] + stop * per_window)
            for start, stop in windows_of_demand(
                day, plan.zone, day_windows[first + number], window_seconds
            )
        ]
        from_day.append(len(columns))
    return _Windows(
        np.array(columns, dtype=np.int64).reshape(-1, 2),
        np.array(from_day, dtype=np.int64),
        per_window,
    )


def _masks(kinds: list[tuple[tuple[int, int, int], ...]], periods: int) -> npt.NDArray[np.int32]:
    """For each kind of day and each period, -1 on its slots and 0 elsewhere."""
    widest = max(stop for places in kinds for _, stop, _ in places)
    masks = np.zeros((len(kinds), periods, widest), dtype=np.int32)
    for number, places in enumerate(kinds):
        for start, stop, period in places:
            masks[number, period, start:stop] = -1
    return masks
