"""Checks of one meter's reactive energy before a bill charges for it: no reading is changed.

Spikes and values below zero are found by the checks of a meter's day (``validation``), with the
thresholds of the reactive channel; what needs the energy beside it is found here.

Lives here      the thresholds; a doubtful power factor, a copied channel, a unit or a multiplier.
Lives elsewhere reading the lake and what becomes of a doubt (``usecases/doubted_reactive``).
Read first      tariffs/prairie_light_example/validation/README.md.

Whole numbers only. Var-hours stand where watt-hours do: the lake gives both in one form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from math import isqrt, lcm

import numpy as np

from meterledger.facts.usage import BoolArray, DayValues, Int64Array, UsageBatch
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc, zone
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usage.validation import validate_day
from meterledger.usage.validation_facts import Check, DayBlock, History, Source
from meterledger.usage.validation_terms import Limit, UnknownCheck, ValidationTerms

HOUR = 3600
LARGEST_VALUE = 2**31 - 1
"""What a value of a day's block can be: what is beyond it stays the highest of its day."""


class ReactiveCheck(Enum):
    """The checks, by their words in ``validation_reactive_checks``."""

    NEGATIVE = "negative"
    SPIKE = "spike"
    POWER_FACTOR = "power_factor"
    UNIT = "unit"
    MULTIPLIER = "multiplier"

    @property
    def code(self) -> str:
        """The code of what holds a bill."""
        return f"usage.reactive_{self.value}"


class UnusableReactiveThreshold(Refusal):
    """A threshold of the reactive channel cannot be what it says."""


CHECKS = "validation_reactive_checks"
SPIKE, FLOOR = "validation_reactive_spike_percent", "validation_reactive_floor_var"
FACTOR, LOWEST = "validation_reactive_factor", "validation_reactive_power_factor_percent"
BOUNDS = {SPIKE: (0, 10**5), FLOOR: (0, 10**9), LOWEST: (0, 99), FACTOR: (2, 10**5)}


def reactive_values(known: Iterable[str]) -> frozenset[str]:
    """Those of the names that are thresholds of reactive energy."""
    return frozenset({CHECKS, *BOUNDS} & set(known))


@dataclass(frozen=True, slots=True)
class ReactiveTerms:
    """The checks that are made on one day, and their thresholds, each with its clause."""

    made: frozenset[ReactiveCheck]
    limits: dict[str, int]
    citations: dict[str, Citation]
    of_days: ValidationTerms
    """The same as the checks of a meter's day take them."""

    @classmethod
    def of(cls, view: BookView, day: date) -> ReactiveTerms:
        """The thresholds on a day.

        :raises NoSuchValue: if the book does not know one of them at all
        :raises NoRuleInForce: if one of them has no value on the day
        :raises UnknownCheck: if the list names a check that there is not
        :raises UnusableReactiveThreshold: if a threshold is too small or too large to be one
        """
        terms = Terms(view, day)
        words = terms.listing(CHECKS)
        made = frozenset(_check(word, day) for word in words.value)
        limits, citations = {}, {CHECKS: words.citation}
        for name, (least, most) in BOUNDS.items():
            found = terms.whole(name)
            limits[name], citations[name] = found.value, found.citation
            if not least <= found.value <= most:
                raise UnusableReactiveThreshold(
                    f"'{name}' is {found.value} on {day}",
                    where=view.file_of(name),
                    why=f"It can be {least} to {most}",
                    do="Correct the value",
                )
        return cls(made, limits, citations, _of_days(made, limits, day))


def _check(word: str, day: date) -> ReactiveCheck:
    try:
        return ReactiveCheck(word)
    except ValueError:
        raise UnknownCheck(
            f"'{CHECKS}' names the check '{word[:40]}' on {day}, and there is none",
            where="validation file",
            do=f"Name checks of {', '.join(one.value for one in ReactiveCheck)}",
        ) from None


def _of_days(made: frozenset[ReactiveCheck], limits: dict[str, int], day: date) -> ValidationTerms:
    row = np.zeros((len(Source), len(Limit)), dtype=np.int64)
    row[:, Limit.SPIKE_PERCENT] = limits[SPIKE]
    row[:, Limit.SPIKE_FLOOR_WATTS] = limits[FLOOR]
    bits = 0
    for one, check in (
        (ReactiveCheck.NEGATIVE, Check.NEGATIVE),
        (ReactiveCheck.SPIKE, Check.SPIKE),
    ):
        bits |= (1 << check) if one in made else 0
    return ValidationTerms(
        day=day,
        limits=row,
        made=np.full(len(Source), bits, dtype=np.int64),
        holding=bits,
        deferred=0,
        noted=0,
        names={},
    )


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why reactive energy is not billed as it stands: which, and the threshold it went beyond.

    ``at`` is the place of the interval where it is about one: its day's number and its slot.
    """

    check: ReactiveCheck
    sentence: str
    limit: str
    evidence: tuple[tuple[str, str], ...] = ()
    at: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class DaysBefore:
    """Var-hours and watt-hours of the same meter in the days before, as many as the window has."""

    reactive_varh: int
    energy_wh: int


def doubts_of(
    reactive: UsageBatch, energy: UsageBatch, before: DaysBefore | None, terms: ReactiveTerms
) -> list[Doubt]:
    """What is doubtful of one meter's reactive energy, in order of time, with every interval.

    Both batches are of that meter alone, of the same days, complete, and through its multiplier.
    ``before`` None means that the days before are not known: nothing is compared with them.

    :raises InvariantBroken: if the batches are of several meters, or of different days
    """
    ensure(len(reactive.meters) == len(energy.meters) == 1, "the reactive energy of one meter")
    ensure(
        [one.day for one in reactive.days] == [one.day for one in energy.days],
        "reactive energy and energy are of the same days",
    )
    found = _unit(reactive, energy, terms)
    if before is not None:
        found += _multiplier(reactive, energy, before, terms)
    is_unit = any(one.check is ReactiveCheck.UNIT for one in found)
    for number, values in enumerate(reactive.days):
        found += _of_day(number, values, reactive, terms)
        if not is_unit and ReactiveCheck.POWER_FACTOR in terms.made:
            found += _power_factors(number, reactive, energy, terms)
    return found


# ---------------------------------------------------------------------- by the channel alone


def _of_day(
    number: int, values: DayValues, reactive: UsageBatch, terms: ReactiveTerms
) -> list[Doubt]:
    """Spikes, and values below zero, by the checks of a meter's day."""
    seconds = reactive.interval_seconds
    clipped = np.clip(values.energy_wh, -LARGEST_VALUE, LARGEST_VALUE).astype(np.int32)
    block = DayBlock(values.day, reactive.zone, seconds, reactive.meters, clipped)
    seen = validate_day(block, History.none(1), terms.of_days)
    bits, row = int(seen.found[0]), values.energy_wh[0]
    found: list[Doubt] = []
    if bits & (1 << Check.NEGATIVE):
        below = np.flatnonzero(row < 0)
        first, count = int(below[0]), len(below)
        noun = "reading of reactive energy is" if count == 1 else "readings of reactive energy are"
        found.append(
            Doubt(
                ReactiveCheck.NEGATIVE,
                f"{count} {noun} below zero, the first one of {_when(reactive, number, first)} "
                f"({int(row[first])} varh)",
                CHECKS,
                (("below zero", str(count)), ("day", values.day.isoformat())),
            )
        )
    if bits & (1 << Check.SPIKE):
        third = int(np.sort(row)[-3])
        floor = terms.limits[FLOOR] * seconds // HOUR
        beyond = (row > floor) & ((row - third) * 100 > terms.limits[SPIKE] * third)
        found += [
            Doubt(
                ReactiveCheck.SPIKE,
                f"the reading of {_when(reactive, number, slot)} has "
                f"{_kvar(int(row[slot]), seconds)} kvar, where the third highest of its day has "
                f"{_kvar(third, seconds)} kvar",
                SPIKE,
                (
                    ("reading", _when(reactive, number, slot)),
                    ("kvar", _kvar(int(row[slot]), seconds)),
                    ("third highest of the day, kvar", _kvar(third, seconds)),
                    (FLOOR, str(terms.limits[FLOOR])),
                ),
                (number, slot),
            )
            for slot in np.flatnonzero(beyond).tolist()
        ]
    return found


# ------------------------------------------------------------------------ beside the energy


def _power_factors(
    number: int, reactive: UsageBatch, energy: UsageBatch, terms: ReactiveTerms
) -> list[Doubt]:
    """Intervals whose reactive energy cannot belong to the energy beside it."""
    seconds = lcm(reactive.interval_seconds, energy.interval_seconds)
    vars_, watts = _summed(reactive, number, seconds), _summed(energy, number, seconds)
    floor = terms.limits[FLOOR] * seconds // HOUR
    slots = np.flatnonzero(vars_ > floor).tolist()
    each = seconds // reactive.interval_seconds
    found: list[Doubt] = []
    for slot in slots:
        varh, wh = int(vars_[slot]), max(int(watts[slot]), 0)
        if not _is_below(varh, wh, terms):
            continue
        told = _when(reactive, number, slot * each)
        shown = (_kvar(varh, seconds), _kvar(wh, seconds))
        sentence = (
            f"the reading of {told} has {shown[0]} kvar beside {shown[1]} kW: a power factor of "
            f"{_factor(varh, wh)}, below {_percent(terms.limits[LOWEST])}"
        )
        evidence = (
            ("reading", told),
            ("kvar", shown[0]),
            ("kW", shown[1]),
            ("power factor", _factor(varh, wh)),
            (FLOOR, str(terms.limits[FLOOR])),
        )
        found += [
            Doubt(
                ReactiveCheck.POWER_FACTOR, sentence, LOWEST, evidence, (number, slot * each + one)
            )
            for one in range(each)
        ]
    return found


def _unit(reactive: UsageBatch, energy: UsageBatch, terms: ReactiveTerms) -> list[Doubt]:
    """The whole channel: a copy of the energy, or a power factor that no window has."""
    if ReactiveCheck.UNIT not in terms.made:
        return []
    varh, wh = int(reactive.total_wh[0]), max(int(energy.total_wh[0]), 0)
    if varh > 0 and _is_copy(reactive, energy):
        return [
            Doubt(
                ReactiveCheck.UNIT,
                "every reading of reactive energy is the number that the energy beside it has: "
                "one channel was sent under two units",
                CHECKS,
                (("kvarh", _thousandths(varh)), ("kWh", _thousandths(wh))),
            )
        ]
    if _is_small(varh, reactive, terms) or not _is_below(varh, wh, terms):
        return []
    return [
        Doubt(
            ReactiveCheck.UNIT,
            f"the window has {_thousandths(varh)} kvarh beside {_thousandths(wh)} kWh: a power "
            f"factor of {_factor(varh, wh)}, below {_percent(terms.limits[LOWEST])}, as of a wrong "
            "unit or multiplier",
            LOWEST,
            (("kvarh", _thousandths(varh)), ("kWh", _thousandths(wh))),
        )
    ]


def _is_copy(reactive: UsageBatch, energy: UsageBatch) -> bool:
    return reactive.interval_seconds == energy.interval_seconds and all(
        np.array_equal(one.energy_wh, other.energy_wh)
        for one, other in zip(reactive.days, energy.days, strict=True)
    )


def _multiplier(
    reactive: UsageBatch, energy: UsageBatch, before: DaysBefore, terms: ReactiveTerms
) -> list[Doubt]:
    """Reactive energy to a kWh against the days before: off by a factor, either way."""
    now = (int(reactive.total_wh[0]), int(energy.total_wh[0]))
    was = (before.reactive_varh, before.energy_wh)
    if ReactiveCheck.MULTIPLIER not in terms.made or min(*now, *was) <= 0:
        return []
    factor = terms.limits[FACTOR]
    more, less = now[0] * was[1], was[0] * now[1]  # the ratios, each times both energies
    if more < factor * less and less < factor * more:
        return []
    if _is_small(max(now[0], was[0]), reactive, terms):
        return []
    shown = (_ratio(*now), _ratio(*was))
    return [
        Doubt(
            ReactiveCheck.MULTIPLIER,
            f"it has {shown[0]} kvarh to a kWh, and the days before had {shown[1]}: off by "
            f"{factor} times or more, as by a unit or a multiplier",
            FACTOR,
            (("kvarh to a kWh", shown[0]), ("kvarh to a kWh in the days before", shown[1])),
        )
    ]


def _is_small(varh: int, window: UsageBatch, terms: ReactiveTerms) -> bool:
    """Whether the mean reactive demand of the window lies at or below the floor."""
    slots = sum(len(one.energy_wh[0]) for one in window.days)
    seconds = slots * window.interval_seconds
    return varh * HOUR <= terms.limits[FLOOR] * seconds


def _is_below(varh: int, wh: int, terms: ReactiveTerms) -> bool:
    """Whether the power factor lies below the lowest that is believed; exactly, in squares."""
    share = terms.limits[LOWEST]
    squares = wh * wh + varh * varh
    return wh * wh * 10_000 < share * share * squares


def _summed(usage: UsageBatch, number: int, seconds: int) -> Int64Array:
    each = seconds // usage.interval_seconds
    summed: Int64Array = usage.days[number].energy_wh[0].reshape(-1, each).sum(axis=1)
    return summed


def without(reactive: UsageBatch, doubts: Iterable[Doubt]) -> UsageBatch:
    """The reactive energy with nothing in the intervals that are doubted."""
    masks: dict[int, BoolArray] = {}
    for doubt in doubts:
        if doubt.at is not None:
            number, slot = doubt.at
            blank = np.zeros_like(reactive.days[number].missing)
            masks.setdefault(number, blank)[0, slot] = True
    days = [DayValues(one.day, one.energy_wh, one.missing) for one in reactive.days]
    for number, mask in masks.items():
        one = days[number]
        days[number] = replace(one, energy_wh=np.where(mask, 0, one.energy_wh))
    return replace(reactive, days=tuple(days))


# ---------------------------------------------------------------------------------- in words


def _when(usage: UsageBatch, number: int, slot: int) -> str:
    """The begin of an interval as a clock at the utility shows it."""
    begin = day_start_utc(usage.days[number].day, usage.zone)
    at: datetime = begin + timedelta(seconds=slot * usage.interval_seconds)
    return f"{at.astimezone(UTC).astimezone(zone(usage.zone)):%Y-%m-%d %H:%M}"


def _kvar(of_hours: int, seconds: int) -> str:
    """Thousands of vars, or of watts, from var-hours or watt-hours of an interval."""
    return _thousandths(of_hours * HOUR // seconds)


def _thousandths(number: int) -> str:
    whole, rest = divmod(number, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") if rest else str(whole)


def _factor(varh: int, wh: int) -> str:
    """The power factor in hundredths, rounded down."""
    return _percent(isqrt(10_000 * wh * wh // max(wh * wh + varh * varh, 1)))


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _ratio(varh: int, wh: int) -> str:
    thousandths = varh * 1000 // wh
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"
