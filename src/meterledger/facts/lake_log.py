"""What becomes of the lake's files: replaced by a compaction, deleted on schedule, held.

Made by the lake and its journey, kept in the system of record. Nothing here is a value of a meter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from meterledger.kernel.ensure import ensure

SUPERSEDED = "superseded"
RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Compaction:
    """Files of one month that others replace: the same values, who said them and when.

    ``left`` says, in a sentence each, what could not be put together and stays as it is.
    """

    month: str
    superseded: tuple[str, ...]
    lake_files: tuple[str, ...]
    bytes_before: int
    bytes_after: int
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """A lake file as it was just before it was deleted."""

    lake_file: str
    row_count: int
    byte_count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a lake file that was deleted: how much it held, its hash, and why it went.

    ``cause`` is ``superseded`` (a compaction holds its values) or ``retention`` (its time was
    over); ``reason`` says it in a sentence with the citation; ``on_day`` is the schedule's day.
    """

    file: FileOnDisk
    cause: str
    reason: str
    on_day: date
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(self.cause in (SUPERSEDED, RETENTION), "a file is deleted for one of two causes")


@dataclass(frozen=True, slots=True)
class LakeHold:
    """Why some months must stay longer than the schedule says: a dispute, a tampering case.

    ``meter`` is a pseudonym, or None for every meter; months are ``2025-07``, both included.
    """

    hold_id: str
    meter: str | None
    from_month: str
    last_month: str
    reason: str
    author: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(self.from_month <= self.last_month, "a hold ends after it begins")


@dataclass(frozen=True, slots=True)
class ReceivedStretch:
    """Which time a received file is about: UTC epoch seconds, None where no reading was stored.

    ``came`` is when it came last, stored or refused.
    """

    sha256: str
    came: datetime
    begin: int | None
    until: int | None


@dataclass(frozen=True, slots=True)
class ForgottenFile:
    """What stays of a received file that was made unreadable on schedule."""

    sha256: str
    byte_count: int
    reason: str
    on_day: date
    learned_at: datetime
