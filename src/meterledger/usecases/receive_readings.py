"""Receive readings: a file as read, admitted, written to the lake, then published at once.

Lake files written before publication are invisible; whatever fails before it leaves nothing that
anyone can see. The same file twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias, TypedDict

from meterledger.facts.findings import Finding
from meterledger.facts.intake import Arrival, QuarantinedItem, QuarantineOutcome
from meterledger.facts.places import MeterInstallation
from meterledger.facts.reading_blocks import (
    ReadingBlock,
    blocks_of,
    meters_of,
    singly,
)
from meterledger.facts.readings import (
    ChannelKind,
    ChannelReadings,
    ChannelTold,
    Commodity,
    Flow,
    QuarantinedLine,
    ReadingFile,
)
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.metering import (
    UNADMITTED_PERCENT,
    MeterNotInstalled,
    admit,
    admit_blocks,
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


class WrittenBlocks(Protocol):
    """Lake files that were written, and rows that ``Lake.write`` has to merge."""

    @property
    def names(self) -> tuple[str, ...]:
        """The files' names."""

    @property
    def left(self) -> tuple[tuple[str, ChannelReadings], ...]:
        """Pseudonyms and readings."""


class WriteBlocks(Protocol):
    """Whole local days of many meters into the lake: ``stores.lake.day_blocks``."""

    def __call__(
        self,
        blocks: Sequence[ReadingBlock],
        *,
        pseudonyms: Mapping[str, str],
        source_sha256: str,
        learned_at: datetime,
        at_sequence: int,
    ) -> WrittenBlocks:
        """Write what is whole days of meters of which they are not known yet."""


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
        told: Sequence[ChannelTold] = (),
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
    told: tuple[ChannelTold, ...] = ()
    """Channels of a large file whose readings were not looked at one by one."""


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
    unadmitted_percent: int = UNADMITTED_PERCENT,
    reread: Reread | None = None,
    write_blocks: WriteBlocks | None = None,
) -> Received:
    """Admit and store one file. Safe to run twice, and by two at once.

    ``utility`` is the name under which meters have their pseudonyms (the book's name);
    ``zone_name`` is where its days begin. ``arrival`` says how the file came, for the intake's
    book; ``interval_kw_max`` is the most that can flow through a meter, where the book knows it,
    ``unadmitted_percent`` how much of a file, at most, may be readings that are not admitted.
    ``reread`` reads a stored file again: then what a file made later says speaks, whichever came
    first; without it the last that came speaks. ``write_blocks`` writes the whole days of a large
    file at once; without it every reading is looked at by itself, and the same is stored.

    :raises MeterNotInstalled: if too many readings are of meters not installed at that time
    :raises ReadingsNotStored: if the lake refuses the intervals, saying why
    """
    if store.received_file(file.sha256) is not None:
        return _known(file)
    came = replace(arrival or Arrival(file.name, file.sha256, None), made_at=file.made_at)
    if write_blocks is None:
        file = singly(file)
    later: dict[str, set[Place]] = {}
    if reread is not None:
        later = later_places(
            came,
            file,
            store=store,
            reread=reread,
            learned_at=learned_at,
            zone_name=zone_name,
            interval_kw_max=interval_kw_max,
            unadmitted_percent=unadmitted_percent,
        )
        if later:  # some of its readings give way: each has to be looked at
            file = singly(file)
    installations = store.meter_installations(meters_of(file))
    how: _How = {"zone_name": zone_name, "interval_kw_max": interval_kw_max}
    blocks, doubtful = admit_blocks(blocks_of(file), installations, **how)
    admission = admit(
        replace(file, channels=(*file.channels, *doubtful)),
        installations,
        sound_beside=sum(block.reading_count for block in blocks),
        unadmitted_percent=unadmitted_percent,
        **how,
    )
    channels, given_way = give_way(admission.channels, later)
    quarantined = (*file.quarantined, *admission.quarantined, *given_way)
    try:
        with _in_our_words(file.name, meters_of(file), utility):
            written = _write_blocks(blocks, write_blocks, file, store, utility, learned_at)
        channels += written.left
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
            lake_files=[*written.names, *lake_files],
            learned_at=learned_at,
            beside=beside,
            arrival=came,
            told=written.told,
        )
    except Conflict:
        if store.received_file(file.sha256) is None:
            raise
        return _known(file)
    return Received(STORED, file, channels, quarantined, admission.findings, written.told)


def _known(file: ReadingFile) -> Received:
    told = tuple(one for block in blocks_of(file) for one in block.told())
    return Received(KNOWN, file, file.channels, file.quarantined, (), told)


class _How(TypedDict):
    zone_name: str
    interval_kw_max: int | None


class _Written(NamedTuple):
    """Lake files of blocks, what they hold, and the channels that the lake must merge."""

    names: tuple[str, ...]
    told: tuple[ChannelTold, ...]
    left: tuple[ChannelReadings, ...]


def _write_blocks(
    blocks: Sequence[ReadingBlock],
    write_blocks: WriteBlocks | None,
    file: ReadingFile,
    store: ReceiveStore,
    utility: str,
    learned_at: datetime,
) -> _Written:
    if not blocks or write_blocks is None:
        return _Written((), (), ())
    written = write_blocks(
        blocks,
        pseudonyms={one: pseudonym(one, utility) for block in blocks for one in block.meters},
        source_sha256=file.sha256,
        learned_at=learned_at,
        at_sequence=store.lake_sequence(),
    )
    left = tuple(one for _, one in written.left)
    gone = {(one.channel, one.readings[0].start) for one in left}
    told = (one for block in blocks for one in block.told())
    return _Written(
        tuple(written.names),
        tuple(one for one in told if (one.channel, one.begin) not in gone),
        left,
    )


def later_places(
    arrival: Arrival,
    file: ReadingFile,
    *,
    store: ReceiveStore,
    reread: Reread,
    learned_at: datetime,
    zone_name: str,
    interval_kw_max: int | None,
    unadmitted_percent: int,
) -> dict[str, set[Place]]:
    """Of what later files say something, by file: stored files that were made after this one.

    They are read again from the vault; one that is not kept any more has no say.
    """
    begins = [one.readings[0].start for one in file.channels]
    ends = [one.readings[-1].start + one.readings[-1].seconds for one in file.channels]
    begins += [block.start for block in blocks_of(file)]
    ends += [block.until for block in blocks_of(file)]
    if not begins:
        return {}
    found = store.later_files(
        arrival,
        meters_of(file),
        begin=min(begins),
        until=max(ends) + 1,
        learned_at=learned_at,
    )
    later: dict[str, set[Place]] = {}
    for other in found:
        again = reread(other)
        if again is None:
            continue
        installations = store.meter_installations(
            sorted({one.channel.meter_id for one in again.channels})
        )
        try:
            sound = admit(
                again,
                installations,
                zone_name=zone_name,
                interval_kw_max=interval_kw_max,
                unadmitted_percent=unadmitted_percent,
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
    with _in_our_words(where, list(names), utility):
        written = lake.write(
            [(names[one.channel.meter_id], one) for one in slots],
            source_sha256=source_sha256,
            learned_at=learned_at,
            at_sequence=store.lake_sequence(),
        )
    return written, beside


@contextmanager
def _in_our_words(where: str, meters: Sequence[str], utility: str) -> Iterator[None]:
    """What the lake refuses, told of meters: it knows pseudonyms, the analyst knows meters.

    :raises ReadingsNotStored: instead of the lake's own refusal
    """
    try:
        yield
    except Refusal as refusal:
        if refusal.is_passing:
            raise
        what = refusal.what
        for meter in meters:
            what = what.replace(pseudonym(meter, utility), meter)
        raise ReadingsNotStored(
            what,
            where=", ".join(part for part in (where, refusal.where) if part),
            why=f"Nothing of the file was stored. {refusal.why}",
            do=refusal.do,
        ) from refusal
