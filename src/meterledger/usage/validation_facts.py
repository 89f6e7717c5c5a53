"""A day of many meters as validation sees it: values, what is known of each meter, its history.

Lives here      the arrays with their shapes and units, the checks by name, storms.
Lives elsewhere thresholds (``validation_terms``), the checks (``validation_kernel``,
                ``validation_across``), the words of a finding (``validation_words``).
Read first      tariffs/union_electric_mo6/validation/README.md; facts/usage.py.

Every array has one row for each meter of the block, in the block's order. What is not known of a
meter has a value that says so (``NOT_KNOWN``, -1, 0 days), and the checks that need it are silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from meterledger.facts.readings import Quality
from meterledger.facts.usage import MISSING_VALUE, BoolArray, DayValues, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import intervals_in_day, seconds_in_day
from meterledger.kernel.span import DaySpan

Int8Array: TypeAlias = npt.NDArray[np.int8]
Int16Array: TypeAlias = npt.NDArray[np.int16]
Int32Array: TypeAlias = npt.NDArray[np.int32]

NOT_KNOWN = -(2**62)
"""Stands in arrays of watt-hours where a figure is not known: no meter moves that far."""

HOURS = 24
LARGEST_WH = 2**40
"""No day's energy of a meter is larger than this: sums and percentages stay in 64 bits."""

MEASURED = (Quality.VALID.value, Quality.RAW.value, Quality.ADJUSTED.value)
"""Qualities of values that were measured and that nobody doubts: others can learn from them."""


class Check(IntEnum):
    """The checks of a meter-day. The number is the check's bit in ``DayFindings.found``.

    The name in lower case is the check's word in the validation file and, after ``usage.``, the
    code of its finding.
    """

    GAP = 0
    SPIKE = 1
    HIGH = 2
    LOW = 3
    NEGATIVE = 4
    FLAT_RUN = 5
    ZERO_RUN = 6
    VACANT_USE = 7
    INACTIVE_USE = 8
    REGISTER = 9
    MULTIPLIER = 10
    IDENTICAL_TOTALS = 11
    WRONG_LENGTH = 12
    CLOCK_DRIFT = 13
    DUPLICATE_CHANNEL = 14
    OVERLAPPING_CHANNEL = 15
    CHANNELS_SWAPPED = 16
    CROSSED_METER = 17
    FROZEN_CLOCK = 18
    DAY_SENT_TWICE = 19
    DAY_OF_ANOTHER_YEAR = 20

    @property
    def word(self) -> str:
        """The check's name in the validation file."""
        return self.name.lower()

    @property
    def code(self) -> str:
        """The code of the check's finding."""
        return f"usage.{self.word}"


class Source(IntEnum):
    """Where a meter's day came from; thresholds go by it."""

    HEAD_END = 0
    MANUAL = 1
    CUSTOMER = 2

    @property
    def word(self) -> str:
        """The group's name in the validation file."""
        return self.name.lower()


VACANT, INACTIVE, GENERATES, NET = 1, 2, 4, 8
"""Bits of ``MeterFacts.state``: no customer of record; not in service; makes energy; may be < 0."""


@dataclass(frozen=True, slots=True)
class DayBlock:
    """One local day of N meters, one channel each.

    ``meters``   pseudonyms in row order; the same one twice where two channels of one meter count
    ``value``    Int32 [N x width] watt-hours, ``MISSING_VALUE`` where there is none
    ``quality``  Int8 [N x width] codes of ``Quality``, or None where every value is sound
    ``method``   Int8 [N x width] codes of ``Method``, or None where every value came as received
    The width should be that of the day (92, 96 or 100 quarter-hours); where it is not, every row
    is found to be of the wrong length.
    """

    day: date
    zone: str
    interval_seconds: int
    meters: Sequence[str]
    value: Int32Array
    quality: Int8Array | None = None
    method: Int8Array | None = None

    def __post_init__(self) -> None:
        ensure(
            self.value.dtype == np.int32 and self.value.ndim == 2 and self.value.shape[1] > 0,
            "a block is a matrix of int32",
        )
        ensure(len(self.meters) == len(self.value), "each row has its meter")
        for codes in (self.quality, self.method):
            ensure(codes is None or codes.shape == self.value.shape, "each value has its codes")

    @classmethod
    def of(
        cls, values: DayValues, *, meters: Sequence[str], zone: str, interval_seconds: int
    ) -> DayBlock:
        """The block of one day of a ``UsageBatch``.

        :raises InvariantBroken: if a value does not fit 32 bits
        """
        ensure(bool((np.abs(values.energy_wh) < -MISSING_VALUE).all()), "an interval fits 32 bits")
        value = np.where(values.missing, MISSING_VALUE, values.energy_wh).astype(np.int32)
        quality, method = getattr(values, "quality", None), getattr(values, "method", None)
        return cls(values.day, zone, interval_seconds, meters, value, quality, method)

    @classmethod
    def heading(
        cls, day: date, zone: str, interval_seconds: int, meters: Sequence[str]
    ) -> DayBlock:
        """The block of meters whose values are held elsewhere: no value is there, and no memory."""
        shape = (len(meters), intervals_in_day(day, zone, interval_seconds))
        value = np.broadcast_to(np.int32(MISSING_VALUE), shape)
        return cls(day, zone, interval_seconds, meters, value)

    @property
    def width(self) -> int:
        """Intervals in a row."""
        return int(self.value.shape[1])

    @property
    def due_width(self) -> int:
        """Intervals that the local day has: 92, 96 or 100 quarter-hours."""
        return intervals_in_day(self.day, self.zone, self.interval_seconds)

    @property
    def has_plain_hours(self) -> bool:
        """Whether the row is 24 hours of equal count, so that it compares hour by hour."""
        return (
            self.width == self.due_width
            and seconds_in_day(self.day, self.zone) == HOURS * 3600
            and 3600 % self.interval_seconds == 0
        )

    def part(self, first: int, until: int) -> DayBlock:
        """A run of its rows, as views."""
        rows = slice(first, until)
        return DayBlock(
            self.day,
            self.zone,
            self.interval_seconds,
            self.meters[rows],
            self.value[rows],
            None if self.quality is None else self.quality[rows],
            None if self.method is None else self.method[rows],
        )

    def take(self, rows: npt.NDArray[Any]) -> DayBlock:
        """The block of some of its rows, in the order asked for."""
        picked = [self.meters[row] for row in rows.tolist()]
        return DayBlock(
            self.day,
            self.zone,
            self.interval_seconds,
            picked,
            self.value[rows],
            None if self.quality is None else self.quality[rows],
            None if self.method is None else self.method[rows],
        )

    def measured(self) -> BoolArray:
        """Bool [N x width]: values that were received, and that nobody doubts."""
        sound = np.asarray(self.value != MISSING_VALUE, dtype=np.bool_)
        if self.quality is not None:
            sound &= np.isin(self.quality, MEASURED)
        if self.method is not None:
            sound &= self.method == 0
        return sound

    def whole_rows(self) -> BoolArray:
        """Bool [N]: rows whose every value is measured."""
        return np.asarray(self.measured().all(axis=1), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What is known of each meter on the day, beside its values. Make with ``unknown``.

    ``source``          Int8   ``Source`` of the day's values
    ``state``           Int8   bits ``VACANT``, ``INACTIVE``, ``GENERATES``, ``NET``
    ``multiplier``      Int32  that energy and register bear; 1 where they are at the meter's scale
    ``register_wh``     Int64  the register's end less its begin, NOT_KNOWN unless both were read
    ``installed_days``  Int32  days since the meter was set; -1 not known
    ``location_wh``     Int64  mean day of the location before the meter was set; NOT_KNOWN
    ``area``            Int32  feeder or other small area; -1 none
    ``neighbor``        Int32  row of the meter it may be crossed with; -1 none. Two rows are
                               compared where each names the other
    ``received_wh``     Int64  the day's energy of the received channel; NOT_KNOWN
    ``readings_sent``   Int32  readings that the source sent for the local day; -1 not known
    ``at_one_time``     Int32  most readings that came with one and the same time; 0 not known
    ``channel_key``     Int64  the same number for rows that are channels of one meter, in one
                               direction; -1 where the row is the only one
    ``late_days``       Int32  days from the end of the day to its arrival, below 0 if it was not
                               over; ``NO_DAYS`` not known
    """

    source: Int8Array
    state: Int8Array
    multiplier: Int32Array
    register_wh: Int64Array
    installed_days: Int32Array
    location_wh: Int64Array
    area: Int32Array
    neighbor: Int32Array
    received_wh: Int64Array
    readings_sent: Int32Array
    at_one_time: Int32Array
    channel_key: Int64Array
    late_days: Int32Array

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, one.name)) for one in fields(self)}
        ensure(len(lengths) == 1, "every fact is stated for every meter")

    def __len__(self) -> int:
        return len(self.source)

    @classmethod
    def unknown(cls, count: int) -> MeterFacts:
        """Nothing known of ``count`` meters of the head end; use ``dataclasses.replace``."""
        return cls(
            source=np.zeros(count, np.int8),
            state=np.zeros(count, np.int8),
            multiplier=np.ones(count, np.int32),
            register_wh=np.full(count, NOT_KNOWN, np.int64),
            installed_days=np.full(count, -1, np.int32),
            location_wh=np.full(count, NOT_KNOWN, np.int64),
            area=np.full(count, -1, np.int32),
            neighbor=np.full(count, -1, np.int32),
            received_wh=np.full(count, NOT_KNOWN, np.int64),
            readings_sent=np.full(count, -1, np.int32),
            at_one_time=np.zeros(count, np.int32),
            channel_key=np.full(count, -1, np.int64),
            late_days=np.full(count, NO_DAYS, np.int32),
        )

    def rows(self, first: int, until: int) -> MeterFacts:
        """The facts of a run of rows, as views. ``neighbor`` still counts in the whole block."""
        return MeterFacts(
            **{one.name: getattr(self, one.name)[first:until] for one in fields(self)}
        )


NO_DAYS = -(2**31)


@dataclass(frozen=True, slots=True)
class History:
    """What each meter did on its last like days. Make with ``history_of`` or ``none``.

    ``days``         Int16 [N]       like days that went into the means
    ``day_wh``       Int64 [N]       mean energy of them, rounded down
    ``hour_wh``      Int32 [N x 24]  mean energy by hour of the clock, rounded down
    ``received_wh``  Int64 [N]       mean energy of the received channel; NOT_KNOWN
    ``recent``       Int64 [N x K]   marks of the K days before, 0 where there is none
    ``years``        Int64 [N x Y]   marks of the same date in years before, 0 where none
    """

    days: Int16Array
    day_wh: Int64Array
    hour_wh: Int32Array
    received_wh: Int64Array
    recent: Int64Array
    years: Int64Array

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, one.name)) for one in fields(self)}
        ensure(len(lengths) == 1, "every meter has its history")
        ensure(self.hour_wh.shape[1:] == (HOURS,), "a history has 24 hours")

    def __len__(self) -> int:
        return len(self.days)

    @classmethod
    def none(cls, count: int) -> History:
        """No history of ``count`` meters: checks against it are silent."""
        return cls(
            days=np.zeros(count, np.int16),
            day_wh=np.zeros(count, np.int64),
            hour_wh=np.zeros((count, HOURS), np.int32),
            received_wh=np.full(count, NOT_KNOWN, np.int64),
            recent=np.zeros((count, 0), np.int64),
            years=np.zeros((count, 0), np.int64),
        )

    def rows(self, first: int, until: int) -> History:
        """The history of a run of rows, as views."""
        return History(**{one.name: getattr(self, one.name)[first:until] for one in fields(self)})


EVERYWHERE = -1


@dataclass(frozen=True, slots=True)
class Storm:
    """A storm, declared by a person for days and areas: named checks are put off or only noted.

    With ``EVERYWHERE`` among the areas every meter lies in it.
    """

    days: DaySpan
    areas: frozenset[int]
    declared_by: str
    reason: str

    def rows(self, day: date, area: Int32Array) -> BoolArray:
        """Bool [N]: the meters that lie in the storm on the day."""
        if day not in self.days:
            return np.zeros(len(area), dtype=np.bool_)
        if EVERYWHERE in self.areas:
            return np.ones(len(area), dtype=np.bool_)
        return np.isin(area, np.array(sorted(self.areas), dtype=np.int32))
