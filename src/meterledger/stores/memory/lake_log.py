"""What became of published lake files, in dictionaries."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from meterledger.facts.intake import Movement
from meterledger.facts.lake_log import (
    Compaction,
    ForgottenFile,
    LakeHold,
    ReceivedStretch,
    Tombstone,
)
from meterledger.facts.readings import ChannelTold
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake_words import (
    compaction_sha256,
    hold_known,
    lake_file_spoken_for,
    lake_month_changed,
    no_such_hold,
)
from meterledger.usecases.ports import ReceivedFile, StoredBill


class MemoryLakeLog:
    """The part of the store that says which lake files speak."""

    _lock: threading.RLock
    _files: dict[str, ReceivedFile]
    _versions: list[tuple[datetime, tuple[str, ...]]]
    _bills: dict[str, StoredBill]
    _told_of: dict[str, tuple[ChannelTold, ...]]
    book: list[Movement]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._superseded: dict[str, int] = {}
        """By which sequence on each file is spoken for."""
        self._tombstones: dict[str, Tombstone] = {}
        self._lake_holds: dict[str, LakeHold] = {}
        self._lake_holds_released: dict[str, tuple[str, str, datetime]] = {}

    def superseded_lake_files(self, at_sequence: int) -> frozenset[str]:
        """Files for which a compaction speaks that was published up to the sequence."""
        with self._lock:
            return frozenset(name for name, at in self._superseded.items() if at <= at_sequence)

    def superseded_before(self, instant: datetime) -> list[str]:
        """Files for which a compaction speaks that was published before, and not deleted yet."""
        with self._lock:
            return sorted(
                name
                for name, at in self._superseded.items()
                if self._versions[at - 1][0] < instant and name not in self._tombstones
            )

    def erased_lake_files(self) -> Mapping[str, Tombstone]:
        """The tombstones, by name."""
        with self._lock:
            return dict(self._tombstones)

    def record_compaction(
        self, compaction: Compaction, *, based_on: int, learned_at: datetime
    ) -> int:
        """Publish a compaction as the next commit sequence."""
        with self._lock:
            published = {name for _, names in self._versions[:based_on] for name in names}
            for name in compaction.superseded:
                gone = name in self._superseded or name in self._tombstones
                if gone or name not in published:
                    raise lake_file_spoken_for(name, compaction.month)
            since = [name for _, names in self._versions[based_on:] for name in names]
            if any(name.startswith(f"month={compaction.month}/") for name in since):
                raise lake_month_changed(compaction.month, based_on, len(self._versions))
            sequence = len(self._versions) + 1
            sha256 = compaction_sha256(compaction)
            newest = self._versions[-1][0] if self._versions else learned_at
            self._files[sha256] = ReceivedFile(
                sha256=sha256,
                name=f"compaction of {compaction.month}",
                format="compaction",
                reading_count=0,
                quarantined_count=0,
                learned_at=learned_at,
                lake_sequence=sequence,
            )
            self._versions.append((max(newest, learned_at), compaction.lake_files))
            self._superseded |= dict.fromkeys(compaction.superseded, sequence)
            self._note("lake compacted", compaction.month, learned_at)
            return sequence

    def pinned_by_bills(self, days_of: Mapping[str, DaySpan]) -> frozenset[str]:
        """Of some superseded files, those that an issued bill may have been made of."""
        with self._lock:
            began = {
                name: sequence
                for sequence, (_, names) in enumerate(self._versions, start=1)
                for name in names
            }
            return frozenset(
                name
                for name, days in days_of.items()
                if any(
                    began[name] <= bill.lake_sequence < self._superseded[name]
                    and bill.days.overlap(days) is not None
                    for bill in self._bills.values()
                )
            )

    def newest_bill_over(self, days: DaySpan) -> date | None:
        """The day on which the last bill was issued whose service days touch the days."""
        with self._lock:
            issued = (one.issued_day for one in self._bills.values() if one.days.overlap(days))
            return max(issued, default=None)

    def record_tombstones(self, tombstones: Sequence[Tombstone]) -> int:
        """Write down that files are deleted, before they are."""
        with self._lock:
            new = [one for one in tombstones if one.file.lake_file not in self._tombstones]
            self._tombstones |= {one.file.lake_file: one for one in new}
            for one in new:
                self._note("lake file deleted", one.file.lake_file, one.learned_at)
            return len(new)

    def received_stretches(self) -> list[ReceivedStretch]:
        """Every received file, stored or refused, and which time it is about."""
        with self._lock:
            came: dict[str, datetime] = {}
            for movement in self.book:
                sha256 = movement.arrival.sha256
                if sha256 is not None:
                    came[sha256] = max(movement.learned_at, came.get(sha256, movement.learned_at))
            for sha256, file in self._files.items():
                if file.format != "compaction":
                    came[sha256] = max(file.learned_at, came.get(sha256, file.learned_at))
            return [
                ReceivedStretch(sha256, came[sha256], *self._stretch(sha256))
                for sha256 in sorted(came)
            ]

    def _stretch(self, sha256: str) -> tuple[int | None, int | None]:
        told = self._told_of.get(sha256, ())
        return (
            min((one.begin for one in told), default=None),
            max((one.until for one in told), default=None),
        )

    def record_forgotten(self, forgotten: Sequence[ForgottenFile]) -> None:
        """Write down that received files are made unreadable, before they are."""
        with self._lock:
            for one in forgotten:
                self._note("received file forgotten", one.sha256, one.learned_at)

    def place_lake_hold(self, hold: LakeHold) -> None:
        """Keep months longer."""
        with self._lock:
            if hold.hold_id in self._lake_holds:
                raise hold_known(hold.hold_id)
            self._lake_holds[hold.hold_id] = hold
            self._note("lake hold placed", hold.hold_id, hold.learned_at)

    def release_lake_hold(
        self, hold_id: str, *, author: str, reason: str, learned_at: datetime
    ) -> None:
        """End a hold."""
        with self._lock:
            if hold_id not in self._lake_holds or hold_id in self._lake_holds_released:
                raise no_such_hold(hold_id)
            self._lake_holds_released[hold_id] = (author, reason, learned_at)
            self._note("lake hold released", hold_id, learned_at)

    def lake_holds(self) -> list[LakeHold]:
        """The holds in force, in order of their ids."""
        with self._lock:
            return [
                hold
                for hold_id, hold in sorted(self._lake_holds.items())
                if hold_id not in self._lake_holds_released
            ]

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError
