"""Take a file: keep it in the vault, judge its source, read it, store it, account for it.

The bytes are kept before a parser sees them, and whatever becomes of the file has its row in the
intake's book: stored, known or refused with its sentence. Safe to run twice and by two at once: a
run that was killed between two steps is finished by the next that brings the same file.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from meterledger.facts.intake import KNOWN, REFUSED, Arrival, totals_of_refused
from meterledger.facts.reading_blocks import meters_of, singly
from meterledger.facts.readings import ReadingFile
from meterledger.facts.sources import Source
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.metering import UNADMITTED_PERCENT, Message, judge_message
from meterledger.usecases.intake_ports import IntakeLog, ReadBytes, SignatureHolds, Vault
from meterledger.usecases.ports import Conflict, Lake, Viewer
from meterledger.usecases.receive_readings import (
    Received,
    ReceiveStore,
    WriteBlocks,
    receive_readings,
)

CLAIMED_SOURCE = "claimed_source"
"""What the book says was given with a file that did not prove to be from its source."""


class TakingStore(ReceiveStore, IntakeLog, Protocol):
    """What this journey needs of the store."""

    def viewing(self, viewer: Viewer, subjects: Sequence[str]) -> AbstractContextManager[None]:
        """Within it, reads of personal data are allowed and logged: where meters stand."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file at the door: its bytes, how it came, and what was said with it."""

    name: str
    data: bytes
    door: str
    source: str = ""
    sequence: int | None = None
    signature: str | None = None
    meter: str | None = None
    zone: str | None = None
    unit: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """What was said with the file, for the book and for another try."""
        words = {"meter": self.meter, "zone": self.zone, "unit": self.unit}
        return {name: word for name, word in words.items() if word is not None}


@dataclass(frozen=True, slots=True)
class Intake:
    """Where files go: everything that taking one needs beside the file."""

    store: TakingStore
    lake: Lake
    vault: Vault
    read: ReadBytes
    signature_holds: SignatureHolds
    utility: str
    zone_name: str
    interval_kw_max: int | None = None
    unadmitted_percent: int = UNADMITTED_PERCENT
    write_blocks: WriteBlocks | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: ``stored``, ``known`` or ``refused``."""

    status: str
    sha256: str
    file: ReadingFile | None = None
    received: Received | None = None
    refusal: Refusal | None = None
    notes: tuple[str, ...] = field(default=())


def take_file(delivery: Delivery, intake: Intake, *, learned_at: datetime) -> Taken:
    """Take one file. A refusal is an outcome here, and is in the book when this returns.

    What may pass (a full disk, a lost server) says nothing of the file and is raised: the bytes
    may be in the vault by then, and the file is to be brought again.
    """
    kept = intake.vault.keep(delivery.data)
    arrival = Arrival(
        name=delivery.name,
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        source=delivery.source,
        door=delivery.door,
        given=delivery.given,
    )
    try:
        sequence, notes = _judged(delivery, kept.sha256, intake)
    except Refusal as refusal:
        if refusal.is_passing:
            raise
        # Whoever sent this did not prove to be the source: it counts under no name, and another
        # try needs the proof.
        given = {**arrival.given, CLAIMED_SOURCE: delivery.source}
        unproved = replace(arrival, source="", given=given)
        return _refused(unproved, refusal, None, intake, learned_at)
    return read_and_store(
        replace(arrival, sequence=sequence), delivery.data, intake, learned_at, notes
    )


def read_and_store(
    arrival: Arrival,
    data: bytes,
    intake: Intake,
    learned_at: datetime,
    notes: tuple[str, ...] = (),
) -> Taken:
    """Read bytes that are in the vault, and store what they hold."""
    store = intake.store
    file: ReadingFile | None = None
    sha256 = arrival.sha256 or sha256_hex(data)
    try:
        file = read_given(arrival, data, intake, learned_at)
        with store.viewing(Viewer(arrival.door, "receive readings"), meters_of(file)):
            received = receive_readings(
                file=file,
                store=store,
                lake=intake.lake,
                utility=intake.utility,
                zone_name=intake.zone_name,
                learned_at=learned_at,
                arrival=arrival,
                interval_kw_max=intake.interval_kw_max,
                unadmitted_percent=intake.unadmitted_percent,
                reread=lambda other: reread(other, intake, learned_at),
                write_blocks=intake.write_blocks,
            )
    except Refusal as refusal:
        if refusal.is_passing:  # nothing is wrong with the file: it comes again
            raise
        return _refused(arrival, refusal, file, intake, learned_at)
    if received.status == KNOWN:
        store.record_repeat(replace(arrival, sequence=None), learned_at=learned_at)
    return Taken(received.status, sha256, file, received, None, notes)


def reread(other: Arrival, intake: Intake, learned_at: datetime) -> ReadingFile | None:
    """A stored file as readings, from the vault; None where it is not kept there."""
    if other.sha256 is None or intake.vault.kept(other.sha256) is None:
        return None
    return singly(read_given(other, intake.vault.read(other.sha256), intake, learned_at))


def read_given(arrival: Arrival, data: bytes, intake: Intake, received_at: datetime) -> ReadingFile:
    """Bytes as readings, with what was said when they came."""
    return intake.read(
        arrival.name,
        data,
        received_at=received_at,
        meter=arrival.given.get("meter"),
        zone=arrival.given.get("zone"),
        unit=arrival.given.get("unit"),
    )


def refuse_unreadable(
    name: str, refusal: Refusal, *, door: str, source: str, store: IntakeLog, learned_at: datetime
) -> None:
    """Leave a trace of a file whose bytes could not be had at all (gone, locked, too large)."""
    store.record_refusal(
        Arrival(name, None, None, source, door),
        refusal.sentence,
        format="",
        totals=totals_of_refused(None),
        learned_at=learned_at,
    )


def _judged(delivery: Delivery, sha256: str, intake: Intake) -> tuple[int | None, tuple[str, ...]]:
    source = _source(delivery.source, intake.store)
    seen = intake.store.sequence_seen(delivery.source, delivery.sequence)
    holds = None
    if delivery.signature is not None:
        holds = source is not None and intake.signature_holds(
            source, delivery.data, sequence=delivery.sequence, signature=delivery.signature
        )
    verdict = judge_message(
        Message(
            file_name=delivery.name,
            source_name=delivery.source,
            source=source,
            sha256=sha256,
            signature_holds=holds,
            sequence=delivery.sequence,
            newest_sequence=seen.newest,
            sha256_of_sequence=seen.sha256,
        )
    )
    return verdict.sequence, verdict.notes


def _source(name: str, store: IntakeLog) -> Source | None:
    return next((one for one in store.sources() if one.name == name), None) if name else None


def _refused(
    arrival: Arrival,
    refusal: Refusal,
    file: ReadingFile | None,
    intake: Intake,
    learned_at: datetime,
) -> Taken:
    if isinstance(refusal, Conflict):  # whoever was first has the number
        arrival = replace(arrival, sequence=None)
    intake.store.record_refusal(
        arrival,
        refusal.sentence,
        format="" if file is None else file.format,
        totals=totals_of_refused(file),
        learned_at=learned_at,
    )
    return Taken(REFUSED, arrival.sha256 or "", file, None, refusal)
