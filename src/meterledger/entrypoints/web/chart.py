"""Daily use as bars: geometry in whole numbers, for the page's SVG and the paper alike.

Lives here      the scale, its ticks, one bar for each local day or stretch of days.
Lives elsewhere drawing (``templates/web/chart.html``, ``documents``); the figures (the record).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from meterledger.entrypoints.web.words import (
    day_words,
    exact_decimal,
    kwh_words,
    short_day_words,
    span_words,
)
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan

HEIGHT = 1000
"""Units from the base line to the top tick. A bar's height is a share of it, rounded down."""

PITCH = 10
BAR = 8
MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One local day: what was used, and where it is drawn (units of the view box).

    Or ``day_count`` days from ``day`` on that were measured together: as wide as they are many,
    as high as their average, so that the area is the energy all the same.
    """

    day: date
    energy_wh: int
    x: int
    y: int
    height: int
    width: int = BAR
    day_count: int = 1

    @property
    def days_words(self) -> str:
        """``July 4, 2025``, or the span of the days."""
        if self.day_count == 1:
            return day_words(self.day)
        return span_words(DaySpan(self.day, self.day + timedelta(days=self.day_count)))

    @property
    def words(self) -> str:
        """``July 4, 2025: 32.1 kWh``; of several days their average too."""
        told = f"{self.days_words}: {kwh_words(self.energy_wh)} kWh"
        if self.day_count == 1:
            return told
        average = to_whole_half_up(Fraction(self.energy_wh, self.day_count))
        return f"{told}, about {kwh_words(average)} kWh a day"


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale: its text in kWh and how far it is from the top."""

    text: str
    y: int


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn. ``labels`` are the first, the middle and the last day."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[str, ...]
    width: int
    title: str
    summary: str


def chart_of(days: DaySpan, usage: dict[str, Any]) -> Chart:
    """The chart of a bill's usage as its record tells it."""
    if "stretches" not in usage:
        return daily_chart(days, usage["daily_wh"])
    return stretch_chart(
        [
            (
                DaySpan(date.fromisoformat(one["from"]), date.fromisoformat(one["to"])),
                one["energy_wh"],
            )
            for one in usage["stretches"]
        ]
    )


def stretch_chart(stretches: Sequence[tuple[DaySpan, int]]) -> Chart:
    """Bars of days that were measured together, each at its average day, lowest tick first."""
    averages = [Fraction(energy, days.day_count) for days, energy in stretches]
    step, count = _scale(-(-max(averages) // 1))
    top = step * count
    first = stretches[0][0].from_day
    bars = tuple(
        Bar(
            day=days.from_day,
            energy_wh=energy,
            x=(days.from_day - first).days * PITCH + (PITCH - BAR) // 2,
            y=HEIGHT - int(average * HEIGHT / top),
            height=int(average * HEIGHT / top),
            width=days.day_count * PITCH - (PITCH - BAR),
            day_count=days.day_count,
        )
        for (days, energy), average in zip(stretches, averages, strict=True)
    )
    last = stretches[-1][0].last_day
    counted = (
        "One bar for one stretch" if len(bars) == 1 else f"A bar for each of {len(bars)} stretches"
    )
    return Chart(
        bars=bars,
        ticks=_ticks(step, count),
        labels=tuple(dict.fromkeys(short_day_words(day) for day in (first, last))),
        width=((last - first).days + 1) * PITCH,
        title="Average daily use in kilowatt-hours, of days measured together",
        summary=(
            f"{counted} of days. "
            f"{'. '.join(bar.words for bar in bars[:3])}. The table below gives every stretch."
        ),
    )


def daily_chart(days: DaySpan, daily_wh: list[int]) -> Chart:
    """Bars of the window's days, lowest tick first."""
    step, count = _scale(max(daily_wh))
    top = step * count
    bars = tuple(
        Bar(
            day=days.from_day + timedelta(days=number),
            energy_wh=energy,
            x=number * PITCH + (PITCH - BAR) // 2,
            y=HEIGHT - energy * HEIGHT // top,
            height=energy * HEIGHT // top,
        )
        for number, energy in enumerate(daily_wh)
    )
    if len(bars) == 1:
        summary = f"One bar for one day. {bars[0].words}."
    else:
        most = max(bars, key=lambda bar: bar.energy_wh)
        least = min(bars, key=lambda bar: bar.energy_wh)
        summary = (
            f"A bar for each of {len(bars)} days. Most: {most.words}. Least: {least.words}. "
            "The table below gives every day."
        )
    middle = bars[len(bars) // 2].day
    return Chart(
        bars=bars,
        ticks=_ticks(step, count),
        labels=tuple(
            dict.fromkeys(short_day_words(day) for day in (bars[0].day, middle, bars[-1].day))
        ),
        width=len(bars) * PITCH,
        title="Daily use in kilowatt-hours",
        summary=summary,
    )


def _ticks(step: int, count: int) -> tuple[Tick, ...]:
    return tuple(
        Tick(_kwh_text(number * step), HEIGHT - number * step * HEIGHT // (step * count))
        for number in range(count + 1)
    )


def _scale(most_wh: int) -> tuple[int, int]:
    """The step of the scale in Wh (1, 2 or 5 times a power of ten), and how many steps it takes."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * MOST_TICKS >= most_wh:
                chosen = step * factor
                return chosen, max(1, -(-most_wh // chosen))
        step *= 10


def _kwh_text(energy_wh: int) -> str:
    return exact_decimal(Fraction(energy_wh, 1000))
