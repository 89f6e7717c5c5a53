"""Checking published files: every promise of the layout, compared with the rows themselves.

Lives here      reading every row of every published file, and saying what is broken.
Lives elsewhere the hash of a file, checked whenever it is opened (``opening``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from meterledger.facts.estimates import Method
from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ids import bucket_of
from meterledger.kernel.refusal import Refusal
from meterledger.stores.lake.files import PLAIN_QUALITY, SCHEMA
from meterledger.stores.lake.grid import local_days, month_of, starts_us
from meterledger.stores.lake.index import Run
from meterledger.stores.lake.merge import MISSING
from meterledger.stores.lake.names import LakeFile, read_name
from meterledger.stores.lake.opening import Opener, OpenFile, damaged

_BEFORE_METHODS = [name for name in SCHEMA.names if name != "method"]
"""The columns of files written before there was a method."""
_METHODS = [method.value for method in Method]


def check_files(opener: Opener, zone: str, names: Sequence[str]) -> list[str]:
    """A sentence for every published file that is not as promised."""
    broken: list[str] = []
    for name in names:
        try:
            _check_file(opener.open(read_name(name)), zone)
        except Refusal as refusal:
            broken.append(refusal.sentence)
    return broken


def _check_file(opened: OpenFile, zone: str) -> None:
    file, runs = opened.file, opened.index.runs
    groups = opened.parquet.metadata.num_row_groups
    if [run.group for run in runs] != sorted(run.group for run in runs):
        raise damaged(file.name, "its index does not follow its row groups")
    for group in range(groups):
        rows = opened.rows(group)
        if rows.column_names not in (SCHEMA.names, _BEFORE_METHODS):
            raise damaged(file.name, "its columns are not those of the lake")
        at = 0
        for run in (run for run in runs if run.group == group):
            count = len(run.meters) * run.width(zone)
            if run.row != at or at + count > len(rows):
                raise damaged(file.name, "its index does not follow its rows")
            _check_run(file, run, rows.slice(at, count), zone)
            at += count
        if at != len(rows):
            raise damaged(file.name, f"its index leaves out {len(rows) - at} rows")
    if runs and runs[-1].group >= groups:
        raise damaged(file.name, "its index does not follow its row groups")


def _check_run(file: LakeFile, run: Run, rows: pa.Table, zone: str) -> None:
    quality = _codes(rows, "quality")
    has_method = "method" in rows.column_names
    method = _codes(rows, "method") if has_method else np.zeros_like(quality)
    seconds, count, width = run.form.interval_seconds, len(run.meters), run.width(zone)
    day_from, day_last = run.days.from_day, run.days.last_day
    promises = {
        "its days are not those of its name": (
            month_of(day_from) == month_of(day_last) == file.month
            and day_from in file.days
            and day_last in file.days
        ),
        "a meter of it belongs to another bucket": all(
            bucket_of(meter, file.bucket_count) == file.bucket for meter in run.meters
        ),
        "its meters are not those of its index": _words(rows, "meter", run.meters, width),
        "its slots do not fill whole local days": np.array_equal(
            _whole(rows, "starts_at", pa.int64()),
            np.tile(starts_us(run.days, zone, seconds), count),
        ),
        "its local days are not those of its index": np.array_equal(
            _whole(rows, "local_day", pa.int32()),
            np.tile(local_days(run.days, zone, seconds), count),
        ),
        "its interval lengths are not those of its index": bool(
            (_whole(rows, "interval_seconds", pa.int32()) == seconds).all()
        ),
        "its units, scales or channels are not those of its index": (
            _words(rows, "unit", (run.form.unit,), count * width)
            and _words(rows, "channel", (run.form.channel,), count * width)
            and bool((_whole(rows, "scale", pa.int8()) == run.form.scale).all())
        ),
        "a value is missing where its quality says that there is one, or the other way": (
            np.array_equal(
                _whole(rows, "value", pa.int32()) == MISSING_VALUE,
                quality == MISSING,
            )
        ),
        "a value's method is none that there is, or a missing one has a method": bool(
            np.isin(method, _METHODS).all() and not method[quality == MISSING].any()
        ),
        "its index says that all came as received, and its rows do not": (
            not run.plain or bool((quality <= PLAIN_QUALITY).all() and not method.any())
        ),
    }
    for sentence, holds in promises.items():
        if not holds:
            raise damaged(file.name, sentence)


def _whole(rows: pa.Table, column: str, kind: pa.DataType) -> npt.NDArray[np.generic]:
    return np.asarray(rows.column(column).cast(kind).to_numpy())


def _codes(rows: pa.Table, column: str) -> npt.NDArray[np.int8]:
    return np.asarray(rows.column(column).to_numpy(), dtype=np.int8)


def _words(rows: pa.Table, column: str, words: tuple[str, ...], times: int) -> bool:
    """Whether the column has each word so many times, one after the other."""
    told = rows.column(column).combine_chunks().dictionary_encode()
    return told.dictionary.to_pylist() == list(words) and np.array_equal(
        told.indices.to_numpy(), np.repeat(np.arange(len(words)), times)
    )
