"""Admit readings: is the meter installed at that time, and can the value be a measurement?

Lives here      the decision about each reading of a file, and the share above which the file is
                refused; pure, nothing is stored.
Lives elsewhere reading files (``stores/gateways``), which watt-hours are billable (``usage``),
                recording the outcome (``usecases.receive_readings``).
Read first      facts/readings.py; glossary: "register", "quarantine".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import NamedTuple

from meterledger.facts.findings import Finding
from meterledger.facts.intake import energy_wh, exact_text
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Flow,
    QuarantinedLine,
    Reading,
    ReadingFile,
)
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.refusal import Refusal
from meterledger.metering.registers import find_backward_steps

UNADMITTED_PERCENT = 20
"""Of how many percent of a file's readings it may be that they cannot be admitted, before the book
said it (``intake_unadmitted_percent``).
"""

_FOR_EVER = 2**62


class _Objection(NamedTuple):
    """Why a reading is not admitted, and what helps: if nothing was stored, or all but it."""

    what: str
    if_refused: str
    if_stored: str


_INSTALL = (
    "Install the meter (`meterledger service start` for new service, else `meterledger meter "
    "install` or `exchange`), or name the meter of this file with --meter, and ingest the file "
    "again",
    "Install the meter (`meterledger service start` for new service, else `meterledger meter "
    "install` or `exchange`), and release the line: `meterledger quarantine list` has its number",
)
_CORRECT = (
    "Ask the sender which direction these readings are of, and for a corrected file",
    "Ask the sender which direction these readings are of, and for a corrected file",
)


_CORRECT_VALUE = (
    "Ask the sender for the unit and multiplier of these readings, and for a corrected file",
    "Ask the sender for the unit and multiplier of these readings, and for a corrected file",
)


class MeterNotInstalled(Refusal):
    """Too much of the file is of meters that nobody has installed at that time."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What of a file may be stored, what is set aside, and what was noticed.

    Each quarantined line stands for a run of consecutive readings of one channel; its bytes are
    the readings in canonical JSON.
    """

    channels: tuple[ChannelReadings, ...]
    quarantined: tuple[QuarantinedLine, ...]
    findings: tuple[Finding, ...]


def admit(
    file: ReadingFile,
    installations: Mapping[str, Sequence[MeterInstallation]],
    *,
    zone_name: str,
    interval_kw_max: int | None = None,
    sound_beside: int = 0,
    unadmitted_percent: int = UNADMITTED_PERCENT,
) -> Admission:
    """Decide which readings of a file are ours and sound.

    ``installations`` says where each meter is and was installed; ``zone_name`` where days begin.
    ``interval_kw_max`` is the most power, in kW, that can flow through a meter whose multiplier is
    one, and through another in proportion; None where the book names none. ``sound_beside`` is
    how many readings of the file were admitted in blocks.

    :raises MeterNotInstalled: if more than the stated share of the readings is not admitted
    """
    admitted: list[ChannelReadings] = []
    objections: list[tuple[int, _Objection]] = []
    set_aside: list[QuarantinedLine] = []
    findings: list[Finding] = []
    total = sound_beside
    for channel in file.channels:
        installed = installations.get(channel.channel.meter_id, ())
        spans = installed_spans(installed, zone_name)
        bound = _Bound(channel, installed, interval_kw_max)
        reasons = [_objection(channel, reading, spans, bound) for reading in channel.readings]
        total += len(reasons)
        objections += [
            (reading.line, reason)
            for reading, reason in zip(channel.readings, reasons, strict=True)
            if reason is not None
        ]
        set_aside += _runs(channel, reasons)
        kept = tuple(
            reading
            for reading, reason in zip(channel.readings, reasons, strict=True)
            if reason is None
        )
        if kept:
            sound = replace(channel, readings=kept)
            admitted.append(sound)
            findings += find_backward_steps(sound)
    if len(objections) * 100 > total * unadmitted_percent:
        line, first = min(objections, key=lambda one: one[0])
        raise MeterNotInstalled(
            f"{len(objections)} of {total} readings cannot be taken, more than "
            f"{_share(unadmitted_percent)}, so nothing was stored; the first: {first.what}",
            where=f"{file.name}, line {line}",
            do=first.if_refused,
        )
    return Admission(tuple(admitted), tuple(set_aside), tuple(findings))


def _share(percent: int) -> str:
    return f"one in {100 // percent}" if percent and 100 % percent == 0 else f"{percent} percent"


def installed_spans(
    installed: Iterable[MeterInstallation], zone_name: str
) -> list[tuple[int, int]]:
    """When the meter is installed, in epoch seconds, by whole local days; touching ones joined.

    Of the day on which it was exchanged both meters may report the whole: an interval is cut at
    the instant, and energy from before or after it is noticed, when it is billed (``usage``).
    """
    stretches = sorted(
        (
            int(day_start_utc(one.days.from_day, zone_name).timestamp()),
            _FOR_EVER if one.days.until_day is None else _ends(one, one.days.until_day, zone_name),
        )
        for one in installed
    )
    spans: list[tuple[int, int]] = []
    for begin, until in stretches:
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(until, spans[-1][1]))
        else:
            spans.append((begin, until))
    return spans


def _ends(one: MeterInstallation, until_day: date, zone_name: str) -> int:
    if one.ended_second:
        until_day += timedelta(days=1)
    return int(day_start_utc(until_day, zone_name).timestamp())


def _objection(
    channel: ChannelReadings,
    reading: Reading,
    spans: Sequence[tuple[int, int]],
    bound: _Bound,
) -> _Objection | None:
    """Why the reading is not admitted; None if it is.

    A register may be read at the very instant of installation or removal.
    """
    meter = channel.channel.meter_id
    if not spans:
        return _Objection(f"Meter {meter} is not installed anywhere", *_INSTALL)
    until = reading.start + reading.seconds
    if not any(begin <= reading.start and until <= end for begin, end in spans):
        when = _instant(reading.start)
        return _Objection(f"Meter {meter} was not installed at {when}", *_INSTALL)
    if (
        channel.channel.kind is ChannelKind.INTERVAL
        and channel.channel.energy_wh_power is not None
        and channel.channel.flow in (Flow.DELIVERED, Flow.RECEIVED)
        and reading.value is not None
        and reading.value < 0
    ):
        return _Objection(
            f"Meter {meter} has {channel.channel.flow.value} energy below zero at "
            f"{_instant(reading.start)}, and one direction never counts back",
            *_CORRECT,
        )
    if reading.value is not None and bound.is_exceeded(reading.value, reading.seconds):
        return _Objection(
            f"Meter {meter} has {exact_text(bound.energy_wh(reading.value))} Wh in "
            f"{reading.seconds} seconds from {_instant(reading.start)}, and no more than "
            f"{bound.kw_max} kW can flow through it",
            *_CORRECT_VALUE,
        )
    return None


class _Bound:
    """The most energy that an interval of a channel can hold, by its length."""

    def __init__(
        self,
        channel: ChannelReadings,
        installed: Sequence[MeterInstallation],
        interval_kw_max: int | None,
    ) -> None:
        """Of a meter that had several multipliers the largest counts."""
        self._channel = channel.channel
        self._installed = installed
        self._interval_kw_max = interval_kw_max
        self.kw_max = (interval_kw_max or 0) * _multiplier(installed)
        self._largest: dict[int, int | None] = {}

    def energy_wh(self, value: int) -> Fraction:
        """The value in watt-hours."""
        return value * Fraction(10) ** (self._channel.energy_wh_power or 0)

    def is_exceeded(self, value: int, seconds: int) -> bool:
        """Whether no interval of that length can hold so much, in either direction."""
        if seconds not in self._largest:
            self._largest[seconds] = largest_value(
                self._channel,
                self._channel.scale,
                self._installed,
                seconds,
                self._interval_kw_max,
            )
        largest = self._largest[seconds]
        return largest is not None and abs(value) > largest


def largest_value(
    channel: Channel,
    scale: int,
    installed: Sequence[MeterInstallation],
    seconds: int,
    interval_kw_max: int | None,
) -> int | None:
    """The largest whole value, at that scale, of an interval; None where there is no bound."""
    power = channel.energy_wh_power
    if interval_kw_max is None or power is None or channel.kind is not ChannelKind.INTERVAL:
        return None
    largest_wh = Fraction(interval_kw_max * _multiplier(installed) * 1000 * seconds, 3600)
    return floor(largest_wh / Fraction(10) ** (power - channel.scale + scale))


def _multiplier(installed: Sequence[MeterInstallation]) -> int:
    return max((one.multiplier for one in installed), default=1)


def _runs(channel: ChannelReadings, reasons: Sequence[_Objection | None]) -> list[QuarantinedLine]:
    runs: list[list[tuple[Reading, _Objection]]] = []
    before: _Objection | None = None
    for reading, reason in zip(channel.readings, reasons, strict=True):
        if reason is not None:
            if before is None:
                runs.append([])
            runs[-1].append((reading, reason))
        before = reason
    return [_run(channel, run) for run in runs]


def _run(channel: ChannelReadings, run: Sequence[tuple[Reading, _Objection]]) -> QuarantinedLine:
    _, reason = run[0]
    after = len(run) - 1
    more = f" (and {after} {'reading' if after == 1 else 'readings'} after it)" if after else ""
    readings = [one for one, _ in run]
    return run_of(channel, readings, f"{reason.what}{more}. {reason.if_stored}.")


def run_of(channel: ChannelReadings, run: Sequence[Reading], reason: str) -> QuarantinedLine:
    """Readings of a channel as one line set aside; ``quarantined_runs`` reads its bytes again."""
    record = {
        "meter": channel.channel.meter_id,
        "commodity": channel.channel.commodity.value,
        "unit": channel.channel.unit,
        "kind": channel.channel.kind.value,
        "direction": channel.channel.flow.value,
        "scale": channel.channel.scale,
        "readings": [
            [one.start, one.seconds, one.value, one.quality.word, one.line] for one in run
        ],
    }
    return QuarantinedLine(
        line=run[0].line,
        data=canonical_bytes(record),
        reason=reason,
        rows=len(run),
        energy_wh=energy_wh(replace(channel, readings=tuple(run))),
    )


def _instant(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
