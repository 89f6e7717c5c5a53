"""Kept sums of a cycle: read in the order in which they are asked, whatever is read ahead."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from meterledger.facts.determinants import Determinants
from meterledger.facts.stored_sums import StoredSums, SumsKey, SumsShape
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.determinants import READ_AHEAD, DeterminantFiles

FIRST = date(2025, 6, 1)


def key_of(number: int) -> SumsKey:
    begins = FIRST + timedelta(days=30 * number)
    return SumsKey("1M-anytime", DaySpan(begins, begins + timedelta(days=30)), 1)


def sums_of(number: int, meters: int = 3) -> StoredSums:
    return StoredSums(
        key=key_of(number),
        shape=SumsShape(((key_of(number).window.from_day, "summer"),), ("all",), "h"),
        at_sequence=number,
        numbers=np.arange(meters, dtype=np.uint64),
        multipliers=np.ones(meters, dtype=np.int64),
        complete=np.ones(meters, dtype=bool),
        determinants=Determinants(
            energy_wh=np.full((meters, 1, 1), 1_000 + number, dtype=np.int64),
            peak_wh=np.zeros((meters, 1), dtype=np.int64),
            by_days=False,
        ),
    )


def test_more_files_than_are_read_ahead_come_in_the_order_asked(tmp_path: Path) -> None:
    kept = DeterminantFiles(tmp_path, files_at=lambda sequence: [])
    numbers = list(range(3 * READ_AHEAD))
    for number in numbers:
        kept.keep(sums_of(number))

    found = list(kept.each(key_of(number) for number in reversed(numbers)))

    assert [one.key for one in found] == [key_of(number) for number in reversed(numbers)]
    assert [int(one.determinants.energy_wh[0, 0, 0]) for one in found] == [
        1_000 + number for number in reversed(numbers)
    ]


def test_what_is_not_kept_is_left_out_and_nothing_after_it(tmp_path: Path) -> None:
    kept = DeterminantFiles(tmp_path, files_at=lambda sequence: [])
    for number in (0, 2, 5):
        kept.keep(sums_of(number))

    found = [one.at_sequence for one in kept.each(key_of(number) for number in range(7))]

    assert found == [0, 2, 5]
    assert not list(kept.each([]))


def test_who_stops_asking_leaves_nothing_behind(tmp_path: Path) -> None:
    kept = DeterminantFiles(tmp_path, files_at=lambda sequence: [])
    for number in range(2 * READ_AHEAD):
        kept.keep(sums_of(number))

    first = kept.each(key_of(number) for number in range(2 * READ_AHEAD))
    assert next(first).at_sequence == 0
    first.close()

    assert (
        len(list(kept.each(key_of(number) for number in range(2 * READ_AHEAD)))) == 2 * READ_AHEAD
    )
