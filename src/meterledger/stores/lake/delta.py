"""The Delta log: our own Parquet files shown to every other engine, as the newest state.

A Delta reader expects one row for each interval, so the log never lists two files that tell the
same meter-day. Published files of a bucket that share no meter-day are registered as is. Where
some do, one *settled* file stands in for those of the days that they share: each meter-day as its
versions say together, made from them and named by their names. Earlier states stay readable as
earlier versions of the Delta table. Our own reader never looks here.

The log is brought up to date after publication, from whatever state it is in: what should be listed
is computed from the published names alone, and the difference is committed.

Files that a settled one replaced still hold what older bills stand on: the table's own setting
keeps ``VACUUM`` away from them.

Lives here      settled files, the difference, one Delta commit.
Lives elsewhere what is published (PostgreSQL), making whole meter-days (``settling``).
"""

from __future__ import annotations

import fcntl
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ids import bucket_of
from meterledger.stores.lake.files import (
    SCHEMA,
    STAGING,
    WriteTerms,
    encode,
    sync_folders,
    write_synced,
)
from meterledger.stores.lake.index import row_count
from meterledger.stores.lake.names import SHA_DIGITS, LakeFile
from meterledger.stores.lake.opening import Opener
from meterledger.stores.lake.reader import Published
from meterledger.stores.lake.refusals import LakeNotWritable
from meterledger.stores.lake.settling import Settled

PARTITION_BY = ["month", "bucket"]
_METHOD = SCHEMA.get_field_index("method")
TABLE_SCHEMA = (
    SCHEMA.set(_METHOD, SCHEMA.field(_METHOD).with_nullable(True))  # older files have none
    .append(pa.field("month", pa.string()))
    .append(pa.field("bucket", pa.int32()))
)
SETTINGS: dict[str, str | None] = {
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.logRetentionDuration": "interval 36500 days",
}
_ATTEMPTS = 5
_LOCK = ".sync.lock"


def sync(folder: Path, opener: Opener, zone: str, files: Sequence[Published]) -> int:
    """Make the Delta log list what speaks. The number of files added or removed.

    :raises LakeNotWritable: if the log or a settled file cannot be written
    """
    if not files and not DeltaTable.is_deltatable(str(folder)):
        return 0
    try:
        with _one_at_a_time(folder):
            for attempt in range(_ATTEMPTS):
                try:
                    return _Sync(folder, opener, zone).bring_up_to(files)
                except CommitFailedError:  # another machine was first: look again
                    if attempt == _ATTEMPTS - 1:
                        raise
    except (OSError, DeltaError) as failed:
        raise LakeNotWritable(
            f"The Delta log of the lake cannot be written: {failed}",
            where=str(folder),
            why="Bills do not depend on it; other engines see an older state until it is",
            do="Make room on the disk or give the folder to this user, then sync again",
        ) from failed
    return 0


def listed_paths(folder: Path) -> frozenset[str]:
    """The files that the newest version of the table lists."""
    if not DeltaTable.is_deltatable(str(folder)):
        return frozenset()
    return frozenset(_sizes(DeltaTable(folder)))


def _sizes(table: DeltaTable) -> dict[str, int]:
    actions = pa.table(table.get_add_actions(flatten=True))
    sizes = actions.column("size_bytes").to_pylist()
    return dict(zip(actions.column("path").to_pylist(), sizes, strict=True))


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class _Sync:
    """One look at the log, and the commit that brings it up to date."""

    def __init__(self, folder: Path, opener: Opener, zone: str) -> None:
        self._folder = folder
        self._opener = opener
        self._zone = zone
        self._table = DeltaTable(folder) if DeltaTable.is_deltatable(str(folder)) else None
        self._listed: dict[str, int] = {}
        if self._table is not None:
            self._listed = _sizes(self._table)

    def bring_up_to(self, published: Sequence[Published]) -> int:
        """Commit the difference between what is listed and what should be."""
        groups: dict[tuple[str, ...], list[Published]] = defaultdict(list)
        counts: dict[str, set[int]] = defaultdict(set)
        for one in published:
            counts[one.file.month].add(one.file.bucket_count)
        for one in published:
            month = one.file.month
            alone = len(counts[month]) == 1
            groups[(month, str(one.file.bucket)) if alone else (month,)].append(one)
        wanted: dict[str, AddAction | None] = {}
        for group in groups.values():
            for members in _of_common_days(group):
                wanted.update(self._wanted(members))
        adds = [action for path, action in wanted.items() if path not in self._listed and action]
        gone = sorted(self._listed.keys() - wanted.keys())
        if adds or gone:
            self._commit(adds, gone)
        return len(adds) + len(gone)

    def _wanted(self, members: Sequence[Published]) -> dict[str, AddAction | None]:
        """Paths that should be listed for one group; with an action where they are not yet."""
        names = [one.file.name for one in members]
        digest = sha256_hex("\n".join(names).encode())[:SHA_DIGITS]
        settled = [path for path in self._listed if f"/settled-{digest}" in path]
        if settled:
            return dict.fromkeys(settled)
        if all(name in self._listed for name in names):
            return dict.fromkeys(names)
        if self._overlap(members):
            return self._settle(members, digest)
        return {one.file.name: self._add_published(one.file) for one in members}

    def _overlap(self, members: Sequence[Published]) -> bool:
        """Whether two files of the group tell the same meter-day of a channel."""
        spans = sorted(one.file.days for one in members)
        if all(before.until_day <= after.from_day for before, after in pairwise(spans)):
            return False
        told: dict[tuple[str, str], int] = defaultdict(int)  # a bit for each day of the month
        for one in members:
            for run in self._opener.index(one.file).runs:
                days = sum(1 << day.day for day in run.days.days())
                for meter in run.meters:
                    if told[run.form.channel, meter] & days:
                        return True
                    told[run.form.channel, meter] |= days
        return False

    def _settle(self, members: Sequence[Published], digest: str) -> dict[str, AddAction | None]:
        """Write the group's newest state, a file for each bucket of its newest bucket count."""
        bucket_count = members[-1].file.bucket_count
        buckets = sorted(
            {
                bucket_of(meter, bucket_count)
                for one in members
                for run in self._opener.index(one.file).runs
                for meter in run.meters
            }
        )
        return dict(self._write_settled(members, (one, bucket_count), digest) for one in buckets)

    def _write_settled(
        self, members: Sequence[Published], bucket: tuple[int, int], digest: str
    ) -> tuple[str, AddAction]:
        settled = Settled(
            self._opener, self._zone, members, own_source="settled", bucket=bucket, shows_last=True
        )
        terms = WriteTerms(
            zone=self._zone, bucket_count=0, after=0, sources=settled.sources, learned_us=0
        )
        month, days = members[-1].file.month, settled.told_days()
        path = f"month={month}/bucket={bucket[0]}/settled-{digest}.parquet"
        final = self._folder / path
        final.parent.mkdir(parents=True, exist_ok=True)
        (self._folder / STAGING).mkdir(exist_ok=True)
        write_synced(self._folder / STAGING, encode(settled.runs(), terms)).replace(final)
        sync_folders(self._folder, [path])
        rows = pq.read_metadata(final).num_rows
        return path, self._action(path, month, bucket[0], rows, days.from_day, days.last_day)

    def _add_published(self, file: LakeFile) -> AddAction | None:
        if file.name in self._listed:
            return None
        rows = row_count(self._opener.index(file).runs, self._zone)
        first, last = file.days.from_day, file.days.last_day
        return self._action(file.name, file.month, file.bucket, rows, first, last)

    def _action(
        self, path: str, month: str, bucket: int, rows: int, first: date, last: date
    ) -> AddAction:
        told = (self._folder / path).stat()
        stats = {
            "numRecords": rows,
            "minValues": {"local_day": first.isoformat()},
            "maxValues": {"local_day": last.isoformat()},
            "nullCount": {"local_day": 0},
        }
        return AddAction(
            path=path,
            size=told.st_size,
            partition_values={"month": month, "bucket": str(bucket)},
            modification_time=told.st_mtime_ns // 1_000_000,
            data_change=True,
            stats=json.dumps(stats),
        )

    def _commit(self, adds: list[AddAction], gone: list[str]) -> None:
        schema = Schema.from_arrow(TABLE_SCHEMA)
        if self._table is None:
            create_table_with_add_actions(
                str(self._folder),
                schema,
                adds,
                mode="error",
                partition_by=PARTITION_BY,
                name="intervals",
                description="Interval values of meters under pseudonyms, newest state",
                configuration=SETTINGS,
            )
            return
        known = {field.name for field in self._table.schema().fields}
        fresh = [field for field in schema.fields if field.name not in known]
        if fresh:  # a table of before: its files have no such column, and read as nulls
            self._table.alter.add_columns(fresh)
        removed_at = max((one.modification_time for one in adds), default=0)
        removes = [
            RemoveAction(
                path=path,
                data_change=True,
                deletion_timestamp=removed_at,
                size=self._listed[path],
                partition_values=_partition_of(path),
            )
            for path in gone
        ]
        self._table.create_write_transaction(
            [*adds, *removes], mode="append", schema=schema, partition_by=PARTITION_BY
        )


def _of_common_days(group: Sequence[Published]) -> list[list[Published]]:
    """The group in parts that have no day in common; each in order of publication.

    A correction of one day then concerns that day's files, and not a whole month's.
    """
    parts: list[list[Published]] = []
    until = date.min
    for one in sorted(group, key=lambda one: one.file.days):
        if parts and one.file.days.from_day < until:
            parts[-1].append(one)
        else:
            parts.append([one])
        until = max(until, one.file.days.until_day)
    return [sorted(part, key=lambda one: one.position) for part in parts]


def _partition_of(path: str) -> dict[str, str | None]:
    month, bucket, _ = path.split("/")
    return {"month": month.removeprefix("month="), "bucket": bucket.removeprefix("bucket=")}
