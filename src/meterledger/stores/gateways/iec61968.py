"""IEC 61968-9 MeterReadings, in an event, response or request message or bare, into channels.

A time stamp ends its interval. A reading without a value is a gap. What a value is stands in its
reading type, a code of eighteen numbers; a value whose type says nothing is set aside.

Lives here      the message: header, reply, meters, interval blocks and single readings.
Lives elsewhere reading types and quality codes (``cim_codes``), XML (``xml_parts``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from meterledger.facts.readings import ChannelKind, Quality, ReadingFile
from meterledger.stores.gateways.cim_codes import CODE, CimType, cim_quality, cim_type
from meterledger.stores.gateways.csv_times import BadTime, LocalClock, WrittenTime, read_time
from meterledger.stores.gateways.exact import BLANKS, read_exact
from meterledger.stores.gateways.gather import ChannelKey, RawReading, Sieve
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import OpenedFile
from meterledger.stores.gateways.refusals import (
    MAX_READINGS,
    EnvelopeBroken,
    LinksUnresolved,
    MeterNotNamed,
    NothingToLoad,
    TooManyReadings,
)
from meterledger.stores.gateways.settling import is_meter_id, named, settled_channels
from meterledger.stores.gateways.table import Options
from meterledger.stores.gateways.xml_parts import Part, Stream, short

FORMAT = "iec-61968-9"
NAMESPACE = re.compile(r"https?://(?:www\.)?iec\.ch/TC57/", re.IGNORECASE)
_READINGS = re.compile(r"https?://(?:www\.)?iec\.ch/TC57/(?:\d{4}/)?MeterReadings#?", re.IGNORECASE)
_VERBS = frozenset({"created", "changed", "create", "change", "reply", "execute", "executed"})
_FAILED = "FAILED"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_QUALITIES_MAX = 100


class _Value(NamedTuple):
    """One reading, its texts as written; ``kind`` is the reference of its own reading type."""

    stamp: str
    begin: str
    end: str
    value: str | None
    qualities: tuple[str, ...]
    kind: str
    line: int
    place: tuple[int, int]


class _Block(NamedTuple):
    kind: str
    values: list[_Value]


class _Meter(NamedTuple):
    meter: str
    blocks: list[_Block]
    line: int


def read_iec61968(file: OpenedFile, *, believable: Believable, options: Options) -> ReadingFile:
    """Read a message of meter readings.

    :raises FileRefused: of the kind that fits, naming the line or the element
    """
    return _Message(file, believable, options).read()


class _Message:
    """One message on its way to channels."""

    def __init__(self, file: OpenedFile, believable: Believable, options: Options) -> None:
        self.file = file
        self.believable = believable
        self.options = options
        self.sieve = Sieve(file.name, "reading")
        self.notes: list[str] = []
        self.meters: list[_Meter] = []
        self.types: dict[str, str] = {}
        self.passed_by: Counter[str] = Counter()
        self.count = 0

    def read(self) -> ReadingFile:
        root = Stream(
            self.file.name,
            self.file.data,
            {
                "IntervalReadings": self._value,
                "Readings": self._value,
                "IntervalBlocks": self._block,
                "MeterReading": self._meter,
            },
        ).run()
        self._check_header(root)
        self._learn_types(root)
        channels = settled_channels(self._streams(), sieve=self.sieve, bytes_of=self._bytes)
        self.sieve.refuse_if_too_much(self.count)
        if not channels:
            raise NothingToLoad(
                f"The message holds no meter readings to load (<{short(root.name)}>)",
                where=self.file.name,
                do="Ask the head-end for a MeterReadings message with interval blocks or readings",
            )
        for what, count in sorted(self.passed_by.items()):
            self.notes.append(f"{count} {what} were not loaded")
        return ReadingFile(
            name=self.file.name,
            sha256=self.file.sha256,
            format=FORMAT,
            channels=named(channels, self.options.meter, self.file.name),
            quarantined=tuple(sorted(self.sieve.lines, key=lambda one: one.line)),
            notes=tuple(dict.fromkeys(self.notes)),
        )

    # --------------------------------------------------------------------------------- parts

    def _value(self, part: Part, until: int) -> _Value | None:
        if not _READINGS.fullmatch(part.namespace):
            return None
        self.count += 1
        if self.count > MAX_READINGS:
            raise TooManyReadings.of(self.file.name)
        period = part.first("timePeriod")
        qualities = part.all("ReadingQualities")[: _QUALITIES_MAX + 1]
        return _Value(
            stamp=part.said("timeStamp"),
            begin="" if period is None else period.said("start"),
            end="" if period is None else period.said("end"),
            value=part.said("value") or None,
            qualities=tuple(
                _reference(kind)
                for one in qualities
                if (kind := one.first("ReadingQualityType")) is not None
            ),
            kind=_reference(part.first("ReadingType")),
            line=part.line,
            place=(part.begin, until),
        )

    def _block(self, part: Part, until: int) -> _Block:
        return _Block(
            _reference(part.first("ReadingType")),
            [one for one in part.kept if isinstance(one, _Value)],
        )

    def _meter(self, part: Part, until: int) -> None:
        blocks = [one for one in part.kept if isinstance(one, _Block)]
        single = [one for one in part.kept if isinstance(one, _Value)]
        if single:
            blocks.append(_Block("", single))
        for other in ("EndDeviceEvents", "valuesInterval"):
            found = len(part.all(other))
            if found and other == "EndDeviceEvents":
                self.passed_by["end device events"] += found
        if any(block.values for block in blocks):
            self.meters.append(_Meter(self._meter_id(part), blocks, part.line))

    def _meter_id(self, part: Part) -> str:
        ids = {meter_number(one) for one in part.all("Meter")} - {""}
        if len(ids) > 1:
            raise LinksUnresolved(
                f"A MeterReading names {len(ids)} meters",
                where=f"{self.file.name}, line {part.line}",
                why="Values of one meter must never be taken for another's",
                do="Ask the sender for one MeterReading for each meter",
            )
        named_so = next(iter(ids), "") or (self.options.meter or "")
        if not named_so:
            raise MeterNotNamed(
                "A MeterReading names no meter",
                where=f"{self.file.name}, line {part.line}",
                why="Its Meter element has neither an mRID nor a name",
                do="Name the meter with --meter, or ask the sender for a complete message",
            )
        if not is_meter_id(named_so):
            raise MeterNotNamed(
                f"'{short(named_so)}' is not a meter's number",
                where=f"{self.file.name}, line {part.line}",
                do="Ask the sender for an mRID of up to 64 plain characters",
            )
        return named_so

    # -------------------------------------------------------------------------------- header

    def _check_header(self, root: Part) -> None:
        header = root.first("Header")
        reply = root.first("Reply")
        if reply is not None:
            result = reply.said("Result").upper()
            if result == _FAILED:
                raise EnvelopeBroken(
                    "The message is the answer to a request that failed",
                    where=self.file.name,
                    why="Its Reply says FAILED",
                    do="Ask the head-end what went wrong, and for the readings again",
                )
            if result not in ("", "OK"):
                self.notes.append(
                    f"The reply says {short(result)}: some of what was asked for is missing"
                )
        if header is None:
            return
        bringing_verb(root, self.file.name, "readings")
        noun = header.said("Noun")
        if noun and not noun.endswith("MeterReadings"):
            raise NothingToLoad(
                f"The message is about {short(noun)}, not MeterReadings",
                where=self.file.name,
                do="Receive it with `meterledger meter events receive`"
                if noun.endswith("EndDeviceEvents")
                else "Ask the head-end for its MeterReadings messages",
            )
        context = header.said("Context").upper()
        if context and context != "PRODUCTION":
            self.notes.append(f"The message says that its context is {short(context)}")

    def _learn_types(self, root: Part) -> None:
        """Reading types that the message itself spells out, by the name its values use."""
        waiting, at = [root], 0
        while at < len(waiting):
            part = waiting[at]
            at += 1
            waiting += part.parts
            if part.name == "ReadingType" and _READINGS.fullmatch(part.namespace):
                spelled = [part.said("mRID"), *(one.said("name") for one in part.all("Names"))]
                code = next((one for one in spelled if CODE.fullmatch(one)), None)
                for one in spelled:
                    if code is not None and one:
                        self.types.setdefault(one, code)

    # ------------------------------------------------------------------------------- streams

    def _streams(self) -> dict[tuple[ChannelKey, int], list[RawReading]]:
        """The usable readings by channel; the others go into the sieve with their bytes."""
        streams: dict[tuple[ChannelKey, int], list[RawReading]] = defaultdict(list)
        for meter in self.meters:
            for block in meter.blocks:
                clock = self._clock(block.values)
                for one in block.values:
                    code = one.kind or block.kind
                    code = self.types.get(code, code)
                    facts = cim_type(code)
                    if facts is None:
                        self._set_aside(one, _no_type(code))
                        continue
                    try:
                        reading = self._reading(one, facts, clock)
                    except BadTime as problem:
                        self._set_aside(one, str(problem))
                        continue
                    if isinstance(reading, str):
                        self._set_aside(one, reading)
                        continue
                    key = ChannelKey(
                        meter.meter, facts.commodity, facts.unit, facts.kind, facts.flow, code
                    )
                    streams[key, facts.power].append(reading)
        return streams

    def _clock(self, values: Iterable[_Value]) -> LocalClock | None:
        """The clock of stamps without an offset, told in the order of the message."""
        local = [at.local for one in values if (at := _written(one.stamp)) and at.epoch is None]
        told: list[datetime] = [one for one in local if one is not None]
        return LocalClock(self.file.name, self.options.zone, told) if told else None

    def _reading(self, one: _Value, facts: CimType, clock: LocalClock | None) -> RawReading | str:
        end = _instant(one.stamp or one.end, clock)
        start, seconds = end, 0
        if facts.kind is ChannelKind.INTERVAL:
            if one.begin:
                start = _instant(one.begin, clock)
                seconds = end - start
                if facts.seconds not in (None, seconds):
                    return (
                        f"Its period lasts {seconds} seconds and its reading type says "
                        f"{facts.seconds}"
                    )
            elif facts.seconds is None:
                return "Nobody says how long its interval is (measuring period, timePeriod)"
            else:
                start, seconds = end - facts.seconds, facts.seconds
            if seconds <= 0:
                return f"It lasts {seconds} seconds, and an interval has a length"
        if one.end and one.stamp and _instant(one.end, clock) != end:
            return "Its time stamp is not the end of its period"
        doubt = self.believable.doubt(start, seconds)
        if doubt is not None:
            return doubt
        value = None if one.value is None else read_exact(one.value)
        if value is None and one.value is not None:
            return f"Its value '{one.value[:40]}' is not a number that can be kept exactly"
        quality = cim_quality(one.qualities)
        if quality is None or len(one.qualities) > _QUALITIES_MAX:
            return "A quality of it is not a code of three numbers (system.category.index)"
        if value is None or quality is Quality.MISSING:
            value, quality = None, Quality.MISSING
        return RawReading(start, seconds, value, quality, one.line, one.place)

    def _set_aside(self, one: _Value, reason: str) -> None:
        begin, until = one.place
        self.sieve.set_aside(one.line, self.file.data[begin:until], reason)

    def _bytes(self, reading: RawReading) -> bytes:
        begin, until = reading.place
        return self.file.data[begin:until]


def _reference(part: Part | None) -> str:
    """What a type is called: its ``ref``, else its mRID or first name."""
    if part is None:
        return ""
    names = part.first("Names")
    return (
        part.attributes.get("ref", "").strip(BLANKS)
        or part.said("mRID")
        or ("" if names is None else names.said("name"))
        or part.text
    )[:200]


def bringing_verb(root: Part, name: str, what: str) -> None:
    """Refuse a message whose verb takes something back, or asks for it.

    :raises EnvelopeBroken: naming the verb
    """
    header = root.first("Header")
    verb = "" if header is None else header.said("Verb").lower()
    if verb and verb not in _VERBS:
        raise EnvelopeBroken(
            f"The message's verb is '{short(verb)}', which does not bring {what}",
            where=name,
            why=f"Only messages that create, change or answer with {what} are read; taking back "
            "what was sent is a person's decision",
            do="Ask the head-end for a message with the verb created, changed or reply",
        )


def meter_number(meter: Part) -> str:
    """The meter's number: its mRID, or its name where the mRID is only a key of the sender's."""
    names = {
        (kind.said("name") if (kind := one.first("NameType")) else ""): one.said("name")
        for one in reversed(meter.all("Names"))
    }
    name = names.get("MeterUniqueID") or next(iter(reversed(names.values())), "")
    mrid = meter.said("mRID")
    return name if name and (not mrid or _UUID.fullmatch(mrid)) else mrid


def _written(text: str) -> WrittenTime | None:
    try:
        return read_time(text)
    except BadTime:
        return None


def _instant(text: str, clock: LocalClock | None) -> int:
    """Epoch seconds of a stamp. :raises BadTime: if there is no such time, or nobody says where"""
    if not text:
        raise BadTime("It has no time stamp")
    at = read_time(text)
    if at.epoch is not None:
        return at.epoch
    if clock is None or at.local is None:
        raise BadTime("One of its times has an offset and another has none")
    return clock.start(at.local)


def _no_type(code: str) -> str:
    if not code:
        return "It has no reading type, so nobody says what was measured"
    return (
        f"Its reading type '{short(code)}' is not a code of eighteen numbers, nor one that the "
        "message spells out"
    )
