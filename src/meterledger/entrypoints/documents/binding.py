"""Binding documents into one file for a printer: the very pages that are kept, one after another.

Lives here      copying pages with what they need, shared parts once. Outlines and tags stay with
                the documents: a print file is read by machines, its pages by people.
Lives elsewhere the documents (``composing``), in which order they are bound and what is said of
                each (``usecases/print_file``).

It reads what our own compiler writes, and refuses anything else: objects one after another, with
a classic table of places, none of them packed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import BinaryIO

from meterledger.kernel.ensure import ensure

_REFERENCE = re.compile(rb"(?<![0-9])([0-9]+) 0 R")
_OWN_OF_DOCUMENT = re.compile(rb"/(?:Parent [0-9]+ 0 R|StructParents [0-9]+|Tabs/S)")
_KIDS = re.compile(rb"/Kids\[([0-9R ]+)\]")
_START = re.compile(rb"startxref\s+([0-9]+)\s+%%EOF\s*$")
_ROOT = re.compile(rb"/Root ([0-9]+) 0 R")
_PAGES = re.compile(rb"/Pages ([0-9]+) 0 R")
PAGES, CATALOG, FIRST_FREE = 1, 2, 3


class Binder:
    """Writes one file, document by document; nothing but places is kept in memory."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin the file."""
        self._file = file
        self._at = 0
        self._places: dict[int, int] = {}
        self._shared: dict[bytes, int] = {}
        self._kids: list[int] = []
        self._next = FIRST_FREE
        self._write(b"%PDF-1.7\n%\x80\x80\x80\x80\n")

    def add(self, pdf: bytes) -> int:
        """Append a document's pages; how many it has.

        :raises InvariantBroken: if it is not written as our compiler writes
        """
        objects = _Objects(pdf)
        pages = objects.pages()
        numbers: dict[int, int] = {}
        for page in pages:
            self._kids.append(self._copy(page, objects, numbers))
        return len(pages)

    def end(self) -> None:
        """Write what holds the pages together."""
        kids = b" ".join(b"%d 0 R" % kid for kid in self._kids)
        self._object(PAGES, b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(self._kids), kids))
        self._object(CATALOG, b"<</Type/Catalog/Pages %d 0 R/Lang(en-US)>>" % PAGES)
        start = self._at
        self._write(b"xref\n0 %d\n0000000000 65535 f\r\n" % self._next)
        for number in range(1, self._next):
            self._write(b"%010d 00000 n\r\n" % self._places[number])
        self._write(b"trailer\n<</Size %d/Root %d 0 R>>\n" % (self._next, CATALOG))
        self._write(b"startxref\n%d\n%%%%EOF" % start)

    def _copy(self, number: int, objects: _Objects, numbers: dict[int, int]) -> int:
        """An object and all that it needs, deepest first; parts that are the same only once."""
        if number in numbers:
            return numbers[number]
        head, stream = objects.parts(number)
        is_page = b"/Type/Page/" in head
        if is_page:
            head = _OWN_OF_DOCUMENT.sub(b"", head)
        needed = [int(one) for one in _REFERENCE.findall(head)]
        known = {one: self._copy(one, objects, numbers) for one in dict.fromkeys(needed)}
        head = _REFERENCE.sub(lambda found: b"%d 0 R" % known[int(found[1])], head)
        if is_page:
            head = head.replace(b"/Type/Page/", b"/Type/Page/Parent %d 0 R/" % PAGES, 1)
        body = head + stream
        digest = hashlib.blake2b(body, digest_size=20).digest()
        if is_page or digest not in self._shared:
            self._shared[digest] = self._next
            self._object(self._next, body)
            self._next += 1
        numbers[number] = self._shared[digest]
        return numbers[number]

    def _object(self, number: int, body: bytes) -> None:
        self._places[number] = self._at
        self._write(b"%d 0 obj\n" % number + body + b"\nendobj\n")

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._at += len(data)


class _Objects:
    """The objects of one document, found by its table of places."""

    def __init__(self, pdf: bytes) -> None:
        self._pdf = pdf
        start = _START.search(pdf[-64:])
        ensure(start is not None, "a document of ours ends with the place of its table")
        table = int(start[1]) if start else 0
        first_line, _, rest = pdf[table:].partition(b"\n")
        size_line, _, rest = rest.partition(b"\n")
        ensure(first_line.strip() == b"xref", "a document of ours has a classic table of places")
        count = int(size_line.split()[1])
        self._places = [int(rest[20 * i : 20 * i + 10]) for i in range(count)]
        self._ends = dict(
            zip(sorted(self._places[1:]), [*sorted(self._places[1:])[1:], table], strict=True)
        )
        self._trailer = rest[20 * count :]

    def pages(self) -> list[int]:
        """The numbers of its pages, in order."""
        tree = _number(_PAGES, self.parts(_number(_ROOT, self._trailer))[0])
        kids = _KIDS.search(self.parts(tree)[0])
        ensure(kids is not None, "a document of ours has its pages in one row")
        return [int(one) for one in _REFERENCE.findall(kids[1])] if kids else []

    def parts(self, number: int) -> tuple[bytes, bytes]:
        """An object's dictionary, and its stream with its words around it (empty if none)."""
        place = self._places[number]
        whole = self._pdf[place : self._ends[place]]
        body = whole[whole.index(b"obj") + 3 : whole.rindex(b"endobj")].strip(b"\r\n")
        at = body.find(b"stream")
        return (body, b"") if at < 0 else (body[:at], body[at:])


def _number(pattern: re.Pattern[bytes], data: bytes) -> int:
    found = pattern.search(data)
    ensure(found is not None, "a document of ours names its catalog and its pages")
    return int(found[1]) if found else 0


def bind(documents: Iterable[bytes], file: BinaryIO) -> list[int]:
    """Write the documents into the file, in order; how many pages each has."""
    binder = Binder(file)
    counts = [binder.add(one) for one in documents]
    binder.end()
    return counts
