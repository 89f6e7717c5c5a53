"""Green Button (ESPI, NAESB REQ.21): a document of entries into channels of readings.

Lives here      from usage point to meter reading to reading type and blocks, by links, or by the
                feed's order where links are broken and only one answer is possible; times.
Lives elsewhere the document's events (``espi_xml``), links (``espi_links``), code lists
                (``espi_codes``), repeats and contradictions (``gather``).
Read first      README.md beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from meterledger.facts.readings import ChannelKind, ChannelReadings, Quality, ReadingFile
from meterledger.stores.gateways import espi_codes
from meterledger.stores.gateways.espi_links import Parents, point_id
from meterledger.stores.gateways.espi_xml import (
    EspiBlock,
    EspiDocument,
    EspiEntry,
    EspiReading,
    read_espi,
)
from meterledger.stores.gateways.exact import Exact, read_exact
from meterledger.stores.gateways.gather import (
    ChannelKey,
    RawReading,
    Sieve,
    repeat_reason,
    settle,
    to_channel,
)
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import OpenedFile
from meterledger.stores.gateways.refusals import (
    LinksUnresolved,
    MeterNotNamed,
    NothingToLoad,
    ReadingsContradict,
    UnitNotNamed,
)

FORMAT = "green-button"
_INTEGER = re.compile(r"(?!-0+$)[+-]?\d{1,18}", re.ASCII)
_WHOLE_OR_FRACTION = re.compile(r"(\d{1,18})(?:\.\d{1,20})?", re.ASCII)
MULTIPLIER_LIMIT = 18


class TypeFacts(NamedTuple):
    """What a ReadingType says, as numbers; None where it is silent."""

    uom: int
    power: int
    commodity: int | None
    flow: int | None
    accumulation: int | None
    kind: int | None
    qualifier: int | None
    default_quality: int | None
    interval_seconds: int | None
    others: tuple[tuple[str, str], ...]
    """Every other field (phase, tou, ...), so that streams that differ in one stay apart."""


def read_green_button(
    file: OpenedFile, *, believable: Believable, meter: str | None = None
) -> ReadingFile:
    """Read a Green Button document.

    ``meter`` names the meter where the document holds one usage point; otherwise the usage
    point's own link is reduced to an id. Titles are never read: they can hold addresses.

    :raises FileRefused: of the kind that fits, naming the line or the element
    """
    document = read_espi(file.name, file.data)
    return _Document(file, document, believable, meter).read()


class _Document:
    """One document on its way to channels."""

    def __init__(
        self, file: OpenedFile, document: EspiDocument, believable: Believable, meter: str | None
    ) -> None:
        self.file = file
        self.document = document
        self.believable = believable
        self.meter = meter
        self.notes: list[str] = []
        self.sieve = Sieve(file.name, "reading")
        entries = document.entries
        self.points = Parents([one for one in entries if one.holds("UsagePoint")])
        self.meter_readings = Parents([one for one in entries if one.holds("MeterReading")])
        self.types = Parents([one for one in entries if one.reading_type is not None])
        self.known: dict[int, tuple[ChannelKey, TypeFacts]] = {}
        self.block_entries = [one for one in entries if one.blocks]

    def read(self) -> ReadingFile:
        if self.document.reading_count == 0:
            raise self._nothing()
        streams: dict[tuple[ChannelKey, int], list[RawReading]] = {}
        for entry in self.block_entries:
            key, facts = self._stream(self._owner(entry))
            stream = streams.setdefault((key, facts.power), [])
            for block in entry.blocks:
                stream += self._readings(block, facts, key.kind)
        channels = [
            channel
            for (key, power), raw in streams.items()
            if (channel := self._channel(key, power, raw)) is not None
        ]
        self.sieve.refuse_if_too_much(self.document.reading_count)
        if not channels:
            raise self._nothing()
        if self.document.cost_count:
            self.notes.append(
                f"{self.document.cost_count} readings carry a cost, which is not loaded: "
                "amounts come from the tariff book"
            )
        return ReadingFile(
            name=self.file.name,
            sha256=self.file.sha256,
            format=FORMAT,
            channels=tuple(channels),
            quarantined=tuple(sorted(self.sieve.lines, key=lambda one: one.line)),
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _nothing(self) -> NothingToLoad:
        found = sorted({word for one in self.document.entries for word in one.resources})
        holds = ", ".join(found[:8]) if found else "no entries with content"
        return NothingToLoad(
            f"The file holds no interval readings; it holds: {holds}",
            where=self.file.name,
            do="Download the usage data itself (a feed with IntervalBlock entries)",
        )

    # --------------------------------------------------------------------------------- links

    def _stream(self, owner: EspiEntry) -> tuple[ChannelKey, TypeFacts]:
        """Whose and which values a MeterReading's blocks hold."""
        if id(owner) not in self.known:
            facts = self._facts(owner)
            self.known[id(owner)] = (self._key(self._point(owner), facts), facts)
        return self.known[id(owner)]

    def _owner(self, entry: EspiEntry) -> EspiEntry:
        """The MeterReading that an entry's blocks belong to."""
        if entry.holds("MeterReading"):
            return entry
        linked = self.meter_readings.above(entry)
        return self._only(linked, self.meter_readings, entry, "IntervalBlock", "MeterReading")

    def _point(self, owner: EspiEntry) -> EspiEntry | None:
        """The UsagePoint of a MeterReading; None if the file has none at all."""
        if owner.holds("UsagePoint"):
            return owner
        if not self.points.entries:
            return None
        linked = self.points.above(owner)
        return self._only(linked, self.points, owner, "MeterReading", "UsagePoint")

    def _facts(self, owner: EspiEntry) -> TypeFacts:
        if owner.reading_type is not None:
            return self._type_facts(owner)
        linked = self.types.named_by(owner)
        return self._type_facts(
            self._only(linked, self.types, owner, "MeterReading", "ReadingType")
        )

    def _only(
        self,
        linked: Sequence[EspiEntry],
        parents: Parents,
        entry: EspiEntry,
        what: str,
        whose: str,
    ) -> EspiEntry:
        """The one that links name; without a link that fits, the only one there is, or before."""
        all_of_them = parents.entries
        if len(linked) == 1:
            return linked[0]
        if not linked and len(all_of_them) == 1:
            self.notes.append(
                f"A {what} names no {whose} of this file by its links; the only one was taken"
            )
            return all_of_them[0]
        linkless = not (entry.self_link or entry.up_link or entry.related)
        if not linked and linkless and (before := parents.last_before(entry)) is not None:
            self.notes.append(f"A {what} has no links; the {whose} before it was taken")
            return before
        count = len(linked) or len(all_of_them)
        raise LinksUnresolved(
            f"The {what} of this entry could belong to {count} of the file's {whose}s, "
            f"and its links {'name all of them' if linked else 'name none of them'}"
            if all_of_them
            else f"The {what} of this entry has no {whose}: the file holds none",
            where=f"{self.file.name}, line {entry.line}",
            why="Values of another meter or unit must never be taken for these",
            do="Ask the sender for a feed whose self, up and related links agree",
        )

    # ------------------------------------------------------------------------------ channels

    def _type_facts(self, entry: EspiEntry) -> TypeFacts:
        fields = dict(entry.reading_type or {})

        def number(name: str) -> int | None:
            text = fields.pop(name, "")
            if not text:
                return None
            if not _INTEGER.fullmatch(text):
                raise UnitNotNamed(
                    f"The ReadingType's {name} is '{text[:40]}', which is not a whole number",
                    where=f"{self.file.name}, line {entry.line}",
                    do="Ask the sender for a feed that follows ESPI",
                )
            return int(text)

        uom = number("uom")
        if uom is None:
            raise UnitNotNamed(
                "The ReadingType has no uom, so nobody says in which unit the values are",
                where=f"{self.file.name}, line {entry.line}",
                why="A unit is never guessed",
                do="Ask the sender for a feed whose ReadingType names its unit of measure",
            )
        power = number("powerOfTenMultiplier") or 0
        if abs(power) > MULTIPLIER_LIMIT:
            raise UnitNotNamed(
                f"The ReadingType's powerOfTenMultiplier is {power}",
                where=f"{self.file.name}, line {entry.line}",
                why="ESPI knows powers from -12 to 12",
                do="Ask the sender for a corrected feed",
            )
        return TypeFacts(
            uom=uom,
            power=power,
            commodity=number("commodity"),
            flow=number("flowDirection"),
            accumulation=number("accumulationBehaviour"),
            kind=number("kind"),
            qualifier=number("dataQualifier"),
            default_quality=number("defaultQuality"),
            interval_seconds=number("intervalLength"),
            others=tuple(sorted(fields.items())),
        )

    def _key(self, point: EspiEntry | None, facts: TypeFacts) -> ChannelKey:
        service = None
        if point is not None and _INTEGER.fullmatch(point.service_kind):
            service = int(point.service_kind)
        return ChannelKey(
            meter=self._meter_id(point),
            commodity=espi_codes.commodity_of(facts.commodity, service, facts.uom, facts.kind),
            unit=espi_codes.unit_of(facts.uom, facts.qualifier),
            kind=espi_codes.kind_of(facts.accumulation),
            flow=espi_codes.flow_of(facts.flow),
            stream=repr(facts),
        )

    def _meter_id(self, point: EspiEntry | None) -> str:
        if self.meter is not None:
            count = len(self.points.entries)
            if count > 1:
                raise MeterNotNamed(
                    f"The file holds {count} usage points, and one meter was named",
                    where=self.file.name,
                    do="Leave out --meter, or split the file by usage point",
                )
            return self.meter
        named = "" if point is None else point_id(point)
        if not named:
            raise MeterNotNamed(
                "The file has no UsagePoint that names itself",
                where=self.file.name,
                why="Titles are not used: they can hold a person's name or address",
                do="Name the meter with --meter",
            )
        return named

    def _channel(
        self, key: ChannelKey, power: int, raw: Sequence[RawReading]
    ) -> ChannelReadings | None:
        settled = settle(raw)
        if settled.contradictions:
            first = settled.contradictions[0]
            more = len(settled.contradictions) - 1
            raise ReadingsContradict(
                first.sentence + (f" ({more} more such pairs follow)" if more else ""),
                where=f"{self.file.name}, line {first.second.line}",
                why="One export says two things of one time, so its clock or its lengths are "
                "wrong somewhere, and counting either would be a guess",
                do="Nothing was kept. Ask the sender for a corrected export",
            )
        for repeat in settled.repeats:
            self.sieve.set_repeat_aside(repeat.line, self._bytes(repeat), repeat_reason(repeat))
        channel, too_large = to_channel(key, settled.readings, power=power)
        for one in too_large:
            self.sieve.set_aside(one.line, self._bytes(one), _TOO_LARGE)
        return channel

    def _bytes(self, reading: RawReading | EspiReading) -> bytes:
        begin, until = reading.place
        return self.file.data[begin:until]

    # ------------------------------------------------------------------------------ readings

    def _readings(
        self, block: EspiBlock, facts: TypeFacts, kind: ChannelKind
    ) -> Iterable[RawReading]:
        """The usable readings of a block; the others go into the sieve with their bytes."""
        follows = _seconds(block.start)
        for reading in block.readings:
            seconds = _seconds(reading.duration) if reading.duration else facts.interval_seconds
            start = _seconds(reading.start) if reading.start else follows
            value = None if reading.value is None else read_exact(reading.value)
            problem = self._problem(reading, start, seconds, value, kind)
            if problem is not None or start is None or seconds is None:
                follows = None
                self.sieve.set_aside(reading.line, self._bytes(reading), problem or _NO_TIME)
                continue
            follows = start + seconds
            codes = tuple(int(code) for code in reading.qualities if _INTEGER.fullmatch(code))
            quality = espi_codes.quality_of(codes, facts.default_quality)
            if "." in reading.start:
                self.notes.append("Start times with fractions of a second were cut to the second")
            at, length = (start, seconds) if kind is ChannelKind.INTERVAL else (follows, 0)
            yield RawReading(
                start=at,
                seconds=length,
                value=value,
                quality=Quality.MISSING if value is None else quality,
                line=reading.line,
                place=reading.place,
            )

    def _problem(
        self,
        reading: EspiReading,
        start: int | None,
        seconds: int | None,
        value: Exact | None,
        kind: ChannelKind,
    ) -> str | None:
        if start is None or (seconds is None and kind is ChannelKind.INTERVAL):
            return _NO_TIME
        if reading.value is not None and value is None:
            return (
                f"Its value '{reading.value[:40]}' is not a number that can be kept exactly: "
                "ESPI values are whole numbers of at most 63 bits"
            )
        if kind is ChannelKind.INTERVAL and seconds == 0:
            return "It lasts 0 seconds, and an interval has a length"
        bad = [code for code in reading.qualities if not _INTEGER.fullmatch(code)]
        if bad:
            return f"Its quality '{bad[0][:40]}' is not a code of ESPI"
        return self.believable.doubt(start, seconds or 0)


_NO_TIME = "Nobody says when it starts and how long it lasts (timePeriod, interval, intervalLength)"
_TOO_LARGE = "Its value does not fit 63 bits together with the decimals of the others"


def _seconds(text: str) -> int | None:
    match = _WHOLE_OR_FRACTION.fullmatch(text)
    return None if match is None else int(match.group(1))
