"""A plain table of readings as Parquet: one row a reading, in columns named as in a CSV.

Lives here      which types a column may have, and each cell as the word that a CSV would have.
Lives elsewhere unpacking the file, in a process of its own (``parquet_child``), what the columns
                mean, and rows into readings (``table``): the same for both.
Read first      docs/reference/reading_tables.md.

Nothing is calculated here: whole numbers, decimals and times become words by their digits. A
binary fraction (double) becomes the shortest decimal that means it, which is what a CSV of the
same table would say; the file is noted, for its sender could have written decimals.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from meterledger.facts.readings import ReadingFile
from meterledger.stores.gateways import parquet_child
from meterledger.stores.gateways.csv_words import COLUMNS, HEADER, MAX_LINE, Unusable, word_of
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.opening import OpenedFile
from meterledger.stores.gateways.refusals import (
    MAX_READINGS,
    EnvelopeBroken,
    FormatUnknown,
    TooManyReadings,
)
from meterledger.stores.gateways.table import Options, Place, known_header, read_table

FORMAT = "parquet"
MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""The most bytes that the columns taken may say they unpack to."""
MAX_MEMORY_BYTES = 4 * 1024 * 1024 * 1024
"""The most memory that unpacking may map, the library's own code included."""
MAX_SECONDS = 300
BINARY_FRACTIONS = (
    "The values are binary fractions (floating point) and were read as the shortest decimals that "
    "mean them; whole numbers or decimals would say exactly what was measured"
)
_PART_ROWS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def read_parquet(file: OpenedFile, *, believable: Believable, options: Options) -> ReadingFile:
    """Read a table of readings that is Parquet; its rows are counted from 1.

    :raises FileRefused: of the kind that fits, naming the row, the column or the option
    """
    return read_table(_Columns(file), believable=believable, options=options)


def _unpacked(file: OpenedFile) -> Any:
    """The table's columns that mean something, as an Arrow table."""
    limits = {
        "columns": sorted(COLUMNS),
        "rows": MAX_READINGS,
        "unpacked_bytes": MAX_UNPACKED_BYTES,
        "memory_bytes": MAX_MEMORY_BYTES,
    }
    child = [sys.executable, "-P", str(Path(parquet_child.__file__)), json.dumps(limits)]
    try:
        done = subprocess.run(
            child, input=file.data, capture_output=True, timeout=MAX_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _unsound(file, f"unpacking it took more than {MAX_SECONDS} seconds") from None
    words = done.stderr.decode(errors="replace").strip()
    if done.returncode == parquet_child.TOO_MANY_ROWS:
        raise TooManyReadings.of(file.name)
    if done.returncode == parquet_child.TOO_MUCH:
        raise EnvelopeBroken(
            f"The table says that it unpacks to {int(words):,} bytes",
            where=file.name,
            why=f"No table of {MAX_READINGS:,} readings needs more than {MAX_UNPACKED_BYTES:,}",
            do="Split it into smaller files and ingest them one after another",
        )
    if done.returncode == parquet_child.UNSOUND:
        raise _unsound(file, words)
    if done.returncode != 0:
        raise _unsound(file, f"unpacking it ended with status {done.returncode}")
    return pa.ipc.open_stream(pa.py_buffer(done.stdout)).read_all()


def _unsound(file: OpenedFile, why: str) -> EnvelopeBroken:
    return EnvelopeBroken(
        "The Parquet table does not unpack",
        where=file.name,
        why=f"It is damaged or cut off: {why}",
        do="Ask the sender to send it again",
    )


class _Columns:
    """A Parquet file as rows of words: the columns that mean something, and no other."""

    format = FORMAT
    top = "its columns"

    def __init__(self, file: OpenedFile) -> None:
        self.name = file.name
        self.sha256 = file.sha256
        self._table = _unpacked(file)
        self._fields = list(self._table.schema)
        if not known_header(self.header()):
            raise self._no_readings(json.loads(self._table.schema.metadata[b"names"]))
        self._words = [self._words_of(field) for field in self._fields]
        self._part: tuple[int, list[list[str]]] = (-1, [])

    def header(self) -> list[str]:
        return [field.name for field in self._fields]

    def rows(self) -> Iterator[tuple[int, Place]]:
        for row in range(self._table.num_rows):
            yield row + 1, (row, row + 1)

    def cells(self, place: Place) -> list[str]:
        part, within = divmod(place[0], _PART_ROWS)
        if self._part[0] != part:
            self._part = (part, self._columns_of(part * _PART_ROWS, _PART_ROWS))
        words = [column[within] for column in self._part[1]]
        if sum(map(len, words)) > MAX_LINE:
            raise Unusable(f"It is longer than {MAX_LINE} characters")
        return words

    def data(self, place: Place) -> bytes:
        """The row as a JSON object of its words: a row of columns has no bytes of its own."""
        words = [column[0] for column in self._columns_of(place[0], 1)]
        row = {name: word[:MAX_LINE] for name, word in zip(self.header(), words, strict=True)}
        return json.dumps(row, ensure_ascii=False).encode()

    def notes(self) -> tuple[str, ...]:
        fractions = any(pa.types.is_floating(field.type) for field in self._fields)
        return (BINARY_FRACTIONS,) if fractions else ()

    def _columns_of(self, first: int, count: int) -> list[list[str]]:
        part = self._table.slice(first, count)
        try:
            return [
                words(part.column(number).combine_chunks())
                for number, words in enumerate(self._words)
            ]
        except (pa.ArrowException, ValueError) as problem:  # bytes in a text column, no UTF-8
            raise EnvelopeBroken(
                f"A text between rows {first + 1} and {first + len(part)} cannot be read",
                where=self.name,
                why=" ".join(str(problem).split())[:160],
                do="Write texts as UTF-8 and ingest it again",
            ) from problem

    def _no_readings(self, names: list[str]) -> FormatUnknown:
        said = "".join(mark if mark.isprintable() else "?" for mark in ", ".join(names)[:80])
        return FormatUnknown(
            f"The columns are '{said}'",
            where=f"{self.name}, {self.top}",
            why=f"A table of readings has the columns {HEADER}",
            do="Rename its columns, or ask the sender for Green Button or CMEP",
        )

    def _words_of(self, field: Any) -> Callable[[Any], list[str]]:
        """How a column's cells are written as words.

        :raises FormatUnknown: if its type cannot say what the column means
        """
        column = COLUMNS[word_of(field.name)]
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_null(kind):
            return lambda cells: [""] * len(cells)
        if _is_text(kind):
            return _texts
        if column in ("start", "end") and pa.types.is_timestamp(kind):
            return _times
        if column in ("meter", "value", "interval_seconds") and pa.types.is_integer(kind):
            return _whole
        if column == "value" and pa.types.is_decimal(kind):
            return _decimals
        if column == "value" and pa.types.is_floating(kind):
            return _shortest
        raise FormatUnknown(
            f"The column '{field.name[:40]}' is of type {str(field.type)[:40]}",
            where=f"{self.name}, {self.top}",
            why=f"'{column}' may be {_TYPES.get(column, 'text')}",
            do="Write the column as one of these",
        )


_TYPES = {
    "meter": "text or a whole number",
    "start": "a timestamp or text",
    "end": "a timestamp or text",
    "value": "a whole number, a decimal, a binary fraction or text",
    "interval_seconds": "a whole number or text",
}


def _is_text(kind: Any) -> bool:
    return any(
        is_kind(kind)
        for is_kind in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_binary,
            pa.types.is_large_binary,
            pa.types.is_binary_view,
        )
    )


def _plain(cells: Any) -> Any:
    return cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells


def _texts(cells: Any) -> list[str]:
    return [word or "" for word in _plain(cells).cast(pa.string()).to_pylist()]


def _whole(cells: Any) -> list[str]:
    return ["" if number is None else str(number) for number in _plain(cells).to_pylist()]


def _decimals(cells: Any) -> list[str]:
    return ["" if number is None else format(number, "f") for number in _plain(cells).to_pylist()]


def _shortest(cells: Any) -> list[str]:
    """The shortest decimal that means each number in the width it was written in."""
    plain = _plain(cells)
    empty = plain.is_null().to_pylist()
    numbers = plain.to_numpy(zero_copy_only=False)
    return ["" if none else str(one) for one, none in zip(numbers, empty, strict=True)]


def _times(cells: Any) -> list[str]:
    """Timestamps as a CSV writes them: with Z where they are instants, else local."""
    plain = _plain(cells)
    per_second = _PER_SECOND[plain.type.unit]
    mark = "Z" if plain.type.tz is not None else ""
    return [
        "" if ticks is None else _time(ticks, per_second, mark)
        for ticks in plain.cast(pa.int64()).to_pylist()
    ]


def _time(ticks: int, per_second: int, mark: str) -> str:
    seconds, rest = divmod(ticks, per_second)
    try:
        clock = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    except OverflowError:
        return f"epoch second {seconds}"
    fraction = f".{rest:0{len(str(per_second)) - 1}d}" if rest else ""
    return f"{clock}{fraction}{mark}"
