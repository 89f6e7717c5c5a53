"""Registers on the way to a bill: what one showed when, and what a bill opened and closed it on.

Made by ``stores`` (values) and ``usecases/register_usage`` (reads of a bill); kept in the bill's
record. Instants are UTC epoch seconds.

Lives here      a register's value as known, the two reads of a bill, a meter's share of it.
Lives elsewhere what a register is (``facts.meters``), how readings come (``facts.readings``).
Read first      docs/decisions/0018-bills-of-registers.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from meterledger.facts.readings import Flow, Quality
from meterledger.kernel.span import DaySpan


@dataclass(frozen=True, slots=True)
class KnownRegisterValue:
    """What a meter's register of delivered energy showed at an instant, as it is known.

    The energy is ``value`` times ten to the power ``power`` watt-hours. ``constant`` is what the
    file said to multiply by; it is in the value already. ``sequence`` published it.
    """

    at: int
    value: int
    power: int
    constant: str
    quality: Quality
    flow: Flow
    sequence: int

    @property
    def says(self) -> tuple[int, int, str, Quality]:
        """What two files must agree on to say the same."""
        return self.value, self.power, self.constant, self.quality


@dataclass(frozen=True, slots=True)
class NearbyBill:
    """What another place nearby was billed: for a similar customer's use, and nothing else."""

    service_point_id: str
    days: DaySpan
    energy_wh: int
    estimated: bool


class ReadBasis(Enum):
    """How the figure of a bill came to be."""

    ACTUAL = "actual"
    ESTIMATED = "estimated"
    ADJUSTED = "adjusted"
    """An actual read of a day nearby, moved to the responsible date (GRR V.E.2)."""


@dataclass(frozen=True, slots=True)
class BilledRead:
    """What a bill opened or closed a register on.

    ``shown``      the figures of the last actual read, in units of the last decimal
    ``shown_at``   when it was read
    ``ahead_wh``   watt-hours billed beyond that read, multipliers applied: an estimate's, exact to
                   the watt-hour where the register's figures are coarser; below zero where a later
                   read was moved back
    ``figures``    what is printed: the register as it stands for the boundary, as text
    """

    shown: int
    shown_at: int
    basis: ReadBasis
    figures: str
    ahead_wh: int = 0

    def told(self, energy: Callable[[int], object]) -> dict[str, object]:
        """As it stands in the record (numbers) and in answers (strings)."""
        return {
            "figures": self.figures,
            "basis": self.basis.value,
            "shown": self.shown,
            "shown_at": datetime.fromtimestamp(self.shown_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "ahead_wh": energy(self.ahead_wh),
        }


@dataclass(frozen=True, slots=True)
class RegisterShare:
    """What a meter's register adds to a bill. ``multiplier`` is all that its use is multiplied by.

    ``measured_wh`` is the use between the actual reads less what was billed ahead before;
    ``energy_wh`` is what is billed: the same and what is estimated now.
    """

    meter: str
    register: str
    unit: str
    multiplier: int
    opening: BilledRead
    closing: BilledRead
    rolled_over: bool
    measured_wh: int
    energy_wh: int

    def told(self, energy: Callable[[int], object]) -> dict[str, object]:
        """As it stands in the record (numbers) and in answers (strings)."""
        return {
            "meter": self.meter,
            "register": self.register,
            "unit": self.unit,
            "multiplier": self.multiplier,
            "opening": self.opening.told(energy),
            "closing": self.closing.told(energy),
            "rolled_over": self.rolled_over,
            "measured_wh": energy(self.measured_wh),
            "energy_wh": energy(self.energy_wh),
        }
