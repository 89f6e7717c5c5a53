"""A meter's day against its history: geometry in whole numbers, for the page's SVG.

Lives here      the scale with its zero, a bar for each interval, the line of what is usual.
Lives elsewhere drawing (``templates/web/usage_chart.html``), figures (``usecases/review_usage``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from meterledger.facts.estimates import Method
from meterledger.kernel.local_days import day_start_utc, zone
from meterledger.usecases.review_usage import DayToReview

HEIGHT = 1000
PITCH = 10
BAR = 8
MOST_TICKS = 4
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class IntervalBar:
    """One interval: its number, its time on the clock, what is known of it, where it is drawn.

    ``kind`` is ``received``, ``estimated``, ``edited`` or ``missing``; a missing one is drawn over
    the whole height, so that it is seen without color.
    """

    number: int
    time: str
    wh: int | None
    usual_wh: int | None
    kind: str
    x: int
    y: int
    height: int

    @property
    def words(self) -> str:
        """``10:15: 240 Wh (estimated), usually 231 Wh``."""
        told = "no value" if self.wh is None else f"{self.wh:,} Wh"
        how = "" if self.kind in ("received", "missing") else f" ({self.kind})"
        usual = "" if self.usual_wh is None else f", usually {self.usual_wh:,} Wh"
        return f"{self.time}: {told}{how}{usual}"


@dataclass(frozen=True, slots=True)
class DayChart:
    """All that is drawn. ``line`` has the points of what is usual, as SVG writes them."""

    bars: tuple[IntervalBar, ...]
    lines: tuple[str, ...]
    ticks: tuple[tuple[str, int], ...]
    labels: tuple[str, ...]
    width: int
    zero_y: int
    title: str
    summary: str
    kinds: tuple[str, ...]


def interval_times(item: DayToReview, zone_name: str) -> tuple[str, ...]:
    """The time on the clock at which each interval begins; an hour's second time says so."""
    begin = day_start_utc(item.day, zone_name)
    told = []
    for number in range(len(item.values)):
        local = begin + timedelta(seconds=number * item.interval_seconds)
        local = local.astimezone(zone(zone_name))
        told.append(f"{local:%H:%M}" + (" again" if local.fold else ""))
    return tuple(told)


def day_chart(item: DayToReview, zone_name: str) -> DayChart | None:
    """The chart of a day; None where there is nothing to draw."""
    if not item.values:
        return None
    usual = item.usual or (None,) * len(item.values)
    known = [wh for wh in (*item.values, *usual) if wh is not None]
    low, high, step = _scale(min([0, *known]), max([1, *known]))
    span = high - low

    def down(wh: int) -> int:
        return HEIGHT - (wh - low) * HEIGHT // span

    times = interval_times(item, zone_name)
    bars = tuple(
        IntervalBar(
            number=number,
            time=times[number],
            wh=wh,
            usual_wh=usual[number],
            kind=_kind(wh, item.methods[number]),
            x=number * PITCH + (PITCH - BAR) // 2,
            y=0 if wh is None else min(down(wh), down(0)),
            height=HEIGHT if wh is None else abs(down(wh) - down(0)),
        )
        for number, wh in enumerate(item.values)
    )
    quarter = max(1, len(bars) // QUARTERS)
    present = [one for one in bars if one.wh is not None]
    most = max(present, key=lambda one: one.wh or 0, default=None)
    missing = sum(one.wh is None for one in bars)
    each = "One bar for one interval"
    if len(bars) > 1:
        each = f"A bar for each of {len(bars)} intervals"
    summary = f"{each}, and a line for what is usual."
    if most is not None:
        summary += f" Most: {most.words}."
    if missing:
        summary += f" {missing} {'has' if missing == 1 else 'have'} no value."
    return DayChart(
        bars=bars,
        lines=tuple(_lines(usual, down)),
        ticks=tuple((f"{wh:,}", down(wh)) for wh in range(low, high + 1, step)),
        labels=(*(times[number] for number in range(0, len(bars), quarter)), "24:00"),
        width=len(bars) * PITCH,
        zero_y=down(0),
        title="Watt-hours of each interval, against the same weekday of four weeks before",
        summary=f"{summary} The table below gives every interval.",
        kinds=tuple(dict.fromkeys(one.kind for one in bars)),
    )


def _kind(wh: int | None, method: Method) -> str:
    if wh is None:
        return "missing"
    if method is Method.AS_RECEIVED:
        return "received"
    return "edited" if method is Method.EDITED else "estimated"


def _lines(usual: Sequence[int | None], down: Callable[[int], int]) -> list[str]:
    found: list[list[str]] = [[]]
    for number, wh in enumerate(usual):
        if wh is None:
            found.append([])
        else:
            found[-1].append(f"{number * PITCH + PITCH // 2},{down(wh)}")
    return [" ".join(points) for points in found if len(points) > 1]


def _scale(lowest: int, highest: int) -> tuple[int, int, int]:
    """Round bounds that are multiples of a step (1, 2 or 5 times a power of ten), and the step."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            chosen = step * factor
            below, above = lowest // chosen, -(-highest // chosen)
            if above - below <= MOST_TICKS:
                return below * chosen, above * chosen, chosen
        step *= 10
