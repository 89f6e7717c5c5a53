"""The bench ``validation``: every check of the validation file on a generated day, from disk.

Lives here      the run (read, check each row as it is decoded, check between meters) and its peers:
                decoding the same files alone, and the same checks in NumPy.
Lives elsewhere the day (``validation_day``), the checks (``usage``), the slow reference
                (``plain_validation``), which all findings of some areas are compared with first.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from meterledger.entrypoints.bench.bars import Figure
from meterledger.entrypoints.bench.numpy_validation import numpy_checks
from meterledger.entrypoints.bench.plain_validation import plain_checks
from meterledger.entrypoints.bench.validation_day import (
    AREA_METERS,
    DAY,
    ZONE,
    GeneratedDay,
    generate_day,
    read_day,
    rows_of,
)
from meterledger.facts.stored import StoredDays
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.usage import (
    Check,
    DayBlock,
    DayFindings,
    Evidence,
    History,
    MeterFacts,
    check_run,
    finish_day,
    validate_day,
)

SAMPLE_AREAS = 2


def measure_validation(*, accounts: int, repeat: int) -> list[Figure]:
    """Run the bench ``repeat`` times, sides by turns, and return the medians.

    :raises InvariantBroken: if a finding differs from the slow reference's or from NumPy's
    """
    folder = Path(tempfile.mkdtemp(prefix="meterledger-bench-"))
    try:
        return _measure(generate_day(folder, accounts), repeat)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(day: GeneratedDay, repeat: int) -> list[Figure]:
    whole = read_day(day)
    findings = _from_disk(day)
    compared = _agrees_with_reference(day, whole, findings)

    def in_memory() -> DayFindings:
        return validate_day(whole, day.history, day.terms, day.facts)

    def in_numpy() -> Any:
        return numpy_checks(whole, day.history, day.terms, day.facts)

    ensure(np.array_equal(in_numpy(), findings.found), "NumPy finds the same")
    ensure(np.array_equal(in_memory().found, findings.found), "memory and disk find the same")
    times = Times.of(
        {
            "decode": lambda: _decode(day),
            "disk": lambda: _from_disk(day),
            "ours": in_memory,
            "numpy": in_numpy,
        },
        repeat,
    )
    counted = Counter(findings.counts())
    told = (
        f"{len(day.numbers)} meters, the quarter-hours of one day, {len(Check)} checks; findings "
        f"identical to the slow reference's on {compared} meters and to NumPy's on all; "
        f"{', '.join(f'{word} {count}' for word, count in counted.items())}"
    )
    return [
        Figure(
            "day_over_decode",
            f"{times.wall['disk'] / times.wall['decode']:.2f}",
            {
                "decode_seconds": f"{times.wall['decode']:.3f}",
                "decode_and_check_seconds": f"{times.wall['disk']:.3f}",
                "by_processor_time": f"{times.cpu['disk'] / times.cpu['decode']:.2f}",
            },
            told,
        ),
        Figure(
            "vs_numpy",
            f"{times.cpu['numpy'] / times.cpu['ours']:.2f}",
            {
                "numpy_cpu_seconds": f"{times.cpu['numpy']:.3f}",
                "our_cpu_seconds": f"{times.cpu['ours']:.3f}",
            },
            "one thread each, the day in memory",
        ),
    ]


@dataclass(frozen=True)
class Times:
    """Medians by name: seconds on the wall, and processor seconds of all threads."""

    wall: dict[str, float]
    cpu: dict[str, float]

    @classmethod
    def of(cls, works: dict[str, Callable[[], object]], repeat: int) -> Times:
        """Run each once to warm up, then all by turns ``repeat`` times."""
        wall: dict[str, list[float]] = {name: [] for name in works}
        cpu: dict[str, list[float]] = {name: [] for name in works}
        for turn in range(repeat + 1):
            for name, work in works.items():
                began, used = time.perf_counter(), time.process_time()
                work()
                if turn:
                    wall[name].append(time.perf_counter() - began)
                    cpu[name].append(time.process_time() - used)
        return cls(
            {name: statistics.median(times) for name, times in wall.items()},
            {name: statistics.median(times) for name, times in cpu.items()},
        )


def _decode(day: GeneratedDay) -> None:
    """Every value of the day in memory, and nothing done with it."""
    _scan(day, lambda part: None)


def _from_disk(day: GeneratedDay) -> DayFindings:
    """The day read, each part checked while it is at hand, then the checks between meters."""
    evidence = Evidence.blank(len(day.numbers))

    def take(part: StoredDays) -> None:
        first, until = rows_of(part.rows)
        ensure(part.power == 0 and part.first_slot == 0, "values are the day's watt-hours")
        rows = DayBlock(DAY, ZONE, 900, day.names[first:until], part.values)
        check_run(rows, day.history, day.terms, day.facts, evidence, first)

    _scan(day, take)
    block = DayBlock.heading(DAY, ZONE, 900, day.names)
    return finish_day(block, day.history, day.terms, day.facts, evidence)


def _scan(day: GeneratedDay, take: Callable[[StoredDays], None]) -> None:
    day.lake.scan(DaySpan(DAY, DAY + timedelta(days=1)), at_sequence=1).read(take)


def _agrees_with_reference(day: GeneratedDay, whole: DayBlock, findings: DayFindings) -> int:
    """Compare all findings of some areas with the slow reference's; returns how many meters."""
    areas = np.unique(day.facts.area)[:SAMPLE_AREAS]
    rows = np.flatnonzero(np.isin(day.facts.area, areas))
    block, facts, history = sample(whole, day.facts, day.history, rows)
    expected = plain_checks(block, history, day.terms, facts)
    for row, checks in zip(rows.tolist(), expected, strict=True):
        ours = {check for check in Check if int(findings.found[row]) >> check & 1}
        ensure(ours == checks, f"the slow reference finds the same in row {row}")
    ensure(len(rows) <= SAMPLE_AREAS * AREA_METERS, "an area is a few hundred meters")
    return len(rows)


def sample(
    block: DayBlock, facts: MeterFacts, history: History, rows: Any
) -> tuple[DayBlock, MeterFacts, History]:
    """Some rows with all that is known of them; neighbors among them keep being neighbors."""
    place = {int(row): at for at, row in enumerate(rows)}
    some = MeterFacts(
        **{name: getattr(facts, name)[rows] for name in MeterFacts.__dataclass_fields__}
    )
    neighbor = np.array([place.get(int(row), -1) for row in some.neighbor], np.int32)
    past = History(**{name: getattr(history, name)[rows] for name in History.__dataclass_fields__})
    return block.take(rows), replace(some, neighbor=neighbor), past
