"""How much of a difference in use the weather explains, by the home's own days.

The daily use of both bills is fitted to degree days of heating and of cooling (least squares,
exact). What the fit says of the difference of their weather is the weather's; the rest is the
home's. A home whose use does not rise with cold or heat has none. It explains, and no amount rests
on it.

Lives here      the fit, and the watt-hours it ascribes to the weather.
Lives elsewhere the split in cents (``split_difference``), temperatures (``facts.weather``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

FEWEST_DAYS = 28
"""Two bills of fewer days together say too little of a home; before the book said it
(``weather_of_use_days_min``).
"""

Day = tuple[int, int]
"""Degree days of heating and of cooling of one day, in tenths of a degree Fahrenheit."""


def weather_wh(
    before: Mapping[date, int],
    after: Mapping[date, int],
    mean_tenths_f: Mapping[date, int],
    *,
    base_f: Fraction,
    fewest_days: int = FEWEST_DAYS,
) -> Fraction | None:
    """Watt-hours of the later days that the weather made more than the earlier days had.

    ``before`` and ``after`` are watt-hours by local day. None where a temperature is not known, the
    days are too few, or they were all alike.
    """
    days = {**before, **after}
    if (
        len(days) < fewest_days
        or not before
        or not after
        or not days.keys() <= mean_tenths_f.keys()
    ):
        return None
    base = int(base_f * 10)
    degrees = {
        day: (max(0, base - mean_tenths_f[day]), max(0, mean_tenths_f[day] - base)) for day in days
    }
    slopes = _slopes([(degrees[day], wh) for day, wh in sorted(days.items())])
    if slopes is None:
        return None
    found = Fraction(0)
    for kind, slope in enumerate(slopes):
        earlier = Fraction(sum(degrees[day][kind] for day in before), len(before))
        later = Fraction(sum(degrees[day][kind] for day in after), len(after))
        found += slope * (later - earlier) * len(after)
    return found


def _slopes(days: Sequence[tuple[Day, int]]) -> tuple[Fraction, Fraction] | None:
    """Watt-hours a day for each tenth of a degree day; never below zero, None if all days alike."""
    heating, cooling = _two(days)
    if heating < 0 or cooling < 0:
        # Cold and heat come at different times: what falls with one is told by the other alone.
        heating, cooling = _alone(days, 0), _alone(days, 1)
    if heating <= 0 and cooling <= 0:
        return None
    return max(heating, Fraction(0)), max(cooling, Fraction(0))


def _two(days: Sequence[tuple[Day, int]]) -> tuple[Fraction, Fraction]:
    hh, cc, hc = _co(days, 0, 0), _co(days, 1, 1), _co(days, 0, 1)
    determinant = hh * cc - hc * hc
    if determinant == 0:
        return _alone(days, 0), _alone(days, 1)
    hw, cw = _with_use(days, 0), _with_use(days, 1)
    return (hw * cc - cw * hc) / determinant, (cw * hh - hw * hc) / determinant


def _alone(days: Sequence[tuple[Day, int]], kind: int) -> Fraction:
    spread = _co(days, kind, kind)
    return _with_use(days, kind) / spread if spread else Fraction(0)


def _co(days: Sequence[tuple[Day, int]], one: int, other: int) -> Fraction:
    count = len(days)
    ones, others = sum(day[one] for day, _ in days), sum(day[other] for day, _ in days)
    return Fraction(sum(day[one] * day[other] for day, _ in days)) - Fraction(ones * others, count)


def _with_use(days: Sequence[tuple[Day, int]], kind: int) -> Fraction:
    count = len(days)
    degrees, use = sum(day[kind] for day, _ in days), sum(wh for _, wh in days)
    return Fraction(sum(day[kind] * wh for day, wh in days)) - Fraction(degrees * use, count)
