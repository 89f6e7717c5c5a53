"""Completeness of a window's intervals: a gap holds the bill, and is never a zero.

Lives here      finding gaps, applying meter multipliers, describing what a bill stands on.
Lives elsewhere filling gaps (estimation, GRR V.E), pricing (``rating``).
Read first      facts/usage.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from meterledger.facts.bills import BilledUsage
from meterledger.facts.findings import Finding, Weight
from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.ensure import ensure
from meterledger.kernel.local_days import day_start_utc
from meterledger.usage.estimated import estimated_rows


def find_gaps(usage: UsageBatch) -> dict[int, Finding]:
    """Report, for each row of the batch with any missing interval, how much and where it begins.

    Rows without a finding are complete. Changes nothing.
    """
    row_count = len(usage.meters)
    missing_count = np.zeros(row_count, dtype=np.int64)
    interval_count = 0
    first: dict[int, tuple[DayValues, int]] = {}
    for values in usage.days:
        interval_count += values.missing.shape[1]
        counts = values.missing.sum(axis=1)
        for row in np.flatnonzero(counts):
            first.setdefault(int(row), (values, int(values.missing[row].argmax())))
        missing_count += counts
    return {
        row: _gap(usage, int(missing_count[row]), interval_count, values, slot)
        for row, (values, slot) in first.items()
    }


def _gap(
    usage: UsageBatch, missing: int, interval_count: int, values: DayValues, slot: int
) -> Finding:
    begins = day_start_utc(values.day, usage.zone)
    begins += timedelta(seconds=slot * usage.interval_seconds)
    begins_text = begins.strftime("%Y-%m-%dT%H:%M:%SZ")
    if missing == interval_count:
        sentence = f"No interval has arrived; the window needs {interval_count}"
    else:
        are = "is missing," if missing == 1 else "are missing, the first"
        sentence = (
            f"{missing} of {interval_count} intervals {are} at {begins_text} "
            f"(local day {values.day})"
        )
    return Finding(
        code="usage.gap",
        weight=Weight.HOLD,
        sentence=f"{sentence}.",
        evidence={
            "missing": missing,
            "intervals": interval_count,
            "first": begins_text,
            "local_day": values.day.isoformat(),
        },
    )


def scale_by_multipliers(usage: UsageBatch, multipliers: Sequence[int]) -> UsageBatch:
    """Energy times each meter's multiplier (instrument transformers). Shapes are kept.

    :raises InvariantBroken: if the window's scaled energy could pass 64 bits
    """
    ensure(len(multipliers) == len(usage.meters), "each meter has its multiplier")
    if all(multiplier == 1 for multiplier in multipliers):
        return usage
    largest = sum(
        int(abs(values.energy_wh).max()) * values.energy_wh.shape[1] for values in usage.days
    )
    ensure(largest * max(multipliers) < 2**62, "energy times its multiplier fits in 64 bits")
    column = np.array(multipliers, dtype=np.int64)[:, None]
    return UsageBatch(
        meters=usage.meters,
        interval_seconds=usage.interval_seconds,
        zone=usage.zone,
        days=tuple(replace(values, energy_wh=values.energy_wh * column) for values in usage.days),
        at_sequence=usage.at_sequence,
    )


def describe_usage(usage: UsageBatch) -> list[BilledUsage]:
    """What a bill of each row stands on: count, energy, daily energy, and the values' hash.

    The hash is over the interval values in time order as 8-byte little-endian whole numbers, so
    that anybody with the readings can compute it.
    """
    daily = np.stack([values.energy_wh.sum(axis=1) for values in usage.days], axis=1)
    whole = np.ascontiguousarray(
        np.concatenate([values.energy_wh for values in usage.days], axis=1), dtype="<i8"
    )
    estimated = estimated_rows(usage)
    return [
        BilledUsage(
            meter=meter,
            interval_seconds=usage.interval_seconds,
            interval_count=whole.shape[1],
            energy_wh=int(daily[row].sum()),
            daily_wh=tuple(daily[row].tolist()),
            sha256=hashlib.sha256(whole[row].tobytes()).hexdigest(),
            estimated=estimated.get(row),
        )
        for row, meter in enumerate(usage.meters)
    ]
