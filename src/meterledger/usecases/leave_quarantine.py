"""The ways out of quarantine: a line released or rejected, a refused file tried again.

Everything is read again from the bytes that were kept, judged by the same room and stored by the
same lake as anything that comes; what became of it is recorded with who decided and why, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meterledger.facts.intake import (
    REFUSED,
    REJECTED,
    RELEASED,
    STORED,
    Arrival,
    Movement,
    QuarantinedItem,
    QuarantineOutcome,
)
from meterledger.facts.reading_blocks import singly
from meterledger.facts.readings import ChannelReadings, ReadingFile
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.metering import MeterNotInstalled, admit, give_way, readings_of_run
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.receive_readings import later_places, split_and_write
from meterledger.usecases.take_file import (
    CLAIMED_SOURCE,
    Intake,
    Taken,
    TakingStore,
    read_and_store,
    read_given,
    reread,
)

RETRY = "retry"


class StillQuarantined(Refusal):
    """The line cannot be used yet; it stays where it is."""


class NothingToRetry(Refusal):
    """The file cannot be tried again."""


class DecisionNotNamed(Refusal):
    """Nobody says who decided, or why."""


@dataclass(frozen=True, slots=True)
class Released:
    """What was stored of a line that left the quarantine."""

    item: QuarantinedItem
    outcome: QuarantineOutcome
    channels: tuple[ChannelReadings, ...]


def release_line(
    *, quarantine_id: int, author: str, reason: str, intake: Intake, learned_at: datetime
) -> Released:
    """Admit a line that was set aside, from its kept bytes. Inside ``viewing``.

    :raises StillQuarantined: if it cannot be used yet, saying why
    :raises Conflict: if it was released or rejected before
    """
    store = intake.store
    item = _waiting(store.quarantined_item(quarantine_id), author, reason)
    channels = _admitted(item, _readings(item, intake, learned_at), intake)
    _refuse_if_later(item, channels, intake, learned_at)
    release_sha256 = sha256_hex(canonical_bytes({"release of": quarantine_id, "file": item.sha256}))
    outcome = QuarantineOutcome(RELEASED, author, reason, learned_at, release_sha256)
    source = _source_of(item.sha256, store)
    lake_files, beside = split_and_write(
        channels,
        where=f"{item.file_name}, line {item.line.line}",
        source_sha256=item.sha256,
        store=store,
        lake=intake.lake,
        utility=intake.utility,
        zone_name=intake.zone_name,
        learned_at=learned_at,
    )
    store.record_file(
        sha256=release_sha256,
        name=f"{item.file_name}, line {item.line.line}",
        format="release",
        channels=channels,
        quarantined=(),
        lake_files=lake_files,
        learned_at=learned_at,
        beside=beside,
        arrival=Arrival(item.file_name, item.sha256, None, source, RELEASED),
        releases=(item, outcome),
    )
    return Released(item, outcome, tuple(channels))


def reject_line(
    *, quarantine_id: int, author: str, reason: str, store: TakingStore, learned_at: datetime
) -> QuarantineOutcome:
    """Decide that a line will never be used. Inside ``viewing``.

    :raises Conflict: if it was released or rejected before
    """
    item = _waiting(store.quarantined_item(quarantine_id), author, reason)
    outcome = QuarantineOutcome(REJECTED, author, reason, learned_at)
    store.record_rejection(item, outcome)
    return outcome


def retry_file(
    *, sha256: str, intake: Intake, learned_at: datetime, given: dict[str, str] | None = None
) -> Taken:
    """Read and store a refused file again, from the vault. Inside ``viewing``.

    ``given`` replaces what was said with it (meter, zone, unit), part by part.

    :raises NothingToRetry: if no such file was refused, or it never proved to be from its source
    :raises NotInVault: if its bytes are not kept any more
    """
    rows = intake.store.movements_of(sha256)
    refused = _last_refused(sha256, rows)
    arrival = replace(
        refused.arrival,
        door=RETRY,
        sequence=None,
        given={**refused.arrival.given, **(given or {})},
    )
    return read_and_store(arrival, intake.vault.read(sha256), intake, learned_at)


def _last_refused(sha256: str, rows: Sequence[Movement]) -> Movement:
    if not rows:
        raise NotFound(
            f"No file {sha256[:64]} has come",
            do="List refused files with `meterledger intake report`",
        )
    if any(row.status == STORED for row in rows):
        raise NothingToRetry(
            f"The file {sha256[:16]}... is stored already",
            where=rows[-1].arrival.name,
            do="Let single lines out with `meterledger quarantine release`",
        )
    proved = [row for row in rows if CLAIMED_SOURCE not in row.arrival.given]
    if not proved or proved[-1].status != REFUSED:
        claimed = rows[-1].arrival.given.get(CLAIMED_SOURCE, "")
        raise NothingToRetry(
            f"The file never proved to be from the source {claimed}",
            where=rows[-1].arrival.name,
            why=rows[-1].refusal or "",
            do="Ask the source to send it again with its number and signature",
        )
    return proved[-1]


def _waiting(item: QuarantinedItem, author: str, reason: str) -> QuarantinedItem:
    if not author.strip() or not reason.strip():
        raise DecisionNotNamed(
            "A line leaves the quarantine by a person's decision, for a reason",
            where="quarantine",
            do="Say who decides and why",
        )
    if item.outcome is not None:
        raise Conflict.of_quarantined(item.quarantine_id)
    return item


def _readings(
    item: QuarantinedItem, intake: Intake, learned_at: datetime
) -> tuple[ChannelReadings, ...]:
    """What the line says: a run as it was judged, another line by reading its file again."""
    if item.line.energy_wh is not None:
        return (readings_of_run(item.line.data),)
    arrival = intake.store.movements_of(item.sha256)[0].arrival
    try:
        data = intake.vault.read(item.sha256)
        file = singly(read_given(arrival, data, intake, learned_at))
    except Refusal as refusal:
        raise _still(item, refusal.of_one_case().what) from refusal
    again = [one for one in file.quarantined if one.line == item.line.line]
    if again:
        raise _still(item, again[0].reason)
    found = []
    for one in file.channels:
        readings = tuple(reading for reading in one.readings if reading.line == item.line.line)
        if readings:
            found.append(replace(one, readings=readings))
    if not found:
        raise _still(item, "It holds no readings")
    return tuple(found)


def _admitted(
    item: QuarantinedItem, channels: tuple[ChannelReadings, ...], intake: Intake
) -> Sequence[ChannelReadings]:
    meters = sorted({one.channel.meter_id for one in channels})
    file = ReadingFile(item.file_name, item.sha256, "release", channels)
    try:
        admission = admit(
            file,
            intake.store.meter_installations(meters),
            zone_name=intake.zone_name,
            interval_kw_max=intake.interval_kw_max,
            unadmitted_percent=intake.unadmitted_percent,
        )
    except MeterNotInstalled as refusal:
        raise _still(item, refusal.what) from refusal
    if admission.quarantined:
        raise _still(item, admission.quarantined[0].reason)
    return admission.channels


def _refuse_if_later(
    item: QuarantinedItem,
    channels: Sequence[ChannelReadings],
    intake: Intake,
    learned_at: datetime,
) -> None:
    """A file that came later may say otherwise of the same: then it speaks, and not this line."""
    later = later_places(
        Arrival(item.file_name, item.sha256, None),
        ReadingFile(item.file_name, item.sha256, "release", tuple(channels)),
        store=intake.store,
        reread=lambda other: reread(other, intake, learned_at),
        learned_at=item.learned_at,
        zone_name=intake.zone_name,
        interval_kw_max=intake.interval_kw_max,
        unadmitted_percent=intake.unadmitted_percent,
    )
    _, given_way = give_way(channels, later)
    if given_way:
        raise _still(item, given_way[0].reason)


def _still(item: QuarantinedItem, why: str) -> StillQuarantined:
    return StillQuarantined(
        f"Line {item.quarantine_id} of the quarantine cannot be used yet",
        where=f"{item.file_name}, line {item.line.line}",
        why=why,
        do="Correct the cause and release it then, or reject it with "
        f"`meterledger quarantine reject {item.quarantine_id}`",
    )


def _source_of(sha256: str, store: TakingStore) -> str:
    rows = store.movements_of(sha256)
    return rows[0].arrival.source if rows else ""
