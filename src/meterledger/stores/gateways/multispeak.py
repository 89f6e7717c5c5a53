"""MultiSpeak 3.0 and 4.1 readings (meterRead, meterReading, formattedBlock) into channels.

A message may stand in a SOAP envelope or alone, as a notification or as an answer. Every value is
what a register showed, or an instant value, at its own time: nothing here is energy of an interval.

Lives here      the three forms of a reading, and what their field names mean.
Lives elsewhere XML (``xml_parts``), reading types of eighteen numbers (``cim_codes``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality, ReadingFile
from meterledger.stores.gateways.cim_codes import cim_type
from meterledger.stores.gateways.csv_times import BadTime, LocalClock, read_time
from meterledger.stores.gateways.csv_words import UNITS
from meterledger.stores.gateways.exact import BLANKS, read_exact
from meterledger.stores.gateways.gather import ChannelKey, RawReading, Sieve
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import OpenedFile
from meterledger.stores.gateways.refusals import (
    MAX_READINGS,
    EnvelopeBroken,
    FormatUnknown,
    NothingToLoad,
    TooManyReadings,
)
from meterledger.stores.gateways.settling import is_meter_id, named, settled_channels
from meterledger.stores.gateways.table import Options
from meterledger.stores.gateways.xml_parts import Part, Stream, short

FORMAT = "multispeak"
NAMESPACE = re.compile(r"https?://www\.multispeak\.org/", re.IGNORECASE)
_READ = re.compile(r"https?://www\.multispeak\.org/Version_(?:3|4)\.\d\w*", re.IGNORECASE)

_OBIS = re.compile(r"(?:1[.-]\d{1,3}[.:])?([1234])\.8\.0(?:\.255)?", re.ASCII)
_OBIS_MEANS = {
    "1": ("kWh", Flow.DELIVERED),
    "2": ("kWh", Flow.RECEIVED),
    "3": ("kVArh", Flow.DELIVERED),
    "4": ("kVArh", Flow.RECEIVED),
}
_FIELDS = {
    "poskwh": ("kWh", Flow.DELIVERED),
    "negkwh": ("kWh", Flow.RECEIVED),
    "totalkwh": ("kWh", Flow.TOTAL),
    "netkwh": ("kWh", Flow.NET),
    "kw": ("kW", Flow.UNKNOWN),
    "kvar": ("kVAr", Flow.UNKNOWN),
    "voltage": ("V", Flow.UNKNOWN),
}
"""Fields (small letters) whose meaning the specification fixes."""

_METER_FIELDS = ("meterno", "meternumber", "metername")
_DATE_FIELDS = ("readingdate", "datetime", "timestamp")
_NO_VALUES = (*_METER_FIELDS, *_DATE_FIELDS, "transponderid", "deviceid")
_UNITS = {**UNITS, "kvar": "kVAr", "var": "VAr", "gallon": "gal", "volts": "V", "amps": "A"}
_ELECTRIC = frozenset(
    {"Wh", "kWh", "MWh", "VAh", "kVAh", "VArh", "kVArh", "W", "kW", "VA", "kVA", "VAr", "kVAr"}
    | {"V", "A"}
)
_SERVICES = {
    "electric": Commodity.ELECTRICITY,
    "gas": Commodity.GAS,
    "propane": Commodity.GAS,
    "water": Commodity.WATER,
}
_MAX_FIELDS = 200


class _Value(NamedTuple):
    """One value of one meter, its texts as written."""

    meter: str
    field: str
    unit: str
    stamp: str
    text: str
    code: str
    service: str
    error: str
    line: int
    place: tuple[int, int]


class _Row(NamedTuple):
    """One row of a formatted block, as written."""

    text: str
    line: int
    place: tuple[int, int]


def read_multispeak(file: OpenedFile, *, believable: Believable, options: Options) -> ReadingFile:
    """Read a MultiSpeak message of readings.

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
        self.values: list[_Value] = []
        self.passed_by: Counter[str] = Counter()
        self.fields = 0

    def read(self) -> ReadingFile:
        root = Stream(
            self.file.name,
            self.file.data,
            {
                "meterRead": self._read,
                "meterReading": self._read,
                "readingValue": _reading_value,
                "val": _row,
                "formattedBlock": self._block,
                "changedMeterReads": self._block_or_list,
                "intervalData": self._interval_data,
            },
        ).run()
        if not _READ.fullmatch(root.namespace):
            raise FormatUnknown(
                "This is a MultiSpeak message of a version that is not read",
                where=f"{self.file.name}, <{short(root.name)}>",
                why="Versions 3.0 and 4.1 are read; version 5 names its readings another way",
                do="Ask the head-end for version 3.0 or 4.1, or for CMEP",
            )
        channels = settled_channels(self._streams(), sieve=self.sieve, bytes_of=self._bytes)
        self.sieve.refuse_if_too_much(len(self.values))
        notes = [f"{n} {what} were not loaded" for what, n in sorted(self.passed_by.items())]
        if not channels:
            raise NothingToLoad(
                f"The message holds no readings to load (<{short(root.name)}>)"
                + (f"; {', '.join(notes)}" if notes else ""),
                where=self.file.name,
                do="Ask the head-end for meterRead, meterReading or formattedBlock readings",
            )
        return ReadingFile(
            name=self.file.name,
            sha256=self.file.sha256,
            format=FORMAT,
            channels=named(channels, self.options.meter, self.file.name),
            quarantined=tuple(sorted(self.sieve.lines, key=lambda one: one.line)),
            notes=tuple(notes),
        )

    # --------------------------------------------------------------------------------- parts

    def _keep(self, value: _Value) -> None:
        self.values.append(value)
        if len(self.values) > MAX_READINGS:
            raise TooManyReadings.of(self.file.name)

    def _read(self, part: Part, until: int) -> None:
        """A meterRead of version 3.0 or a meterReading of 4.1."""
        place = (part.begin, until)
        error = part.attributes.get("errorString", "") or part.said("errorString")
        meter, service = _meter_of(part)

        def keep(field: str, stamp: str, text: str) -> None:
            if text:
                self._keep(
                    _Value(meter, field, "", stamp, text, "", service, error, part.line, place)
                )

        date = part.said("readingDate") or part.said("dateTime")
        for field in ("posKWh", "negKWh"):
            keep(field, date, part.said(field))
        for field in ("kW", "kVAr"):
            keep(field, part.said("kWDateTime") or date, part.said(field))
        listed = part.first("readingValues")
        for one in [] if listed is None else listed.kept:
            if isinstance(one, _Value) and one.text:
                self._keep(
                    one._replace(meter=meter, stamp=one.stamp or date, service=service, error=error)
                )
        for other in ("TOUReadings", "registers"):
            if part.first(other) is not None:
                self.passed_by[f"readings by time of use or register ({other})"] += 1

    def _block_or_list(self, part: Part, until: int) -> None:
        """What a notification brings: a list of readings (taken already), or one block."""
        if part.first("valSyntax") is not None:
            self._block(part, until)

    def _interval_data(self, part: Part, until: int) -> None:
        self.passed_by["blocks of interval data (intervalData)"] += 1

    def _block(self, part: Part, until: int) -> None:
        where = f"{self.file.name}, line {part.line}"
        fields = self._syntax(part, where)
        separator = part.said("separator") or ","
        meters = [at for at, (name, _) in fields.items() if name.lower() in _METER_FIELDS]
        if len(meters) != 1:
            raise EnvelopeBroken(
                "The syntax of a formatted block does not name one field as the meter's number",
                where=where,
                do="Ask the sender for a block with a field meterNo",
            )
        places = {name.lower(): at for at, (name, _) in fields.items()}
        dates = [places[one] for one in _DATE_FIELDS if one in places]
        values = part.first("valueList")
        for row in [] if values is None else values.kept:
            if isinstance(row, _Row):
                self._take_row(row, separator, fields, meters[0], dates)

    def _take_row(
        self,
        row: _Row,
        separator: str,
        fields: dict[int, tuple[str, str]],
        meter: int,
        dates: list[int],
    ) -> None:
        """The values of one row of a formatted block, each with its own time or the row's."""
        cells = [cell.strip(BLANKS) for cell in row.text.split(separator)]
        while len(cells) > len(fields) and not cells[-1]:
            cells.pop()
        if len(cells) != len(fields):
            what = f"it has {len(cells)} fields, and its block's syntax {len(fields)}"
            self._keep(_Value("", "", "", "", "", "", "", what, row.line, row.place))
            return
        places = {name.lower(): at for at, (name, _) in fields.items()}
        for at, (name, unit) in fields.items():
            field = name.lower()
            told = at != meter and field not in _NO_VALUES and not field.endswith("datetime")
            if told and cells[at]:
                own = places.get(f"{field}datetime", dates[0] if dates else None)
                stamp = "" if own is None else cells[own]
                self._keep(
                    _Value(
                        cells[meter], name, unit, stamp, cells[at], "", "", "", row.line, row.place
                    )
                )

    @staticmethod
    def _syntax(part: Part, where: str) -> dict[int, tuple[str, str]]:
        """Which field stands at which place, counted from 0."""
        syntax = part.first("valSyntax")
        items = [] if syntax is None else syntax.all("syntaxItem")
        positions = [one.said("position") for one in items]
        if not items or any(not re.fullmatch(r"\d{1,4}", one, re.ASCII) for one in positions):
            raise EnvelopeBroken(
                "A formatted block does not say at which place each of its fields stands",
                where=where,
                why="Its valSyntax has no syntaxItem, or one without a position",
                do="Ask the sender for a complete block",
            )
        numbers = [int(one) for one in positions]
        first = min(numbers)
        wanted = list(range(first, first + len(numbers)))
        if sorted(numbers) != wanted or first > 1 or len(numbers) > _MAX_FIELDS:
            raise EnvelopeBroken(
                f"The fields of a formatted block stand at {sorted(numbers)[:20]}",
                where=where,
                why="Places count from 0 or 1 without gaps, and no two fields share one",
                do="Ask the sender for a sound block",
            )
        fields = {
            number - first: (one.said("fieldName"), one.said("uom"))
            for number, one in sorted(zip(numbers, items, strict=True), key=lambda pair: pair[0])
        }
        names = [name.lower() for name, _ in fields.values()]
        if len(set(names)) != len(names):
            raise EnvelopeBroken(
                "A formatted block names a field twice",
                where=where,
                do="Ask the sender for a block in which every field has a name of its own",
            )
        return fields

    # ------------------------------------------------------------------------------- streams

    def _streams(self) -> dict[tuple[ChannelKey, int], list[RawReading]]:
        clocks = self._clocks()
        streams: dict[tuple[ChannelKey, int], list[RawReading]] = defaultdict(list)
        for one in self.values:
            try:
                key, power, reading = self._reading(one, clocks)
            except (BadTime, _Unusable) as problem:
                begin, until = one.place
                self.sieve.set_aside(one.line, self.file.data[begin:until], str(problem))
                continue
            streams[key, power].append(reading)
        return streams

    def _clocks(self) -> dict[tuple[str, str], LocalClock]:
        """Clocks of stamps without an offset, by meter and field, in the order of the message."""
        told: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        for one in self.values:
            for at in _local_times(one.stamp):
                told[one.meter, one.field].append(at)
        return {
            key: LocalClock(self.file.name, self.options.zone, times) for key, times in told.items()
        }

    def _reading(
        self, one: _Value, clocks: dict[tuple[str, str], LocalClock]
    ) -> tuple[ChannelKey, int, RawReading]:
        if one.error:
            raise _Unusable(f"Its sender says of it: {one.error[:80]}")
        meter = one.meter or self.options.meter or ""
        if not is_meter_id(meter):
            raise _Unusable("It names no meter")
        key, power = _key(meter, one)
        if not one.stamp:
            raise _Unusable(f"Its {one.field[:40]} has no time of its own")
        at = read_time(one.stamp)
        start = at.epoch
        if start is None:
            clock = clocks[one.meter, one.field]
            start = clock.start(at.local)  # type: ignore[arg-type]
        doubt = self.believable.doubt(start, 0)
        if doubt is not None:
            raise _Unusable(doubt)
        value = read_exact(one.text)
        if value is None:
            raise _Unusable(
                f"Its {one.field[:40]} '{one.text[:40]}' is not a number that can be kept exactly"
            )
        return key, power, RawReading(start, 0, value, Quality.RAW, one.line, one.place)

    def _bytes(self, reading: RawReading) -> bytes:
        begin, until = reading.place
        return self.file.data[begin:until]


class _Unusable(Exception):
    """This value cannot be used; says why."""


def _key(meter: str, one: _Value) -> tuple[ChannelKey, int]:
    """What a value is: by its reading type of eighteen numbers, its field's name, or its unit."""
    facts = cim_type(one.code) if one.code else None
    if facts is not None:
        if facts.kind is ChannelKind.INTERVAL:
            raise _Unusable("Its reading type is of an interval, and it has one time only")
        key = ChannelKey(meter, facts.commodity, facts.unit, facts.kind, facts.flow, one.code)
        return key, facts.power
    obis = _OBIS.fullmatch(one.field)
    known = _OBIS_MEANS[obis.group(1)] if obis else _FIELDS.get(one.field.lower())
    said = _UNITS.get(one.unit.lower(), "") if one.unit else ""
    if one.unit and not said:
        raise _Unusable(f"Its unit is '{one.unit[:20]}', which is not known")
    if known is None and not said:
        raise _Unusable(f"Nobody says in which unit its {one.field[:40] or 'value'} is")
    if known is not None:
        unit, flow = known
        if said and said.lower().lstrip("km") != unit.lower().lstrip("km"):
            raise _Unusable(f"Its {one.field[:40]} is in {said}, and that field is {unit}")
        unit = said or unit
    else:
        unit, flow = f"{said} ({one.field[:40]})" if one.field else said, Flow.UNKNOWN
    service = _SERVICES.get(one.service.lower())
    plain = said or unit
    commodity = service or (Commodity.ELECTRICITY if plain in _ELECTRIC else Commodity.OTHER)
    return ChannelKey(meter, commodity, unit, ChannelKind.REGISTER, flow, one.field.lower()), 0


def _meter_of(part: Part) -> tuple[str, str]:
    """Number and service of the meter that a reading is of."""
    inside = part.first("meterID")
    if inside is not None and inside.attributes:
        attributes = inside.attributes
        meter = attributes.get("meterNo") or attributes.get("objectID") or inside.text
        return meter.strip(BLANKS), attributes.get("serviceType", "")
    listed = "" if inside is None else inside.text or inside.said("meterNo")
    meter = part.said("meterNo") or listed or part.attributes.get("objectID", "")
    return meter.strip(BLANKS), ""


def _reading_value(part: Part, until: int) -> _Value:
    """A readingValue of version 4.1; whose it is stands around it."""
    return _Value(
        meter="",
        field=part.said("fieldName") or part.said("name") or part.said("readingType"),
        unit=part.said("units"),
        stamp=part.said("timeStamp") or part.said("dateTime"),
        text=part.said("value"),
        code=part.said("readingTypeCode"),
        service="",
        error="",
        line=part.line,
        place=(part.begin, until),
    )


def _row(part: Part, until: int) -> _Row:
    return _Row(part.text, part.line, (part.begin, until))


def _local_times(text: str) -> Iterator[datetime]:
    try:
        at = read_time(text)
    except BadTime:
        return  # said of the value itself, when it is read
    if at.epoch is None and at.local is not None:
        yield at.local
