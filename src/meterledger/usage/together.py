"""The usage of several service points on one bill: their sum, and a point that is there for a part.

Lives here      what such a bill stands on; days on which a point is not part of it.
Lives elsewhere the usage of each point (``complete``, ``exchanged``), pricing (``rating``).
Read first      GRR IV.C; docs/operating/meters_together.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from meterledger.facts.bills import BilledUsage, EstimatedBy, EstimatedUsage, Stretch
from meterledger.facts.together import PointShare
from meterledger.facts.usage import DayValues, TiledInterval, TiledUsage, UsageBatch, window_seconds
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import intervals_in_day
from meterledger.kernel.span import DaySpan


def describe_together(shares: Sequence[PointShare], window: DaySpan) -> BilledUsage:
    """What a bill of several points stands on; ``shares`` has the agreement's own first.

    The hash is over the points and their own hashes: energy that moves from one meter to another
    is another usage, though the sum is the same. Days are known where each point's are.
    """
    ensure(len(shares) > 1, "a sum is of several points")
    energy_wh = sum(one.usage.energy_wh for one in shares)
    daily = _daily(shares, window)
    lengths = {one.usage.interval_seconds for one in shares}
    return BilledUsage(
        meter=shares[0].usage.meter,
        interval_seconds=lengths.pop() if len(lengths) == 1 else None,
        interval_count=sum(one.usage.interval_count for one in shares),
        energy_wh=energy_wh,
        daily_wh=daily,
        sha256=sha256_hex(
            canonical_bytes([[one.service_point_id, one.usage.sha256] for one in shares])
        ),
        stretches=() if daily else (Stretch(window, energy_wh),),
        estimated=_estimated([one.usage.estimated for one in shares]),
        points=tuple(shares),
    )


def _daily(shares: Sequence[PointShare], window: DaySpan) -> tuple[int, ...]:
    found = dict.fromkeys(window.days(), 0)
    for one in shares:
        if len(one.usage.daily_wh) != one.days.day_count:
            return ()
        for day, wh in zip(one.days.days(), one.usage.daily_wh, strict=True):
            found[day] += wh
    return tuple(found.values())


def _estimated(each: Sequence[EstimatedUsage | None]) -> EstimatedUsage | None:
    some = [one for one in each if one is not None]
    if not some:
        return None
    by: dict[tuple[str, str, str], EstimatedBy] = {}
    for one in (part for told in some for part in told.by):
        key = (one.method, one.provision, one.shown_as)
        before = by.get(key)
        by[key] = (
            one
            if before is None
            else replace(
                one,
                interval_count=before.interval_count + one.interval_count,
                energy_wh=before.energy_wh + one.energy_wh,
                day_count=before.day_count + one.day_count,
            )
        )
    return EstimatedUsage(
        interval_count=sum(one.interval_count for one in some),
        energy_wh=sum(one.energy_wh for one in some),
        by=tuple(by[key] for key in sorted(by)),
    )


def on_all_days(usage: UsageBatch | TiledUsage, window: DaySpan) -> UsageBatch | TiledUsage:
    """One meter's usage over all of a window: nothing on days on which it is no part of it."""
    if isinstance(usage, TiledUsage):
        if usage.days == window:
            return usage
        before = _empty(window.from_day, usage.days.from_day, usage.zone)
        after = _empty(usage.days.until_day, window.until_day, usage.zone)
        return TiledUsage(usage.meter, usage.zone, window, (*before, *usage.intervals, *after))
    known = {one.day: one for one in usage.days}
    days = tuple(known.get(day) or _nothing(day, usage) for day in window.days())
    ensure(len(known) <= len(days), "the days of a part lie in the window")
    return usage if len(known) == len(days) else replace(usage, days=days)


def _nothing(day: date, usage: UsageBatch) -> DayValues:
    shape = (len(usage.meters), intervals_in_day(day, usage.zone, usage.interval_seconds))
    return DayValues(day, np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool))


def _empty(from_day: date, until_day: date, zone: str) -> list[TiledInterval]:
    """Quarter-hours without energy: short enough for every schedule."""
    if from_day >= until_day:
        return []
    begin, until = window_seconds(DaySpan(from_day, until_day), zone)
    return [TiledInterval(at, 900, 0) for at in range(begin, until, 900)]
