"""Whole bills of the book, by two raters written apart: zero cents on every line."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.rooms.rating.two_raters import (
    END,
    FIRST,
    PLACES,
    ZONE,
    agree,
    as_second_reads,
    first,
    made_usage,
    printed_first,
    printed_second,
    second,
)
from tests.rooms.rating.two_raters_facts import HOMES, Asked, agree_with_facts
from tests.second_rater.usage import Usage

from meterledger.facts.usage import TiledInterval, TiledUsage, window_seconds
from meterledger.kernel.span import DaySpan

SEED = 4240
OPTIONS = ["1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate"]
DAYS = (END - FIRST).days


def window_from(number: int, length: int) -> DaySpan:
    start = FIRST + timedelta(days=number % (DAYS - length + 1))
    return DaySpan(start, start + timedelta(days=length))


def generated(windows: int, rows: int, *, say_every: int = 0) -> int:
    """So many windows of random days, lengths, options and towns, each with so many homes."""
    chance = np.random.default_rng(SEED)
    bills = 0
    for number in range(windows):
        window = window_from(int(chance.integers(DAYS)), int(chance.integers(1, 71)))
        batch = made_usage(window, int(chance.choice([900, 900, 1800, 3600])), rows, chance)
        place = PLACES[int(chance.integers(len(PLACES)))]
        schedule = OPTIONS[number % len(OPTIONS)]
        bills += agree(schedule, window, batch, place, f"window {number} of seed {SEED}")
        if say_every and number % say_every == 0:
            print(f"{bills:,} bills, zero cents apart", flush=True)
    return bills


OTHER_CLASSES = ["11M", "11M-time-of-day", "2M-single-phase", "2M-three-phase", "3M", "4M", "6M"]
PRICED_FOR = {  # without riders, for those of these classes are not known
    "11M-time-of-day": (date(2021, 4, 1), date(2022, 1, 1)),
    "3M": (date(2026, 6, 1), date(2026, 10, 1)),
}


def test_every_schedule_of_the_book_is_compared() -> None:
    """A schedule that is added to the book, and not here, fails."""
    assert second().schedules() == sorted([*OPTIONS, *OTHER_CLASSES])


@pytest.mark.parametrize("schedule", sorted(PRICED_FOR))
def test_other_classes_as_far_as_their_prices_are_known(schedule: str) -> None:
    chance = np.random.default_rng(SEED + 2)
    start, end = PRICED_FOR[schedule]
    for number in range(20):
        length = int(chance.integers(1, 71))
        first_day = start + timedelta(days=int(chance.integers((end - start).days - length)))
        window = DaySpan(first_day, first_day + timedelta(days=length))
        batch = made_usage(window, 900, 2, chance)
        place = PLACES[number % len(PLACES)]
        assert agree(schedule, window, batch, place, f"window {number}", riders=False) == 2


@settings(max_examples=60)
@given(
    schedule=st.sampled_from(OPTIONS + OTHER_CLASSES),
    start=st.dates(date(2020, 6, 1), date(2027, 3, 1)),
    length=st.integers(1, 70),
    seed=st.integers(0, 2**32),
    riders=st.booleans(),
)
def test_where_the_book_is_silent_both_are(
    schedule: str, start: date, length: int, seed: int, riders: bool
) -> None:
    window = DaySpan(start, start + timedelta(days=length))
    batch = made_usage(window, 900, 1, np.random.default_rng(seed))
    agree(schedule, window, batch, "none", f"seed {seed}", riders=riders)


@pytest.mark.parametrize("schedule", OPTIONS)
def test_every_length_from_a_day_to_seventy(schedule: str) -> None:
    """Windows of each length, begun on days that walk through all of the known revisions."""
    chance = np.random.default_rng(SEED + 1)
    for length in range(1, 71):
        window = window_from(length * 97 + OPTIONS.index(schedule) * 31, length)
        batch = made_usage(window, 900, 2, chance)
        assert agree(schedule, window, batch, PLACES[length % len(PLACES)], f"{length} days") == 2


@pytest.mark.parametrize("schedule", OPTIONS)
@pytest.mark.parametrize(
    "day",
    [
        date(2025, 7, 4),  # a holiday
        date(2025, 9, 1),  # a holiday in summer on which demand counts
        date(2025, 10, 1),  # winter begins, a rider changes
        date(2025, 11, 2),  # 25 hours
        date(2026, 1, 1),  # the holidays of another year
        date(2026, 2, 1),  # two riders change
        date(2026, 3, 8),  # 23 hours
        date(2026, 6, 1),  # summer begins, a rider changes
        date(2026, 10, 1),
    ],
)
@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 0), (1, 1), (13, 17), (30, 40)])
def test_windows_around_a_day_on_which_something_changes(
    schedule: str, day: date, before: int, after: int
) -> None:
    window = DaySpan(day - timedelta(days=before), day + timedelta(days=max(after, 1)))
    batch = made_usage(window, 900, 1, np.random.default_rng([SEED, before, day.toordinal()]))
    assert agree(schedule, window, batch, "canton", "the day") == 1


@settings(max_examples=60)
@example(start=0, length=30, schedule="1M-ultimate", seconds=900, seed=0, place="none")
@given(
    start=st.integers(0, DAYS),
    length=st.integers(1, 70),
    schedule=st.sampled_from(OPTIONS),
    seconds=st.sampled_from([900, 1800, 3600]),
    seed=st.integers(0, 2**32),
    place=st.sampled_from(PLACES),
)
def test_any_window(
    start: int, length: int, schedule: str, seconds: int, seed: int, place: str
) -> None:
    window = window_from(start, length)
    batch = made_usage(window, seconds, 3, np.random.default_rng(seed))
    assert agree(schedule, window, batch, place, f"seed {seed}") == 3


@settings(max_examples=200)
@given(
    start=st.integers(0, DAYS),
    length=st.integers(1, 70),
    wh=st.one_of(st.integers(0, 3_000_000), st.sampled_from([0, 1, 749_999, 750_000, 750_001])),
    place=st.sampled_from(PLACES),
)
def test_a_total_whose_times_nobody_knows(start: int, length: int, wh: int, place: str) -> None:
    window = window_from(start, length)
    calculator = first()
    lines = calculator.price_total("1M-anytime", window, wh)

    again = second().bill(
        "1M-anytime", window.from_day, window.until_day, Usage(total_wh=wh), tax_place=place
    )

    assert printed_first(
        calculator.with_tax(lines, window, place, schedule="1M-anytime")
    ) == printed_second(again)


@settings(max_examples=40)
@given(
    start=st.integers(0, DAYS),
    length=st.integers(1, 45),
    schedule=st.sampled_from(OPTIONS),
    seed=st.integers(0, 2**32),
)
def test_intervals_of_mixed_lengths(start: int, length: int, schedule: str, seed: int) -> None:
    """Hours on some days, quarters on others: every hour of these options belongs to one period."""
    window = window_from(start, length)
    chance = np.random.default_rng(seed)
    batch = made_usage(window, 900, 1, chance)
    tiles, at = [], window_seconds(window, ZONE)[0]
    for one in batch.days:
        width = 4 if chance.random() < 0.5 else 1
        for values in one.energy_wh[0].reshape(-1, width).tolist():
            tiles.append(TiledInterval(at, 900 * width, sum(values)))
            at += 900 * width
    tiled = TiledUsage("m", ZONE, window, tuple(tiles))

    (usage,) = as_second_reads(batch)
    again = second().bill(schedule, window.from_day, window.until_day, usage)

    assert printed_first(first().price_tiled(schedule, window, tiled)) == printed_second(again)


PROGRAMS = [
    Asked("1M-anytime", ("community_solar_residential",)),
    Asked("1M-anytime", ("net_metering",), netted=True),
    Asked("1M-evening-morning", ("net_metering",), netted=True),
]


@pytest.mark.parametrize("asked", PROGRAMS, ids=lambda asked: "-".join(asked[:1] + asked[1]))
def test_programmes_beside_a_schedule(asked: Asked) -> None:
    chance, bills = np.random.default_rng(SEED + 3), 0
    for number in range(15):
        window = window_from(int(chance.integers(DAYS)), int(chance.integers(1, 71)))
        bills += agree_with_facts(first(), second(), asked, window, number, f"window {number}")
    assert bills == 15 * HOMES


def test_some_thousand_generated_bills() -> None:
    assert generated(100, 20) == 2_000


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_million_generated_bills() -> None:
    """An hour or two on one core; ``-s`` shows how far it is."""
    assert generated(10_000, 100, say_every=50) == 1_000_000
