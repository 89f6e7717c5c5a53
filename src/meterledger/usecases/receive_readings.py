"""Receive readings: a file as read, admitted, written to the lake, then published at once.

Lake files written before publication are invisible; whatever fails before it leaves nothing that
anyone can see. The same file twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from meterledger.facts.findings import Finding
from meterledger.facts.intake import Arrival
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import (
    ChannelKind,
    ChannelReadings,
    QuarantinedLine,
    ReadingFile,
)
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.metering import admit, fills_slots, find_backward_steps
from meterledger.usecases.ports import Conflict, Lake, ReceivedFile

STORED = "stored"
KNOWN = "known"
READ = "read"


class ReadingsNotStored(Refusal):
    """The lake cannot take the readings; nothing of the file was stored."""


class ReceiveStore(Protocol):
    """What this journey needs of the store."""

    def received_file(self, sha256: str) -> ReceivedFile | None:
        """The file of that hash, if it is stored already."""

    def meter_installations(self, meter_ids: Sequence[str]) -> dict[str, list[MeterInstallation]]:
        """Where the meters are and were installed, as known now."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def record_file(
        self,
        *,
        sha256: str,
        name: str,
        format: str,
        channels: Sequence[ChannelReadings],
        quarantined: Sequence[QuarantinedLine],
        lake_files: Sequence[str],
        learned_at: datetime,
        beside: Sequence[ChannelReadings] = (),
        arrival: Arrival | None = None,
    ) -> ReceivedFile:
        """Publish one file, or Conflict if it is stored already."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one file. ``status`` is ``stored``, ``known`` or ``read``."""

    status: str
    file: ReadingFile
    channels: tuple[ChannelReadings, ...]
    quarantined: tuple[QuarantinedLine, ...]
    findings: tuple[Finding, ...]


def preview_readings(file: ReadingFile) -> Received:
    """What a file holds, and what its registers say; nothing is asked of a store or stored."""
    findings = [finding for one in file.channels for finding in find_backward_steps(one)]
    return Received(READ, file, file.channels, file.quarantined, tuple(findings))


def receive_readings(
    *,
    file: ReadingFile,
    store: ReceiveStore,
    lake: Lake,
    utility: str,
    zone_name: str,
    learned_at: datetime,
    arrival: Arrival | None = None,
    interval_kw_max: int | None = None,
) -> Received:
    """Admit and store one file. Safe to run twice, and by two at once.

    ``utility`` is the name under which meters have their pseudonyms (the book's name);
    ``zone_name`` is where its days begin. ``arrival`` says how the file came, for the intake's
    book; ``interval_kw_max`` is the most that can flow through a meter, where the book knows it.

    :raises MeterNotInstalled: if too many readings are of meters not installed at that time
    :raises ReadingsNotStored: if the lake refuses the intervals, saying why
    """
    if store.received_file(file.sha256) is not None:
        return Received(KNOWN, file, file.channels, file.quarantined, ())
    meters = sorted({one.channel.meter_id for one in file.channels})
    admission = admit(
        file,
        store.meter_installations(meters),
        zone_name=zone_name,
        interval_kw_max=interval_kw_max,
    )
    quarantined = (*file.quarantined, *admission.quarantined)
    intervals = [one for one in admission.channels if one.channel.kind is ChannelKind.INTERVAL]
    slots = [one for one in intervals if fills_slots(one, zone_name=zone_name)]
    try:
        store.record_file(
            sha256=file.sha256,
            name=file.name,
            format=file.format,
            channels=admission.channels,
            quarantined=quarantined,
            lake_files=_write_intervals(file, slots, store, lake, utility, learned_at),
            learned_at=learned_at,
            beside=[one for one in intervals if one not in slots],
            arrival=arrival,
        )
    except Conflict:
        if store.received_file(file.sha256) is None:
            raise
        return Received(KNOWN, file, file.channels, file.quarantined, ())
    return Received(STORED, file, admission.channels, quarantined, admission.findings)


def _write_intervals(
    file: ReadingFile,
    channels: Sequence[ChannelReadings],
    store: ReceiveStore,
    lake: Lake,
    utility: str,
    learned_at: datetime,
) -> list[str]:
    names = {one.channel.meter_id: pseudonym(one.channel.meter_id, utility) for one in channels}
    intervals = [(names[one.channel.meter_id], one) for one in channels]
    if not intervals:
        return []
    try:
        return lake.write(
            intervals,
            source_sha256=file.sha256,
            learned_at=learned_at,
            at_sequence=store.lake_sequence(),
        )
    except Refusal as refusal:
        what = refusal.what
        for meter, name in names.items():
            what = what.replace(name, meter)  # the lake knows pseudonyms, the analyst meters
        raise ReadingsNotStored(
            what,
            where=", ".join(part for part in (file.name, refusal.where) if part),
            why=f"Nothing of the file was stored. {refusal.why}",
            do=refusal.do,
        ) from refusal
