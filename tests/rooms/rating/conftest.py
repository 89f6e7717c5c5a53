"""What the rating tests share: a second calculation, a paper book, usage made to measure."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan

CHICAGO = "America/Chicago"


def _beside(name: str) -> ModuleType:
    """A helper module that stands beside this file (tests are no packages)."""
    known = f"rating_tests_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, Path(__file__).parent / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        spec.loader.exec_module(module)
    return sys.modules[known]


@pytest.fixture(scope="session")
def second() -> ModuleType:
    """The second calculation."""
    return _beside("second_calculation")


@pytest.fixture(scope="session")
def paper() -> ModuleType:
    """The book on paper."""
    return _beside("paper_book")


@pytest.fixture(scope="session")
def options(second: ModuleType) -> dict[str, object]:
    """The five options of 1(M), written down a second time."""
    return _beside("sheet_54_facts").options(second)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def usage_of() -> Callable[..., UsageBatch]:
    """A batch from each meter's values in time order, cut into local days."""

    def make(window: DaySpan, seconds: int, *meters: Sequence[int]) -> UsageBatch:
        days = []
        run = 0
        for day in window.days():
            width = intervals_in_day(day, CHICAGO, seconds)
            rows = np.array([values[run : run + width] for values in meters], dtype=np.int64)
            days.append(DayValues(day, rows, np.zeros(rows.shape, dtype=bool)))
            run += width
        assert all(len(values) == run for values in meters)
        return UsageBatch(
            tuple(f"m{number}" for number in range(len(meters))), seconds, CHICAGO, tuple(days)
        )

    return make


@pytest.fixture(scope="session")
def random_values() -> Callable[..., list[int]]:
    """Whole watt-hours of a home over a window: quiet, busy, zero and absurd stretches."""

    def make(window: DaySpan, seconds: int, seed: int) -> list[int]:
        chance = random.Random(seed)
        count = sum(intervals_in_day(day, CHICAGO, seconds) for day in window.days())
        scale = chance.choice([1, 40, 700, 2_500]) * seconds // 900
        return [
            0 if chance.random() < 0.05 else chance.randrange(scale * 2 + 1) for _ in range(count)
        ]

    return make


@pytest.fixture(scope="session")
def first_epoch() -> Callable[[date], int]:
    """Epoch second at which a local day begins."""
    return lambda day: int(day_start_utc(day, CHICAGO).timestamp())
