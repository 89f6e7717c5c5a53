"""What keeping the lake needs of stores: which files speak, which may go, what is held.

Lives here      the ports ``LakeLog`` (system of record) and ``LakeFiles`` (the files themselves).
Lives elsewhere the other ports (``ports``), the nouns (``facts/lake_log``).

Instants are UTC and given by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.lake_log import (
    Compaction,
    FileOnDisk,
    ForgottenFile,
    LakeHold,
    ReceivedStretch,
    Tombstone,
)
from meterledger.kernel.span import DaySpan


class LakeLog(Protocol):
    """What became of published lake files. Append-only; one suite of promises tests every store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def lake_files(self, at_sequence: int) -> list[str]:
        """Every lake file published up to the sequence, in order of publication."""

    def superseded_lake_files(self, at_sequence: int) -> AbstractSet[str]:
        """Those for which a compaction speaks that was published up to the sequence."""

    def superseded_before(self, instant: datetime) -> list[str]:
        """Files for which a compaction speaks that was published before, and not deleted yet."""

    def erased_lake_files(self) -> Mapping[str, Tombstone]:
        """The tombstones, by name."""

    def record_compaction(
        self, compaction: Compaction, *, based_on: int, learned_at: datetime
    ) -> int:
        """Publish a compaction as the next commit sequence, which is returned.

        From it on its files speak for those that they supersede; at earlier sequences nothing
        changes.

        :raises Conflict: if a file of that month was published since ``based_on``, or one of the
            superseded is superseded or deleted already
        """

    def pinned_by_bills(self, days_of: Mapping[str, DaySpan]) -> AbstractSet[str]:
        """Of some superseded files, those that an issued bill may have been made of.

        A bill may where it read the lake while the file spoke, over days that the file holds.
        """

    def newest_bill_over(self, days: DaySpan) -> date | None:
        """The day on which the last bill was issued whose service days touch the days."""

    def record_tombstones(self, tombstones: Sequence[Tombstone]) -> int:
        """Write down that files are deleted, before they are; those on record are left out.

        Returns how many were new.
        """

    def received_stretches(self) -> list[ReceivedStretch]:
        """Every received file, stored or refused, and which time it is about, by hash."""

    def record_forgotten(self, forgotten: Sequence[ForgottenFile]) -> None:
        """Write down that received files are made unreadable, before they are."""

    def place_lake_hold(self, hold: LakeHold) -> None:
        """Keep months longer. :raises Conflict: if a hold of that id is on record."""

    def release_lake_hold(
        self, hold_id: str, *, author: str, reason: str, learned_at: datetime
    ) -> None:
        """End a hold. :raises NotFound: if none of that id is in force."""

    def lake_holds(self) -> list[LakeHold]:
        """The holds in force, in order of their ids."""


class LakeFiles(Protocol):
    """The files of the lake, for upkeep."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep other upkeep out."""

    def months(self, at_sequence: int) -> list[str]:
        """Months of which some files could be put together, oldest first."""

    def compact(self, month: str, *, learned_at: datetime, at_sequence: int) -> Compaction:
        """Write a month's files, one for each bucket. Nothing is visible until it is published."""

    def days_of(self, names: Iterable[str]) -> dict[str, DaySpan]:
        """The local days of files, as their names tell them."""

    def bucket_holds(self, name: str, meter: str) -> bool:
        """Whether the meter's days would lie in that file."""

    def on_disk(self, names: Iterable[str]) -> list[FileOnDisk]:
        """What files hold, before they go."""

    def remaining(self, names: Iterable[str]) -> list[str]:
        """Those of the names whose bytes are on disk."""

    def remove(self, names: Iterable[str]) -> int:
        """Delete the bytes of files; how many were there."""

    def strays(self, published: Iterable[str], *, before: datetime) -> list[str]:
        """Files of writes that were stopped, older than that: nobody ever saw them."""

    def sync_delta(self, at_sequence: int) -> int:
        """Bring the Delta log up to what speaks and is there."""
