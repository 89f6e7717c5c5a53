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
from meterledger.kernel.ensure import ensure
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

    DAILY = "daily"
    """US dollars a day, never prorated: a day is a day."""

    PER_BILL = "per_bill"
    """US dollars a bill, whatever its length; a fixed credit where the price is negative."""

    REACTIVE = "reactive"
    """US dollars a kvar on the reactive demand beyond a share of a demand in kW."""

    PERCENT = "percent"
    """A share of the cents of other lines."""

    MINIMUM = "minimum"
    """What the cents of other lines lack to a minimum."""

    SOLAR_BLOCK = "solar_block"
    """US dollars a Solar Block subscribed, whatever the length of the bill."""

    NET_EXCESS = "net_excess"
    """US dollars a kWh received beyond what was delivered: granted for the following period."""

    NET_CREDIT = "net_credit"
    """Credits of earlier periods, taken off as far as the bill has room."""


ENERGY_KINDS = frozenset({ChargeKind.ENERGY, ChargeKind.RIDER})
DEMAND_KINDS = frozenset({ChargeKind.DEMAND, ChargeKind.REACTIVE})
OF_LINES = frozenset({ChargeKind.PERCENT, ChargeKind.MINIMUM})
PROGRAM_KINDS = frozenset({ChargeKind.SOLAR_BLOCK, ChargeKind.NET_EXCESS, ChargeKind.NET_CREDIT})
"""Kinds that only a programme beside a schedule may have."""


class Block(Enum):
    """Which part of a month's energy a charge prices, where the sheet has two blocks."""

    FIRST = "first"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class ChargeRule:
    """One charge of a schedule. ``price`` names a series in whole millionths of a US dollar.

    ``season`` and ``period`` are None where the charge is for all seasons or all hours.
    ``block``         with the schedule's ``block_limit``
    ``block_number``  from 1, with ``block_set``
    ``demand``        names the demand that a charge is for; None: the highest clock hour
    ``over``          names the demand above which the charge begins
    ``beyond``        names the number: the share of the demand up to which kvar are free
    ``minutes``       over how many minutes the kvar of a reactive charge are measured
    ``of``            codes of the charges whose lines a percent or a minimum is of
    ``demand_price``  names the price that a minimum has for each kW of its demand
    ``is_rider``      shown among the riders
    """

    code: str
    label: str
    kind: ChargeKind
    price: str
    season: str | None = None
    period: str | None = None
    block: Block | None = None
    block_set: str | None = None
    block_number: int | None = None
    demand: str | None = None
    over: str | None = None
    beyond: str | None = None
    of: tuple[str, ...] = ()
    demand_price: str | None = None
    minutes: int | None = None
    is_rider: bool = False


@dataclass(frozen=True, slots=True)
class DemandRule:
    """A measured demand: the window of ``minutes`` with most energy among those that count.

    ``hours`` names the calendar of hours that count, or is None (all hours).
    """

    name: str
    minutes: int
    hours: str | None = None


@dataclass(frozen=True, slots=True)
class DemandPart:
    """A measured demand as part of a billing demand; ``share`` names a number, or is None (1)."""

    demand: str
    share: str | None = None


@dataclass(frozen=True, slots=True)
class Ratchet:
    """A share of the highest demand of billing periods before. Names of numbers, and a season."""

    share: str
    periods: str
    season: str | None = None


@dataclass(frozen=True, slots=True)
class BillingDemandRule:
    """The highest of its parts, of a floor in kW and of a ratchet. ``floor`` names a number."""

    name: str
    parts: tuple[DemandPart, ...]
    floor: str | None = None
    ratchet: Ratchet | None = None


@dataclass(frozen=True, slots=True)
class BlockSet:
    """Blocks of energy by their widths, the last without end.

    ``limits``  names of numbers: kWh a month, or with ``demand`` kWh per kW of it and month
    """

    name: str
    limits: tuple[str, ...]
    demand: str | None = None


@dataclass(frozen=True, slots=True)
class Solar:
    """What Solar Blocks replace: ``block_kwh`` names a number; ``replaces`` energy, or codes."""

    block_kwh: str
    replaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetMetering:
    """Monthly netting; ``expires_months`` names the number of months that a credit lives."""

    expires_months: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rate option as data.

    ``seasons``       names the season calendar
    ``windows``       names the time-of-use calendar, or None (all hours alike)
    ``block_limit``   names the series with the first block's kWh a month, or None
    ``demand_window`` names the calendar of hours in which the highest hour counts, or None
    ``demands``, ``billing_demands``, ``block_sets``  are stated in the schedule itself
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
    demands: tuple[DemandRule, ...] = ()
    billing_demands: tuple[BillingDemandRule, ...] = ()
    block_sets: tuple[BlockSet, ...] = ()

    def names(self) -> set[str]:
        """Every value of the book that the schedule names: prices, numbers and calendars."""
        found = [self.seasons, self.windows, self.block_limit, self.demand_window]
        found += [one.hours for one in self.demands]
        for billing in self.billing_demands:
            found += [billing.floor, *(part.share for part in billing.parts)]
            if billing.ratchet is not None:
                found += [billing.ratchet.share, billing.ratchet.periods]
        for blocks in self.block_sets:
            found += blocks.limits
        for charge in self.charges:
            found += [charge.price, charge.beyond, charge.demand_price]
        return {name for name in found if name}

    def billing_demand(self, name: str) -> BillingDemandRule | None:
        """The billing demand of that name, or None where the name is a measured demand's."""
        return next((one for one in self.billing_demands if one.name == name), None)

    def block_set(self, name: str) -> BlockSet:
        """The set of blocks of that name; the loader has checked that there is one."""
        return next(one for one in self.block_sets if one.name == name)


@dataclass(frozen=True, slots=True)
class Program:
    """What an account that takes part has beside its schedule.

    ``schedules``  codes of the rate options that may have it; the loader has checked them
    """

    name: str
    schedules: tuple[str, ...]
    charges: tuple[ChargeRule, ...]
    solar: Solar | None = None
    net_metering: NetMetering | None = None

    def names(self) -> set[str]:
        """Every value of the book that the programme names."""
        found = [charge.price for charge in self.charges]
        found += [self.solar.block_kwh] if self.solar else []
        found += [self.net_metering.expires_months] if self.net_metering else []
        return {name for name in found if name}


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
    """Twelve seasons by name: of the months, or of a year's billing periods in their order.

    ``by_period``  a billing period is of one season, by its number, whatever its days
    """

    months: tuple[str, ...]
    by_period: bool = False

    def of(self, day: date) -> str:
        """The season of a day of service."""
        ensure(not self.by_period, "a day has a season by itself")
        return self.months[day.month - 1]

    def of_period(self, number: int) -> str:
        """The season of the billing period of a number, from 1."""
        ensure(self.by_period, "a billing period has a season by its number")
        return self.months[number - 1]


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
