"""Readings that arrive, cut into whole local meter-days.

Lives here      placing each reading in its slot; refusing what has no slot.
Lives elsewhere merging with what is known (``merge``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt

from meterledger.facts.readings import ChannelKind, ChannelReadings, Quality
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import local_day_of, seconds_in_day
from meterledger.stores.lake.grid import epoch_seconds, tiles_day
from meterledger.stores.lake.index import Form, channel_key
from meterledger.stores.lake.merge import LARGEST_VALUE, MISSING, DayKey, MeterDay, merge
from meterledger.stores.lake.names import ensure_pseudonym
from meterledger.stores.lake.refusals import (
    IntervalLengthChanged,
    NotTiling,
    TwoDeliveredChannels,
    ValueTooLarge,
)
from meterledger.stores.lake.units import lake_unit

_QUALITY_CODES = {quality: quality.value for quality in Quality}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where readings come from: the beginning of their file's SHA-256, and when it came."""

    source: bytes
    learned_us: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one file brings: pairs of a meter's pseudonym and its interval readings."""

    channels: Sequence[tuple[str, ChannelReadings]]
    source_sha256: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class _Series:
    """The readings of one channel as arrays, by start."""

    start: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]
    quality: npt.NDArray[np.int8]
    method: npt.NDArray[np.int8]


@contextmanager
def naming_meters(channels: Iterable[tuple[str, ChannelReadings]]) -> Iterator[None]:
    """Refusals within name meters by the number that the file knows them by, not by pseudonym."""
    try:
        yield
    except (NotTiling, ValueTooLarge, TwoDeliveredChannels, IntervalLengthChanged) as refusal:
        what = refusal.what
        for meter, channel in channels:
            what = what.replace(f"Meter {meter} ", f"Meter {channel.channel.meter_id} ")
        raise type(refusal)(what, where=refusal.where, why=refusal.why, do=refusal.do) from refusal


def meter_days(
    channels: Iterable[tuple[str, ChannelReadings]], *, zone: str, origin: Origin
) -> dict[DayKey, MeterDay]:
    """All meter-days that the readings touch, with a gap wherever no reading says anything.

    :raises NotTiling: naming the meter, the start and the length of a reading without a slot
    :raises ValueTooLarge: naming the meter and the start of a value beyond 31 bits
    :raises TwoDeliveredChannels: if two series of one channel say different things of one slot
    """
    days: dict[DayKey, MeterDay] = {}
    for meter, channel in channels:
        ensure_pseudonym(meter)
        ensure(
            channel.channel.kind is ChannelKind.INTERVAL,
            "the lake keeps intervals; registers are kept in the system of record",
        )
        name = channel_key(channel.channel)
        for day, seconds, series in _by_day(meter, channel, zone):
            key = DayKey(name, meter, day)
            form = Form(name, seconds, lake_unit(channel.channel.unit), channel.channel.scale)
            fresh = _one_day(key, form, series, zone, origin)
            if key in days:
                _refuse_two_stories(key, days[key], fresh, zone)
                fresh = merge(key, days[key], fresh)
            days[key] = fresh
    return days


def _series(meter: str, channel: ChannelReadings) -> _Series:
    readings = channel.readings
    count = len(readings)
    for reading in readings:
        if reading.value is not None and abs(reading.value) > LARGEST_VALUE:
            raise ValueTooLarge(
                f"Meter {meter} has the value {reading.value} at {_instant(reading.start)}",
                where=_where(channel, reading.line),
                why=f"The lake keeps whole numbers up to {LARGEST_VALUE} (times "
                f"10**{channel.channel.scale} {channel.channel.unit})",
                do="Check the reading and its scale in the file, and send it again",
            )
    start = np.fromiter((one.start for one in readings), np.int64, count)
    order = np.argsort(start, kind="stable")
    return _Series(
        start=start[order],
        seconds=np.fromiter((one.seconds for one in readings), np.int64, count)[order],
        value=np.fromiter(
            (MISSING_VALUE if one.value is None else one.value for one in readings), np.int64, count
        )[order],
        quality=np.fromiter((_QUALITY_CODES[one.quality] for one in readings), np.int8, count)[
            order
        ],
        method=np.fromiter((one.method for one in readings), np.int8, count)[order],
    )


def _by_day(meter: str, channel: ChannelReadings, zone: str) -> Iterable[tuple[date, int, _Series]]:
    """The series in local days, each with its one interval length."""
    series = _series(meter, channel)
    at, count = 0, len(series.start)
    while at < count:
        first = int(series.start[at])
        day = local_day_of(datetime.fromtimestamp(first, UTC), zone)
        midnight = epoch_seconds(day, zone)
        until = int(np.searchsorted(series.start, midnight + seconds_in_day(day, zone)))
        lengths = series.seconds[at:until]
        into_day = series.start[at:until] - midnight
        seconds = int(lengths[0])
        fits = tiles_day(day, zone, seconds)
        wrong = (lengths != seconds) | (into_day % seconds != 0 if fits else True)
        if wrong.any():
            _refuse_not_tiling(meter, channel, day, zone, at + int(wrong.argmax()), series)
        part = slice(at, until)
        yield (
            day,
            seconds,
            _Series(
                series.start[part],
                lengths,
                series.value[part],
                series.quality[part],
                series.method[part],
            ),
        )
        at = until


def _refuse_not_tiling(
    meter: str, channel: ChannelReadings, day: date, zone: str, at: int, series: _Series
) -> None:
    start, seconds = int(series.start[at]), int(series.seconds[at])
    line = next(one.line for one in channel.readings if one.start == start)
    raise NotTiling(
        f"Meter {meter} has a reading from {_instant(start)} of {seconds} seconds",
        where=_where(channel, line),
        why=f"Intervals are kept as whole local days: all of one length, which fills {day} "
        f"({seconds_in_day(day, zone)} seconds from local midnight) without remainder",
        do="Send intervals that tile the local day, or keep these readings as a register",
    )


def _one_day(key: DayKey, form: Form, series: _Series, zone: str, origin: Origin) -> MeterDay:
    width = seconds_in_day(key.day, zone) // form.interval_seconds
    slots = (series.start - epoch_seconds(key.day, zone)) // form.interval_seconds
    _refuse_differing_twins(key, slots, series)
    value = np.full(width, MISSING_VALUE, dtype=np.int64)
    quality = np.full(width, MISSING, dtype=np.int8)
    method = np.zeros(width, dtype=np.int8)
    told = series.quality != MISSING
    value[slots[told]] = series.value[told]
    quality[slots[told]] = series.quality[told]
    method[slots[told]] = series.method[told]
    return MeterDay(
        form=form,
        value=value,
        quality=quality,
        method=method,
        learned_us=np.full(width, origin.learned_us, dtype=np.int64),
        source=np.full(width, origin.source, dtype="S16"),
    )


def _refuse_differing_twins(key: DayKey, slots: npt.NDArray[np.int64], series: _Series) -> None:
    """Inside one series a slot may be said twice, but not twice differently."""
    told = series.quality != MISSING
    slots, values, starts = slots[told], series.value[told], series.start[told]
    twice = (slots[1:] == slots[:-1]) & (values[1:] != values[:-1])
    if twice.any():
        raise _two_stories(key, int(starts[int(twice.argmax())]))


def _refuse_two_stories(key: DayKey, before: MeterDay, fresh: MeterDay, zone: str) -> None:
    """Two series of one channel in one write are one channel only if they agree."""
    if before.form.interval_seconds != fresh.form.interval_seconds:
        if before.present.any() and fresh.present.any():
            raise _two_stories(key, epoch_seconds(key.day, zone))
        return
    low = min(before.form.power, fresh.form.power)
    both = before.present & fresh.present
    first = before.value[both] * 10 ** min(before.form.power - low, 9)
    second = fresh.value[both] * 10 ** min(fresh.form.power - low, 9)
    if not np.array_equal(first, second):
        slot = int(np.flatnonzero(both)[int((first != second).argmax())])
        start = epoch_seconds(key.day, zone) + slot * fresh.form.interval_seconds
        raise _two_stories(key, start)


def _two_stories(key: DayKey, start: int) -> TwoDeliveredChannels:
    return TwoDeliveredChannels(
        f"Meter {key.meter} has two series of {key.channel} that differ at {_instant(start)}",
        where=f"local day {key.day}",
        why="One of them would replace the other, and its energy would be lost",
        do="Give each series a meter of its own, or send only the one that counts",
    )


def _where(channel: ChannelReadings, line: int) -> str:
    return f"line {line}, {channel_key(channel.channel)}"


def _instant(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def two_flows(first: DayKey, second: DayKey) -> TwoDeliveredChannels:
    """The refusal of a meter-day that is delivered energy on two channels."""
    return TwoDeliveredChannels(
        f"Meter {first.meter} has energy on both {first.channel} and {second.channel} on "
        f"{first.day}",
        why="Either could be what was delivered; billing both, or one of them, would be a guess",
        do="Withdraw one: send the direction of flow with the readings, or another meter's number",
    )
