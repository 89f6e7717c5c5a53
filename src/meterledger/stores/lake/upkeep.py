"""Upkeep of the lake's files: put the files of a month together; delete what has its tombstone.

Nothing here decides what may go: that is the journey's (``usecases/keep_lake``). A compaction is
only a set of new files until it is published, and a deletion only carries out tombstones that are
on record, so that a stop at any instant leaves the lake as it was or as it was to become.

Lives here      writing a month's files, facts of files, removing bytes.
Lives elsewhere the values (``settling``), the log that says what speaks (``LakeLog``).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meterledger.facts.lake_log import Compaction, FileOnDisk
from meterledger.kernel.ids import bucket_of
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.files import (
    STAGING,
    Partition,
    WriteTerms,
    sync_folders,
    write_files,
)
from meterledger.stores.lake.index import row_count
from meterledger.stores.lake.lake import IntervalLake
from meterledger.stores.lake.names import LakeFile, read_name
from meterledger.stores.lake.reader import Published
from meterledger.stores.lake.refusals import IntervalLengthChanged, LakeBusy, ValueTooLarge
from meterledger.stores.lake.settling import Settled

OWN_SOURCE = "compaction"
"""What a compacted file says of itself; every row keeps the file that brought its value."""
_LOCK = ".upkeep.lock"
_SETTLED = re.compile(r"settled-[0-9a-f]+\.parquet")


class LakeUpkeep:
    """What keeps a lake small, over the lake that everybody reads."""

    def __init__(self, lake: IntervalLake) -> None:
        """Work on the files of that lake."""
        self._lake = lake

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other upkeep on this machine out; publication settles the rest.

        :raises LakeBusy: if somebody is at it
        """
        folder = self._lake.folder
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK).open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LakeBusy(
                    "The lake's files are being compacted or deleted by somebody else",
                    where=str(folder),
                    why="Two at once would do the same work twice",
                    do="Wait until the other command has ended",
                ) from None
            yield

    # ---------------------------------------------------------------------------- compaction

    def months(self, at_sequence: int) -> list[str]:
        """Months of which more than one file of some bucket speaks, oldest first."""
        files = self._lake.listing(at_sequence).files
        months = {one.file.month for one in files}
        return [month for month in sorted(months) if self._groups(files, month)]

    def compact(self, month: str, *, learned_at: datetime, at_sequence: int) -> Compaction:
        """Write one file for each bucket of the month. Nothing changes until it is published.

        Buckets of which one file speaks already stay as they are, and so do those that two
        writers at once left in a state that cannot be put together.

        :raises FileMissing: if a published file is not there
        :raises FileDamaged: if it is not what was published
        :raises LakeNotWritable: if the disk refuses
        """
        listing = self._lake.listing(at_sequence)
        groups = self._groups(listing.files, month)
        learned_us = (learned_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

        def one(members: list[Published]) -> tuple[list[Published], list[str], str]:
            try:
                return members, self._put_together(members, learned_us, len(listing.names)), ""
            except (IntervalLengthChanged, ValueTooLarge) as refusal:
                return [], [], refusal.sentence

        with ThreadPoolExecutor(self._lake.threads) as pool:
            made = list(pool.map(one, groups))
        superseded = tuple(one.file.name for members, _, _ in made for one in members)
        names = tuple(name for _, written, _ in made for name in written)
        return Compaction(
            month=month,
            superseded=superseded,
            lake_files=names,
            bytes_before=sum(self._size(name) for name in superseded),
            bytes_after=sum(self._size(name) for name in names),
            left=tuple(sentence for _, _, sentence in made if sentence),
        )

    def _groups(self, files: Sequence[Published], month: str) -> list[list[Published]]:
        """Files that one or more are to replace: of one bucket, or of the month where counts of
        buckets differ."""
        members = [one for one in files if one.file.month == month]
        if all(one.file.bucket_count == self._lake.bucket_count for one in members):
            by_bucket: dict[int, list[Published]] = defaultdict(list)
            for one in members:
                by_bucket[one.file.bucket].append(one)
            groups = [by_bucket[bucket] for bucket in sorted(by_bucket)]
            return [group for group in groups if len(group) > 1]
        return [members]

    def _put_together(self, members: Sequence[Published], learned_us: int, after: int) -> list[str]:
        lake, count = self._lake, self._lake.bucket_count
        if all(one.file.bucket_count == count for one in members):
            buckets = [members[0].file.bucket]
        else:
            indexes = [lake.opener.index(one.file) for one in members]
            meters = {meter for index in indexes for run in index.runs for meter in run.meters}
            buckets = sorted({bucket_of(meter, count) for meter in meters})
        written: list[str] = []
        for bucket in buckets:
            settled = Settled(
                lake.opener, lake.zone, members, own_source=OWN_SOURCE, bucket=(bucket, count)
            )
            terms = WriteTerms(lake.zone, count, after, settled.sources, learned_us)
            month = members[0].file.month
            partition = Partition(month, bucket, settled.told_days(), settled.runs)
            written += write_files(lake.folder, [partition], terms, threads=1)
        return written

    def _size(self, name: str) -> int:
        return (self._lake.folder / name).stat().st_size

    # ------------------------------------------------------------------------------ deletion

    def on_disk(self, names: Iterable[str]) -> list[FileOnDisk]:
        """What the files hold, before they go. A file whose bytes are gone already has none."""
        return [self._facts(read_name(name)) for name in names]

    def _facts(self, file: LakeFile) -> FileOnDisk:
        try:
            data = (self._lake.folder / file.name).read_bytes()
        except FileNotFoundError:
            return FileOnDisk(file.name, 0, 0, file.sha_start)
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            rows = row_count(self._lake.opener.index(file).runs, self._lake.zone)
        except Refusal:  # damaged: its hash says that it is not what was published
            rows = 0
        return FileOnDisk(file.name, rows, len(data), sha256)

    def remove(self, names: Iterable[str]) -> int:
        """Delete the bytes of files that have their tombstone. Those that are gone are left out.

        Bring the Delta log up to date first, so that no engine looks for them. Copies that the
        Delta table made of a bucket's month go with its last file.

        :raises LakeNotWritable: if the disk refuses
        """
        removed: list[str] = []
        for name in names:
            path = self._lake.folder / name
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
                removed.append(name)
        self._remove_copies({(self._lake.folder / name).parent for name in removed})
        sync_folders(self._lake.folder, removed)
        return len(removed)

    def _remove_copies(self, folders: Iterable[Path]) -> None:
        from meterledger.stores.lake.delta import listed_paths  # deltalake takes long to import

        listed = listed_paths(self._lake.folder)
        for folder in folders:
            left = list(folder.glob("*.parquet"))
            if all(_SETTLED.fullmatch(path.name) for path in left):
                for path in left:
                    if path.relative_to(self._lake.folder).as_posix() not in listed:
                        path.unlink()

    def strays(self, published: Iterable[str], *, before: datetime) -> list[str]:
        """Files on disk that were never published and are older: of a write that was stopped."""
        known = set(published)
        found = []
        for path in sorted(self._lake.folder.glob("month=*/bucket=*/b*.parquet")):
            name = path.relative_to(self._lake.folder).as_posix()
            if name not in known and _modified(path) < before:
                found.append(name)
        for path in sorted((self._lake.folder / STAGING).glob("*.part")):
            if _modified(path) < before:
                found.append(path.relative_to(self._lake.folder).as_posix())
        return found

    def days_of(self, names: Iterable[str]) -> dict[str, DaySpan]:
        """The local days of files, as their names tell them."""
        return {name: read_name(name).days for name in names}

    def bucket_holds(self, name: str, meter: str) -> bool:
        """Whether the meter's days would lie in that file."""
        file = read_name(name)
        return bucket_of(meter, file.bucket_count) == file.bucket

    def sync_delta(self, at_sequence: int) -> int:
        """Bring the Delta log up to what speaks and is there."""
        return self._lake.sync_delta(at_sequence)

    def remaining(self, names: Iterable[str]) -> list[str]:
        """Those of the names whose bytes are on disk."""
        return [name for name in names if (self._lake.folder / name).exists()]


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
