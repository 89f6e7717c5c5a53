"""Read a meter now: ask the head-end, and take its answer as a file like any other.

Lives here      what is asked of a head-end; that the answer is about the meter that was asked.
Lives elsewhere the words on the wire (``stores/gateways/head_end``), keeping the answer byte for
                byte, reading and storing it (``take_file``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from meterledger.facts.intake import REFUSED
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import ChannelReadings
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.take_file import Delivery, Intake, Taken, take_file

DOOR = "head-end"


class NoHeadEnd(Refusal):
    """Nobody has said where the head-end is."""


class NotReadNow(Refusal):
    """The meter cannot be read now, or the answer is not one."""


class HeadEnd(Protocol):
    """What can be asked of the system that talks to the meters."""

    def read_now(self, meter_id: str, *, message_id: str, asked_at: datetime) -> bytes:
        """The meter's readings now, as the message that the head-end answers with.

        :raises Refusal: if it cannot be reached, answers too late, too much, or with a fault
        """


@dataclass(frozen=True, slots=True)
class ReadNow:
    """What came of asking: the answer as it was taken, and its message's name."""

    message_id: str
    taken: Taken

    @property
    def channels(self) -> tuple[ChannelReadings, ...]:
        """What of the answer was stored."""
        return self.taken.received.channels if self.taken.received is not None else ()


def read_on_demand(
    meter_id: str, *, head_end: HeadEnd | None, intake: Intake, asked_at: datetime
) -> ReadNow:
    """Ask for a meter's readings now and store the answer, with its bytes, as from the head-end.

    Nothing is stored of an answer about another meter, or of one that cannot be read.

    :raises NoHeadEnd: if there is none
    :raises NotReadNow: if the meter is not installed, or the answer is about another one
    :raises Refusal: as the head-end, the reader of its answer, or the intake says
    """
    if head_end is None:
        raise NoHeadEnd(
            "No head-end is configured, so no meter can be asked",
            where=f"meter {meter_id[:80]}",
            do="Set METERLEDGER_HEAD_END to its address, like http://127.0.0.1:8650/readings",
        )
    installed = intake.store.meter_installations([meter_id]).get(meter_id, [])
    if not any(_is_there(one, asked_at, intake.zone_name) for one in installed):
        raise NotReadNow(
            "It is not installed anywhere now",
            where=f"meter {meter_id[:80]}",
            do="Look at the meter with `meterledger meter show`",
        )
    message_id = message_name(meter_id, asked_at)
    data = head_end.read_now(meter_id, message_id=message_id, asked_at=asked_at)
    name = f"on-demand-{meter_id.replace('/', '_')}-{asked_at:%Y%m%dT%H%M%SZ}"
    file = intake.read(name, data, received_at=asked_at, meter=None, zone=None, unit=None)
    others = sorted({one.channel.meter_id for one in file.channels} - {meter_id})
    if others:
        raise NotReadNow(
            f"The head-end answered about meter {others[0]}",
            where=f"meter {meter_id}",
            why="Another meter's values are not this one's, and nothing was stored",
            do="Ask whoever runs the head-end which meter has this number there",
        )
    taken = take_file(Delivery(name, data, DOOR), intake, learned_at=asked_at)
    if taken.status == REFUSED and taken.refusal is not None:
        raise taken.refusal
    return ReadNow(message_id, taken)


def message_name(meter_id: str, asked_at: datetime) -> str:
    """The name of a request, from what it asks: the same for the same meter and instant."""
    digits = sha256_hex(f"read now:{meter_id}:{asked_at.isoformat()}".encode())
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32])
    return "-".join(parts)


def _is_there(one: MeterInstallation, at: datetime, zone_name: str) -> bool:
    begin, until = one.stretch(zone_name)
    now = int(at.timestamp())
    return begin <= now and (until is None or now < until)
