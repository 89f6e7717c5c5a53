"""Meters exchanged inside a window: each one's intervals while it was there, and all together.

Lives here      cutting an interval at the instant of an exchange; energy reported by a meter that
                was not there; the window tiled by all meters; each meter's share of a bill.
Lives elsewhere which meter was there when (``facts.places``), intervals of one meter (``tiling``),
                pricing (``rating``).
Read first      docs/decisions/0014-an-exchange-inside-a-window.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from meterledger.facts.bills import BilledUsage, MeterShare
from meterledger.facts.estimates import Method
from meterledger.facts.usage import KnownInterval, TiledInterval, TiledUsage, window_seconds
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.usage.tiling import (
    UsageNotTiled,
    describe_tiled,
    fill_stretch,
    instant_text,
    refuse_crossing,
)


class EnergyOutOfPlace(UsageNotTiled):
    """A meter reports energy of a time at which it was not at the service point."""


@dataclass(frozen=True, slots=True)
class MeterStay:
    """One meter of the window: from when until when it was there (UTC epoch seconds), and what is
    known of it on the local days that its stay touches.

    ``meter`` is the pseudonym, ``name`` what people call it; ``until`` is None while it stays.
    """

    meter: str
    name: str
    begin: int
    until: int | None
    multiplier: int
    known: tuple[KnownInterval, ...]


@dataclass(frozen=True, slots=True)
class ExchangedUsage:
    """The window tiled by several meters one after the other, and which intervals are whose."""

    tiled: TiledUsage
    stays: tuple[MeterStay, ...]
    parts: tuple[tuple[TiledInterval, ...], ...]


def tile_exchanged(stays: Sequence[MeterStay], *, days: DaySpan, zone: str) -> ExchangedUsage:
    """The meters' intervals, each while it was there, if together they tile the window.

    An interval in which a meter came or left holds only energy from while it was there: it is cut
    at that instant, and nothing of its energy is. An estimate of ours is shared by time there, and
    one for a time at which the meter was gone is passed over: it was made before the exchange was
    known. Energy finer than watt-hours is cut to whole ones
    for each meter as for a meter alone, and its own multiplier comes after.

    :raises UsageNotTiled: as ``tile_window`` does, naming the meter
    :raises EnergyOutOfPlace: if a meter reports energy of a time at which it was not there
    """
    begin, until = window_seconds(days, zone)
    parts: list[tuple[TiledInterval, ...]] = []
    for stay in stays:
        first = max(begin, stay.begin)
        last = until if stay.until is None else min(until, stay.until)
        ensure(first < last, f"meter {stay.name} was there on some of {days}")
        try:
            inside = list(_while_there(stay, begin, until, days))
            part = fill_stretch(inside, first, last, days=days, zone=zone,
                                multiplier=stay.multiplier)  # fmt: skip
        except UsageNotTiled as refusal:
            raise type(refusal)(
                refusal.what, where=f"meter {stay.name}", why=refusal.why, do=refusal.do
            ) from refusal
        parts.append(tuple(part))
    intervals = tuple(one for part in parts for one in part)
    return ExchangedUsage(
        TiledUsage(stays[-1].meter, zone, days, intervals), tuple(stays), tuple(parts)
    )


def _while_there(stay: MeterStay, begin: int, until: int, days: DaySpan) -> Iterable[KnownInterval]:
    """What the meter measured of the window, cut to its stay."""
    for one in stay.known:
        if one.end <= begin or until <= one.start:
            continue
        if one.start < begin or until < one.end:
            raise refuse_crossing(one, begin, days)
        start = max(one.start, stay.begin)
        end = one.end if stay.until is None else min(one.end, stay.until)
        if start < end:
            yield _cut(one, start, end)
        elif one.value != 0 and not _is_estimate(one):
            since = instant_text(stay.begin)
            gone = "" if stay.until is None else f" until {instant_text(stay.until)}"
            raise EnergyOutOfPlace(
                f"It reports energy from {instant_text(one.start)} until {instant_text(one.end)}, "
                f"and was at the service point from {since}{gone}",
                why="Either the instant of the exchange or the readings are of another meter or "
                "another clock",
                do="Look at the visit with `meterledger meter show`, and correct its instant with "
                "`meterledger meter correct`, or the readings at their source",
            )


def _cut(one: KnownInterval, start: int, end: int) -> KnownInterval:
    """The part of an interval in which the meter was there.

    What was measured was measured then, all of it. An estimate was made for the whole interval, so
    that a part of it has the part's share of the time, in whole watt-hours rounded down.
    """
    if end - start == one.seconds or not _is_estimate(one):
        return replace(one, start=start, seconds=end - start)
    value, power = one.value * 10 ** max(one.power, 0), min(one.power, 0)
    return replace(
        one,
        start=start,
        seconds=end - start,
        value=value * (end - start) // one.seconds,
        power=power,
    )


def _is_estimate(one: KnownInterval) -> bool:
    """Whether it was made before anybody knew of the exchange, and measured by nothing."""
    return one.method not in (Method.AS_RECEIVED, Method.EDITED)


def describe_exchanged(usage: ExchangedUsage) -> BilledUsage:
    """What a bill of such usage stands on: as for one meter, and each meter's share with its hash.

    A share's hash is over start, seconds and watt-hours of its intervals, as the bill's is over all
    of them.
    """
    begin, until = window_seconds(usage.tiled.days, usage.tiled.zone)
    shares = tuple(
        MeterShare(
            meter=stay.meter,
            begin=max(begin, stay.begin),
            until=until if stay.until is None else min(until, stay.until),
            multiplier=stay.multiplier,
            interval_count=len(part),
            energy_wh=sum(one.energy_wh for one in part),
            sha256=_hash(part),
        )
        for stay, part in zip(usage.stays, usage.parts, strict=True)
    )
    whole = describe_tiled(usage.tiled)
    ensure(
        sum(one.energy_wh for one in shares) == whole.energy_wh,
        "the meters' shares are all of the energy",
    )
    return replace(whole, meters=shares)


def _hash(part: Iterable[TiledInterval]) -> str:
    numbers = b"".join(
        number.to_bytes(8, "little", signed=True)
        for one in part
        for number in (one.start, one.seconds, one.energy_wh)
    )
    return hashlib.sha256(numbers).hexdigest()
