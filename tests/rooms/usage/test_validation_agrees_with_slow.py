"""The compiled checks and the slow ones find the same, on random days and on planted faults."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.usage.validation_builders import HOME, WIDTHS, ZONE, terms

from meterledger.entrypoints.bench.numpy_validation import numpy_checks
from meterledger.entrypoints.bench.plain_validation import plain_checks
from meterledger.facts.usage import MISSING_VALUE
from meterledger.usage import Check, DayBlock, History, MeterFacts, validate_day
from meterledger.usage.validation import day_marks
from meterledger.usage.validation_facts import NO_DAYS, NOT_KNOWN

METERS = 12


def random_day(seed: int, day: date) -> tuple[DayBlock, History, MeterFacts]:
    """Homes that are near every threshold: like their history, or off it in one of many ways."""
    dice = np.random.default_rng(seed)
    width = WIDTHS[day]
    home = np.resize(np.array(HOME), width)
    size = dice.integers(1, 60, METERS)
    value = home * size[:, None] * dice.integers(60, 140, (METERS, width)) // 1000
    usual = np.array(HOME) * size[:, None] // 10
    for row in range(METERS):
        match int(dice.integers(0, 16)):
            case 0:
                value[row, dice.integers(0, width)] *= dice.integers(2, 40)
            case 1:
                value[row] = value[row] * dice.integers(1, 12) // 4
            case 2:
                value[row] = value[row] * 10 ** dice.integers(0, 3)
            case 3:
                value[row] = np.roll(value[row], 4 * dice.integers(-7, 8))
            case 4:
                start = dice.integers(0, width - 20)
                value[row, start : start + dice.integers(1, 60)] = dice.integers(0, 2)
            case 5:
                value[row, dice.integers(0, width, 3)] = -dice.integers(0, 9)
            case 6:
                value[row, dice.integers(0, width, dice.integers(1, 9))] = MISSING_VALUE
            case 7:
                tail = dice.integers(1, 30)
                value[row, -tail:] = MISSING_VALUE
                value[row, -tail - 1] *= tail
            case 8:
                value[row] = MISSING_VALUE
            case 9 if row:
                value[row] = value[row - 1]
            case 10 if row:
                value[[row, row - 1]] = value[[row - 1, row]]
    if seed % 3 == 0:  # pairs exchanged, and totals alike
        calm = home * size[:, None] // 10
        value[2:4], value[[5, 6]], value[7:12] = calm[[3, 2]], calm[[6, 5]], calm[8]
    block = DayBlock(day, ZONE, 900, [f"M{n}" for n in range(METERS)], value.astype(np.int32))
    energy = np.where(block.value == MISSING_VALUE, 0, block.value).sum(axis=1, dtype=np.int64)
    marks = day_marks(block)

    def some(known: Any, unknown: Any) -> Any:
        return np.where(dice.random(METERS) < 0.5, known, unknown)

    pairs = np.arange(METERS) ^ 1 if seed % 2 else METERS - 1 - np.arange(METERS)
    neighbor = np.where((pairs + np.arange(METERS)) % 5 < 4, pairs, -1)
    neighbor[dice.integers(0, METERS)] = -1  # one that does not name its own back
    facts = replace(
        MeterFacts.unknown(METERS),
        source=dice.integers(0, 3, METERS).astype(np.int8),
        state=some(dice.integers(0, 16, METERS), 0).astype(np.int8),
        multiplier=some(40, 1).astype(np.int32),
        register_wh=some(energy + dice.integers(-30, 31, METERS) * size, NOT_KNOWN),
        installed_days=some(dice.integers(0, 40, METERS), -1).astype(np.int32),
        location_wh=some(usual.sum(axis=1), NOT_KNOWN),
        area=np.where(dice.random(METERS) < 0.8, 1, -1).astype(np.int32),
        neighbor=neighbor.astype(np.int32),
        received_wh=some(usual.sum(axis=1) * dice.integers(0, 3, METERS), NOT_KNOWN),
        readings_sent=some(dice.choice([92, 96, 100], METERS), -1).astype(np.int32),
        at_one_time=some(dice.integers(0, 6, METERS), 0).astype(np.int32),
        channel_key=some(dice.integers(0, 4, METERS), -1).astype(np.int64),
        late_days=some(dice.integers(-1, 400, METERS), NO_DAYS).astype(np.int32),
    )
    history = History(
        days=dice.integers(1, 6, METERS).astype(np.int16),
        day_wh=usual.sum(axis=1).astype(np.int64),
        hour_wh=usual.reshape(METERS, 24, 4).sum(axis=2).astype(np.int32),
        received_wh=some(usual.sum(axis=1) * dice.integers(0, 3, METERS), NOT_KNOWN),
        recent=np.stack([some(marks, 0), some(marks + 1, 0)], axis=1).astype(np.int64),
        years=some(marks, 7).reshape(METERS, 1).astype(np.int64),
    )
    return block, history, facts


def as_sets(found: Any) -> list[set[Check]]:
    return [{check for check in Check if int(bits) >> check & 1} for bits in found]


@pytest.mark.parametrize("day", WIDTHS)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_check_finds_what_the_slow_one_finds(day: date, seed: int) -> None:
    block, history, facts = random_day(seed, day)
    for thresholds in (terms(day), terms(day, identical_meters=2, spike_floor_watts=400)):
        fast = validate_day(block, history, thresholds, facts)
        assert as_sets(fast.found) == plain_checks(block, history, thresholds, facts)
        assert (fast.found == numpy_checks(block, history, thresholds, facts)).all()


def test_the_random_days_give_every_check_something_to_find() -> None:
    seen: set[Check] = set()
    for seed in range(60):
        block, history, facts = random_day(seed, next(iter(WIDTHS)))
        few = terms(identical_meters=2)
        seen |= set().union(*as_sets(validate_day(block, history, few, facts).found))
    assert seen | {Check.WRONG_LENGTH} == set(Check)


@pytest.mark.parametrize("day", WIDTHS)
def test_runs_of_rows_side_by_side_change_nothing(
    day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meterledger.usage.validation.ROWS_AT_ONCE", 5)
    crossed = 0
    for seed in range(20):
        block, history, facts = random_day(seed, day)
        few = terms(day, history_days_min=1, crossed_floor_wh=100, crossed_own_percent=10)
        in_runs = validate_day(block, history, few, facts, threads=2)
        assert as_sets(in_runs.found) == plain_checks(block, history, few, facts)
        crossed += len(in_runs.rows_with(Check.CROSSED_METER))
    assert crossed > 0 or not block.has_plain_hours


def test_hours_and_half_hours_are_checked_as_quarter_hours_are() -> None:
    dice = np.random.default_rng(5)
    value = (dice.integers(0, 9000, (METERS, 24))).astype(np.int32)
    value[3, 2:9] = 0
    value[4, 20:] = MISSING_VALUE
    block = DayBlock(next(iter(WIDTHS)), ZONE, 3600, [f"M{n}" for n in range(METERS)], value)
    history = replace(
        History.none(METERS),
        days=np.full(METERS, 4, np.int16),
        day_wh=np.full(METERS, 100_000, np.int64),
        hour_wh=np.roll(np.maximum(value, 0), 3, axis=1),
    )
    facts = MeterFacts.unknown(METERS)
    fast = validate_day(block, history, terms(), facts)
    assert as_sets(fast.found) == plain_checks(block, history, terms(), facts)
    assert Check.CLOCK_DRIFT in as_sets(fast.found)[0]
