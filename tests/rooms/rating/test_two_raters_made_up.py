"""Made-up schedules of every kind, by two raters written apart: zero cents on every line.

Ratchets, blocks by month and by kW, lines on lines, kvar, Solar Blocks and net metering: all that
docs/reference/tariff_files.md knows, at random, cut by revisions on any day. Then the invented
utility's book, which shows each of them in the form in which sheets have it.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rooms.rating.made_up_books import MadeUpBook
from tests.rooms.rating.two_raters_facts import Asked, agree_with_facts
from tests.second_rater.bill import SecondRater

from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usecases.calculate import Calculator

PRAIRIE = default_book_folder().parent / "prairie_light_example"
PRAIRIE_ASKED = [
    Asked("PL-R1"),
    Asked("PL-R1", ("prairie_solar",)),
    Asked("PL-R1", ("prairie_net_metering",), netted=True),
    Asked("PL-R2"),
    Asked("PL-R2", ("prairie_net_metering",), netted=True),
    Asked("PL-G3", ratchets=("billing",)),
    Asked("PL-P4", ratchets=("on_peak_billing",)),
    Asked("PL-S2"),
    Asked("PL-U1"),
    Asked("PL-R3"),
    Asked("PL-G4", ratchets=("billing",)),
]


def compare(folder: Path, seed: int, windows: int = 2) -> int:
    """One made-up book, some windows of some homes; returns how many bills were equal."""
    book = MadeUpBook(folder, seed)
    calculator = Calculator(load_book(folder).as_known(date.max))
    rater = SecondRater(folder)
    asked = Asked("X", book.programs, tuple(book.ratchets), "program_net" in book.programs)
    bills = 0
    for number in range(windows):
        window, story = DaySpan(*book.window()), f"seed {seed}, window {number}"
        cycle, of = book.cycle if book.by_period else None, seed * 100 + number
        bills += agree_with_facts(calculator, rater, asked, window, of, story, cycle)
    shutil.rmtree(folder)
    return bills


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_any_schedule(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    compare(tmp_path_factory.mktemp("made_up") / "book", seed)


@pytest.mark.parametrize("first", range(0, 30, 10))
def test_the_same_thirty_schedules(first: int, tmp_path: Path) -> None:
    bills = sum(compare(tmp_path / f"book_{n}", n) for n in range(first, first + 10))
    assert bills > 30


@lru_cache(maxsize=1)
def prairie() -> tuple[Calculator, SecondRater]:
    return Calculator(load_book(PRAIRIE).as_known(date.max)), SecondRater(PRAIRIE)


def compare_prairie(asked: Asked, windows: int, seed: int) -> int:
    calculator, rater = prairie()
    dice, bills = Random(seed), 0
    # A ratchet looks at twelve periods before: the book knows no season before 2025.
    first = date(2026, 3, 10) if asked.ratchets else date(2025, 4, 1)
    for number in range(windows):
        start = first + timedelta(days=dice.randrange(220))
        window = DaySpan(start, start + timedelta(days=dice.randint(1, 70)))
        story = f"seed {seed}, window {number}"
        of = seed * 1000 + number
        bills += agree_with_facts(calculator, rater, asked, window, of, story, cycle=of % 20 + 1)
    return bills


def test_every_schedule_of_the_invented_book_is_compared() -> None:
    _, rater = prairie()
    assert sorted({asked.schedule for asked in PRAIRIE_ASKED}) == rater.schedules()
    assert {name for asked in PRAIRIE_ASKED for name in asked.programs} == set(
        rater.sheets.named("program")
    )


@pytest.mark.parametrize("asked", PRAIRIE_ASKED, ids=lambda asked: "-".join(asked[:1] + asked[1]))
def test_the_invented_book(asked: Asked) -> None:
    assert compare_prairie(asked, 12, 7) > 12


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_ten_thousand_schedules(tmp_path: Path) -> None:
    bills = 0
    for seed in range(1000, 11_000):
        bills += compare(tmp_path / "book", seed, windows=4)
        if seed % 200 == 0:
            print(f"{bills:,} bills of made-up schedules, zero cents apart", flush=True)
    assert bills > 90_000
