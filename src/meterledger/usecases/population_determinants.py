"""Determinants of one meter or of all, for any window and schedule: what would be priced.

Lives here      the plan of the window, the lake's scan into its sums, the meters that need the
                slower way, multipliers, and what is missing.
Lives elsewhere reading (``stores``), the sums (``rating``), holding a bill for a gap (``usage``).
Read first      facts/stored.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt

from meterledger.billing import periods_of
from meterledger.facts.places import MeterInstallation
from meterledger.facts.stored import StoredDays, UInt64Array, meter_names, meter_numbers
from meterledger.facts.usage import BoolArray, Int64Array, UsageBatch
from meterledger.kernel.local_days import seconds_in_day
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.rating import IntervalTooLong, PopulationSums, Proration, RatePlan, plan_window
from meterledger.rulebook.book import BookView
from meterledger.usecases.ports import MetersRefused

OTHERS_AT_ONCE = 2048
"""Meters asked for in one question where they are no plain rows of files."""


class DaysNotKnown(Refusal):
    """Nothing is known of a meter, or of some day of the window."""


class MultiplierChanges(Refusal):
    """A meter's multiplier is another on some days of the window."""


class StoredScan(Protocol):
    """What the lake has of a window: all meters, and the days of most of them ready to be read."""

    meters: UInt64Array
    others: Int64Array
    told: BoolArray
    lengths: tuple[int, ...]

    @property
    def interval_seconds(self) -> Int64Array:
        """The interval length of each meter, Int64 [N]."""

    @property
    def bucket_count(self) -> int:
        """How many parts ``read`` tells progress of."""

    def read(
        self,
        take: Callable[[StoredDays], None],
        *,
        with_quality: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Hand every day that counts to ``take`` once, from several threads."""


class ScanningLake(Protocol):
    """What is asked of the lake."""

    def scan(
        self, days: DaySpan, *, at_sequence: int, meters: Sequence[str] | None = None
    ) -> StoredScan:
        """The population's days as they lie there; with ``meters``, of those only."""

    def usage(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> list[UsageBatch]:
        """Usage of a few meters, or the refusals of those that have none to give."""


@dataclass(frozen=True)
class PopulationDeterminants:
    """The determinants of N meters, and what they stand on.

    ``numbers``   UInt64 [N] the meters' pseudonyms as numbers, in the order of the lake's buckets
    ``sums``      energy, highest hour, intervals present and estimated, multipliers applied
    ``missing``   Int32 [N] intervals of the window that have no value
    ``refused``   by row: why nothing can be said of a meter; its sums count for nothing
    """

    plan: RatePlan
    at_sequence: int
    numbers: UInt64Array
    sums: PopulationSums
    missing: npt.NDArray[np.int32]
    refused: Mapping[int, Refusal]

    @property
    def complete(self) -> BoolArray:
        """Bool [N] whether every interval of the window has a value."""
        given = np.ones(len(self.numbers), dtype=bool)
        given[list(self.refused)] = False
        return np.asarray(given & (self.missing == 0))

    def names(self) -> list[str]:
        """The meters' pseudonyms, by row."""
        return meter_names(self.numbers)

    def by_season(self) -> tuple[tuple[str, ...], Int64Array, Int64Array]:
        """The plan's segments joined to seasons: their names, energy and highest hours.

        Energy is Int64 [N x seasons x periods] watt-hours, the highest hour Int64 [N x seasons].
        """
        seasons = tuple(dict.fromkeys(segment.season for segment in self.plan.segments))
        count, periods = len(self.numbers), len(self.plan.periods)
        energy_wh = np.zeros((count, len(seasons), periods), dtype=np.int64)
        peak_wh = np.zeros((count, len(seasons)), dtype=np.int64)
        for number, segment in enumerate(self.plan.segments):
            season = seasons.index(segment.season)
            energy_wh[:, season] += self.sums.energy_wh[:, number]
            peak_wh[:, season] = np.maximum(peak_wh[:, season], self.sums.peak_wh[:, number])
        return seasons, energy_wh, peak_wh


def population_determinants(
    *,
    schedule: str,
    window: DaySpan,
    view: BookView,
    lake: ScanningLake,
    at_sequence: int,
    meters: Mapping[str, str] | None = None,
    installations: Iterable[MeterInstallation] = (),
    pseudonym_of: Callable[[str], str] = str,
    with_quality: bool = False,
    progress: Callable[[int], None] | None = None,
) -> PopulationDeterminants:
    """Sum every meter's intervals into the periods, seasons and demand hours of a schedule.

    All meters of the lake, unless some are given (pseudonym to the number a person knows).
    ``installations`` give multipliers; a meter without one is taken as it was measured.

    :raises NoRuleInForce: if the book has no schedule, calendar or price on a day of the window
    :raises DaysNotKnown: if nothing is known of a day of the window, or of a meter that was given
    """
    plan = plan_window(
        view=view,
        schedule_code=schedule,
        window=window,
        proration=Proration(Fraction(1)),
        period_of=periods_of(view, None, window),
    )
    found = sum_population(
        plan,
        lake=lake,
        at_sequence=at_sequence,
        meters=None if meters is None else list(meters),
        with_quality=with_quality,
        progress=progress,
    )
    _refuse_unknown(found, meters or {})
    multipliers = _multipliers(installations, window, pseudonym_of)
    return _multiplied(found, multipliers) if multipliers else found


def sum_population(
    plan: RatePlan,
    *,
    lake: ScanningLake,
    at_sequence: int,
    meters: Sequence[str] | None = None,
    with_quality: bool = False,
    progress: Callable[[int], None] | None = None,
) -> PopulationDeterminants:
    """The sums of a plan's window as the lake knew it at a sequence, before multipliers.

    :raises DaysNotKnown: if all meters are asked for and none has some day of the window
    """
    scan = lake.scan(plan.window, at_sequence=at_sequence, meters=meters)
    if meters is None:
        _refuse_unknown_days(plan.window, scan.told)
    sums = PopulationSums(plan, len(scan.meters))
    too_long = _too_long(sums, scan.lengths)

    def take(part: StoredDays) -> None:
        if part.interval_seconds not in too_long:
            sums.add(part)

    scan.read(take, with_quality=with_quality, progress=progress)
    refused: dict[int, Refusal] = {}
    for seconds, refusal in too_long.items():
        rows = np.flatnonzero(scan.interval_seconds == seconds)
        refused |= dict.fromkeys(rows.tolist(), refusal)
    if len(scan.lengths) == 1 and not len(scan.others):
        missing = _slots(plan, scan.lengths[0]) - sums.present
    else:
        widths = scan.interval_seconds.copy()
        for first in range(0, len(scan.others), OTHERS_AT_ONCE):
            rows = scan.others[first : first + OTHERS_AT_ONCE]
            names = meter_names(scan.meters[rows])
            refused |= _add_others(sums, widths, rows, names, lake, at_sequence)
        missing = -sums.present
        for seconds in np.unique(widths).tolist():
            missing[widths == seconds] += _slots(plan, seconds)
    return PopulationDeterminants(
        plan=plan,
        at_sequence=at_sequence,
        numbers=scan.meters,
        sums=sums,
        missing=missing,
        refused=refused,
    )


def _refuse_unknown_days(window: DaySpan, told: BoolArray) -> None:
    silent = [day for day, known in zip(window.days(), told, strict=True) if not known]
    if silent:
        many = f", and of {len(silent) - 1} more days" if len(silent) > 1 else ""
        raise DaysNotKnown(
            f"No interval of any meter is known of {silent[0]}{many}",
            where=f"window {window}",
            why="Determinants of days that nobody has measured would be zeros that somebody pays",
            do="Ingest the readings of these days, or choose days that are known",
        )


def _too_long(sums: PopulationSums, lengths: Sequence[int]) -> dict[int, IntervalTooLong]:
    """The interval lengths of the population that the schedule cannot use, and why.

    Lengths that do not tile some day are no business of the sums: the lake refuses those meters.
    """
    plan, found = sums.plan, {}
    for seconds in lengths:
        if any(seconds_in_day(day, plan.zone) % seconds for day in plan.window.days()):
            continue
        try:
            sums.prepare(sums.plan.window, seconds)
        except IntervalTooLong as refusal:
            found[seconds] = refusal
    return found


def _add_others(
    sums: PopulationSums,
    widths: Int64Array,
    rows: Int64Array,
    names: Sequence[str],
    lake: ScanningLake,
    at_sequence: int,
) -> dict[int, Refusal]:
    """Add meters that are no plain rows of files; the refusals of those that cannot be."""
    row_of = dict(zip(names, rows.tolist(), strict=True))
    refused: dict[int, Refusal] = {}
    asked = list(names)
    batches: list[UsageBatch] = []
    while asked:
        try:
            batches = lake.usage(asked, sums.plan.window, at_sequence=at_sequence)
            break
        except MetersRefused as some:
            refused |= {row_of[meter]: refusal for meter, refusal in some.by_meter.items()}
            asked = [meter for meter in asked if meter not in some.by_meter]
    for batch in batches:
        places = np.array([row_of[meter] for meter in batch.meters], dtype=np.int64)
        widths[places] = batch.interval_seconds
        try:
            sums.add_batch(batch, places)
        except IntervalTooLong as refusal:
            refused |= dict.fromkeys(places.tolist(), refusal)
    return refused


def _slots(plan: RatePlan, seconds: int) -> int:
    """How many intervals of that length the window has."""
    days = (seconds_in_day(day, plan.zone) for day in plan.window.days())
    return sum(max(1, day // seconds) for day in days)


def _refuse_unknown(found: PopulationDeterminants, meters: Mapping[str, str]) -> None:
    rows = dict(zip(found.names(), range(len(found.numbers)), strict=True)) if meters else {}
    for meter, told in meters.items():
        row = rows[meter]
        if row not in found.refused and not found.sums.present[row]:
            raise DaysNotKnown(
                f"Nothing is known of meter {told} from {found.plan.window}",
                why="A meter that says nothing has no determinants, not even zeros",
                do="Check the meter's number and the days, or ingest its readings",
            )


def _multipliers(
    installations: Iterable[MeterInstallation],
    window: DaySpan,
    pseudonym_of: Callable[[str], str],
) -> dict[str, set[int]]:
    """Multipliers of the window's days by pseudonym, of meters that have one beside 1."""
    by_meter: dict[str, set[int]] = {}
    for one in installations:
        if one.days.within(window) is not None:
            by_meter.setdefault(one.meter_id, set()).add(one.multiplier)
    return {pseudonym_of(meter): found for meter, found in by_meter.items() if found != {1}}


def _multiplied(
    found: PopulationDeterminants, multipliers: Mapping[str, set[int]]
) -> PopulationDeterminants:
    row_of = {number: row for row, number in enumerate(found.numbers.tolist())}
    numbers = meter_numbers(list(multipliers)).tolist()
    factors = np.ones(len(found.numbers), dtype=np.int64)
    refused = dict(found.refused)
    for number, several in zip(numbers, multipliers.values(), strict=True):
        row = row_of.get(number)
        if row is None:
            continue
        if len(several) > 1:
            words = " and ".join(str(one) for one in sorted(several))
            refused[row] = MultiplierChanges(
                f"A meter has the multipliers {words} from {found.plan.window}",
                do="Ask for the days before and after the change apart",
            )
            factors[row] = 0
        else:
            factors[row] = next(iter(several))
    found.sums.multiply(factors)
    return PopulationDeterminants(
        plan=found.plan,
        at_sequence=found.at_sequence,
        numbers=found.numbers,
        sums=found.sums,
        missing=found.missing,
        refused=refused,
    )
