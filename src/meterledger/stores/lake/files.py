"""Lake files on disk: written whole, synced, and named by their content.

The columns are plain rows that any engine reads. ``value`` is REQUIRED int32 in byte-split pages,
with ``facts.usage.MISSING_VALUE`` where quality is 0; ``learned_at`` and ``source`` say when and
from which file (the beginning of its SHA-256) that row's value was learned.

Lives here      Parquet encoding, staging, syncing, renaming.
Lives elsewhere names (``names``), what is written (``merge``), reading (``opening``).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from meterledger.facts.readings import Quality
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.grid import local_days, starts_us
from meterledger.stores.lake.index import METADATA_KEY, FileIndex, Form, Run, index_json
from meterledger.stores.lake.names import file_name
from meterledger.stores.lake.refusals import LakeNotWritable

STAGING = ".staging"
PLAIN_QUALITY = Quality.RAW.value
"""Missing, valid and raw are 0, 1 and 2; what a file itself doubts or estimated is above."""
GROUP_ROWS = 1 << 20
"""A row group has at most about this many rows: 4 MB of decoded values."""

_INSTANT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in (
            ("meter", pa.string()),
            ("channel", pa.string()),
            ("starts_at", _INSTANT),
            ("value", pa.int32()),
            ("quality", pa.int8()),
            ("method", pa.int8()),
            ("learned_at", _INSTANT),
            ("source", pa.string()),
            ("interval_seconds", pa.int32()),
            ("unit", pa.string()),
            ("scale", pa.int8()),
            ("local_day", pa.date32()),
        )
    ]
)
_WRITTEN_AS = {
    "meter": pa.dictionary(pa.int32(), pa.string()),
    "channel": pa.dictionary(pa.int8(), pa.string()),
    "source": pa.dictionary(pa.int32(), pa.string()),
    "unit": pa.dictionary(pa.int8(), pa.string()),
}
"""Words go to the encoder as places in a list; the file's own type is plain text."""
_WRITING = pa.schema([field.with_type(_WRITTEN_AS.get(field.name, field.type)) for field in SCHEMA])
_IN_DICTIONARY = [
    *_WRITTEN_AS,
    "quality",
    "method",
    "learned_at",
    "interval_seconds",
    "scale",
    "local_day",
    "starts_at",
]
_ENCODING = {"value": "BYTE_STREAM_SPLIT"}
_LEVELS = {field.name: 1 for field in SCHEMA} | {"value": 6, "meter": 14}
"""Levels of zstd, as measured (``bench storage``): 6 is smaller than 1 for values and decodes no
slower; pseudonyms are random digits, which only an optimal parse (14) leaves at four bits each."""
_PAGE_BYTES = 8 << 20
"""A column of a row group is one page: smaller ones cost up to half a bit of each interval."""
_STATISTICS = ["meter", "channel", "starts_at", "local_day", "quality", "method"]


@dataclass(frozen=True)
class RunValues:
    """A run to be written.

    ``value``      Int32 [meters x slots], MISSING_VALUE where quality is 0
    ``quality``    Int8 [meters x slots], codes of ``facts.readings.Quality``
    ``method``     Int8 [meters x slots], codes of ``facts.estimates.Method``, or one for all
    ``learned_us`` Int64 [meters x slots] microseconds of the epoch, or one for all
    ``source``     Int32 [meters x slots] places in the list of sources, or one for all
    """

    form: Form
    days: DaySpan
    meters: tuple[str, ...]
    value: npt.NDArray[np.int32]
    quality: npt.NDArray[np.int8]
    method: npt.NDArray[np.int8] | int
    learned_us: npt.NDArray[np.int64] | int
    source: npt.NDArray[np.int32] | int

    @property
    def plain(self) -> bool:
        """Whether every value is as received, and valid or raw."""
        return not np.any(self.method) and int(self.quality.max(initial=0)) <= PLAIN_QUALITY


@dataclass(frozen=True)
class Partition:
    """All runs of one file that is to be written."""

    month: str
    bucket: int
    days: DaySpan
    """From the first meter-day's day until the last one's."""
    runs: Callable[[], Iterable[RunValues]]
    """Gives the runs when the file is written, so that large blocks are not copied all at once."""


@dataclass(frozen=True)
class WriteTerms:
    """What all files of one write share.

    ``sources`` are names of files, by place; more may be added while runs are made.
    """

    zone: str
    bucket_count: int
    after: int
    sources: Sequence[str]
    learned_us: int
    own: tuple[tuple[str, int], ...] = ()
    """Source and instant of every file that this write brings, where it is more than one."""


def write_files(
    folder: Path, partitions: Sequence[Partition], terms: WriteTerms, *, threads: int
) -> list[str]:
    """Write one file for each partition, synced to disk. Nothing points at them yet.

    All are staged before the first gets its name; the names come in the order of the partitions.

    :raises LakeNotWritable: if the disk refuses; then nothing is left but, at most, files that
        nobody knows
    """
    staging = folder / STAGING
    staged: list[tuple[Path, str]] = []
    try:
        staging.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(max_workers=threads) as pool:
            waiting = [pool.submit(_stage, staging, one, terms) for one in partitions]
            failures = [one.exception() for one in waiting]
            staged = [
                one.result() for one, failed in zip(waiting, failures, strict=True) if not failed
            ]
            for failed in failures:
                if failed is not None:
                    raise failed
        for path, name in staged:
            final = folder / name
            final.parent.mkdir(parents=True, exist_ok=True)
            path.replace(final)
        sync_folders(folder, [name for _, name in staged])
    except OSError as failed:
        for path, _ in staged:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise LakeNotWritable(
            f"The interval lake cannot be written: {failed.strerror or failed}",
            where=str(folder),
            why="Nothing of this write is visible",
            do="Make room on the disk or give the folder to this user, then do it again",
        ) from failed
    return [name for _, name in staged]


def _stage(staging: Path, partition: Partition, terms: WriteTerms) -> tuple[Path, str]:
    data = encode(partition.runs(), terms)
    name = file_name(
        month=partition.month,
        bucket=partition.bucket,
        bucket_count=terms.bucket_count,
        days=partition.days,
        after=terms.after,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return write_synced(staging, data), name


def write_synced(staging: Path, data: Any) -> Path:
    """Write bytes to a new file of the staging folder, synced. It is removed if that fails."""
    handle, text = tempfile.mkstemp(dir=staging, suffix=".part")
    path = Path(text)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o640)
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def sync_folders(folder: Path, names: Sequence[str]) -> None:
    """A name outlives a power cut only when its folders are synced, up to the lake's own."""
    folders = {folder, folder.parent}
    for name in names:
        folders.update({(folder / name).parent, (folder / name).parent.parent})
    for one in sorted(folders, key=lambda path: -len(path.parts)):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def encode(runs: Iterable[RunValues], terms: WriteTerms) -> Any:
    """The bytes of a file. Runs of one form share row groups; no run crosses into another group.

    Runs are taken as they come, a row group's at a time, so that they may be made meanwhile.
    """
    placed: list[Run] = []
    sink = pa.BufferOutputStream()
    writer = pq.ParquetWriter(
        sink,
        _WRITING,
        compression="zstd",
        compression_level=_LEVELS,
        data_page_size=_PAGE_BYTES,
        max_rows_per_page=2 * GROUP_ROWS,
        use_dictionary=_IN_DICTIONARY,
        column_encoding=_ENCODING,
        write_statistics=_STATISTICS,
        store_schema=False,
    )
    for number, group in enumerate(_into_groups(part for run in runs for part in _cut(run))):
        row = 0
        for run in group:
            placed.append(Run(run.form, run.days, run.meters, number, row, run.plain))
            row += run.value.size
        writer.write_table(_table(group, terms), row_group_size=row)
    index = FileIndex(terms.zone, terms.sources[0], terms.learned_us, tuple(placed), terms.own)
    writer.add_key_value_metadata({METADATA_KEY: index_json(index)})
    writer.close()
    return sink.getvalue()


def _cut(run: RunValues) -> list[RunValues]:
    """The run in pieces of whole meters that fit a row group."""
    most = max(1, GROUP_ROWS // run.value.shape[1])
    if len(run.meters) <= most:
        return [run]

    def part(array: Any, at: slice) -> Any:
        return array[at] if isinstance(array, np.ndarray) else array

    pieces = (slice(at, at + most) for at in range(0, len(run.meters), most))
    return [
        RunValues(
            run.form,
            run.days,
            run.meters[at],
            run.value[at],
            part(run.quality, at),
            part(run.method, at),
            part(run.learned_us, at),
            part(run.source, at),
        )
        for at in pieces
    ]


def _into_groups(runs: Iterable[RunValues]) -> Iterator[list[RunValues]]:
    group: list[RunValues] = []
    rows = 0
    for run in runs:
        if group and (group[0].form != run.form or rows + run.value.size > GROUP_ROWS):
            yield group
            group, rows = [], 0
        group.append(run)
        rows += run.value.size
    if group:
        yield group


def _table(group: Sequence[RunValues], terms: WriteTerms) -> pa.Table:
    """The rows of one row group, in columns."""
    form = group[0].form
    meters = [meter for run in group for meter in run.meters]
    widths = np.repeat(
        np.array([run.value.shape[1] for run in group]), [len(run.meters) for run in group]
    )
    count = int(widths.sum())
    columns = {
        "meter": _words(np.repeat(np.arange(len(meters), dtype=np.int32), widths), meters),
        "channel": _words(_zeros(count), [form.channel]),
        "starts_at": _joined(
            [
                np.tile(starts_us(run.days, terms.zone, form.interval_seconds), len(run.meters))
                for run in group
            ]
        ).view(_INSTANT),
        "value": _joined([run.value.reshape(-1) for run in group]),
        "quality": _joined([run.quality.reshape(-1) for run in group]),
        "method": _joined([_filled(run.method, run, np.int8) for run in group]),
        "learned_at": _joined([_filled(run.learned_us, run, np.int64) for run in group]).view(
            _INSTANT
        ),
        "source": _sources(group, count, terms.sources),
        "interval_seconds": pa.array(np.full(count, form.interval_seconds, dtype=np.int32)),
        "unit": _words(_zeros(count), [form.unit]),
        "scale": pa.array(np.full(count, form.scale, dtype=np.int8)),
        "local_day": _joined(
            [
                np.tile(local_days(run.days, terms.zone, form.interval_seconds), len(run.meters))
                for run in group
            ]
        ).view(pa.date32()),
    }
    return pa.table(columns, schema=_WRITING)


def _joined(parts: list[npt.NDArray[Any]]) -> pa.Array:
    return pa.array(parts[0] if len(parts) == 1 else np.concatenate(parts))


def _zeros(count: int) -> npt.NDArray[np.int8]:
    return np.zeros(count, dtype=np.int8)


def _words(places: npt.NDArray[Any], words: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(words, pa.string()))


def _filled(given: Any, run: RunValues, kind: Any) -> npt.NDArray[Any]:
    if isinstance(given, np.ndarray):
        return given.reshape(-1)
    return np.full(run.value.size, given, dtype=kind)


def _sources(group: Sequence[RunValues], count: int, sources: Sequence[str]) -> pa.DictionaryArray:
    if all(isinstance(run.source, int) and run.source == 0 for run in group):
        return _words(np.zeros(count, dtype=np.int32), sources[:1])
    places = [_filled(run.source, run, np.int32) for run in group]
    return _words(np.concatenate(places), sources)
