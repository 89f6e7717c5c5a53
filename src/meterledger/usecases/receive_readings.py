"""Receive readings: a file as read, admitted, written to the lake, then published at once.

Lake files written before publication are invisible; whatever fails before it leaves nothing that
anyone can see. The same file twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from meterledger.facts.findings import Finding
from meterledger.facts.intake import Arrival, QuarantinedItem, QuarantineOutcome
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import (
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    QuarantinedLine,
    ReadingFile,
)
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.metering import (
    MeterNotInstalled,
    admit,
    fills_slots,
    find_backward_steps,
    give_way,
    places_told,
)
from meterledger.usecases.ports import Conflict, Lake, ReceivedFile

STORED = "stored"
KNOWN = "known"
READ = "read"


class ReadingsNotStored(Refusal):
    """The lake cannot take the readings; nothing of the file was stored."""


Place: TypeAlias = tuple[str, Commodity, ChannelKind, Flow, int, int]
Reread: TypeAlias = Callable[[Arrival], ReadingFile | None]
"""A stored file as readings, read again from the vault; None where it is not kept."""


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
        releases: tuple[QuarantinedItem, QuarantineOutcome] | None = None,
    ) -> ReceivedFile:
        """Publish one file or released line, or Conflict if it is stored already."""

    def later_files(
        self,
        arrival: Arrival,
        meter_ids: Sequence[str],
        *,
        begin: int,
        until: int,
        learned_at: datetime,
    ) -> list[Arrival]:
        """Stored files about the meters and the stretch that were made after the one given."""


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
    reread: Reread | None = None,
) -> Received:
    """Admit and store one file. Safe to run twice, and by two at once.

    ``utility`` is the name under which meters have their pseudonyms (the book's name);
    ``zone_name`` is where its days begin. ``arrival`` says how the file came, for the intake's
    book; ``interval_kw_max`` is the most that can flow through a meter, where the book knows it.
    ``reread`` reads a stored file again: then what a file made later says speaks, whichever came
    first; without it the last that came speaks.

    :raises MeterNotInstalled: if too many readings are of meters not installed at that time
    :raises ReadingsNotStored: if the lake refuses the intervals, saying why
    """
    if store.received_file(file.sha256) is not None:
        return Received(KNOWN, file, file.channels, file.quarantined, ())
    meters = sorted({one.channel.meter_id for one in file.channels})
    installations = store.meter_installations(meters)
    admission = admit(file, installations, zone_name=zone_name, interval_kw_max=interval_kw_max)
    came = replace(arrival or Arrival(file.name, file.sha256, None), made_at=file.made_at)
    channels = admission.channels
    given_way: tuple[QuarantinedLine, ...] = ()
    if reread is not None:
        later = later_places(
            came,
            admission.channels,
            store=store,
            reread=reread,
            learned_at=learned_at,
            zone_name=zone_name,
            interval_kw_max=interval_kw_max,
        )
        channels, given_way = give_way(admission.channels, later)
    quarantined = (*file.quarantined, *admission.quarantined, *given_way)
    try:
        lake_files, beside = split_and_write(
            channels,
            where=file.name,
            source_sha256=file.sha256,
            store=store,
            lake=lake,
            utility=utility,
            zone_name=zone_name,
            learned_at=learned_at,
        )
        store.record_file(
            sha256=file.sha256,
            name=file.name,
            format=file.format,
            channels=channels,
            quarantined=quarantined,
            lake_files=lake_files,
            learned_at=learned_at,
            beside=beside,
            arrival=came,
        )
    except Conflict:
        if store.received_file(file.sha256) is None:
            raise
        return Received(KNOWN, file, file.channels, file.quarantined, ())
    return Received(STORED, file, channels, quarantined, admission.findings)


def later_places(
    arrival: Arrival,
    channels: Sequence[ChannelReadings],
    *,
    store: ReceiveStore,
    reread: Reread,
    learned_at: datetime,
    zone_name: str,
    interval_kw_max: int | None,
) -> dict[str, set[Place]]:
    """Of what later files say something, by file: stored files that were made after this one.

    They are read again from the vault; one that is not kept any more has no say.
    """
    readings = [reading for one in channels for reading in one.readings]
    if not readings:
        return {}
    found = store.later_files(
        arrival,
        sorted({one.channel.meter_id for one in channels}),
        begin=min(one.start for one in readings),
        until=max(one.start + one.seconds for one in readings) + 1,
        learned_at=learned_at,
    )
    later: dict[str, set[Place]] = {}
    for other in found:
        file = reread(other)
        if file is None:
            continue
        installations = store.meter_installations(
            sorted({one.channel.meter_id for one in file.channels})
        )
        try:
            sound = admit(
                file, installations, zone_name=zone_name, interval_kw_max=interval_kw_max
            ).channels
        except MeterNotInstalled:  # its meters have been corrected since: it has no say any more
            continue
        later.setdefault(other.name, set()).update(places_told(sound))
    return later


def split_and_write(
    channels: Sequence[ChannelReadings],
    *,
    where: str,
    source_sha256: str,
    store: ReceiveStore,
    lake: Lake,
    utility: str,
    zone_name: str,
    learned_at: datetime,
) -> tuple[list[str], list[ChannelReadings]]:
    """Write slots of local days to the lake; the names of its files, and the intervals beside it.

    :raises ReadingsNotStored: if the lake refuses the intervals, saying why
    """
    slots: list[ChannelReadings] = []
    beside: list[ChannelReadings] = []
    for one in channels:
        if one.channel.kind is ChannelKind.INTERVAL:
            (slots if fills_slots(one, zone_name=zone_name) else beside).append(one)
    if not slots:
        return [], beside
    names = {one.channel.meter_id: pseudonym(one.channel.meter_id, utility) for one in slots}
    try:
        written = lake.write(
            [(names[one.channel.meter_id], one) for one in slots],
            source_sha256=source_sha256,
            learned_at=learned_at,
            at_sequence=store.lake_sequence(),
        )
    except Refusal as refusal:
        what = refusal.what
        for meter, name in names.items():
            what = what.replace(name, meter)  # the lake knows pseudonyms, the analyst meters
        raise ReadingsNotStored(
            what,
            where=", ".join(part for part in (where, refusal.where) if part),
            why=f"Nothing of the file was stored. {refusal.why}",
            do=refusal.do,
        ) from refusal
    return written, beside
