"""An ESPI document as it streams by: entries, their links, reading types, blocks and readings.

Lives here      Expat events into small records; the bounds of a document; DTDs turned away.
Lives elsewhere which block belongs to which meter (``green_button``), what codes mean
                (``espi_codes``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from meterledger.stores.gateways.exact import BLANKS
from meterledger.stores.gateways.refusals import (
    MAX_READINGS,
    EnvelopeBroken,
    FormatUnknown,
    TooManyReadings,
)
from meterledger.stores.gateways.xml_parts import encoding_unknown, not_well_formed, short

MAX_DEPTH = 40
MAX_ELEMENTS = 25_000_000
MAX_ENTRIES = 200_000
MAX_LINKS = 100
MAX_TEXT = 4_000
_CHUNK = 64 * 1024
_READING_PARTS = {
    ("timePeriod", "start"),
    ("timePeriod", "duration"),
    ("IntervalReading", "value"),
    ("IntervalReading", "cost"),
}

_CUSTOMER = "http://naesb.org/espi/customer"
_ATOM = "http://www.w3.org/2005/Atom"


class EspiReading(NamedTuple):
    """One IntervalReading, its texts as written."""

    start: str
    duration: str
    value: str | None
    qualities: tuple[str, ...]
    line: int
    place: tuple[int, int]


@dataclass(slots=True)
class EspiBlock:
    """One IntervalBlock: its own interval and its readings."""

    line: int
    start: str = ""
    duration: str = ""
    readings: list[EspiReading] = field(default_factory=list)


@dataclass(slots=True)
class EspiEntry:
    """One Atom entry: its links, the resources it holds, and those parts of them that count."""

    line: int
    atom_id: str = ""
    self_link: str = ""
    up_link: str = ""
    related: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    service_kind: str = ""
    reading_type: dict[str, str] | None = None
    blocks: list[EspiBlock] = field(default_factory=list)

    def holds(self, resource: str) -> bool:
        """Whether the entry holds a resource of that name."""
        return resource in self.resources


@dataclass(slots=True)
class EspiDocument:
    """All entries of a document, in order, and how many readings carried a cost."""

    entries: list[EspiEntry] = field(default_factory=list)
    reading_count: int = 0
    cost_count: int = 0


def read_espi(name: str, data: bytes) -> EspiDocument:
    """Stream the document once.

    :raises FormatUnknown: if the root is not an Atom feed or entry, saying what it is
    :raises EnvelopeBroken: if it is not well-formed, has a DTD, or crosses a bound
    :raises TooManyReadings: if it holds more readings than one file may
    """
    return _Stream(name, data).run()


class _Stream:
    """The state between two events."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data
        self.document = EspiDocument()
        self.path: list[str] = []
        self.elements = 0
        self.text: list[str] = []
        self.text_size = 0
        self.entry: EspiEntry | None = None
        self.block: EspiBlock | None = None
        self.reading: dict[str, str] | None = None
        self.qualities: list[str] = []
        self.reading_at = (0, 0)
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self.parser = parser

    def run(self) -> EspiDocument:
        try:
            for at in range(0, len(self.data), _CHUNK):
                self.parser.Parse(self.data[at : at + _CHUNK], False)
            self.parser.Parse(b"", True)
        except expat.ExpatError as problem:
            raise not_well_formed(self.name, problem) from problem
        except (LookupError, UnicodeError, ValueError) as problem:
            raise encoding_unknown(self.name, problem) from problem
        return self.document

    # ------------------------------------------------------------------------------ refusals

    def _beyond(self, what: str) -> EnvelopeBroken:
        return EnvelopeBroken(
            what,
            where=f"{self.name}, line {self.parser.CurrentLineNumber}",
            why="No Green Button file needs that, and a file built to exhaust a reader does",
            do="Ask the sender where the file comes from",
        )

    def _doctype(self, *declared: object) -> None:
        raise EnvelopeBroken(
            f"The XML declares a document type (<!DOCTYPE {str(declared[0])[:40]}>)",
            where=f"{self.name}, line {self.parser.CurrentLineNumber}",
            why="Green Button files have none, and one can make a reader fetch or multiply text",
            do="Remove the declaration, or ask the sender for a plain export",
        )

    def _entity(self, *declared: object) -> None:
        raise self._beyond("The XML declares an entity")

    # -------------------------------------------------------------------------------- events

    def _start(self, full_name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = full_name.rpartition(" ")
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise self._beyond(f"The XML has more than {MAX_ELEMENTS:,} elements")
        if len(self.path) >= MAX_DEPTH:
            raise self._beyond(f"The XML is nested more than {MAX_DEPTH} elements deep")
        if not self.path:
            _check_root(f"{self.name}, line {self.parser.CurrentLineNumber}", namespace, local)
        parent = self.path[-1] if self.path else ""
        self.path.append(local)
        self.text.clear()
        self.text_size = 0
        if local == "entry" and self.entry is None:
            self._open_entry()
        entry = self.entry
        if entry is None:
            return
        if local == "link" and parent == "entry":
            self._link(entry, attributes)
        elif parent == "content":
            entry.resources.append(f"customer {local}" if namespace == _CUSTOMER else local)
            if len(entry.resources) > MAX_READINGS:
                raise TooManyReadings.of(self.name)
        if namespace == _CUSTOMER:
            return
        if local == "ReadingType" and "content" in self.path:
            entry.reading_type = {}
        elif local == "IntervalBlock" and "content" in self.path:
            self.block = EspiBlock(self.parser.CurrentLineNumber)
            entry.blocks.append(self.block)
        elif local == "IntervalReading" and parent == "IntervalBlock":
            self.reading, self.qualities = {}, []
            self.reading_at = (self.parser.CurrentLineNumber, self.parser.CurrentByteIndex)

    def _open_entry(self) -> None:
        self.entry = EspiEntry(self.parser.CurrentLineNumber)
        self.document.entries.append(self.entry)
        if len(self.document.entries) > MAX_ENTRIES:
            raise self._beyond(f"The feed has more than {MAX_ENTRIES:,} entries")

    def _link(self, entry: EspiEntry, attributes: dict[str, str]) -> None:
        href = attributes.get("href", "")[:MAX_TEXT]
        relation = attributes.get("rel", "")
        if relation == "self":
            entry.self_link = href
        elif relation == "up":
            entry.up_link = href
        elif relation == "related":
            entry.related.append(href)
            if len(entry.related) > MAX_LINKS:
                raise self._beyond(f"An entry has more than {MAX_LINKS} links")

    def _characters(self, text: str) -> None:
        if self.entry is None:
            return
        self.text_size += len(text)
        if self.text_size <= MAX_TEXT:
            self.text.append(text)

    def _end(self, full_name: str) -> None:
        local = self.path.pop()
        entry = self.entry
        if entry is None:
            return
        parent = self.path[-1] if self.path else ""
        if local == "entry" and "entry" not in self.path:
            self.entry, self.block = None, None
            return
        if local == "IntervalReading" and self.reading is not None:
            self._close_reading()
            return
        if local == "IntervalBlock":
            self.block = None
            return
        text = (
            "".join(self.text).strip(BLANKS) if self.text_size <= MAX_TEXT else "(a very long text)"
        )
        self.text.clear()
        self.text_size = 0
        self._leaf(entry, parent, local, text)

    def _leaf(self, entry: EspiEntry, parent: str, local: str, text: str) -> None:
        if self.reading is not None:
            if (parent, local) in _READING_PARTS:
                self.reading[local] = text
            elif parent == "ReadingQuality" and local == "quality" and text:
                self.qualities.append(text)
                if len(self.qualities) > MAX_LINKS:
                    raise self._beyond(f"A reading has more than {MAX_LINKS} qualities")
        elif self.block is not None:
            if parent == "interval" and local in ("start", "duration"):
                setattr(self.block, local, text)
        elif parent == "ReadingType" and entry.reading_type is not None:
            if len(entry.reading_type) < MAX_LINKS and text:
                entry.reading_type[local] = text
        elif parent == "ServiceCategory" and local == "kind":
            entry.service_kind = text
        elif parent == "entry" and local == "id":
            entry.atom_id = text

    def _close_reading(self) -> None:
        reading, block = self.reading, self.block
        self.reading = None
        if reading is None or block is None:
            return
        self.document.reading_count += 1
        if self.document.reading_count > MAX_READINGS:
            raise TooManyReadings.of(self.name)
        if reading.get("cost"):
            self.document.cost_count += 1
        line, begin = self.reading_at
        until = self.data.find(b">", self.parser.CurrentByteIndex)
        block.readings.append(
            EspiReading(
                start=reading.get("start", ""),
                duration=reading.get("duration", ""),
                value=reading.get("value") or None,
                qualities=tuple(self.qualities),
                line=line,
                place=(begin, until + 1 if until >= 0 else begin),
            )
        )


def _check_root(where: str, namespace: str, local: str) -> None:
    if local in ("feed", "entry") and (namespace in (_ATOM, "") or "naesb.org" in namespace):
        return
    if local.lower() == "html":
        raise FormatUnknown(
            "This is a web page, not a file of readings",
            where=where,
            do="Sign in at the utility's site and download the file itself",
        )
    raise FormatUnknown(
        f"This XML begins with <{short(local)}>, and a Green Button file begins with an Atom "
        "<feed> or <entry>",
        where=where,
        do="Check that it is a Green Button file (ESPI), and download it again",
    )
