"""Days of many meters as the usage room looks at them, read from the lake row for row.

Lives here      one local day of meters of one interval length as a block; past days aligned to its
                rows; meters whose usage cannot be given, set aside with their refusals.
Lives elsewhere the lake's own batches (``stores/lake``), the checks (``usage``), the journey
                (``validate_usage``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

import numpy as np

from meterledger.facts.estimates import Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage import MISSING_VALUE, DayValues, UsageBatch
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import intervals_in_day, seconds_in_day
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usage import DayBlock
from meterledger.usecases.ports import MetersRefused


class DayLake(Protocol):
    """What is asked of the lake."""

    def usage(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> list[UsageBatch]:
        """Delivered energy of the meters over the days, as known at the sequence."""


def one_day(day: date) -> DaySpan:
    """The span of a single day."""
    return DaySpan(day, day + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class DayOfMeters:
    """One local day of meters that share an interval length."""

    block: DayBlock
    values: DayValues


def read_day(
    lake: DayLake, meters: Sequence[str], day: date, *, at_sequence: int
) -> tuple[list[DayOfMeters], dict[str, Refusal]]:
    """The day of the meters, a block for each interval length, and the refusals of the others."""
    batches, refused = _usage(lake, meters, one_day(day), at_sequence)
    return [_day(batch, batch.days[0]) for batch in batches if batch.meters], refused


def read_past_day(
    lake: DayLake,
    meters: Sequence[str],
    day: date,
    *,
    interval_seconds: int,
    zone: str,
    at_sequence: int,
) -> DayBlock | None:
    """A past day with one row for each of the meters, missing where there is nothing to compare.

    None where the interval length does not tile that day, or nothing is known of any of them.
    """
    if seconds_in_day(day, zone) % interval_seconds:
        return None
    width = intervals_in_day(day, zone, interval_seconds)
    place = {meter: row for row, meter in enumerate(meters)}
    energy = np.zeros((len(meters), width), dtype=np.int64)
    missing = np.ones((len(meters), width), dtype=np.bool_)
    quality = np.full((len(meters), width), Quality.VALID.value, dtype=np.int8)
    method = np.full((len(meters), width), Method.AS_RECEIVED, dtype=np.int8)
    batches, _ = _usage(lake, meters, one_day(day), at_sequence)
    for batch in batches:
        if batch.interval_seconds != interval_seconds:
            continue
        rows = np.fromiter((place[meter] for meter in batch.meters), np.int64, len(batch.meters))
        values = batch.days[0]
        energy[rows], missing[rows] = values.energy_wh, values.missing
        if values.quality is not None and values.method is not None:
            quality[rows], method[rows] = values.quality, values.method
    if missing.all():
        return None
    quality[missing] = Quality.MISSING.value
    plain = bool((method == Method.AS_RECEIVED).all() and (quality[~missing] <= 2).all())
    told = DayValues(day, energy, missing, None if plain else quality, None if plain else method)
    return DayBlock.of(told, meters=meters, zone=zone, interval_seconds=interval_seconds)


def read_window(
    lake: DayLake, meters: Sequence[str], days: DaySpan, *, at_sequence: int
) -> tuple[list[list[DayOfMeters]], dict[str, Refusal]]:
    """Consecutive days of the meters: for each interval length, its days in order, row for row.

    A meter of which nothing is known on one day and something on others has the length of those.
    """
    batches, refused = _usage(lake, meters, days, at_sequence)
    return [[_day(batch, values) for values in batch.days] for batch in batches], refused


def _day(batch: UsageBatch, values: DayValues) -> DayOfMeters:
    block = DayBlock.of(
        values, meters=batch.meters, zone=batch.zone, interval_seconds=batch.interval_seconds
    )
    return DayOfMeters(block, values)


def _usage(
    lake: DayLake, meters: Sequence[str], days: DaySpan, at_sequence: int
) -> tuple[list[UsageBatch], dict[str, Refusal]]:
    refused: dict[str, Refusal] = {}
    asked = list(meters)
    while asked:
        try:
            return lake.usage(asked, days, at_sequence=at_sequence), refused
        except MetersRefused as some:
            rest = [meter for meter in asked if meter not in some.by_meter]
            ensure(len(rest) < len(asked), "a refused meter is one of those asked for")
            refused |= some.by_meter
            asked = rest
    return [], refused


def row_of(block: DayBlock, row: int) -> tuple[int, ...]:
    """The values of one row, ``MISSING_VALUE`` where there is none."""
    return tuple(int(value) for value in block.value[row])


def missing_slots(block: DayBlock) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Bool [N x width]: intervals without a value."""
    return np.asarray(block.value == MISSING_VALUE)
