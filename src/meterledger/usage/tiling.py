"""Intervals of whatever lengths: do they fill a window exactly, and what does a bill stand on then?

Lives here      a window without gap, overlap or an interval across its edge, or the sentence that
                holds it; multipliers and whole watt-hours; describing such usage.
Lives elsewhere whole local days of many meters (``complete``), estimation (GRR V.E), pricing
                (``rating``), where intervals are kept (``stores``).
Read first      facts/usage.py; docs/decisions/0011-intervals-of-any-length.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise

from meterledger.facts.bills import BilledUsage, Stretch
from meterledger.facts.usage import KnownInterval, TiledInterval, TiledUsage, window_seconds
from meterledger.kernel.local_days import day_start_utc, local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usage.estimated import estimated_tiled

LARGEST_WH = 2**62
"""Below this a window's energy, and its sums, stay in 64 bits."""


class UsageNotTiled(Refusal):
    """The intervals that are known do not fill the window exactly."""


class WindowHasGap(UsageNotTiled):
    """Nothing is known of some part of the window."""


class IntervalCrossesEdge(UsageNotTiled):
    """An interval lies partly inside the window and partly outside."""


class IntervalsOverlap(UsageNotTiled):
    """Two intervals are about the same time."""


class EnergyTooLarge(UsageNotTiled):
    """The window's energy is more than any meter's."""


def tile_window(
    known: Iterable[KnownInterval],
    *,
    days: DaySpan,
    zone: str,
    meter: str,
    multiplier: int = 1,
) -> TiledUsage:
    """The intervals that lie in the window, if they tile it; each watt-hour counts once.

    Energy finer than watt-hours is cut to whole ones as a running sum over the window, as in whole
    days: the window's energy is the exact one, rounded down once. The multiplier comes after.

    :raises IntervalCrossesEdge: naming the interval that begins before or ends after the window
    :raises IntervalsOverlap: naming two intervals about the same time
    :raises WindowHasGap: naming the first stretch of which nothing is known
    :raises EnergyTooLarge: if the energy could pass 64 bits
    """
    begin, until = window_seconds(days, zone)
    inside = sorted(one for one in known if one.start < until and begin < one.end)
    for one in inside:
        if one.start < begin or until < one.end:
            raise refuse_crossing(one, begin, days)
    tiles = fill_stretch(inside, begin, until, days=days, zone=zone, multiplier=multiplier)
    return TiledUsage(meter, zone, days, tuple(tiles))


def fill_stretch(
    inside: Iterable[KnownInterval],
    begin: int,
    until: int,
    *,
    days: DaySpan,
    zone: str,
    multiplier: int,
) -> Iterable[TiledInterval]:
    """Intervals that lie within a stretch of the window (UTC epoch seconds), if they fill it.

    :raises IntervalsOverlap: naming two intervals about the same time
    :raises WindowHasGap: naming the first stretch of which nothing is known
    :raises EnergyTooLarge: if the energy could pass 64 bits
    """
    ordered = sorted(inside)
    for one, other in pairwise(ordered):
        if other.start < one.end:
            raise _overlap(one, other)
    gaps = _gaps(ordered, begin, until)
    if gaps:
        raise _gap(gaps, zone, days)
    return _whole(ordered, multiplier, days)


def _gaps(inside: Sequence[KnownInterval], begin: int, until: int) -> list[tuple[int, int]]:
    edges = [begin, *(edge for one in inside for edge in (one.start, one.end)), until]
    return [
        (end, start)
        for end, start in zip(edges[0::2], edges[1::2], strict=True)
        if end < start
    ]  # fmt: skip


def _whole(
    inside: Sequence[KnownInterval], multiplier: int, days: DaySpan
) -> Iterable[TiledInterval]:
    lowest = min(0, *(one.power for one in inside))
    unit = 10**-lowest
    exact = [one.value * 10 ** (one.power - lowest) for one in inside]
    if sum(abs(one) for one in exact) * multiplier >= LARGEST_WH * unit:
        raise EnergyTooLarge(
            f"The energy from {days} does not fit 64 bits of watt-hours",
            do="Check the readings and their scale at their source, and send them again",
        )
    run, given = 0, 0
    for one, energy in zip(inside, exact, strict=True):
        run += energy
        upto = run // unit
        yield TiledInterval(one.start, one.seconds, (upto - given) * multiplier, one.method)
        given = upto


def refuse_crossing(one: KnownInterval, begin: int, days: DaySpan) -> IntervalCrossesEdge:
    """What to say of an interval across the window's edge."""
    edge = days.from_day if one.start < begin else days.until_day
    return IntervalCrossesEdge(
        f"The interval {_words(one)} lies across the beginning of {edge}, an edge of the window",
        why="Nobody has measured how much of its energy lies inside the window",
        do="Bill a window that begins and ends where intervals do (begin or end the agreement, or "
        "read the account, on such a day), or ingest shorter intervals",
    )


def _overlap(one: KnownInterval, other: KnownInterval) -> IntervalsOverlap:
    return IntervalsOverlap(
        f"The intervals {_words(one)} and {_words(other)} are about the same time",
        why="Billing both would bill that energy twice, and choosing one would be a guess",
        do="Ingest what is missing of the shorter ones, so that they fill their days without the "
        "other; or ask the sender which counts, and ingest that one under a meter of its own",
    )


def _gap(gaps: Sequence[tuple[int, int]], zone: str, days: DaySpan) -> WindowHasGap:
    begin, until = gaps[0]
    day = local_day_of(datetime.fromtimestamp(begin, UTC), zone)
    more = f", and of {len(gaps) - 1} more stretches" if len(gaps) > 1 else ""
    if (begin, until) == window_seconds(days, zone):
        what = f"No interval has arrived of the days from {days}"
    else:
        what = (
            f"Nothing is known from {instant_text(begin)} until {instant_text(until)} "
            f"(from local day {day}){more}"
        )
    return WindowHasGap(
        what,
        why="A gap is never a zero",
        do="Ingest the missing readings, then run the bill again",
    )


def _words(one: KnownInterval) -> str:
    return f"from {instant_text(one.start)} until {instant_text(one.end)}"


def instant_text(epoch: int) -> str:
    """An instant as people and records read it."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def describe_tiled(usage: TiledUsage) -> BilledUsage:
    """What a bill of such usage stands on: count, energy, energy by day or stretch, and the hash.

    A stretch is the fewest whole local days whose energy is known: one day where intervals end at
    every local midnight, a month where only months were read. The hash is over start, seconds and
    watt-hours of every interval in time order, as 8-byte little-endian whole numbers.
    """
    lengths = {one.seconds for one in usage.intervals}
    numbers = b"".join(
        number.to_bytes(8, "little", signed=True)
        for one in usage.intervals
        for number in (one.start, one.seconds, one.energy_wh)
    )
    stretches = _stretches(usage)
    by_day = len(stretches) == usage.days.day_count
    return BilledUsage(
        meter=usage.meter,
        interval_seconds=lengths.pop() if len(lengths) == 1 else None,
        interval_count=len(usage.intervals),
        energy_wh=usage.energy_wh,
        daily_wh=tuple(one.energy_wh for one in stretches) if by_day else (),
        sha256=hashlib.sha256(numbers).hexdigest(),
        stretches=() if by_day else tuple(stretches),
        estimated=estimated_tiled(usage),
    )


def _stretches(usage: TiledUsage) -> list[Stretch]:
    midnights = {int(day_start_utc(day, usage.zone).timestamp()): day for day in usage.days.days()}
    found: list[Stretch] = []
    begins: date = usage.days.from_day
    energy_wh = 0
    for one in usage.intervals:
        if one.start in midnights and one.start != usage.intervals[0].start:
            found.append(Stretch(DaySpan(begins, midnights[one.start]), energy_wh))
            begins, energy_wh = midnights[one.start], 0
        energy_wh += one.energy_wh
    return [*found, Stretch(DaySpan(begins, usage.days.until_day), energy_wh)]
