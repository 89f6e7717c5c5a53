"""Meters: what each is, how it is set up, how sure we are where it is, and the work done on it.

Lives here      the device (``Meter``), its configuration with a fingerprint, the link to its
                premise with its confidence, work in the field with closing and opening readings,
                loads that have no meter.
Lives elsewhere which meter measured which service point when (``facts.places.MeterInstallation``),
                what it reads (``facts.readings``), what it reports (``facts.events``).
Read first      docs/glossary.md: "register", "multiplier", "premise link", "fingerprint".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from meterledger.facts.readings import Flow
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import Validity

MINUTES_IN_A_DAY = 1440


class MeterKind(Enum):
    """How a meter is read."""

    MANUAL = "manual"
    AMR = "amr"
    AMI = "ami"


class BilledOn(Enum):
    """What a bill takes from the meter: a running total, or use interval by interval."""

    REGISTER = "register"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class Meter:
    """A device. It stays the same one wherever it is; another device is another meter."""

    meter_id: str
    kind: MeterKind
    learned_at: datetime
    maker: str = ""
    model: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Register:
    """One running total of a meter.

    ``digits``      figures shown before the decimal point; after the last it begins at zero again
    ``decimals``    figures after the point
    ``multiplier``  what the difference of two readings is multiplied by
    """

    name: str
    flow: Flow
    unit: str
    digits: int
    decimals: int = 0
    multiplier: int = 1

    def __post_init__(self) -> None:
        ensure(1 <= self.digits <= 12, "a register shows one to twelve figures")
        ensure(0 <= self.decimals <= 6, "a register shows at most six decimals")
        ensure(self.multiplier >= 1, "a register's multiplier is at least one")

    @property
    def rolls_over_at(self) -> int:
        """The first reading that it cannot show, in units of its last decimal."""
        return int(10 ** (self.digits + self.decimals))

    def as_json(self) -> dict[str, Any]:
        """As it stands in a configuration."""
        return {
            "name": self.name,
            "flow": self.flow.value,
            "unit": self.unit,
            "digits": self.digits,
            "decimals": self.decimals,
            "multiplier": self.multiplier,
        }


@dataclass(frozen=True, slots=True)
class MeterConfiguration:
    """How a meter is set up, on some days: what it is billed on, and its registers.

    ``interval_seconds`` is None for a meter that keeps no intervals; ``settings`` are what else
    was reported of it (firmware, programme), by name.

    :raises InvariantBroken: if two registers have one name
    """

    meter_id: str
    billed_on: BilledOn
    interval_seconds: int | None
    registers: tuple[Register, ...]
    settings: tuple[tuple[str, str], ...]
    days: Validity
    learned_at: datetime

    def __post_init__(self) -> None:
        names = [one.name for one in self.registers]
        ensure(len(set(names)) == len(names), "each register of a meter has a name of its own")
        ensure(
            self.billed_on is BilledOn.REGISTER or self.interval_seconds is not None,
            "a meter billed on intervals says how long they are",
        )

    def as_json(self) -> dict[str, Any]:
        """What is fingerprinted: neither when it holds nor of which meter it is."""
        return {
            "billed_on": self.billed_on.value,
            "interval_seconds": self.interval_seconds,
            "registers": [one.as_json() for one in sorted(self.registers, key=_by_name)],
            "settings": dict(sorted(self.settings)),
        }

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical configuration: two meters set up alike have the same one."""
        return sha256_hex(canonical_bytes(self.as_json()))


def _by_name(one: Register) -> str:
    return one.name


class LinkSource(Enum):
    """How it is known at which service point, and so at which premise, a meter is."""

    INSTALLER_SCAN = "installer_scan"
    BACK_OFFICE = "back_office"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class PremiseLink:
    """How sure we are on some days that a meter is where its installation says.

    ``confidence`` is 0 (a guess) to 100 (seen); ``evidence`` says what it rests on.
    """

    meter_id: str
    service_point_id: str
    source: LinkSource
    confidence: int
    evidence: str
    days: Validity
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(0 <= self.confidence <= 100, "confidence is 0 to 100")


class WorkKind(Enum):
    """What was done at a service point."""

    INSTALL = "install"
    EXCHANGE = "exchange"
    REMOVE = "remove"
    UNCROSS = "uncross"
    MULTIPLIER = "multiplier"
    """No visit: the record of what a meter is multiplied by was put right, then."""


@dataclass(frozen=True, slots=True, order=True)
class RegisterRead:
    """What a register showed at the instant of the work, as text of its digits: ``04321.5``."""

    register: str
    value: str


@dataclass(frozen=True, slots=True)
class MeterWork:
    """One visit: which meter left, which came, when, why, and what their registers showed.

    ``work_id`` is built from what it means, so that recording a visit twice records it once.
    ``closing`` is read at the meter that leaves, ``opening`` at the one that comes. ``corrects``
    names the record of the visit that was wrong: it stays, and this one speaks.
    """

    work_id: str
    kind: WorkKind
    service_point_id: str
    removed_meter: str | None
    installed_meter: str | None
    at: datetime
    reason: str
    closing: tuple[RegisterRead, ...]
    opening: tuple[RegisterRead, ...]
    learned_at: datetime
    corrects: str | None = None

    def __post_init__(self) -> None:
        ensure(self.at.utcoffset() == timedelta(0), "work is dated in UTC")
        ensure(
            self.removed_meter is not None or self.installed_meter is not None,
            "work is about a meter",
        )


@dataclass(frozen=True, slots=True)
class UnmeteredLoad:
    """Devices at a service point whose energy is calculated and not measured, on some days.

    ``volt_amperes`` of one device; ``hours`` are the stretches of every local day in which it
    takes energy, in minutes from midnight, half open: ``((0, 1440),)`` is all day.
    """

    load_id: str
    service_point_id: str
    device: str
    count: int
    volt_amperes: int
    hours: tuple[tuple[int, int], ...]
    days: Validity
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(self.count >= 1 and self.volt_amperes >= 1, "a load takes some energy")
        edges = [minute for stretch in self.hours for minute in stretch]
        ensure(
            len(edges) > 0
            and edges == sorted(set(edges))
            and edges[0] >= 0
            and edges[-1] <= MINUTES_IN_A_DAY,
            "stretches of a day follow each other and end by midnight",
        )
