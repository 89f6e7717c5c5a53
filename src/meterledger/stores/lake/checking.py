"""Checking published files: every promise of the layout, compared with the rows themselves.

Lives here      reading every row of every published file, and saying what is broken.
Lives elsewhere the hash of a file, checked whenever it is opened (``opening``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from meterledger.facts.usage import MISSING_VALUE
from meterledger.kernel.ids import bucket_of
from meterledger.kernel.refusal import Refusal
from meterledger.stores.lake.files import SCHEMA
from meterledger.stores.lake.grid import local_days, month_of, starts_us
from meterledger.stores.lake.index import Run
from meterledger.stores.lake.merge import MISSING
from meterledger.stores.lake.names import LakeFile, read_name
from meterledger.stores.lake.opening import Opener, OpenFile, damaged


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
    file, index = opened.file, opened.index
    table = opened.table()
    if table.column_names != SCHEMA.names:
        raise damaged(file.name, "its columns are not those of the lake")
    groups = opened.parquet.metadata
    starts = np.cumsum([0] + [groups.row_group(at).num_rows for at in range(groups.num_row_groups)])
    at = 0
    for run in index.runs:
        rows = len(run.meters) * run.width(zone)
        if starts[run.group] + run.row != at or at + rows > starts[run.group + 1]:
            raise damaged(file.name, "its index does not follow its row groups")
        _check_run(file, run, table.slice(at, rows), zone)
        at += rows
    if at != len(table):
        raise damaged(file.name, f"its index tells of {at} rows, and it has {len(table)}")


def _check_run(file: LakeFile, run: Run, rows: pa.Table, zone: str) -> None:
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
        "its meters are not those of its index": _words(rows, "meter").tolist()
        == np.repeat(np.array(run.meters, dtype=object), width).tolist(),
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
            set(_words(rows, "unit")) == {run.form.unit}
            and set(_words(rows, "channel")) == {run.form.channel}
            and bool((_whole(rows, "scale", pa.int8()) == run.form.scale).all())
        ),
        "a value is missing where its quality says that there is one, or the other way": (
            np.array_equal(
                _whole(rows, "value", pa.int32()) == MISSING_VALUE,
                _whole(rows, "quality", pa.int8()) == MISSING,
            )
        ),
    }
    for sentence, holds in promises.items():
        if not holds:
            raise damaged(file.name, sentence)


def _whole(rows: pa.Table, column: str, kind: pa.DataType) -> npt.NDArray[np.generic]:
    return np.asarray(rows.column(column).cast(kind).to_numpy())


def _words(rows: pa.Table, column: str) -> npt.NDArray[np.object_]:
    return np.asarray(rows.column(column).to_numpy())
