"""Sums of many groups at once: each meter over its own window and schedule, the lake read once.

A cycle has five options and a utility twenty cycles; read apart, each would decode the same files
again. Here every stored day is decoded once and handed to the sums of the meter's own group.

Lives here      groups, and the part of each stored piece that is theirs.
Lives elsewhere the sums (``rating``), reading (``stores``), a whole population on one plan
                (``population_determinants``).
Read first      facts/stored.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.stored import StoredDays, UInt64Array, meter_names
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import intervals_in_day, seconds_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rating import IntervalTooLong, PopulationSums, RatePlan
from meterledger.usecases.population_determinants import ScanningLake

ASKED_AT_MOST = 2_000
"""From so many meters on every part of the lake is wanted anyway: asking by name saves nothing, and
a part that is taken as it lies is copied once less."""


@dataclass(frozen=True, slots=True)
class MeterGroup:
    """Meters that are summed for one plan.

    ``numbers``      UInt64 [N] pseudonyms as numbers, each in one group only
    ``multipliers``  Int64 [N]
    """

    plan: RatePlan
    numbers: UInt64Array
    multipliers: Int64Array


@dataclass(frozen=True, slots=True)
class GroupSums:
    """What a group's meters used, multipliers applied, by the group's rows.

    ``complete``  Bool [N]: every interval of the window has a value, and all came as plain rows.
                  The sums of the others count for nothing: ask for those meters one by one.
    """

    plan: RatePlan
    determinants: Determinants
    complete: BoolArray


def sum_groups(
    groups: Sequence[MeterGroup],
    *,
    lake: ScanningLake,
    at_sequence: int,
    progress: Callable[[int], None] | None = None,
) -> list[GroupSums]:
    """Sum every group's meters over its window, as the lake knew them at a sequence.

    :raises InvariantBroken: if a meter is in two groups
    :raises FileMissing: if a published file is not there
    """
    if not groups:
        return []
    reading = _Reading(groups)
    hull = DaySpan(
        min(one.plan.window.from_day for one in groups),
        max(one.plan.window.until_day for one in groups),
    )
    many = len(reading.numbers) >= ASKED_AT_MOST
    names = None if many else meter_names(reading.numbers)
    scan = lake.scan(hull, at_sequence=at_sequence, meters=names)
    reading.place(scan.meters)
    others = scan.others[reading.group_of[scan.others] >= 0]
    reading.slow[reading.group_of[others], reading.row_of[others]] = True
    scan.read(reading.take, progress=progress)
    return reading.done(scan.interval_seconds)


class _Reading:
    """Where each row of a scan belongs, and the sums that are growing."""

    def __init__(self, groups: Sequence[MeterGroup]) -> None:
        self.groups = groups
        # One row more than meters: what is passed over in a part has its place there.
        self.sums = [PopulationSums(one.plan, len(one.numbers) + 1) for one in groups]
        widest = max(len(one.numbers) for one in groups)
        self.slow: BoolArray = np.zeros((len(groups), widest), dtype=bool)
        self.too_long: set[tuple[int, int]] = set()
        every = np.concatenate([one.numbers for one in groups])
        group = np.repeat(np.arange(len(groups)), [len(one.numbers) for one in groups])
        row = np.concatenate([np.arange(len(one.numbers)) for one in groups])
        order = np.argsort(every, kind="stable")
        self.numbers: UInt64Array = every[order]
        ensure(
            bool((self.numbers[1:] != self.numbers[:-1]).all()), "a meter is summed in one group"
        )
        self._group, self._row = group[order], row[order]
        self.group_of: Int64Array = self._group
        self.row_of: Int64Array = self._row

    def place(self, meters: UInt64Array) -> None:
        """Note the group and the row of each meter of the scan, in the scan's order."""
        found = np.minimum(np.searchsorted(self.numbers, meters), len(self.numbers) - 1)
        asked = self.numbers[found] == meters
        self.group_of = np.where(asked, self._group[found], -1)
        self.row_of = self._row[found]

    def take(self, part: StoredDays) -> None:
        """Hand each group its meters' days of its window. Called from several threads."""
        of, places = self.group_of[part.rows], self.row_of[part.rows]
        for number in np.unique(of).tolist():
            if number < 0:
                continue  # nobody asked for these meters
            group = self.groups[number]
            days = group.plan.window.overlap(part.days)
            if days is None:
                continue
            mine = of == number
            rows = np.where(mine, places, len(group.numbers))
            try:
                self.sums[number].add(_part_of(part, mine, rows, days, group.plan.zone))
            except IntervalTooLong:
                self.slow[number, places[mine]] = True

    def done(self, interval_seconds: Int64Array) -> list[GroupSums]:
        """The sums with multipliers, and whose are whole."""
        found = []
        for number, (group, sums) in enumerate(zip(self.groups, self.sums, strict=True)):
            count = len(group.numbers)
            seconds = np.zeros(count, dtype=np.int64)
            at = np.flatnonzero(self.group_of == number)
            seconds[self.row_of[at]] = interval_seconds[at]
            slots = np.full(count, -1, dtype=np.int64)
            for length in np.unique(seconds).tolist():
                if length > 0:
                    slots[seconds == length] = _slots(group.plan, length)
            complete = (sums.present[:count] == slots) & ~self.slow[number, :count]
            factors = np.ones(count + 1, dtype=np.int64)
            factors[:count][complete] = group.multipliers[complete]
            sums.multiply(factors)
            every = sums.determinants().of_rows(slice(0, count))
            found.append(GroupSums(group.plan, every, np.asarray(complete)))
        return found


def _part_of(
    part: StoredDays, mine: BoolArray, rows: Int64Array, days: DaySpan, zone: str
) -> StoredDays:
    """Some days of a part, in which only some meters count; the values stay where they lie."""
    before = (days.from_day - part.days.from_day).days
    earlier = [part.days.from_day + timedelta(days=number) for number in range(before)]
    first = part.first_slot + sum(
        intervals_in_day(day, zone, part.interval_seconds) for day in earlier
    )
    counts = np.repeat(mine[:, None], days.day_count, axis=1)
    if part.counts is not None:
        counts &= part.counts[:, before : before + days.day_count]
    return StoredDays(rows, days, part.interval_seconds, first, part.power, part.values, counts)


def _slots(plan: RatePlan, seconds: int) -> int:
    """How many intervals of that length the window has; -1 if they do not tile some day of it."""
    lengths = [seconds_in_day(day, plan.zone) for day in plan.window.days()]
    if any(one % seconds for one in lengths):
        return -1
    return sum(one // seconds for one in lengths)
