"""A provision's texts and values on a line of time: geometry in whole numbers, drawn as SVG.

Lives here      the span shown, its ticks, one bar for each text or value.
Lives elsewhere drawing (``templates/web/timeline.html``), the table that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from meterledger.kernel.span import Validity
from meterledger.kernel.written_counts import many

WHOLE = 10_000
"""The width of the drawing in hundredths of a percent."""

SHORTEST = timedelta(days=365)
MARGIN = 25
"""The days shown after the last known one are a share of the whole: one in so many."""

MOST_TICKS = 6
LAST_TICK = 9_400
"""A year further right has no room for its digits."""

CHARACTER = 105
"""The width that a character of a label takes at most, at the width of a desk."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One text or value to be drawn: the days, what stands on the bar, how it is known."""

    days: Validity
    label: str
    look: str
    words: str
    """All that the mark says, as one line."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A mark with its place, in percent of the width."""

    x: str
    width: str
    label: str
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A named row of bars."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """The first of January of a year."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that is drawn. ``today`` is where the day of asking stands."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    today: str
    summary: str


def timeline(rows: Sequence[tuple[str, Sequence[Mark]]], today: date) -> Timeline | None:
    """The rows with their marks on one scale; None where there is nothing to draw."""
    marks = [mark for _, of_row in rows for mark in of_row]
    if not marks:
        return None
    first = min(mark.days.from_day for mark in marks)
    last = max(today, *_edges(marks), first + SHORTEST)
    end = last + (last - first) // MARGIN
    scale = _Scale(first, end)
    return Timeline(
        rows=tuple(
            Row(name, tuple(scale.bar(mark) for mark in of_row)) for name, of_row in rows if of_row
        ),
        ticks=scale.ticks(),
        today=_percent(scale.at(today)),
        summary=(
            f"{many(len(marks), 'bar')} in "
            f"{many(len([name for name, of_row in rows if of_row]), 'row')}, from "
            f"{first.year} to {last.year}. The table below says the same."
        ),
    )


def _edges(marks: Iterable[Mark]) -> list[date]:
    return [edge for mark in marks for edge in (mark.days.from_day, mark.days.until_day) if edge]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Days from ``first`` to ``end`` on the width of the drawing."""

    first: date
    end: date

    def at(self, day: date) -> int:
        place = (day - self.first).days * WHOLE // (self.end - self.first).days
        return min(max(place, 0), WHOLE)

    def bar(self, mark: Mark) -> Bar:
        start = self.at(mark.days.from_day)
        until = self.at(mark.days.until_day) if mark.days.until_day else WHOLE
        width = max(until - start, WHOLE // 200)
        fits = len(mark.label) * CHARACTER + CHARACTER <= width
        label = mark.label if fits else ""
        return Bar(_percent(start), _percent(width), label, mark.look, mark.words)

    def ticks(self) -> tuple[Tick, ...]:
        years = range(self.first.year + 1, self.end.year + 1)
        step = max(1, -(-len(years) // MOST_TICKS))
        return tuple(
            Tick(_percent(self.at(date(year, 1, 1))), str(year))
            for year in years
            if (year - years[0]) % step == 0 and self.at(date(year, 1, 1)) <= LAST_TICK
        )


def _percent(hundredths: int) -> str:
    """``1234`` as ``12.34%``."""
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
