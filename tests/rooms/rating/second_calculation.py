"""A second calculation of a bill's lines, written apart from the first and as unlike it as can be.

It walks interval by interval with Python's own whole numbers and fractions, asks for each interval
on its own which local day, season, period and price it belongs to, and knows neither plans, nor
columns, nor anything of ``meterledger.rating``. It is slow and plain on purpose: where it and the
first calculation agree to the cent on every line, two people would have had to make one mistake.

Facts are plain: prices as ``(from, until or None, millionths of a dollar)``, hours as
``(from minute, until minute, period)``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

CHICAGO = ZoneInfo("America/Chicago")
Prices = tuple[tuple[date, date | None, int], ...]
Hours = tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class Charge:
    """One charge as the sheet words it."""

    kind: str  # monthly, energy, demand, rider
    prices: Prices
    season: str | None = None
    period: str | None = None
    block: str | None = None  # first, over


@dataclass(frozen=True)
class Tariff:
    """One rate option as the sheet words it."""

    charges: tuple[Charge, ...]
    periods: tuple[str, ...] = ()
    working: dict[str, Hours] = field(default_factory=dict)
    resting: dict[str, Hours] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    block_kwh: Prices = ()  # the limit in whole kWh instead of a price
    demand_minutes: tuple[int, int] = (360, 1320)
    by_number: tuple[str, ...] = ()  # seasons of the twelve billing periods of a year
    by_number_until: date | None = None  # from then on each day is of its own season
    read_on: int = 1  # the day of each month on which the meter is read

    def with_charges(self, more: Iterable[Charge]) -> Tariff:
        return replace(self, charges=(*self.charges, *more))


@dataclass(frozen=True, order=True)
class Line:
    """What two calculations must agree on."""

    from_day: date
    until_day: date
    unit: str
    price_micro: int
    quantity: Fraction  # months, kW or kWh
    cents: int


@lru_cache(maxsize=100_000)
def _local(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC).astimezone(CHICAGO)


def season_of(day: date) -> str:
    return "summer" if 6 <= day.month <= 9 else "winter"


def seasons_of(tariff: Tariff, days: Sequence[date]) -> dict[date, str]:
    """The season of each day of a bill: by its month, or all by the period of the last day."""
    if tariff.by_number:
        middle = _middle_of_period(days[-1], tariff.read_on)
        if tariff.by_number_until is None or middle < tariff.by_number_until:
            return dict.fromkeys(days, tariff.by_number[middle.month - 1])
    return {day: season_of(day) for day in days}


def _middle_of_period(day: date, read_on: int) -> date:
    """The fifteenth that lies from the reading day on or before a day until the next one."""
    begins = day
    while begins.day != read_on:
        begins -= timedelta(days=1)
    middle = begins
    while middle.day != 15:
        middle += timedelta(days=1)
    return middle


def _in_force(prices: Prices, day: date) -> int:
    """Which of the prices is in force, by number."""
    (number,) = [
        number
        for number, (start, end, _) in enumerate(prices)
        if start <= day and (end is None or day < end)
    ]
    return number


def _half_up(exact: Fraction) -> int:
    whole, rest = divmod(abs(exact), 1)
    whole += 1 if rest >= Fraction(1, 2) else 0
    return int(whole if exact >= 0 else -whole)


def months_of(day_count: int) -> Fraction:
    return Fraction(1) if 26 <= day_count <= 35 else Fraction(day_count, 30)


def second_lines(
    tariff: Tariff,
    from_day: date,
    until_day: date,
    first_epoch: int,
    seconds: int,
    values_wh: Sequence[int],
) -> list[Line]:
    """The lines of one meter's window. ``values_wh`` are consecutive intervals from its start."""
    days = [from_day + timedelta(days=n) for n in range((until_day - from_day).days)]
    seasons = seasons_of(tariff, days)
    by_day_period: dict[tuple[date, str], int] = defaultdict(int)
    by_day: dict[date, int] = defaultdict(int)
    by_clock_hour: dict[tuple[date, int, int], int] = defaultdict(int)
    for number, wh in enumerate(values_wh):
        local = _local(first_epoch + number * seconds)
        day = local.date()
        by_day[day] += wh
        by_clock_hour[day, local.hour, local.fold] += wh
        if tariff.periods:
            hours = tariff.resting if _rests(tariff, day) else tariff.working
            minute = local.hour * 60 + local.minute
            for start, end, period in hours[seasons[day]]:
                if start <= minute < end:
                    by_day_period[day, period] += wh
    assert set(by_day) == set(days), "the intervals are those of the window"

    peak_of_day: dict[date, int] = defaultdict(int)
    for (day, hour, _), wh in by_clock_hour.items():
        if tariff.demand_minutes[0] <= hour * 60 < tariff.demand_minutes[1]:
            peak_of_day[day] = max(peak_of_day[day], wh)

    months = months_of(len(days))
    lines: list[Line] = []
    for charge in tariff.charges:
        for stretch in _stretches(tariff, charge, days, seasons):
            price = charge.prices[_in_force(charge.prices, stretch[0])][2]
            share = months * Fraction(len(stretch), len(days))
            per_unit = Fraction(price, 1_000_000)
            if charge.kind == "monthly":
                unit, quantity, usd = "month", share, share * per_unit
            elif charge.kind == "demand":
                unit = "kW"
                quantity = Fraction(max(peak_of_day[day] for day in stretch), 1000)
                usd = quantity * per_unit * share
            else:
                unit = "kWh"
                quantity = Fraction(
                    _energy(tariff, charge, stretch, share, by_day, by_day_period), 1000
                )
                usd = quantity * per_unit
            if unit != "month" and quantity == 0:
                continue
            end = stretch[-1] + timedelta(days=1)
            lines.append(Line(stretch[0], end, unit, price, quantity, _half_up(usd * 100)))
    return sorted(lines)


def _rests(tariff: Tariff, day: date) -> bool:
    return day.isoweekday() in (6, 7) or day in tariff.holidays


def _stretches(
    tariff: Tariff, charge: Charge, days: list[date], seasons: dict[date, str]
) -> list[list[date]]:
    """Runs of days in the charge's season with one price, and one set of block prices."""
    runs: list[list[date]] = []
    before = None
    for day in days:
        if charge.season is not None and seasons[day] != charge.season:
            before = None
            continue
        key: tuple[int, ...] = (_in_force(charge.prices, day),)
        if charge.block:
            key += (_in_force(tariff.block_kwh, day),)
            for other in tariff.charges:
                if other.block and other.season == charge.season:
                    key += (_in_force(other.prices, day),)
        if key == before:
            runs[-1].append(day)
        else:
            runs.append([day])
        before = key
    return runs


def _energy(
    tariff: Tariff,
    charge: Charge,
    stretch: list[date],
    share: Fraction,
    by_day: dict[date, int],
    by_day_period: dict[tuple[date, str], int],
) -> int:
    """Watt-hours that the charge prices on these days."""
    if charge.period is None:
        of_period = sum(by_day[day] for day in stretch)
    else:
        of_period = sum(by_day_period[day, charge.period] for day in stretch)
    if charge.block is None:
        return of_period
    limit_kwh = tariff.block_kwh[_in_force(tariff.block_kwh, stretch[0])][2]
    limit_wh = int(limit_kwh * 1000 * share // 1)
    all_wh = sum(by_day[day] for day in stretch)
    first = min(all_wh, limit_wh)
    if charge.period is not None and all_wh:
        # The block is shared by energy; each period's part ends at the floor of the running share.
        number = tariff.periods.index(charge.period)
        upto = [sum(by_day_period[day, p] for day in stretch for p in tariff.periods[:n])
                for n in (number, number + 1)]  # fmt: skip
        first = first * upto[1] // all_wh - first * upto[0] // all_wh
    return first if charge.block == "first" else of_period - first
