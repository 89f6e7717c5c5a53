"""The bench ``estimation``: filling a day's gaps by the sheet's ladder, over validating the day.

Lives here      the run: the rows that validation found gaps in, filled from past days at hand.
Lives elsewhere the day (``validation_day``), the ladder (``usage``), how far estimates are off
                (``estimate_error``).

Reading the past days of those few meters from the lake is not in the figure.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.validation import Times
from meterledger.entrypoints.bench.validation_day import GeneratedDay, generate_day, read_day
from meterledger.facts.estimates import EstimateCause, Method
from meterledger.facts.usage import MISSING_VALUE, Int64Array
from meterledger.kernel.ensure import ensure
from meterledger.usage import DayBlock, Filled, estimates_of, fill_missing, validate_day

MADE_AT = datetime(2025, 9, 18, 9, tzinfo=UTC)


def measure_estimation(*, accounts: int, repeat: int) -> list[Figure]:
    """Run the bench ``repeat`` times, sides by turns, and return the medians.

    :raises InvariantBroken: if a received value changes, or a gap is left
    """
    folder = Path(tempfile.mkdtemp(prefix="meterledger-bench-"))
    try:
        return _measure(generate_day(folder, accounts), repeat)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(day: GeneratedDay, repeat: int) -> list[Figure]:
    block = read_day(day)
    findings = validate_day(block, day.history, day.terms, day.facts)
    missing = findings.evidence.missing

    def fill() -> Filled:
        return fill_gaps(block, np.flatnonzero(missing).astype(np.int64), day)

    filled = fill()
    received = filled.block.value != MISSING_VALUE
    ensure(
        np.array_equal(filled.value[received], filled.block.value[received])
        and not filled.method[received].any(),
        "a received value is never touched",
    )
    ensure(
        int(filled.gaps.energy_wh.sum())
        == int(filled.value[~received & (filled.method > 0)].sum(dtype=np.int64)),
        "the energy of the gaps is that of their intervals",
    )
    times = Times.of(
        {
            "validate": lambda: validate_day(block, day.history, day.terms, day.facts),
            "fill": fill,
            "records": lambda: estimates_of(
                filled, cause=EstimateCause.REMOTE_DEVICE_FAILED, made_at=MADE_AT
            ),
        },
        repeat,
    )
    rungs = ", ".join(
        f"{method.word} {int((filled.method == method).sum())}"
        for method in (Method.SAME_DAY, Method.LIKE_DAY, Method.FLAT_LINE)
    )
    return [
        Figure(
            "over_validation",
            f"{times.cpu['fill'] / times.cpu['validate']:.3f}",
            {
                "fill_cpu_seconds": f"{times.cpu['fill']:.4f}",
                "validate_cpu_seconds": f"{times.cpu['validate']:.4f}",
                "records_as_objects_cpu_seconds": f"{times.cpu['records']:.3f}",
            },
            f"{len(block.meters)} meters, {int(missing.sum()) / block.value.size:.3%} of the "
            f"intervals missing in {len(filled.gaps)} gaps; intervals by rung: {rungs}, left "
            f"{filled.left_count}; one thread each, past days in memory",
        )
    ]


def fill_gaps(block: DayBlock, rows: Int64Array, day: GeneratedDay) -> Filled:
    """The rows with gaps, by themselves, filled from their past days."""
    return fill_missing(
        block.take(rows),
        day.past,
        day.plan,
        day.facts.register_wh[rows],
        rows=np.arange(len(rows)),
    )
