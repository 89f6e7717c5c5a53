"""A million generated windows of every option: the columns and a plain loop give the same cents."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from tests.rooms.rulebook_on import the_book

from meterledger.entrypoints.bench.rating import SCHEDULES, decimal_cents
from meterledger.facts.determinants import Determinants
from meterledger.kernel.span import DaySpan
from meterledger.rating import price
from meterledger.usecases.calculate import Calculator

FIRST, LAST = date(2025, 6, 1), date(2026, 3, 1)
WINDOWS_OF_A_PLAN = 2_000
SEED = 4240


def cents_agree(plans: int) -> int:
    """Price that many random plans' windows both ways; returns how many windows."""
    random = np.random.default_rng(SEED)
    calculator = Calculator(the_book())
    for number in range(plans):
        start = FIRST + timedelta(days=int(random.integers(0, (LAST - FIRST).days)))
        window = DaySpan(start, start + timedelta(days=int(random.integers(1, 62))))
        plan = calculator.plan(SCHEDULES[number % len(SCHEDULES)], window)
        shape = (WINDOWS_OF_A_PLAN, len(plan.segments), len(plan.periods))
        # Small and large users, and many zeros: shares of nothing are where a division hides.
        scale = random.choice([0, 3, 1_000, 600_000, 50_000_000], size=(WINDOWS_OF_A_PLAN, 1, 1))
        energy = (random.random(shape) * scale).astype(np.int64)
        peak = random.integers(0, 90_000, size=shape[:2], dtype=np.int64)
        priced = price(plan, Determinants(energy_wh=energy, peak_wh=peak, by_days=False))
        for row, (used, highest) in enumerate(zip(energy.tolist(), peak.tolist(), strict=True)):
            assert priced.cents[row].tolist() == decimal_cents(plan, used, highest), (
                f"{plan.schedule.code} {window} row {row} of seed {SEED}"
            )
    return plans * WINDOWS_OF_A_PLAN


def test_some_thousands_agree() -> None:
    assert cents_agree(5) == 10_000


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_million_agree() -> None:
    assert cents_agree(500) == 1_000_000
