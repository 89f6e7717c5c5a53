"""What meters report beside readings, and the cases that are opened because of it.

Lives here      events on two clocks with their source, cases with their evidence, and what became
                of a case.
Lives elsewhere when events make a case (``metering.event_cases``), the thresholds
                (``tariffs/…/company_operations``), keeping both (``stores``).
Read first      docs/glossary.md: "event", "case".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.ensure import ensure

ID_DIGITS = 32


class EventKind(Enum):
    """What a meter can report."""

    TAMPER = "tamper"
    REVERSE_ROTATION = "reverse_rotation"
    LAST_GASP = "last_gasp"
    POWER_RESTORED = "power_restored"
    VOLTAGE_HIGH = "voltage_high"
    VOLTAGE_LOW = "voltage_low"
    DIAGNOSTIC = "diagnostic"
    CONFIGURATION_CHANGED = "configuration_changed"


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """Something a meter reported: what, when (UTC), and in which file at which place.

    ``details`` are what else was said of it, by name, in order of names: a voltage, a diagnostic's
    code, the fingerprint of a configuration.
    """

    meter_id: str
    kind: EventKind
    at: datetime
    source: str
    sequence: int
    learned_at: datetime
    details: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        ensure(self.at.utcoffset() == timedelta(0), "an event is dated in UTC")
        ensure(self.details == tuple(sorted(self.details)), "details are in order of their names")

    @property
    def event_id(self) -> str:
        """The name of what happened, whichever files tell of it: 32 hexadecimal digits."""
        told = {
            "meter": self.meter_id,
            "kind": self.kind.value,
            "at": self.at.isoformat(),
            "details": dict(self.details),
        }
        return sha256_hex(canonical_bytes(told))[:ID_DIGITS]


class CaseState(Enum):
    """What became of a case so far."""

    OPEN = "open"
    IN_WORK = "in_work"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class EventCase:
    """Events of one meter that somebody is to look at.

    ``kind`` is that of the events, ``evidence`` their ids in order of time; an event is evidence of
    one case of its kind. ``queue`` says who looks. ``opened_at`` is the instant at which the
    threshold was reached, ``threshold`` says which, with where it stands in the book.
    """

    kind: EventKind
    meter_id: str
    evidence: tuple[str, ...]
    opened_at: datetime
    queue: str
    sentence: str
    threshold: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(len(self.evidence) > 0, "a case has evidence")

    @property
    def case_id(self) -> str:
        """The name of the case, from what it means: kind, meter and the first of its evidence."""
        return f"{self.kind.value}:{self.meter_id}:{self.evidence[0][:12]}"


@dataclass(frozen=True, slots=True)
class CaseStep:
    """What somebody did about a case, and why."""

    case_id: str
    state: CaseState
    by: str
    reason: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class CaseOnFile:
    """A case with all that was done about it, in order."""

    case: EventCase
    steps: tuple[CaseStep, ...] = ()

    @property
    def state(self) -> CaseState:
        """What became of it."""
        return self.steps[-1].state if self.steps else CaseState.OPEN
