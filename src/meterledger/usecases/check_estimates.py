"""Estimates on record against the lake: the same watt-hours, made by ourselves, at their version.

Lives here      comparing each estimate with the version that carries it.
Lives elsewhere making them (``validate_usage``, ``review_usage``), invariants (``verification``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Protocol

from meterledger.facts.estimates import Method
from meterledger.facts.usage_log import LoggedEstimate
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.usage_days import DayLake, DayOfMeters, read_day

EVER = DaySpan(date(1990, 1, 1), date(2100, 1, 1))


class EstimateRecords(Protocol):
    """What is asked of the store."""

    def estimated_days(self, days: DaySpan) -> list[LoggedEstimate]:
        """Every estimate of the days."""


def check_estimates(store: EstimateRecords, lake: DayLake, view: BookView) -> tuple[int, list[str]]:
    """How many estimates were looked at, and a sentence for each that the lake tells otherwise.

    Register estimates are not in the lake, and are left out.
    """
    logged = [one for one in store.estimated_days(EVER) if one.interval_count and one.sequence]
    logged.sort(key=_place)
    broken: list[str] = []
    for (sequence, day), of_day in groupby(logged, key=_place):
        estimates = list(of_day)
        meters = sorted({one.estimate.meter for one in estimates})
        blocks, _ = read_day(lake, meters, day, at_sequence=sequence)
        broken += _compare(estimates, blocks, view.time_zone)
    return len(logged), broken


def _place(one: LoggedEstimate) -> tuple[int, date]:
    return one.sequence, one.day


def _compare(
    estimates: Sequence[LoggedEstimate], blocks: Sequence[DayOfMeters], zone: str
) -> list[str]:
    rows = {
        meter: (one, row) for one in blocks for row, meter in enumerate(one.block.meters)
    }  # fmt: skip
    broken = []
    for logged in estimates:
        made = logged.estimate
        where = f"Meter {logged.meter_id}, {logged.day}, lake sequence {logged.sequence}"
        if made.meter not in rows:
            broken.append(f"{where}: the lake gives no day for an estimate of {made.energy_wh} Wh")
            continue
        found, row = rows[made.meter]
        begin = int(day_start_utc(logged.day, zone).timestamp())
        seconds = found.block.interval_seconds
        slots = slice((made.start - begin) // seconds, (made.until - begin) // seconds)
        kept_wh = int(found.values.energy_wh[row, slots].sum())
        method = found.values.method
        ours = method is not None and bool((method[row, slots] != Method.AS_RECEIVED).all())
        if kept_wh != made.energy_wh or not ours:
            broken.append(
                f"{where}: {made.energy_wh} Wh are on record as estimated, and the lake has "
                f"{kept_wh} Wh{'' if ours else ' as received'}"
            )
    return broken
