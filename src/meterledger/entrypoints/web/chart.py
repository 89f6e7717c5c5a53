"""Daily use as bars: geometry in whole numbers, for the page's SVG and the paper alike.

Lives here      the scale, its ticks, one bar for each local day.
Lives elsewhere drawing (``templates/web/chart.html``, ``pdf/bill.typ``); the figures (the record).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.entrypoints.web.words import day_words, exact_decimal, kwh_words, short_day_words
from meterledger.kernel.span import DaySpan

HEIGHT = 1000
"""Units from the base line to the top tick. A bar's height is a share of it, rounded down."""

PITCH = 10
BAR = 8
MOST_TICKS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One local day: what was used, and where it is drawn (units of the view box)."""

    day: date
    energy_wh: int
    x: int
    y: int
    height: int

    @property
    def words(self) -> str:
        """``July 4, 2025: 32.1 kWh``."""
        return f"{day_words(self.day)}: {kwh_words(self.energy_wh)} kWh"


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
    most = max(bars, key=lambda bar: bar.energy_wh)
    least = min(bars, key=lambda bar: bar.energy_wh)
    middle = bars[len(bars) // 2].day
    return Chart(
        bars=bars,
        ticks=tuple(
            Tick(_kwh_text(number * step), HEIGHT - number * step * HEIGHT // top)
            for number in range(count + 1)
        ),
        labels=tuple(
            dict.fromkeys(short_day_words(day) for day in (bars[0].day, middle, bars[-1].day))
        ),
        width=len(bars) * PITCH,
        title="Daily use in kilowatt-hours",
        summary=(
            f"A bar for each of {len(bars)} days. Most: {most.words}. Least: {least.words}. "
            "The table below gives every day."
        ),
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
    from fractions import Fraction

    return exact_decimal(Fraction(energy_wh, 1000))
