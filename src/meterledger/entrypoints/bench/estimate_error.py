"""The bench ``estimate-error``: real readings hidden and estimated, and how far off each rung is.

Each rung of the interval ladder is made to fill every gap alone, where it can; then the ladder as
it is, and the ladder made to agree with the register. So the order of the rungs is judged by what
each would have done for the same gaps.

Lives here      hiding, estimating, the errors by rung, length of gap and segment, the verdict.
Lives elsewhere the ladder (``usage``), the series (``demo/real_series``), simulated homes
                (``demo/simulation``).

Two errors in percent of the energy hidden: of intervals (the sum of what each is off, which a bill
by time of use feels) and of gaps (the sum of what each gap's energy is off, which any bill feels).
Days and slots are drawn from a stated seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.demo import real_series as real
from meterledger.entrypoints.demo.simulation import HomeTraits, day_values, traits_of
from meterledger.entrypoints.wiring import book_folder
from meterledger.facts.estimates import Method
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import load_book
from meterledger.usage import (
    NOT_KNOWN,
    DayBlock,
    FillingPlan,
    agree_with_register,
    fill_missing,
)

ZONE = "America/Chicago"
DAYS = DaySpan(date(2025, 7, 28), date(2026, 5, 4))
FIRST_GAP = date(2025, 8, 27)
SEED = 20_251_102
DRAWS = 30
"""Days on which each meter has a gap, for each length."""

LENGTHS = {"1 interval": 0, "1 hour": 3600, "1 day": 86_400, "1 week": 7 * 86_400}
RUNGS = (
    "same_day",
    "like_day",
    "flat_line",
    "flat_line_with_register",
    "ladder",
    "ladder_agreed_with_register",
)
ENOUGH_PERCENT = 90
"""A rung is compared where it filled at least so many of the gaps."""


@dataclass
class Segment:
    """Meters of one kind with one interval length, day by day."""

    name: str
    interval_seconds: int
    meters: list[str]
    days: dict[date, DayBlock] = field(default_factory=dict, repr=False)


@dataclass
class Sums:
    """Watt-hours over many gaps: hidden, off by interval, off by gap; and how many gaps."""

    hidden: int = 0
    off_intervals: int = 0
    off_gaps: int = 0
    filled: int = 0
    gaps: int = 0

    def add(self, true: npt.NDArray[np.int64], made: npt.NDArray[np.int64]) -> None:
        """One gap that was filled."""
        self.hidden += int(true.sum())
        self.off_intervals += int(np.abs(made - true).sum())
        self.off_gaps += abs(int(made.sum()) - int(true.sum()))

    @property
    def interval_percent(self) -> float:
        """What intervals are off, in percent of the energy hidden."""
        return 100 * self.off_intervals / max(self.hidden, 1)

    @property
    def gap_percent(self) -> float:
        """What gaps are off, in percent of the energy hidden."""
        return 100 * self.off_gaps / max(self.hidden, 1)


def measure_estimate_error(*, accounts: int, repeat: int) -> list[Figure]:
    """Errors by segment, length and rung, and whether the ladder's order is justified.

    ``accounts`` simulated homes at most 600 are used; ``repeat`` is not: nothing is timed.
    """
    view = load_book(book_folder()).as_known(date.max)
    figures: list[Figure] = []
    verdicts: list[_Cell] = []
    for segment in segments(min(accounts, 600)):
        for length, seconds in LENGTHS.items():
            sums = _hide_and_estimate(segment, seconds, view)
            cell = _Cell(segment.name, length, sums)
            verdicts.append(cell)
            figures += cell.figures()
    return [*_verdict(verdicts), *figures]


@dataclass(frozen=True)
class _Cell:
    segment: str
    length: str
    sums: Mapping[str, Sums]

    def figures(self) -> Iterator[Figure]:
        for rung, sums in self.sums.items():
            if sums.filled == 0:
                continue  # a whole day leaves no interval beside it to go on with
            yield Figure(
                f"{self.segment}: {self.length}: {rung}",
                f"{sums.interval_percent:.1f}",
                {"gap_energy_percent": f"{sums.gap_percent:.1f}", "gaps": str(sums.filled)},
                f"percent that intervals are off; {sums.filled} of {sums.gaps} gaps filled",
            )

    def compares(self, one: str, other: str) -> bool:
        """Whether both rungs filled enough of the gaps to be compared."""
        return all(
            100 * self.sums[rung].filled >= ENOUGH_PERCENT * self.sums[rung].gaps
            for rung in (one, other)
        )

    def holds(self, one: str, other: str, error: str) -> bool:
        """Whether the earlier rung is off no more than the later one."""
        return bool(getattr(self.sums[one], error) <= getattr(self.sums[other], error))


def _verdict(cells: Sequence[_Cell]) -> Iterator[Figure]:
    """For each two rungs that follow each other: where the earlier one is the better one."""
    for one, other in (("same_day", "like_day"), ("like_day", "flat_line")):
        for name, error in (("intervals", "interval_percent"), ("energy", "gap_percent")):
            some = [cell for cell in cells if cell.compares(one, other)]
            good = [cell for cell in some if cell.holds(one, other, error)]
            where = "; ".join(f"{cell.segment}, {cell.length}" for cell in good) or "nowhere"
            word = "justified" if len(good) == len(some) else "not justified"
            yield Figure(
                f"{one}_before_{other}_by_{name}_percent",
                f"{100 * len(good) / max(len(some), 1):.0f}",
                {"cells": str(len(some)), "cells_in_which_it_holds": str(len(good))},
                f"the order is {word} by the error of {name}: it holds {where}",
            )


def _hide_and_estimate(segment: Segment, seconds: int, view: BookView) -> dict[str, Sums]:
    """Hide one gap a meter on each drawn day and let every rung fill it."""
    dice = np.random.default_rng(SEED + seconds)
    found = {rung: Sums() for rung in RUNGS}
    span = max(1, seconds // 86_400)
    last = max(segment.days) - timedelta(days=span)
    choice = [day for day in segment.days if FIRST_GAP <= day <= last]
    for place in dice.choice(len(choice), min(DRAWS, len(choice)), replace=False):
        begin = choice[int(place)]
        hidden = [begin + timedelta(days=step) for step in range(span)]
        past = {day: block for day, block in segment.days.items() if day < begin}
        made: dict[str, list[npt.NDArray[np.int32]]] = {rung: [] for rung in RUNGS}
        trues, masks = [], []
        for day in hidden:
            block = segment.days[day]
            mask = _mask(block, seconds, dice)
            trues.append(block.value)
            masks.append(mask & (block.value != MISSING_VALUE))
            for rung in RUNGS:
                made[rung].append(_filled(block, mask, past, rung, view))
        true, mask = np.concatenate(trues, axis=1), np.concatenate(masks, axis=1)
        for rung in RUNGS:
            _count(found[rung], true, np.concatenate(made[rung], axis=1), mask)
    return found


def _mask(block: DayBlock, seconds: int, dice: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Bool [N x width] the slots to hide, one run in each row."""
    width = block.width
    slots = min(width, max(1, seconds // block.interval_seconds))
    first = dice.integers(0, width - slots + 1, len(block.meters))
    column = np.arange(width)[None, :]
    return np.asarray((column >= first[:, None]) & (column < first[:, None] + slots))


def _filled(
    block: DayBlock,
    mask: npt.NDArray[np.bool_],
    past: Mapping[date, DayBlock],
    rung: str,
    view: BookView,
) -> npt.NDArray[np.int32]:
    """The day with its gaps filled by one rung alone, or by the whole ladder."""
    plan = FillingPlan.of(view, block.day)
    if not rung.startswith("ladder"):
        method = Method[rung.removesuffix("_with_register").upper()]
        plan = replace(plan, order=(method,))
    register = None
    if rung == "flat_line_with_register":
        whole = (block.value != MISSING_VALUE).all(axis=1)
        register = np.where(whole, block.value.sum(axis=1, dtype=np.int64), NOT_KNOWN)
    gap = replace(block, value=np.where(mask, np.int32(MISSING_VALUE), block.value))
    wanted = {day: past[day] for day in plan.wanted_days if day in past}
    filled = fill_missing(gap, wanted, plan, register).whole_block()
    if rung == "ladder_agreed_with_register":
        _agree(filled, block)
    return filled.value


def _agree(filled: DayBlock, true: DayBlock) -> None:
    """Make each row agree with its register: the day's true energy, where all of it is known."""
    for row in np.flatnonzero((true.value != MISSING_VALUE).all(axis=1)):
        if filled.method is not None and (filled.value[row] != MISSING_VALUE).all():
            register = int(true.value[row].sum(dtype=np.int64))
            filled.value[row] = agree_with_register(
                filled.value[row], filled.method[row], register
            ).value


def _count(
    sums: Sums,
    true: npt.NDArray[np.int32],
    made: npt.NDArray[np.int32],
    mask: npt.NDArray[np.bool_],
) -> None:
    for row in np.flatnonzero(mask.any(axis=1)):
        slots = mask[row]
        sums.gaps += 1
        if (made[row][slots] != MISSING_VALUE).all():
            sums.filled += 1
            sums.add(true[row][slots].astype(np.int64), made[row][slots].astype(np.int64))


def segments(homes: int) -> Iterator[Segment]:
    """Real homes by interval length, and simulated ones by what they have."""
    yield _of_series(
        "real homes, hourly",
        {
            "Illinois 2016": real.ILLINOIS_2016,
            "Illinois 2015": real.ILLINOIS_2015,
            "Fontana 1": real.FONTANA[0],
            "Fontana 2": real.FONTANA[1],
            "Fontana 5": real.FONTANA[2],
            "Inland": real.INLAND_HOME,
        },
    )
    yield _of_series("a real home, half-hourly", {"British home": real.UK_HOME})
    yield _of_series("a modeled home, quarter-hourly", {"NREL": real.NREL_HOME})
    traits = traits_of(np.arange(homes), seed=SEED)
    electric = traits.heating_wh_per_10_f > 8
    car = traits.car_wh > 0
    for name, chosen in (
        ("simulated homes, gas heat", ~electric & ~car),
        ("simulated homes, electric heat", electric & ~car),
        ("simulated homes with a car", car),
    ):
        yield _simulated(name, np.flatnonzero(chosen))


def _of_series(name: str, meters: Mapping[str, tuple[real.Moved, ...]]) -> Segment:
    seconds = next(iter(meters.values()))[0].series.interval_seconds
    segment = Segment(name, seconds, list(meters))
    rows = {meter: _by_day(parts, seconds) for meter, parts in meters.items()}
    for day in DAYS.days():
        width = intervals_in_day(day, ZONE, seconds)
        none = np.full(width, MISSING_VALUE, np.int32)
        value = np.stack([rows[meter].get(day, none) for meter in meters])
        segment.days[day] = DayBlock(day, ZONE, seconds, segment.meters, value)
    return segment


def _by_day(parts: tuple[real.Moved, ...], seconds: int) -> dict[date, npt.NDArray[np.int32]]:
    known = dict(one for part in parts for one in part.values(ZONE))
    found: dict[date, Any] = {}
    for day in DAYS.days():
        begin = int(day_start_utc(day, ZONE).timestamp())
        width = intervals_in_day(day, ZONE, seconds)
        row = [known.get(begin + slot * seconds, MISSING_VALUE) for slot in range(width)]
        found[day] = np.array(row, np.int32)
    return found


def _simulated(name: str, numbers: npt.NDArray[np.int64]) -> Segment:
    homes: HomeTraits = traits_of(numbers, seed=SEED)
    segment = Segment(name, 900, [f"home {number}" for number in numbers])
    for day in DAYS.days():
        value = day_values(homes, day, seed=SEED, zone_name=ZONE).astype(np.int32)
        segment.days[day] = DayBlock(day, ZONE, 900, segment.meters, value)
    return segment
