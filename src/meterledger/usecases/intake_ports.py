"""What the intake of files needs from storage; ``stores`` implement it.

Lives here      the vault of received files, the intake's book, the way out of quarantine.
Lives elsewhere the system of record as a whole, and the lake (``ports``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.intake import (
    Arrival,
    ControlTotals,
    IntakeDay,
    Movement,
    QuarantinedItem,
    QuarantineOutcome,
)
from meterledger.facts.readings import ReadingFile
from meterledger.facts.sources import Source


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the vault. ``is_new`` is false where the same bytes were kept before."""

    sha256: str
    size_bytes: int
    is_new: bool


class Vault(Protocol):
    """Received files, byte for byte under their hash, encrypted; kept before they are read."""

    def keep(self, data: bytes) -> KeptFile:
        """Keep the bytes, durably when this returns. The same bytes twice are one copy."""

    def read(self, sha256: str) -> bytes:
        """The bytes as they were received; refused if they are not there, or not the same."""

    def kept(self, sha256: str) -> KeptFile | None:
        """What is kept under the hash, without opening it."""

    def hashes(self) -> list[str]:
        """Every kept file, in order of its hash."""

    def forget(self, sha256: str) -> bool:
        """Make the file unreadable for ever and remove it. False if none was kept."""

    def rotate(self) -> int:
        """Wrap every file's key by a new key and drop the old ones; how many were wrapped."""

    def verify(self) -> tuple[int, list[str]]:
        """How many files were opened, and a sentence for each that does not open."""


class ReadBytes(Protocol):
    """Bytes as readings: ``stores.gateways.read_bytes``, handed to a journey."""

    def __call__(
        self,
        name: str,
        data: bytes,
        *,
        received_at: datetime,
        meter: str | None = None,
        zone: str | None = None,
        unit: str | None = None,
    ) -> ReadingFile:
        """What the file holds, or a refusal."""


class SignatureHolds(Protocol):
    """Whether a source signed these bytes: ``stores.gateways.signatures``."""

    def __call__(
        self, source: Source, data: bytes, *, sequence: int | None, signature: str
    ) -> bool:
        """Checked with the source's key, over its name, the sequence number and the bytes."""


@dataclass(frozen=True, slots=True)
class SequenceSeen:
    """The newest number of a source, and the hash of the file that came with a given one."""

    newest: int | None
    sha256: str | None


class IntakeLog(Protocol):
    """The intake's book: what came, what became of it. Append-only; every row balances."""

    def record_refusal(
        self,
        arrival: Arrival,
        refusal: str,
        *,
        format: str,
        totals: ControlTotals,
        learned_at: datetime,
    ) -> None:
        """Keep that a file was refused, with its sentence and what it held as far as it was read.

        ``totals`` is the whole account of the file now; the book gets the difference to what it
        says already, so that a file that comes again is not received again.
        """

    def record_repeat(self, arrival: Arrival, *, learned_at: datetime) -> None:
        """Keep that a file came that is stored already."""

    def intake_days(
        self, first: date, last: date, *, zone_name: str, source: str | None = None
    ) -> list[IntakeDay]:
        """Control totals by local day of arrival and source, both days included."""

    def movements(
        self, first: date, last: date, *, zone_name: str, status: str | None = None
    ) -> list[Movement]:
        """Rows of the book by local day of arrival, oldest first. Needs a viewer."""

    def movements_of(self, sha256: str) -> list[Movement]:
        """Rows of one file, oldest first. Needs a viewer."""

    def later_files(
        self,
        arrival: Arrival,
        meter_ids: Sequence[str],
        *,
        begin: int,
        until: int,
        learned_at: datetime,
    ) -> list[Arrival]:
        """Stored files about the meters and ``[begin, until)`` that were made after the one given.

        Of two files of one source their numbers decide; else when they say they were made; else
        when they came first. ``learned_at`` is when the one given came, if the book has no row.
        """

    def add_source(self, source: Source) -> None:
        """Describe a source; of one name the newest description counts."""

    def sources(self) -> list[Source]:
        """Every source as described last, by name."""

    def sequence_seen(self, source: str, sequence: int | None) -> SequenceSeen:
        """What is known of a source's numbers, and of this one."""

    def sequence_gaps(self, source: str) -> list[tuple[int, int]]:
        """Numbers of the source that never came, as first and last of each stretch."""

    def quarantined_items(
        self, *, waiting_only: bool = True, sha256: str | None = None
    ) -> list[QuarantinedItem]:
        """Lines that were set aside, oldest first. Needs a viewer."""

    def quarantined_item(self, quarantine_id: int) -> QuarantinedItem:
        """One of them. Needs a viewer. :raises NotFound:"""

    def record_rejection(self, item: QuarantinedItem, outcome: QuarantineOutcome) -> None:
        """Keep that a line is not to be used. :raises Conflict: if it has an outcome already"""
