"""The usage of meters over a window: whole local days at once, and what those leave one by one.

Lives here      which meters measured a window; asking the lake for whole days of one length, and,
                for a meter whose days are not whole or not of one length and for meters exchanged
                inside the window, for every interval that is known, kept beside or not.
Lives elsewhere whether intervals tile the window (``usage``), prices (``calculate``).
Read first      docs/decisions/0011-intervals-of-any-length.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from meterledger.facts.findings import Finding
from meterledger.facts.places import MeterInstallation
from meterledger.facts.usage import KnownInterval, TiledUsage, UsageBatch, window_seconds
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usage import (
    ExchangedUsage,
    MeterStay,
    UsageNotTiled,
    find_gaps,
    instant_text,
    scale_by_multipliers,
    tile_exchanged,
    tile_window,
)
from meterledger.usecases.ports import Lake, MetersRefused


class KeptReadings(Protocol):
    """What is asked of the store: intervals that are no slots of local days."""

    def kept_intervals(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownInterval]]:
        """Delivered energy kept beside the lake in intervals that touch ``[begin, until)``."""


@dataclass(frozen=True, slots=True)
class WholeDays:
    """A batch of whole local days, multipliers applied, and the rows that have no gap."""

    usage: UsageBatch
    complete: tuple[int, ...]


@dataclass(slots=True)
class WindowUsage:
    """What is billable of a window, and why the rest is not; meters by their pseudonyms."""

    whole: list[WholeDays] = field(default_factory=list)
    tiled: dict[str, TiledUsage] = field(default_factory=dict)
    gaps: dict[str, Finding] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)


def usage_of_window(
    meters: Mapping[str, MeterInstallation],
    window: DaySpan,
    *,
    zone: str,
    at_sequence: int,
    lake: Lake,
    kept: KeptReadings,
) -> WindowUsage:
    """The usage of the meters (pseudonym to installation) over the window, as known then.

    Whole local days of one interval length come as they lie in the lake, many meters at once. A
    meter that has a gap there, or days of several lengths, is looked at alone, interval by
    interval, with those kept beside the lake: if all of them together tile the window, it is
    billable too.
    """
    found = WindowUsage()
    batches, found.refused = _whole_days(lake, list(meters), window, at_sequence)
    for batch in batches:
        usage = scale_by_multipliers(batch, [meters[one].multiplier for one in batch.meters])
        gaps = find_gaps(usage)
        found.gaps |= {usage.meters[row]: gaps[row] for row in sorted(gaps)}
        complete = tuple(row for row in range(len(usage.meters)) if row not in gaps)
        found.whole.append(WholeDays(usage, complete))
    rest = [*found.refused, *found.gaps]
    if rest:
        begin, until = window_seconds(window, zone)
        beside = kept.kept_intervals(
            [meters[meter].meter_id for meter in rest],
            begin=begin,
            until=until,
            at_sequence=at_sequence,
        )
        for meter in rest:
            installed = meters[meter]
            intervals = beside.get(installed.meter_id, [])
            if intervals or meter in found.refused:
                _one_by_one(found, meter, installed, intervals, window, zone, at_sequence, lake)
    return found


class MeterNotWhole(Refusal):
    """At some time of the window no meter measured the service point."""


def meters_of_window(
    service_point_id: str,
    installations: Sequence[MeterInstallation],
    window: DaySpan,
    zone: str,
) -> tuple[MeterInstallation, ...]:
    """The meter that measured the whole window, or those that did one after the other.

    :raises MeterNotWhole: naming the first stretch that no meter measured
    """
    for one in installations:
        if one.covers(window):
            return (one,)
    at, until = window_seconds(window, zone)
    found: list[MeterInstallation] = []
    for (begin, end), one in sorted(
        ((one.stretch(zone), one) for one in installations), key=lambda pair: pair[0][0]
    ):
        if at >= until or (end is not None and end <= at):
            continue
        if begin > at:
            break
        found.append(one)
        at = until if end is None else end
    if at >= until:
        return tuple(found)
    later = [b for one in installations if (b := one.stretch(zone)[0]) > at]
    raise MeterNotWhole(
        f"No meter measured service point {service_point_id} from {instant_text(at)} until "
        f"{instant_text(min([until, *later]))}",
        why="What nobody measured is not known, and a gap is never a zero",
        do="Record which meter was there with `meterledger meter install` (with --before, if "
        "another came after it) or `meter exchange`, or hold this bill for a person",
    )


def usage_of_exchange(
    installations: Sequence[MeterInstallation],
    window: DaySpan,
    *,
    zone: str,
    utility: str,
    at_sequence: int,
    lake: Lake,
    kept: KeptReadings,
) -> ExchangedUsage:
    """The usage of a window that several meters measured one after the other, as known then.

    :raises UsageNotTiled: if together they do not fill it, naming the meter
    :raises Refusal: of the lake, if the energy of one of them cannot be given
    """
    begin, until = window_seconds(window, zone)
    beside = kept.kept_intervals(
        [one.meter_id for one in installations], begin=begin, until=until, at_sequence=at_sequence
    )
    stays: list[MeterStay] = []
    for one in installations:
        meter = pseudonym(one.meter_id, utility)
        since, gone = one.stretch(zone)
        try:
            known = lake.known_intervals(meter, days_of_stay(one, window), at_sequence=at_sequence)
        except MetersRefused as some:
            raise some.by_meter[meter] from some
        near = [
            other
            for other in beside.get(one.meter_id, ())
            if since < other.end and (gone is None or other.start < gone)
        ]
        stays.append(MeterStay(meter, one.meter_id, since, gone, one.multiplier, (*known, *near)))
    return tile_exchanged(stays, days=window, zone=zone)


def days_of_stay(one: MeterInstallation, window: DaySpan) -> DaySpan:
    """The local days of the window that the installation touches, the day it ended in included."""
    until = one.days.until_day
    if until is not None and one.ended_second:
        until += timedelta(days=1)
    days = Validity(one.days.from_day, until).within(window)
    ensure(days is not None, f"meter {one.meter_id} was there on some of {window}")
    return days or window


def _one_by_one(
    found: WindowUsage,
    meter: str,
    installed: MeterInstallation,
    beside: Sequence[KnownInterval],
    window: DaySpan,
    zone: str,
    at_sequence: int,
    lake: Lake,
) -> None:
    try:
        known = lake.known_intervals(meter, window, at_sequence=at_sequence)
    except MetersRefused as some:
        found.gaps.pop(meter, None)
        found.refused[meter] = some.by_meter[meter]
        return
    try:
        found.tiled[meter] = tile_window(
            [*known, *beside],
            days=window,
            zone=zone,
            meter=meter,
            multiplier=installed.multiplier,
        )
    except UsageNotTiled as refusal:
        found.refused[meter] = refusal
    else:
        found.refused.pop(meter, None)
    found.gaps.pop(meter, None)


def _whole_days(
    lake: Lake, meters: Sequence[str], window: DaySpan, sequence: int
) -> tuple[list[UsageBatch], dict[str, Refusal]]:
    """Usage of the meters that have some to give, and the others' refusals."""
    refused: dict[str, Refusal] = {}
    asked = list(meters)
    while asked:
        try:
            return lake.usage(asked, window, at_sequence=sequence), refused
        except MetersRefused as some:
            rest = [meter for meter in asked if meter not in some.by_meter]
            ensure(len(rest) < len(asked), "a refused meter is one of those asked for")
            refused |= some.by_meter
            asked = rest
    return [], refused
