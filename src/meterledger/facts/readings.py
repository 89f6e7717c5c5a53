"""Readings as they came: channels, values with unit and scale, quality, and files.

Made by ``stores/gateways`` from files, judged by ``metering``, kept by ``stores``.
Quantities are whole numbers times ten to the power ``scale``; instants are UTC epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from meterledger.facts.estimates import Method
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import visible


class Commodity(Enum):
    """What flows through the meter. Only electricity is ever billed."""

    ELECTRICITY = "electricity"
    GAS = "gas"
    WATER = "water"
    STEAM = "steam"
    OTHER = "other"


class ChannelKind(Enum):
    """Intervals carry use per interval; registers carry a running total or instant value."""

    INTERVAL = "interval"
    REGISTER = "register"


class Flow(Enum):
    """Direction seen from the utility."""

    DELIVERED = "delivered"
    RECEIVED = "received"
    NET = "net"
    TOTAL = "total"
    UNKNOWN = "unknown"


class Quality(Enum):
    """How a value is known, by the file that brought it. The codes are what the lake keeps."""

    MISSING = 0
    VALID = 1
    RAW = 2
    ESTIMATED = 3
    ADJUSTED = 4
    SUBSTITUTED = 5
    QUESTIONABLE = 6

    @property
    def word(self) -> str:
        """The name in lower case, as JSON and pages show it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Channel:
    """One stream of values from one meter.

    ``unit`` is the unit as billed or shown (``Wh``, ``kWh``, ``therm``, ``CF``, ``V`` ...);
    ``scale`` the power of ten of the whole-number values; ``multiplier`` the constant that the
    file said to apply, already applied to the values, kept as text for the record.
    ``interval_seconds`` is None for registers and where lengths vary inside one channel.
    """

    meter_id: str
    commodity: Commodity
    unit: str
    kind: ChannelKind
    flow: Flow
    interval_seconds: int | None
    scale: int
    multiplier: str = "1"

    @property
    def energy_wh_power(self) -> int | None:
        """Power of ten that turns stored values into watt-hours, or None if this is not energy."""
        unit_power = {"Wh": 0, "kWh": 3, "MWh": 6}.get(self.unit)
        if self.commodity is not Commodity.ELECTRICITY or unit_power is None:
            return None
        return self.scale + unit_power


@dataclass(frozen=True, slots=True)
class Reading:
    """One value over ``[start, start + seconds)``; a register value has ``seconds`` 0.

    ``value`` is None exactly when quality is MISSING: a gap is never a zero.
    ``line`` is where in the file it stood (line number or element position), for messages.
    ``method`` says how we made a value that no file brought.
    """

    start: int
    seconds: int
    value: int | None
    quality: Quality
    line: int
    method: Method = Method.AS_RECEIVED

    def __post_init__(self) -> None:
        ensure(
            (self.value is None) == (self.quality is Quality.MISSING),
            "a reading has no value exactly when it is missing",
        )


@dataclass(frozen=True, slots=True)
class ChannelReadings:
    """The readings of one channel of one file, in time order, no two of them overlapping."""

    channel: Channel
    readings: tuple[Reading, ...]

    def __post_init__(self) -> None:
        if self.channel.kind is ChannelKind.REGISTER:  # its length tells an interval from it
            ensure(
                all(reading.seconds == 0 for reading in self.readings),
                "a register's value has no length",
            )

    @property
    def present_count(self) -> int:
        """How many readings have a value."""
        return sum(reading.value is not None for reading in self.readings)

    @property
    def total(self) -> Decimal:
        """Sum of the values in the channel's unit. Of a register the sum has no meaning."""
        whole = sum(reading.value or 0 for reading in self.readings)
        return Decimal(whole).scaleb(self.channel.scale)


@dataclass(frozen=True, slots=True)
class ChannelTold:
    """What a channel of a file holds, without its readings.

    ``begin`` and ``until`` are the begin of its first and the end of its last reading; ``total``
    is in the channel's unit.
    """

    channel: Channel
    readings: int
    present: int
    begin: int
    until: int
    total: Decimal

    @classmethod
    def of(cls, one: ChannelReadings) -> ChannelTold:
        """The same of readings that are there; there is at least one."""
        last = one.readings[-1]
        return cls(
            channel=one.channel,
            readings=len(one.readings),
            present=one.present_count,
            begin=one.readings[0].start,
            until=last.start + last.seconds,
            total=one.total,
        )


@dataclass(frozen=True, slots=True)
class QuarantinedLine:
    """A line that could not be used: where it stood, its bytes, and a sentence saying why.

    ``rows`` is how many readings it stands for, one where it could not be read as any;
    ``energy_wh`` their energy in watt-hours, None where it could not be read.
    """

    line: int
    data: bytes
    reason: str
    rows: int = 1
    energy_wh: Fraction | None = None

    def __post_init__(self) -> None:
        """A sentence shows what it repeats of a line: null bytes, marks of direction."""
        object.__setattr__(self, "reason", " ".join(visible(self.reason).split()))


@dataclass(frozen=True, slots=True)
class ReadingFile:
    """A file as read: who sent it, what it holds, what was set aside. Nothing is stored yet.

    ``made_at`` is when the file says it was made (epoch seconds), None where it does not say: of
    two files that say different things the one made later speaks, whichever came first.
    """

    name: str
    sha256: str
    format: str
    channels: tuple[ChannelReadings, ...]
    quarantined: tuple[QuarantinedLine, ...] = ()
    notes: tuple[str, ...] = ()
    made_at: int | None = None
