"""Determinants kept for later questions: made once from the intervals, priced many times.

Lives here      when kept sums are stale, making them, and whether another plan can be priced from
                them: its parts must be parts of theirs, put together, with the same hours.
Lives elsewhere the sums (``population_groups``), the files (``stores/lake/determinants``).
Read first      docs/operating/impact.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.stored_sums import StoredSums, SumsKey, SumsShape
from meterledger.facts.usage import Int64Array
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.rating import RatePlan
from meterledger.usecases.column_prices import ColumnGroup, Members, batches
from meterledger.usecases.population_determinants import ScanningLake
from meterledger.usecases.population_groups import sum_groups


class KeptSums(Protocol):
    """What is asked of the place where sums are kept."""

    def keep(self, sums: StoredSums) -> None:
        """Keep sums in place of those that were kept of the same window and schedule."""

    def each(self, keys: Iterable[SumsKey]) -> Iterator[StoredSums]:
        """The sums of the keys that are kept, in their order, the next ones read ahead."""

    def touched(self, days: DaySpan, since: int, until: int) -> bool:
        """Whether something was published of the days after one commit sequence, up to another."""


@dataclass(slots=True)
class KeptRun:
    """How many sums were good as they were kept, and how many were made now."""

    kept: int = 0
    made: int = 0
    meters: int = 0


def shape_of(plan: RatePlan) -> SumsShape:
    """How a plan cuts its window, and which hours of its days it tells apart."""
    hours = repr((plan.day_windows, plan.demand_windows, plan.demands))
    return SumsShape(
        segments=tuple((one.days.from_day, one.season) for one in plan.segments),
        periods=plan.periods,
        hours=sha256_hex(hours.encode()),
    )


def refitted(sums: Determinants, shape: SumsShape, plan: RatePlan) -> Determinants | None:
    """The sums put together as the plan cuts its window; None if it cuts where they do not."""
    asked = shape_of(plan)
    if asked.periods != shape.periods or asked.hours != shape.hours:
        return None
    theirs = [day for day, _ in shape.segments]
    cuts = [day for day, _ in asked.segments]
    if not set(cuts) <= set(theirs):
        return None
    if cuts == theirs:
        return sums
    place = [_part_of(day, cuts) for day in theirs]
    count, periods = sums.energy_wh.shape[0], sums.energy_wh.shape[2]
    energy_wh = np.zeros((len(cuts), periods, count), dtype=np.int64)
    peak_wh = np.zeros((len(cuts), count), dtype=np.int64)
    named = sums.demand_w
    demands = 0 if named is None else named.shape[2]
    demand_w = np.zeros((len(cuts), demands, count), dtype=np.int64)
    for segment, to in enumerate(place):
        energy_wh[to] += sums.energy_wh[:, segment].T
        peak_wh[to] = np.maximum(peak_wh[to], sums.peak_wh[:, segment])
        if named is not None:
            demand_w[to] = np.maximum(demand_w[to], named[:, segment].T)
    return Determinants(
        energy_wh=np.moveaxis(energy_wh, 2, 0),
        peak_wh=peak_wh.T,
        by_days=sums.by_days,
        demand_w=np.moveaxis(demand_w, 2, 0) if named is not None else None,
    )


def _part_of(day: date, cuts: Sequence[date]) -> int:
    return sum(cut <= day for cut in cuts) - 1


def kept_sums(
    members: Sequence[Members],
    *,
    cycle: int,
    kept: KeptSums,
    lake: ScanningLake,
    at_sequence: int,
    ready: Callable[[ColumnGroup], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[list[ColumnGroup], KeptRun]:
    """The sums of the bills, as they are kept, or made from the intervals now and kept.

    Sums are good while they are of the same cut and hours, hold every meter with its multiplier,
    and nothing was published of the window since. ``ready`` is handed each group as soon as its
    sums are there, while the next ones are read; ``progress`` is told of each group.
    """
    asked = {SumsKey(one.schedule, one.window, cycle): one for one in members}
    found: dict[SumsKey, ColumnGroup] = {}

    def there(sums: StoredSums, one: Members) -> None:
        group = found[sums.key] = _of_members(sums, one)
        if ready is not None:
            ready(group)
        if progress is not None:
            progress(1)

    for sums in kept.each(asked):
        if _is_good(sums, asked[sums.key], kept, at_sequence):
            there(sums, asked[sums.key])
    stale = [one for key, one in asked.items() if key not in found]
    run = KeptRun(kept=len(found), made=len(stale))
    for batch in batches(stale):
        for made in _made(batch, cycle, lake, at_sequence):
            kept.keep(made)
            there(made, asked[made.key])
    run.meters = sum(len(one.rows) for one in members)
    return [found[key] for key in asked], run


def _is_good(sums: StoredSums, members: Members, kept: KeptSums, at_sequence: int) -> bool:
    at = _places(sums, members)
    return (
        at is not None
        and bool((sums.multipliers[at] == members.group.multipliers).all())
        and sums.shape == shape_of(members.group.plan)
        and not kept.touched(members.window, sums.at_sequence, at_sequence)
    )


def _places(sums: StoredSums, members: Members) -> Int64Array | None:
    """Rows of the sums that are the members' meters; None if one of them is not there."""
    if not len(sums.numbers):
        return None
    at = np.searchsorted(sums.numbers, members.group.numbers)
    at = np.minimum(at, len(sums.numbers) - 1)
    return at if bool((sums.numbers[at] == members.group.numbers).all()) else None


def _made(
    stale: Sequence[Members], cycle: int, lake: ScanningLake, at_sequence: int
) -> list[StoredSums]:
    sums = sum_groups([one.group for one in stale], lake=lake, at_sequence=at_sequence)
    made = []
    for members, one in zip(stale, sums, strict=True):
        order = np.argsort(members.group.numbers, kind="stable")
        every = one.determinants
        made.append(
            StoredSums(
                key=SumsKey(members.schedule, members.window, cycle),
                shape=shape_of(one.plan),
                at_sequence=at_sequence,
                numbers=members.group.numbers[order],
                multipliers=members.group.multipliers[order],
                complete=one.complete[order],
                determinants=_rows(every, order),
            )
        )
    return made


def _of_members(sums: StoredSums, members: Members) -> ColumnGroup:
    at = _places(sums, members)
    ensure(at is not None, "kept sums hold every meter")
    rows = np.arange(len(sums.numbers)) if at is None else at
    whole = len(rows) == len(sums.numbers) and bool((rows == np.arange(len(rows))).all())
    return ColumnGroup(
        members.schedule,
        members.window,
        members.rows,
        members.group.plan,
        sums.determinants if whole else _rows(sums.determinants, rows),
        sums.complete[rows],
    )


def _rows(sums: Determinants, rows: Int64Array) -> Determinants:
    return Determinants(
        energy_wh=sums.energy_wh[rows],
        peak_wh=sums.peak_wh[rows],
        by_days=sums.by_days,
        demand_w=None if sums.demand_w is None else sums.demand_w[rows],
    )
