"""What a visit to a meter must say, before anything of it is looked up or kept.

Lives here      the visit itself, words, instants and readings that a register can show.
Lives elsewhere what a visit changes (``change_meters``), how a meter is set up
                (``describe_meters``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from meterledger.facts.meters import (
    BilledOn,
    LinkSource,
    MeterConfiguration,
    RegisterRead,
    UnmeteredLoad,
)
from meterledger.facts.places import MeterInstallation
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.meter_ports import MeterChange, MeterFile
from meterledger.usecases.ports import NotFound
from meterledger.usecases.start_service import LONGEST_WORDS, MULTIPLIER_MAX

SHOW = "Look at the meter with `meterledger meter show`"


class MeterWorkRefused(Refusal):
    """The meters cannot be changed as asked."""


class MeterStore(Protocol):
    """What these journeys need of the store."""

    def change_meters(self, change: MeterChange) -> bool:
        """Record a change, or Conflict; False if its work is recorded already."""

    def meter_file(self, meter_id: str) -> MeterFile:
        """All that is known of a meter, or NotFound."""

    def installations_at(
        self, service_point_ids: Sequence[str]
    ) -> dict[str, list[MeterInstallation]]:
        """The meters of service points by first day."""

    def unmetered_loads(self, service_point_ids: Sequence[str]) -> dict[str, list[UnmeteredLoad]]:
        """The loads without a meter at service points."""


@dataclass(frozen=True, slots=True)
class Linked:
    """How it is known that the meter is there: by whom, how surely (0 to 100), on what evidence."""

    source: LinkSource
    confidence: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What somebody did at a service point: at which instant (UTC), why, what registers showed.

    ``multiplier`` of the meter that comes; None takes that of the meter that leaves, for the
    transformers stay where they are.
    """

    service_point_id: str
    at: datetime
    reason: str
    closing: tuple[RegisterRead, ...] = ()
    opening: tuple[RegisterRead, ...] = ()
    multiplier: int | None = None


def check_visit(visit: Visit, linked: Linked | None, learned_at: datetime, *meters: str) -> None:
    """Refuse what cannot be. :raises MeterWorkRefused: naming it"""
    where = f"service point {visit.service_point_id[:80]}"
    for meter in meters:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}", meter):
            raise MeterWorkRefused(
                f"'{meter[:70]}' cannot name a meter",
                where=where,
                do="Use letters, digits and . _ / : - , up to 64, first a letter or digit",
            )
    if visit.at > learned_at:
        raise MeterWorkRefused(
            f"{visit.at:%Y-%m-%dT%H:%M:%SZ} is not yet",
            where=where,
            do="Record work when it is done, with the instant at which it was",
        )
    multiplier = visit.multiplier
    if multiplier is not None and not 1 <= multiplier <= MULTIPLIER_MAX:
        raise MeterWorkRefused(
            f"A multiplier of {multiplier} cannot be",
            where=where,
            do=f"Give the whole number on the meter, 1 (no transformers) to {MULTIPLIER_MAX}",
        )
    if linked is not None and not 0 <= linked.confidence <= 100:
        raise MeterWorkRefused(
            f"A confidence of {linked.confidence} cannot be",
            where=where,
            do="Give 0 (a guess) to 100 (seen by somebody there)",
        )
    for noun, words in (
        ("reason", visit.reason),
        *((("evidence", linked.evidence),) if linked is not None else ()),
    ):
        if not words.strip() or len(words) > LONGEST_WORDS or not words.isprintable():
            raise MeterWorkRefused(
                f"The {noun} is empty, longer than {LONGEST_WORDS} letters or not printable",
                where=where,
                do=f"Give the {noun} in a few words",
            )


def check_reads(
    store: MeterStore,
    meter_id: str | None,
    noun: str,
    reads: Sequence[RegisterRead],
    at: datetime,
    zone_name: str,
) -> None:
    """Each reading is one its register can show; a meter billed on registers has one of each.

    :raises MeterWorkRefused: naming the register
    """
    if meter_id is None:
        return
    where = f"meter {meter_id}"
    names = [one.register for one in reads]
    if len(set(names)) < len(names):
        raise MeterWorkRefused(f"Two {noun} readings of one register are given", where=where,
                               do="Give one for each register")  # fmt: skip
    for one in reads:
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", one.value):
            raise MeterWorkRefused(
                f"'{one.value[:40]}' is not what register {one.register[:40]} can show",
                where=where,
                do="Give the figures as they stand there, like 04321 or 04321.5",
            )
    configuration = _configuration(store, meter_id, at, zone_name)
    if configuration is None:
        return
    registers = {one.name: one for one in configuration.registers}
    for one in reads:
        register = registers.get(one.register)
        if register is None:
            raise MeterWorkRefused(
                f"It has no register {one.register[:40]}",
                where=where,
                do=f"Name one of {', '.join(sorted(registers)) or 'none that is known'}",
            )
        whole, _, part = one.value.partition(".")
        if len(whole) > register.digits or len(part) > register.decimals:
            raise MeterWorkRefused(
                f"Register {one.register} shows {register.digits} figures and {register.decimals} "
                f"decimals, and cannot show {one.value}",
                where=where,
                do="Read it again, or correct the configuration with `meterledger meter configure`",
            )
    missing = sorted(set(registers) - set(names))
    if configuration.billed_on is BilledOn.REGISTER and missing:
        raise MeterWorkRefused(
            f"There is no {noun} reading of register {', '.join(missing)}",
            where=where,
            why="The meter is billed on its registers, and nothing else tells its last energy",
            do=f"Give --{noun} {missing[0]}=FIGURES",
        )


def _configuration(
    store: MeterStore, meter_id: str, at: datetime, zone_name: str
) -> MeterConfiguration | None:
    try:
        known = store.meter_file(meter_id).configurations
    except NotFound:
        return None
    day = local_day_of(at, zone_name)
    return next((one for one in known if day in one.days), None)
