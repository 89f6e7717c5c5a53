"""Published files, opened only if their bytes still are what was published.

A file's name carries its SHA-256, so that a flipped bit, a cut file or an exchanged one is found
before a single value is believed. What was checked is remembered until the file on disk changes.

Lives here      checking, decoding columns, remembering indexes.
Lives elsewhere which files count (``reader``), writing them (``files``).
"""

from __future__ import annotations

import hashlib
import mmap
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from meterledger.facts.lake_log import Tombstone
from meterledger.stores.lake.index import METADATA_KEY, FileIndex, read_index
from meterledger.stores.lake.names import SHA_DIGITS, LakeFile
from meterledger.stores.lake.refusals import FileDamaged, FileErased, FileMissing

REMEMBERED_FILES = 4096


@dataclass(frozen=True)
class OpenFile:
    """A file whose bytes are what was published, with its index. For one thread at a time."""

    file: LakeFile
    index: FileIndex
    parquet: pq.ParquetFile

    def values(self, group: int, column: str) -> npt.NDArray[Any]:
        """A column of whole numbers of one row group; not copied where it is one piece.

        In a file older than the column ``method``, every value is as received.
        """
        if column == "method" and column not in self.parquet.schema_arrow.names:
            rows = self.parquet.metadata.row_group(group).num_rows
            return np.zeros(rows, dtype=np.int8)
        chunks = self._column(group, column).chunks
        parts = [np.asarray(chunk.to_numpy(zero_copy_only=False)) for chunk in chunks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def instants_us(self, group: int, column: str) -> npt.NDArray[np.int64]:
        """A column of instants of one row group, as microseconds of the epoch."""
        return np.asarray(self._column(group, column).cast(pa.int64()).to_numpy())

    def words(self, group: int, column: str) -> tuple[npt.NDArray[np.int32], list[str]]:
        """A column of words of one row group: the place of each row's word, and the words."""
        whole = self._column(group, column).combine_chunks().dictionary_encode()
        return np.asarray(whole.indices.to_numpy()), whole.dictionary.to_pylist()

    def rows(self, group: int) -> pa.Table:
        """All rows and columns of one row group."""
        try:
            return self.parquet.read_row_group(group, use_threads=False)
        except (pa.ArrowException, OSError) as broken:
            raise damaged(self.file.name, "it cannot be decoded") from broken

    def _column(self, group: int, column: str) -> pa.ChunkedArray:
        try:
            table = self.parquet.read_row_group(group, columns=[column], use_threads=False)
        except (pa.ArrowException, OSError) as broken:
            raise damaged(self.file.name, f"its column {column} cannot be decoded") from broken
        return table.column(0)


@dataclass(frozen=True)
class _Checked:
    """What is remembered of a file: the state on disk that was checked, and what it said."""

    state: tuple[int, int, int]
    metadata: pq.FileMetaData
    index: FileIndex


class _Meters:
    """Names of meters out of their column, for indexes that leave them there."""

    def __init__(self, data: mmap.mmap, metadata: pq.FileMetaData) -> None:
        self._data = data
        self._metadata = metadata
        self._group = -1
        self._names = pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([]))

    def at(self, group: int, rows: npt.NDArray[np.int64]) -> list[str]:
        """The meters of some rows of a row group."""
        if group != self._group:
            source = pa.BufferReader(pa.py_buffer(self._data))
            file = pq.ParquetFile(source, metadata=self._metadata, read_dictionary=["meter"])
            column = file.read_row_group(group, columns=["meter"], use_threads=False).column(0)
            self._names = column.unify_dictionaries().combine_chunks()
            self._group = group
        places = self._names.indices.to_numpy()[rows]
        names: list[str] = self._names.dictionary.take(pa.array(places)).to_pylist()
        return names


class Opener:
    """Opens the published files of one lake."""

    def __init__(
        self,
        folder: Path,
        zone: str,
        erased: Callable[[], Mapping[str, Tombstone]] = dict,
    ) -> None:
        self._folder = folder
        self._erased = erased
        self._zone = zone
        self._checked: OrderedDict[str, _Checked] = OrderedDict()
        self._lock = Lock()

    def index(self, file: LakeFile) -> FileIndex:
        """The index of a file, remembered. Same refusals as ``open``."""
        with self._lock:
            known = self._checked.get(file.name)
        if known is not None and known.state == self._state(file):
            return known.index
        return self.open(file).index

    def open(self, file: LakeFile) -> OpenFile:
        """Open a published file.

        :raises FileMissing: if it is not there; FileErased if it was deleted on schedule
        :raises FileDamaged: if its bytes are not what was published, or its time zone is another
        """
        state = self._state(file)
        data = self._map(file)
        with self._lock:
            known = self._checked.get(file.name)
        if known is None or known.state != state:
            return self._check(file, data, state)
        source = pa.BufferReader(pa.py_buffer(data))
        return OpenFile(file, known.index, pq.ParquetFile(source, metadata=known.metadata))

    def forget(self) -> None:
        """Forget what was checked, so that every file is hashed again."""
        with self._lock:
            self._checked.clear()

    def _check(self, file: LakeFile, data: mmap.mmap, state: tuple[int, int, int]) -> OpenFile:
        if hashlib.sha256(data).hexdigest()[:SHA_DIGITS] != file.sha_start:
            raise damaged(file.name, "its bytes have another SHA-256 than its name says")
        try:
            parquet = pq.ParquetFile(pa.BufferReader(pa.py_buffer(data)))
            told = (parquet.metadata.metadata or {})[METADATA_KEY.encode()]
            index = read_index(told, _Meters(data, parquet.metadata).at)
        except (pa.ArrowException, ValueError, LookupError, OSError) as broken:
            raise damaged(file.name, "it has no index that can be read") from broken
        if index.zone != self._zone:
            raise FileDamaged(
                f"Lake file {file.name} holds local days of {index.zone}, not of {self._zone}",
                why="Days that begin at another hour cannot be billed as these",
                do="Open the lake with the time zone that it was written with",
            )
        with self._lock:
            self._checked[file.name] = _Checked(state, parquet.metadata, index)
            while len(self._checked) > REMEMBERED_FILES:
                self._checked.popitem(last=False)
        return OpenFile(file, index, parquet)

    def _state(self, file: LakeFile) -> tuple[int, int, int]:
        try:
            told = (self._folder / file.name).stat()
        except OSError as failed:
            raise self._missing(file) from failed
        return (told.st_size, told.st_mtime_ns, told.st_ino)

    def _map(self, file: LakeFile) -> mmap.mmap:
        try:
            with (self._folder / file.name).open("rb") as handle:
                return mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError as failed:
            raise self._missing(file) from failed
        except ValueError as empty:  # a file of no bytes cannot be mapped
            raise damaged(file.name, "it is empty") from empty
        except OSError as failed:
            raise damaged(file.name, f"it cannot be read ({failed.strerror})") from failed

    def _missing(self, file: LakeFile) -> FileMissing:
        tombstone = self._erased().get(file.name)
        if tombstone is not None:
            return FileErased(
                f"Lake file {file.name} was deleted on {tombstone.on_day}, on schedule",
                where=f"{file.days}, bucket {file.bucket} of {file.bucket_count}",
                why=f"It was not to be kept any longer: {tombstone.reason}",
                do="Nothing brings it back; what was billed on it stands, with its hashes",
            )
        return FileMissing(
            f"Lake file {file.name} is published, and is not there",
            where=str(self._folder),
            why="Without it energy would be missing from answers",
            do="Restore the file from a backup of the lake; do not bill without it",
        )


def damaged(name: str, why: str) -> FileDamaged:
    """The refusal of a file that is not what was published."""
    return FileDamaged(
        f"Lake file {name} is damaged: {why}",
        why="What it holds cannot be billed",
        do="Restore the file from a backup of the lake; do not bill without it",
    )
