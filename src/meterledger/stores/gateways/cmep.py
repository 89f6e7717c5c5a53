"""CMEP (California Metering Exchange Protocol 1.20, and its vendors' dialects) into channels.

Stamps are UTC and end their interval; an omitted stamp is the previous one plus the interval; a
value of quality N is a gap and never a zero; a resend replaces; value times calculation constant is
the quantity.

Lives here      records of metering data (MEPMD01), line by line.
Lives elsewhere plain interval records of large files at once (``cmep_bulk``), unit words
                (``cmep_units``), repeats and contradictions (``gather``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from meterledger.facts.readings import ChannelKind, ChannelReadings, Quality, ReadingFile
from meterledger.stores.gateways.cmep_units import COMMODITIES, QUALITIES, UnitFacts, unit_facts
from meterledger.stores.gateways.exact import BLANKS, WHOLE_MAX, Exact, read_exact
from meterledger.stores.gateways.gather import (
    NO_LAST_LINE_END,
    ChannelKey,
    RawReading,
    Settled,
    Sieve,
    repeat_reason,
    settle,
    to_channel,
)
from meterledger.stores.gateways.instants import Believable, epoch_of
from meterledger.stores.gateways.opening import OpenedFile, decode
from meterledger.stores.gateways.refusals import (
    MAX_READINGS,
    MeterNotNamed,
    NothingToLoad,
    TooManyReadings,
)

FORMAT = "cmep"
MAX_LINE_BYTES = 64 * 1024
"""The protocol allows 2,048; head-ends that put a whole day into one record exceed that."""

MAX_COUNT = 3_000
BULK_FROM_BYTES = 512 * 1024
"""Smaller files are read before the compiled loop of ``cmep_bulk`` would be loaded."""

_HEADER_FIELDS = 14
_LOADED = ("OK", "RESEND")
_NOT_LOADED = ("SUMMARY", "HISTORY", "PROFILE", "TEMPLATE")
PURPOSES = (*_LOADED, *_NOT_LOADED, "REJECT")

RECORD_START = re.compile(rb"\s*\"?(MEP[A-Z]{2}\d\d|MLA\d\d)\"?,")
_RECORD_TYPE = re.compile(r"[A-Z]{3,5}\d\d")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)
_LENGTH = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)
_QUALITY = re.compile(r"(?:([RENA])[0-9A-F]*)?")
_CHECK = re.compile(r"H[0-9A-Fa-f]{1,4}")
_METER_ID = re.compile(r"[!-~][ -~]{0,62}[!-~]|[!-~]")
_ONE = Exact(1, 0)


class _Unusable(Exception):
    """This line cannot be used; says why."""


class _Record(NamedTuple):
    """The header of a usable record."""

    key: ChannelKey
    unit: UnitFacts
    constant: Exact
    seconds: int | None
    resend: bool


def is_bulk(file: OpenedFile, *, meter: str | None) -> bool:
    """Whether a file of CMEP records is large enough for the compiled loop, and plain text."""
    return meter is None and len(file.data) >= BULK_FROM_BYTES and file.data.isascii()


def read_cmep(file: OpenedFile, *, believable: Believable, meter: str | None = None) -> ReadingFile:
    """Read a file of CMEP records; ``meter`` names the meter where all records are of one.

    :raises FileRefused: of the kind that fits, if the envelope is broken or too much is unusable
    """
    if is_bulk(file, meter=meter):
        # Imported here: the compiled loop takes its time to load, and few files are worth it.
        from meterledger.stores.gateways.cmep_bulk import read_cmep_bulk

        return read_cmep_bulk(file, believable=believable).as_file()
    return CmepFile(file, believable).read(meter)


class CmepFile:
    """One file on its way to channels, line by line: the reference of ``cmep_bulk``."""

    def __init__(self, file: OpenedFile, believable: Believable) -> None:
        self.file = file
        self.believable = believable
        self.sieve = Sieve(file.name, "line")
        self.text = ""
        self.places: dict[int, tuple[int, int]] = {}
        self.streams: dict[ChannelKey, list[RawReading]] = defaultdict(list)
        self.constants: dict[ChannelKey, set[str]] = defaultdict(set)
        self.passed_by: Counter[str] = Counter()
        self.notes: list[str] = []
        self.count = 0
        self.replaced = 0

    def read(self, meter: str | None) -> ReadingFile:
        self.text = decode(self.file.name, self.file.data)
        total = self.take(
            (number, begin, begin + len(line))
            for number, (begin, line) in enumerate(_lines_of(self.text), start=1)
        )
        return self.close([one for _, one in self.channels()], total, meter)

    def channels(self) -> list[tuple[int, ChannelReadings]]:
        """The channels of the lines taken, each with the first line that spoke of it."""
        first = {key: min(one.line for one in raw) for key, raw in self.streams.items()}
        channels: list[tuple[int, ChannelReadings]] = []
        for key, one in self._settle().items():
            for repeat in one.repeats:
                self.sieve.set_repeat_aside(
                    repeat.line, self._bytes(repeat.line), repeat_reason(repeat)
                )
            self.replaced += one.replaced
            constants = sorted(self.constants[key])
            channel, too_large = to_channel(
                key,
                one.readings,
                multiplier=constants[0] if len(constants) == 1 else "varies",
            )
            for line in sorted({reading.line for reading in too_large}):
                self.sieve.set_aside(line, self._bytes(line), "A value does not fit 63 bits")
            if channel is not None:
                channels.append((first[key], channel))
        return channels

    def close(
        self, channels: list[ChannelReadings], total: int, meter: str | None, *, beside: int = 0
    ) -> ReadingFile:
        """The file as read; ``beside`` is how many channels were read by another way.

        :raises FileRefused: if there is nothing to load, or too much that cannot be used
        """
        self.sieve.refuse_if_too_much(total)
        if self.replaced:
            self.notes.append(f"{self.replaced} readings were replaced by later or resent ones")
        for what, count in sorted(self.passed_by.items()):
            self.notes.append(f"{count} records were not loaded: {what}")
        if not self.file.data.endswith(b"\n"):
            self.notes.append(NO_LAST_LINE_END)
        if not channels and not beside:
            raise NothingToLoad(
                "The file holds no metering data to load"
                + (f" (not loaded: {', '.join(sorted(self.passed_by))})" if self.passed_by else ""),
                where=self.file.name,
                do="Ask the head-end for MEPMD01 records with purpose OK",
            )
        return ReadingFile(
            name=self.file.name,
            sha256=self.file.sha256,
            format=FORMAT,
            channels=tuple(_renamed(channels, meter, self.file.name)),
            quarantined=tuple(sorted(self.sieve.lines, key=lambda one: one.line)),
            notes=tuple(dict.fromkeys(self.notes)),
        )

    # --------------------------------------------------------------------------------- lines

    def take(self, lines: Iterable[tuple[int, int, int]]) -> int:
        """Read lines, given by number and place; how many of them are not empty."""
        total = 0
        for number, begin, until in lines:
            line = self.text[begin:until]
            if not line.strip(BLANKS):
                continue
            total += 1
            self.places[number] = (begin, until)
            try:
                self._read_line(number, line)
            except _Unusable as problem:
                self.sieve.set_aside(number, self._bytes(number), str(problem))
            if self.count > MAX_READINGS:
                raise TooManyReadings.of(self.file.name)
        return total

    def _read_line(self, number: int, line: str) -> None:
        fields = _fields(line)
        record_type = fields[0]
        if record_type != "MEPMD01":
            if not _RECORD_TYPE.fullmatch(record_type):
                raise _Unusable("It does not begin with the name of a CMEP record")
            self.passed_by[f"record type {record_type}"] += 1
            return
        fields, purpose = self._header(fields)
        if purpose in _NOT_LOADED:
            self.passed_by[f"purpose {purpose}, which is no measurement of its own"] += 1
            return
        if purpose == "REJECT":
            raise _Unusable("Its purpose is REJECT: a receiver sends our own data back")
        record = self._record(fields, purpose)
        readings = list(self._triples(fields, record, number))
        self.streams[record.key] += readings
        self.constants[record.key].add(str(record.constant))
        self.count += len(readings)

    def _header(self, fields: list[str]) -> tuple[list[str], str]:
        """The fields in their places, and the purpose by which the places are known."""
        padded = fields + [""] * max(0, _HEADER_FIELDS + 1 - len(fields))
        if padded[8] in PURPOSES:
            return fields, padded[8]
        if padded[9] in PURPOSES and not padded[7] and padded[8]:
            self.notes.append(
                "Records with one field too many before the meter id were set right by their "
                "purpose word"
            )
            return fields[:7] + fields[8:], padded[9]
        raise _Unusable(
            f"Its purpose (field 9) is '{padded[8][:20]}', not one of {', '.join(PURPOSES)}, so "
            "the place of the meter id is not certain"
        )

    def _record(self, fields: list[str], purpose: str) -> _Record:
        if len(fields) < _HEADER_FIELDS:
            raise _Unusable(f"It ends after {len(fields)} fields, before its count of readings")
        meter = fields[7]
        if not meter:
            meter = fields[5]
            self.notes.append("Records without a meter id were taken by their receiver customer id")
        if not _METER_ID.fullmatch(meter):
            raise _Unusable("It has neither a meter id nor a receiver customer id")
        _stamp(fields[6], "record's own time stamp (field 7)")
        key, unit, constant, seconds = _what(fields[9:13])
        return _Record(key._replace(meter=meter), unit, constant, seconds, purpose == "RESEND")

    def _triples(self, fields: list[str], record: _Record, line: int) -> Iterator[RawReading]:
        count = _count(fields[13])
        rest = fields[_HEADER_FIELDS:]
        rest = self._without_check(rest, count)
        if len(rest) == 3 * count - 1 and rest[-1].upper().startswith("N"):
            rest = [*rest, ""]  # a record may end early; what is not sent is empty
        if len(rest) != 3 * count:
            raise _Unusable(
                f"Its count (field 14) is {count}, and {len(rest) // 3} readings "
                f"({len(rest)} fields) follow"
            )
        interval = record.key.kind is ChannelKind.INTERVAL
        seconds = (record.seconds or 0) if interval else 0
        end: int | None = None
        for at in range(0, len(rest), 3):
            stamp, quality_text, value_text = rest[at : at + 3]
            if stamp:
                end = _stamp(stamp, f"stamp of reading {at // 3 + 1}")
            elif end is None or not record.seconds:
                raise _Unusable(f"Reading {at // 3 + 1} has no stamp, and none can be reckoned")
            else:
                end += record.seconds
            try:
                quality, value = _value(quality_text, value_text, record.constant)
            except _Unusable as problem:
                raise _Unusable(f"Reading {at // 3 + 1}: {problem}") from None
            doubt = self.believable.doubt(end - seconds, seconds)
            if doubt is not None:
                raise _Unusable(f"Reading {at // 3 + 1}: {doubt}")
            yield RawReading(
                start=end - seconds,
                seconds=seconds,
                value=value,
                quality=quality,
                line=line,
                resend=record.resend,
            )

    def _without_check(self, rest: list[str], count: int) -> list[str]:
        if len(rest) != 3 * count + 1:
            return rest
        if rest[-1] and not _CHECK.fullmatch(rest[-1]):
            return rest
        if rest[-1]:
            self.notes.append(
                "Check fields (CRC-16) are present and were not recomputed: the protocol does not "
                "say over which bytes"
            )
        return rest[:-1]

    # -------------------------------------------------------------------------------- settle

    def _settle(self) -> dict[ChannelKey, Settled]:
        """Each channel's readings; lines that contradict each other are set aside whole."""
        settled: dict[ChannelKey, Settled] = {}
        waiting = set(self.streams)
        while waiting:
            struck: dict[int, str] = {}
            for key in [one for one in self.streams if one in waiting]:
                settled[key] = settle(self.streams[key])
                for one in settled[key].contradictions:
                    for reading in (one.first, one.second):
                        struck.setdefault(reading.line, one.sentence)
            waiting = set()
            for key, raw in self.streams.items():
                kept = [one for one in raw if one.line not in struck]
                if len(kept) != len(raw):
                    self.streams[key] = kept
                    waiting.add(key)
            for line, sentence in sorted(struck.items()):
                self.sieve.set_aside(line, self._bytes(line), f"{sentence}; neither was kept")
        return settled

    def _bytes(self, line: int) -> bytes:
        begin, until = self.places[line]
        return self.text[begin:until].encode()


# ----------------------------------------------------------------------------------- fields


def _lines_of(text: str) -> Iterator[tuple[int, str]]:
    """Each line and where it begins. Lines end with CR LF or LF; other marks stay in them."""
    begin = 0
    while begin < len(text):
        until = text.find("\n", begin)
        until = len(text) if until < 0 else until
        yield begin, text[begin:until].removesuffix("\r")
        begin = until + 1


def _fields(line: str) -> list[str]:
    if len(line) > MAX_LINE_BYTES:
        raise _Unusable(f"It is longer than {MAX_LINE_BYTES} characters")
    try:
        (fields,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as problem:
        raise _Unusable(f"Its quotation marks do not pair ({problem})") from problem
    return [field.strip(BLANKS) for field in fields]


def _what(fields: list[str]) -> tuple[ChannelKey, UnitFacts, Exact, int | None]:
    """What commodity, units, constant and interval say: a channel without its meter, and how."""
    commodity = COMMODITIES.get(fields[0])
    if commodity is None:
        raise _Unusable(f"Its commodity (field 10) is '{fields[0][:20]}', not E, G, W or S")
    unit = unit_facts(fields[1], commodity)
    if unit is None:
        raise _Unusable(
            f"Its units (field 11) are '{fields[1][:20]}', which says nothing certain of "
            f"{commodity.value}"
        )
    constant = _constant(fields[2], unit)
    seconds = _length(fields[3])
    if unit.kind is ChannelKind.INTERVAL and not seconds:
        raise _Unusable(
            f"Its interval (field 13) is '{fields[3][:20]}', so the length of its intervals "
            "is not known"
        )
    key = ChannelKey(
        meter="",
        commodity=commodity,
        unit=unit.unit,
        kind=unit.kind,
        flow=unit.flow,
        stream=str(seconds) if unit.kind is ChannelKind.INTERVAL else "",
    )
    return key, unit, constant, seconds


def interval_kind(word: str) -> tuple[ChannelKey, Exact, int] | None:
    """The channel (without its meter), constant and seconds of fields 10 to 13 as one word.

    None if they say nothing certain, or are not of intervals.
    """
    try:
        key, _, constant, seconds = _what([field.strip(BLANKS) for field in word.split(",")])
    except _Unusable:
        return None
    return (
        None
        if seconds is None or key.kind is not ChannelKind.INTERVAL
        else (key, constant, seconds)
    )


def _stamp(text: str, what: str) -> int:
    match = _STAMP.fullmatch(text)
    if match is None:
        raise _Unusable(f"Its {what} is '{text[:20]}', not CCYYMMDDHHMM")
    try:
        return epoch_of(datetime(*map(int, match.groups()), tzinfo=UTC))  # type: ignore[misc,arg-type]
    except ValueError:
        raise _Unusable(f"Its {what} is '{text}', and there is no such time") from None


def _length(text: str) -> int | None:
    """Seconds of an interval field MMDDHHMM; None where it is empty."""
    if not text:
        return None
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise _Unusable(f"Its interval (field 13) is '{text[:20]}', not MMDDHHMM")
    months, days, hours, minutes = map(int, match.groups())
    if months:
        raise _Unusable(
            "Its interval (field 13) is in months, which have no one length in UTC; such totals "
            "are sent as registers"
        )
    return days * 86_400 + hours * 3_600 + minutes * 60


def _constant(text: str, unit: UnitFacts) -> Exact:
    if not text:
        if unit.pulse:
            raise _Unusable("Its units are PULSE and it has no calculation constant (field 12)")
        return _ONE
    constant = read_exact(text)
    if constant is None or constant.whole <= 0:
        raise _Unusable(f"Its calculation constant (field 12) is '{text[:20]}'")
    return constant.shortest()


def _count(text: str) -> int:
    if not re.fullmatch(r"\+?\d{1,6}", text, re.ASCII) or not 1 <= int(text) <= MAX_COUNT:
        raise _Unusable(
            f"Its count (field 14) is '{text[:20]}', not a number from 1 to {MAX_COUNT}"
        )
    return int(text)


@lru_cache(maxsize=65_536)
def _value(quality_text: str, text: str, constant: Exact) -> tuple[Quality, Exact | None]:
    """Quality and quantity. The protocol's "an empty number is zero" is never applied."""
    match = _QUALITY.fullmatch(quality_text.upper())
    if match is None:
        raise _Unusable(f"its quality is '{quality_text[:20]}', not R, E, A or N")
    quality = QUALITIES[match.group(1) or ""]
    if quality is Quality.MISSING or not text:
        return Quality.MISSING, None
    number = read_exact(text)
    if number is None:
        raise _Unusable(f"its value is '{text[:40]}', not a number we can keep")
    product = number.times(constant)
    if abs(product.whole) > WHOLE_MAX:
        raise _Unusable(f"its value '{text[:40]}' does not fit 63 bits")
    return quality, product


def _renamed(
    channels: list[ChannelReadings], meter: str | None, name: str
) -> Iterator[ChannelReadings]:
    meters = {one.channel.meter_id for one in channels}
    if meter is None:
        yield from channels
        return
    if len(meters) > 1:
        raise MeterNotNamed(
            f"The file holds {len(meters)} meters, and one was named",
            where=name,
            do="Leave out --meter, or split the file by meter",
        )
    for one in channels:
        yield ChannelReadings(replace(one.channel, meter_id=meter), one.readings)
