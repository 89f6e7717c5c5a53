"""An XML message as it streams by, in parts: bounded, no document type, namespaces by their URI.

A document is never in memory as a whole: elements that a reader asks for (one reading, one block)
are handed to it as small trees when they close, and what it makes of them is kept by the element
around them.

Lives here      Expat events into parts, and the bounds of a message.
Lives elsewhere what the parts mean (``iec61968``, ``multispeak``); Green Button (``espi_xml``).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from xml.parsers import expat

from meterledger.stores.gateways.exact import BLANKS
from meterledger.stores.gateways.refusals import EnvelopeBroken

MAX_DEPTH = 40
MAX_ELEMENTS = 25_000_000
MAX_TEXT = 64 * 1024
MAX_PARTS = 20_000
"""The most elements that one element may hold which no reader took out of it."""

_CHUNK = 64 * 1024
_ROOT_BYTES = 64 * 1024
_SOAP = (
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://www.w3.org/2003/05/soap-envelope",
)


class Part:
    """An element: its name, attributes, text, elements inside, and what a reader kept of others."""

    __slots__ = ("attributes", "begin", "kept", "line", "name", "namespace", "parts", "text")

    def __init__(
        self, namespace: str, name: str, attributes: dict[str, str], line: int, begin: int
    ) -> None:
        self.namespace = namespace
        self.name = name
        self.attributes = attributes
        self.line = line
        self.begin = begin
        self.text = ""
        self.parts: list[Part] = []
        self.kept: list[object] = []

    def first(self, name: str) -> Part | None:
        """The first element of that name inside this one."""
        return next((one for one in self.parts if one.name == name), None)

    def all(self, name: str) -> list[Part]:
        """Every element of that name inside this one."""
        return [one for one in self.parts if one.name == name]

    def said(self, name: str) -> str:
        """The text of the first element of that name, or nothing."""
        found = self.first(name)
        return "" if found is None else found.text


Taken = Callable[[Part, int], object]
"""Makes something of a part that closed; the number is the byte after its end."""


class Stream:
    """One message on its way through. ``takers`` say which elements are handed over, by name."""

    def __init__(self, name: str, data: bytes, takers: Mapping[str, Taken]) -> None:
        self.name = name
        self.data = data
        self.takers = takers
        self.path: list[Part] = []
        self.root: Part | None = None
        self.elements = 0
        self.text: list[str] = []
        self.text_size = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self.parser = parser

    def run(self) -> Part:
        """Stream the message once and return its root, or what a SOAP envelope carries.

        :raises EnvelopeBroken: if it is not well-formed, has a document type, or crosses a bound
        """
        try:
            for at in range(0, len(self.data), _CHUNK):
                self.parser.Parse(self.data[at : at + _CHUNK], False)
            self.parser.Parse(b"", True)
        except expat.ExpatError as problem:
            raise not_well_formed(self.name, problem) from problem
        except (LookupError, UnicodeError, ValueError) as problem:
            raise encoding_unknown(self.name, problem) from problem
        if self.root is None:
            raise EnvelopeBroken("The XML holds no element", where=self.name)
        body = self.root.first("Body") if self.root.namespace in _SOAP else None
        return body.parts[0] if body is not None and body.parts else self.root

    # ------------------------------------------------------------------------------ refusals

    def _beyond(self, what: str) -> EnvelopeBroken:
        return EnvelopeBroken(
            what,
            where=f"{self.name}, line {self.parser.CurrentLineNumber}",
            why="No message of readings needs that, and a file built to exhaust a reader does",
            do="Ask the sender where the file comes from",
        )

    def _doctype(self, *declared: object) -> None:
        raise EnvelopeBroken(
            f"The XML declares a document type (<!DOCTYPE {str(declared[0])[:40]}>)",
            where=f"{self.name}, line {self.parser.CurrentLineNumber}",
            why="Messages of readings have none, and one can make a reader fetch or multiply text",
            do="Remove the declaration, or ask the sender for a plain message",
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
        part = Part(
            namespace,
            local,
            attributes,
            self.parser.CurrentLineNumber,
            self.parser.CurrentByteIndex,
        )
        if self.root is None:
            self.root = part
        self.path.append(part)
        self.text.clear()
        self.text_size = 0

    def _characters(self, text: str) -> None:
        self.text_size += len(text)
        if self.text_size <= MAX_TEXT:
            self.text.append(text)

    def _end(self, full_name: str) -> None:
        part = self.path.pop()
        if not part.parts:
            if self.text_size > MAX_TEXT:
                raise self._beyond(f"An element holds more than {MAX_TEXT:,} characters")
            part.text = "".join(self.text).strip(BLANKS)
        self.text.clear()
        self.text_size = 0
        above = self.path[-1] if self.path else None
        if above is None:
            return
        taker = self.takers.get(part.name)
        if taker is not None and part.namespace == above.namespace:
            until = self.data.find(b">", self.parser.CurrentByteIndex)
            above.kept.append(taker(part, until + 1 if until >= 0 else part.begin))
            return
        if len(above.parts) >= MAX_PARTS:
            raise self._beyond(f"An element holds more than {MAX_PARTS:,} others")
        above.parts.append(part)


def not_well_formed(name: str, problem: expat.ExpatError) -> EnvelopeBroken:
    """The refusal of XML that is cut off or not well-formed."""
    cut_off = problem.code in (
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
        expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
    )
    return EnvelopeBroken(
        "The XML is cut off" if cut_off else "The XML is not well-formed",
        where=f"{name}, line {problem.lineno}, column {problem.offset + 1}",
        why=f"The reader says: {expat.ErrorString(problem.code)}",
        do="Nothing was kept. Download it again, or ask the sender for a sound file",
    )


def encoding_unknown(name: str, problem: Exception) -> EnvelopeBroken:
    """The refusal of XML in an encoding that cannot be read."""
    return EnvelopeBroken(
        "The XML says it is in an encoding that cannot be read",
        where=name,
        why=f"The reader says: {problem}",
        do="Save it as UTF-8 and ingest it again",
    )


class _Found(Exception):
    """The root was seen."""


def root_of(data: bytes) -> tuple[str, str]:
    """Namespace and name of the message: the root, or what a SOAP envelope carries in its body.

    Empty where the beginning of the document does not say; nothing is judged here.
    """
    path: list[tuple[str, str]] = []
    found: list[tuple[str, str]] = []

    def start(full_name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = full_name.rpartition(" ")
        if namespace in _SOAP:
            path.append((namespace, local))
            return
        if not path or path[-1][1] == "Body":
            found.append((namespace, local))
            raise _Found
        path.append((namespace, local))

    def end(full_name: str) -> None:
        path.pop()

    def stop(*declared: object) -> None:
        raise _Found

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = stop
    # What is broken is refused by the reader that gets the whole message, in its own words.
    with contextlib.suppress(_Found, expat.ExpatError, LookupError, UnicodeError, ValueError):
        parser.Parse(data[:_ROOT_BYTES], False)
    return found[0] if found else ("", "")


def short(local: str) -> str:
    """An element's name as a message may show it."""
    return re.sub(r"[^\w.-]", "?", local)[:40]
