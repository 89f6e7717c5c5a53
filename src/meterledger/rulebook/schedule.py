"""Rate schedules as data: which charges an option has, priced by which series of the book.

Lives here      the shape of a schedule, its time-of-use windows and its demand window.
Lives elsewhere the numbers (value files), pricing (``rating``), choosing a schedule (``billing``).
Read first      tariffs/union_electric_mo6/sheet_054/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.citation import Citation
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing

ALL_HOURS = "all"
"""The period of a schedule whose price does not depend on the time of day."""


class ChargeKind(Enum):
    """How a charge is reckoned from the window's determinants."""

    MONTHLY = "monthly"
    """US dollars a month, prorated by days for off-length windows and where a revision cuts it."""

    ENERGY = "energy"
    """US dollars a kWh on the energy of a season, a period and a block."""

    DEMAND = "demand"
    """US dollars a kW on the highest hour of the season's days inside the demand window."""

    RIDER = "rider"
    """US dollars a kWh on all energy; may be a credit."""


class Block(Enum):
    """Which part of a month's energy a charge prices, where the sheet has two blocks."""

    FIRST = "first"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class ChargeRule:
    """One charge of a schedule. ``price`` names a series in whole millionths of a US dollar.

    ``season`` and ``period`` are None where the charge is for all seasons or all hours.
    """

    code: str
    label: str
    kind: ChargeKind
    price: str
    season: str | None = None
    period: str | None = None
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rate option as data.

    ``seasons``       names the season calendar
    ``windows``       names the time-of-use calendar, or None (all hours alike)
    ``block_limit``   names the series with the first block's kWh a month, or None
    ``demand_window`` names the calendar of hours in which the highest hour counts, or None
    """

    code: str
    name: str
    sheet: str
    charges: tuple[ChargeRule, ...]
    seasons: str
    windows: str | None
    block_limit: str | None
    demand_window: str | None
    days: Validity
    citation: Citation
    standing: Standing


SERVICE_CLASSES = (
    "residential",
    "small_general",
    "large_general",
    "small_primary",
    "large_primary",
    "lighting",
)
"""The classes of service that a book may name."""


@dataclass(frozen=True, slots=True)
class ServiceClass:
    """A class of service and the codes of the schedules under which it is served."""

    service_class: str
    schedules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seasons:
    """Season of a day by its month: ``months[0]`` is January. Values name seasons."""

    months: tuple[str, ...]

    def of(self, day: date) -> str:
        """The season of the day."""
        return self.months[day.month - 1]


@dataclass(frozen=True, slots=True)
class HourWindow:
    """Local minutes of a day ``[from_minute, until_minute)`` that belong to a period."""

    from_minute: int
    until_minute: int
    period: str


@dataclass(frozen=True, slots=True)
class DayWindows:
    """A whole local day cut into windows that tile 0 to 1440 minutes of local clock time."""

    windows: tuple[HourWindow, ...]


@dataclass(frozen=True, slots=True)
class TimeOfUse:
    """Windows by season, for working days and for weekends and holidays."""

    periods: tuple[str, ...]
    working_day: dict[str, DayWindows]
    weekend_or_holiday: dict[str, DayWindows]
    holidays: str
    """Names the holiday calendar of the book that says which days count as holidays."""
