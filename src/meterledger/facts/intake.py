"""What came in and what became of it: arrivals of files, control totals, lines set aside.

Made by ``usecases/take_file`` and its neighbors, kept by ``stores``. Totals always balance:
received = stored + quarantined + refused, in files, in rows and in watt-hours. What becomes of a
file later (a retry, a released line) is a movement: nothing received, something taken from one
and put to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from fractions import Fraction

from meterledger.facts.reading_blocks import blocks_of
from meterledger.facts.readings import (
    ChannelKind,
    ChannelReadings,
    ChannelTold,
    QuarantinedLine,
    ReadingFile,
)
from meterledger.kernel.ensure import ensure

STORED = "stored"
KNOWN = "known"
REFUSED = "refused"
RELEASED = "released"
REJECTED = "rejected"


def energy_wh(one: ChannelReadings) -> Fraction:
    """The channel's energy as a control total: watt-hours of its intervals, exact.

    Every direction counts alike, as it is a sum to check by and not to bill. Registers, other
    commodities and other units have none.
    """
    power = one.channel.energy_wh_power
    if one.channel.kind is not ChannelKind.INTERVAL or power is None:
        return Fraction(0)
    return sum(reading.value or 0 for reading in one.readings) * Fraction(10) ** power


def energy_wh_told(one: ChannelTold) -> Fraction:
    """The same of a channel without its readings."""
    power = one.channel.energy_wh_power
    if one.channel.kind is not ChannelKind.INTERVAL or power is None:
        return Fraction(0)
    return Fraction(one.total) * Fraction(10) ** (power - one.channel.scale)


def exact_text(quantity: Fraction) -> str:
    """A quantity whose denominator is of tens, as it is written: 250, -0.5."""
    whole, places = quantity.numerator, 0
    denominator = quantity.denominator
    while denominator > 1:
        ensure(denominator % 2 == 0 or denominator % 5 == 0, "a quantity of tenths and their like")
        factor = 10 // _common(denominator)
        whole, denominator, places = whole * factor, denominator // _common(denominator), places + 1
    if not places:
        return str(whole)
    digits = str(abs(whole)).rjust(places + 1, "0")
    sign = "-" if whole < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _common(denominator: int) -> int:
    return 10 if denominator % 10 == 0 else 2 if denominator % 2 == 0 else 5


@dataclass(frozen=True, slots=True)
class Count:
    """Files, rows and watt-hours. Rows are readings, and lines that could not be read as one."""

    files: int = 0
    rows: int = 0
    energy_wh: Fraction = field(default_factory=Fraction)

    def __add__(self, other: Count) -> Count:
        """The sum, part by part."""
        return Count(
            self.files + other.files, self.rows + other.rows, self.energy_wh + other.energy_wh
        )

    def __neg__(self) -> Count:
        """The same taken away."""
        return Count(-self.files, -self.rows, -self.energy_wh)


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """One side and the other, which are equal.

    ``unread_rows`` says how many of the quarantined rows could not be read: their watt-hours are
    not known and are in no sum.
    """

    stored: Count = field(default_factory=Count)
    quarantined: Count = field(default_factory=Count)
    refused: Count = field(default_factory=Count)
    unread_rows: int = 0

    @property
    def received(self) -> Count:
        """Everything that came."""
        return self.stored + self.quarantined + self.refused

    def __add__(self, other: ControlTotals) -> ControlTotals:
        """The sum, part by part."""
        return ControlTotals(
            self.stored + other.stored,
            self.quarantined + other.quarantined,
            self.refused + other.refused,
            self.unread_rows + other.unread_rows,
        )

    def __neg__(self) -> ControlTotals:
        """The same taken away."""
        return ControlTotals(-self.stored, -self.quarantined, -self.refused, -self.unread_rows)

    def __sub__(self, other: ControlTotals) -> ControlTotals:
        """What must move for ``other`` to become this."""
        return self + -other

    @classmethod
    def sum_of(cls, several: Iterable[ControlTotals]) -> ControlTotals:
        """All of them together."""
        total = cls()
        for one in several:
            total += one
        return total


def totals_of_stored(
    channels: Sequence[ChannelReadings],
    quarantined: Sequence[QuarantinedLine],
    told: Sequence[ChannelTold] = (),
) -> ControlTotals:
    """A file that was stored: its channels, and the lines that were set aside.

    ``told`` are channels of blocks, whose readings are not looked at one by one.
    """
    return ControlTotals(
        stored=Count(1, *_rows_and_energy(channels)) + _count_told(told),
        quarantined=count_of_lines(quarantined),
        unread_rows=sum(one.rows for one in quarantined if one.energy_wh is None),
    )


def totals_of_refused(file: ReadingFile | None) -> ControlTotals:
    """A file that was refused; ``file`` is what could be read of it, None if nothing could."""
    if file is None:
        return ControlTotals(refused=Count(files=1))
    told = [one for block in blocks_of(file) for one in block.told()]
    read = Count(1, *_rows_and_energy(file.channels)) + _count_told(told)
    return ControlTotals(refused=read + count_of_lines(file.quarantined))


def _count_told(told: Iterable[ChannelTold]) -> Count:
    return sum((Count(0, one.readings, energy_wh_told(one)) for one in told), start=Count())


def count_of_lines(lines: Iterable[QuarantinedLine]) -> Count:
    """Rows and known watt-hours of lines that were set aside."""
    return sum((Count(0, one.rows, one.energy_wh or Fraction(0)) for one in lines), start=Count())


def _rows_and_energy(channels: Sequence[ChannelReadings]) -> tuple[int, Fraction]:
    rows = sum(len(one.readings) for one in channels)
    return rows, sum((energy_wh(one) for one in channels), start=Fraction(0))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file at the door, before anybody reads it.

    ``source`` is who sent it, empty where nobody said; ``door`` by which way it came;
    ``given`` what was said with it (meter, zone, unit); ``sequence`` the number that the source
    gave it; ``made_at`` when it says it was made (epoch seconds). ``sha256`` and ``size_bytes`` are
    None where its bytes could not be had.
    """

    name: str
    sha256: str | None
    size_bytes: int | None
    source: str = ""
    door: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    sequence: int | None = None
    made_at: int | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of the intake's book: an arrival, or what became of one later."""

    arrival: Arrival
    format: str
    status: str
    refusal: str | None
    totals: ControlTotals
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class IntakeDay:
    """The control totals of one source on one local day. ``repeated`` files were known already."""

    day: date
    source: str
    totals: ControlTotals
    repeated: int


@dataclass(frozen=True, slots=True)
class QuarantineOutcome:
    """What became of a line that was set aside: ``released`` or ``rejected``, once and for ever."""

    outcome: str
    author: str
    reason: str
    learned_at: datetime
    release_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class QuarantinedItem:
    """A line that was set aside, by its number. ``outcome`` is None while it waits."""

    quarantine_id: int
    sha256: str
    file_name: str
    line: QuarantinedLine
    learned_at: datetime
    outcome: QuarantineOutcome | None = None


def totals_of_release(item: QuarantinedItem, channels: Sequence[ChannelReadings]) -> ControlTotals:
    """A line that leaves the quarantine: what it was counted as goes, what was read of it comes.

    A line that could not be read before and can be now may bring more rows than the one it was
    counted as; the difference is received with it.
    """
    return ControlTotals(
        stored=Count(0, *_rows_and_energy(channels)),
        quarantined=-count_of_lines([item.line]),
        unread_rows=-item.line.rows if item.line.energy_wh is None else 0,
    )


def totals_of_rejection(item: QuarantinedItem) -> ControlTotals:
    """A line that will not be used: from quarantined to refused."""
    count = count_of_lines([item.line])
    return ControlTotals(
        quarantined=-count,
        refused=count,
        unread_rows=-item.line.rows if item.line.energy_wh is None else 0,
    )


TOTAL_COLUMNS = tuple(
    f"{side}_{what.name}"
    for side in ("received", "stored", "quarantined", "refused")
    for what in fields(Count)
)
"""How stores name the twelve totals: ``received_files``, ``received_rows`` ..."""


def total_values(totals: ControlTotals) -> list[int | Fraction]:
    """The twelve totals, in the order of ``TOTAL_COLUMNS``."""
    return [
        value
        for side in (totals.received, totals.stored, totals.quarantined, totals.refused)
        for value in (side.files, side.rows, side.energy_wh)
    ]
