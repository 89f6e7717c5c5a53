"""A plain table of readings as text: a header and lines, with commas, semicolons or tabs.

Lives here      lines and their cells.
Lives elsewhere what the columns mean, and rows into readings (``table``), recognizing other
                formats that are comma separated too (``detecting``).
Read first      README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Iterator

from meterledger.facts.readings import ReadingFile
from meterledger.stores.gateways.csv_words import HEADER, MAX_LINE, Unusable, cells_of, lines_of
from meterledger.stores.gateways.gather import NO_LAST_LINE_END
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import OpenedFile, decode
from meterledger.stores.gateways.refusals import EnvelopeBroken
from meterledger.stores.gateways.table import Options, Place, read_table

FORMAT = "csv"


def read_csv(file: OpenedFile, *, believable: Believable, options: Options) -> ReadingFile:
    """Read a table of readings that is text.

    :raises FileRefused: of the kind that fits, naming the line, the column or the option
    """
    return read_table(_Lines(file), believable=believable, options=options)


class _Lines:
    """A text as rows of words."""

    format = FORMAT
    top = "line 1"

    def __init__(self, file: OpenedFile) -> None:
        self.name = file.name
        self.sha256 = file.sha256
        self.text = decode(file.name, file.data)
        self.delimiter = ","

    def header(self) -> list[str]:
        _, (begin, until) = next(lines_of(self.text))
        header = self.text[begin:until]
        self.delimiter = next((mark for mark in ",;\t" if mark in header), ",")
        try:
            return cells_of(header, self.delimiter)
        except Unusable as problem:
            raise EnvelopeBroken(
                "The header cannot be read",
                where=f"{self.name}, {self.top}",
                why=str(problem),
                do=f"Write it as {HEADER}",
            ) from problem

    def rows(self) -> Iterator[tuple[int, Place]]:
        lines = lines_of(self.text)
        next(lines)
        for number, (begin, until) in lines:
            if begin != until and self.text[begin:until].strip():
                yield number, (begin, until)

    def cells(self, place: Place) -> list[str]:
        line = self.text[place[0] : place[1]]
        if len(line) > MAX_LINE:
            raise Unusable(f"It is longer than {MAX_LINE} characters")
        return cells_of(line, self.delimiter)

    def data(self, place: Place) -> bytes:
        return self.text[place[0] : place[1]].encode()

    def notes(self) -> tuple[str, ...]:
        return () if self.text.endswith("\n") else (NO_LAST_LINE_END,)
