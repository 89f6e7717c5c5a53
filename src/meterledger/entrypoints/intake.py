"""The way in for files, as every door uses it: one journey, one answer.

Lives here      gathering what ``take_file`` needs of an opened system; the JSON of its answer.
Lives elsewhere the journey (``usecases.take_file``), the doors (``cli``, ``web``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from meterledger.facts.readings import ChannelKind, ChannelReadings, ChannelTold

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.readings import ReadingFile
    from meterledger.rulebook.book import BookView
    from meterledger.usecases.receive_readings import Received
    from meterledger.usecases.take_file import Delivery, Intake, Taken

INTERVAL_KW_MAX = "interval_kw_max"


def intake_of(system: System) -> Intake:
    """What taking a file needs, of this system."""
    from meterledger.stores.gateways import read_blocks
    from meterledger.stores.gateways.signatures import signature_holds
    from meterledger.stores.lake import IntervalLake
    from meterledger.stores.lake.day_blocks import write_reading_blocks
    from meterledger.usecases.take_file import Intake

    return Intake(
        store=system.store,
        lake=system.lake,
        vault=system.vault,
        read=read_blocks,
        signature_holds=signature_holds,
        utility=system.view.name,
        zone_name=system.view.time_zone,
        interval_kw_max=interval_kw_max(system.view, system.now),
        unadmitted_percent=unadmitted_percent(system.view, system.now),
        write_blocks=partial(write_reading_blocks, cast(IntervalLake, system.lake)),
    )


def interval_kw_max(view: BookView, now: datetime) -> int | None:
    """The most power of an interval, where the book names one."""
    if INTERVAL_KW_MAX not in view.names():
        return None
    return int(view.number(INTERVAL_KW_MAX).on(now.date()).value)


def unadmitted_percent(view: BookView, now: datetime) -> int:
    """Of how many percent of a file's readings it may be that they are not admitted."""
    from meterledger.metering import UNADMITTED_PERCENT
    from meterledger.rulebook.ours import whole_of_ours

    return whole_of_ours(view, "intake_unadmitted_percent", now.date(), UNADMITTED_PERCENT)


def take(delivery: Delivery, system: System) -> Taken:
    """Take one file at the instant of this system; looks at its meters are logged by its door."""
    from meterledger.usecases.take_file import take_file

    return take_file(delivery, intake_of(system), learned_at=system.now)


def answer_of(shown: str, taken: Taken) -> dict[str, Any]:
    """The answer of one file, in the shape that stays."""
    if taken.refusal is not None:
        return refused_answer(shown, taken.sha256, taken.refusal.sentence)
    received, file = taken.received, taken.file
    if received is None or file is None:
        raise TypeError("a file that is not refused was read")
    return read_answer(shown, file, received, taken.notes)


def refused_answer(shown: str, sha256: str | None, sentence: str) -> dict[str, Any]:
    """The answer of a file that was refused."""
    return {
        "file": shown,
        "sha256": sha256,
        "status": "refused",
        "refusal": sentence,
        "quarantined": 0,
        "channels": [],
    }


def read_answer(
    shown: str, file: ReadingFile, received: Received, notes: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The answer of a file that was read, and perhaps stored."""
    return {
        "file": shown,
        "sha256": file.sha256,
        "format": file.format,
        "status": received.status,
        "refusal": None,
        "quarantined": len(received.quarantined),
        "channels": [
            *(channel_answer(one) for one in received.channels),
            *(told_answer(one) for one in received.told),
        ],
        "set_aside": [
            {"line": one.line, "reason": one.reason} for one in received.quarantined[:100]
        ],
        "findings": [
            {"code": one.code, "weight": one.weight.value, "sentence": one.sentence}
            for one in received.findings
        ],
        "notes": [*file.notes, *notes],
    }


def channel_answer(one: ChannelReadings) -> dict[str, Any]:
    """The channel of the answer. ``sum`` of a register has no meaning; ``difference`` has."""
    channel = one.channel
    answer = told_answer(ChannelTold.of(one))
    told = [reading.value for reading in one.readings if reading.value is not None]
    if channel.kind is ChannelKind.REGISTER and told:
        for name, whole in (
            ("first", told[0]),
            ("last", told[-1]),
            ("difference", told[-1] - told[0]),
        ):
            answer[name] = format(Decimal(whole).scaleb(channel.scale), "f")
    return answer


def told_answer(one: ChannelTold) -> dict[str, Any]:
    """The channel of the answer, of what is told without its readings."""
    channel = one.channel
    return {
        "meter": channel.meter_id,
        "commodity": channel.commodity.value,
        "unit": channel.unit,
        "kind": channel.kind.value,
        "direction": channel.flow.value,
        "interval_seconds": channel.interval_seconds,
        "readings": one.present,
        "missing": one.readings - one.present,
        "from": _instant(one.begin),
        "to": _instant(one.until),
        "sum": format(one.total, "f"),
    }


def _instant(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
