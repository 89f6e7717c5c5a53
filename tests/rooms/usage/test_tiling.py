"""Intervals of any length fill a window, each watt-hour once; or a sentence says why not."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.usage import KnownInterval, TiledInterval, TiledUsage, window_seconds
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan
from meterledger.usage import (
    IntervalCrossesEdge,
    IntervalsOverlap,
    UsageNotTiled,
    WindowHasGap,
    describe_tiled,
    tile_window,
)
from meterledger.usage.tiling import EnergyTooLarge

CHICAGO = "America/Chicago"
NOVEMBER = DaySpan(date(2025, 11, 1), date(2025, 12, 1))
BEGIN, UNTIL = window_seconds(NOVEMBER, CHICAGO)
HOUR, DAY = 3_600, 86_400


def tile(*known: KnownInterval, days: DaySpan = NOVEMBER, multiplier: int = 1) -> TiledUsage:
    return tile_window(known, days=days, zone=CHICAGO, meter="m1", multiplier=multiplier)


def cut(*edges: int, wh: int = 1_000) -> list[KnownInterval]:
    """Intervals from edge to edge, ``wh`` watt-hours each."""
    return [KnownInterval(start, end - start, wh, 0) for start, end in pairwise(edges)]


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


class TestAWindow:
    def test_of_one_interval_is_whole(self) -> None:
        usage = tile(KnownInterval(BEGIN, UNTIL - BEGIN, 812, 3))

        assert UNTIL - BEGIN == 30 * DAY + HOUR  # the clock goes back in November
        assert usage.intervals == (TiledInterval(BEGIN, UNTIL - BEGIN, 812_000),)
        assert usage.energy_wh == 812_000

    def test_of_intervals_of_many_lengths_in_any_order_is_whole(self) -> None:
        known = cut(BEGIN, BEGIN + 420, BEGIN + 5 * HOUR, BEGIN + 9 * DAY + 77, UNTIL)

        usage = tile(*reversed(known))

        assert [one.energy_wh for one in usage.intervals] == [1_000] * 4
        assert [one.start for one in usage.intervals] == [one.start for one in known]

    def test_asks_nothing_of_intervals_outside(self) -> None:
        outside = cut(BEGIN - DAY, BEGIN) + cut(UNTIL, UNTIL + DAY)

        assert tile(*outside, *cut(BEGIN, UNTIL)).energy_wh == 1_000

    def test_times_the_multiplier_after_whole_watt_hours(self) -> None:
        first = KnownInterval(BEGIN, DAY, 5, -1)
        halves = [first, KnownInterval(first.end, UNTIL - first.end, 14, -1)]

        assert tile(*halves).energy_wh == 1
        assert [one.energy_wh for one in tile(*halves, multiplier=40).intervals] == [0, 40]


class TestAGap:
    def test_holds_and_is_named_by_its_first_stretch(self) -> None:
        a, b, c, d = BEGIN + DAY, BEGIN + 2 * DAY, BEGIN + 9 * DAY, BEGIN + 9 * DAY + HOUR
        known = cut(BEGIN, a) + cut(b, c) + cut(d, UNTIL)

        with pytest.raises(WindowHasGap) as refused:
            tile(*known)

        assert refused.value.sentence == (
            "Nothing is known from 2025-11-02T05:00:00Z until 2025-11-03T05:00:00Z (from local day "
            "2025-11-02), and of 1 more stretches. A gap is never a zero. "
            "Ingest the missing readings, then run the bill again."
        )

    @pytest.mark.parametrize(
        ("begin", "until"), [(BEGIN + 1, UNTIL), (BEGIN, UNTIL - 1)], ids=["first", "last"]
    )
    def test_of_one_second_at_either_end_holds(self, begin: int, until: int) -> None:
        with pytest.raises(WindowHasGap, match="Nothing is known from"):
            tile(*cut(begin, until))

    def test_of_everything_says_that_nothing_has_arrived(self) -> None:
        with pytest.raises(WindowHasGap, match="No interval has arrived of the days from 2025-11"):
            tile(*cut(BEGIN - DAY, BEGIN))


class TestAnIntervalAcrossTheEdge:
    @pytest.mark.parametrize(
        ("begin", "until", "day", "words"),
        [
            (BEGIN - 1, UNTIL, "2025-11-01", "from 2025-11-01T04:59:59Z until 2025-12-01T06"),
            (BEGIN, UNTIL + 1, "2025-12-01", "from 2025-11-01T05:00:00Z until 2025-12-01T06"),
            (BEGIN - 5 * DAY, UNTIL + DAY, "2025-11-01", "from 2025-10-27"),
        ],
    )
    def test_holds_and_is_named_with_the_edge(
        self, begin: int, until: int, day: str, words: str
    ) -> None:
        with pytest.raises(IntervalCrossesEdge) as refused:
            tile(*cut(begin, until))

        sentence = refused.value.sentence
        assert words in sentence
        assert f"lies across the beginning of {day}, an edge of the window" in sentence
        assert "Nobody has measured how much of its energy lies inside the window" in sentence
        assert "Bill a window that begins and ends where intervals do" in sentence

    def test_holds_even_where_others_fill_the_window(self) -> None:
        with pytest.raises(IntervalCrossesEdge):
            tile(*cut(BEGIN, UNTIL), *cut(UNTIL - DAY, UNTIL + DAY))


class TestTwoAboutTheSameTime:
    @pytest.mark.parametrize(
        "other",
        [
            pytest.param((BEGIN, UNTIL), id="twice"),
            pytest.param((BEGIN, BEGIN + DAY), id="a part from the beginning"),
            pytest.param((UNTIL - 1, UNTIL), id="the last second"),
            pytest.param((BEGIN + HOUR, BEGIN + 2 * HOUR), id="inside"),
        ],
    )
    def test_hold_and_both_are_named(self, other: tuple[int, int]) -> None:
        with pytest.raises(IntervalsOverlap) as refused:
            tile(*cut(BEGIN, UNTIL), *cut(*other, wh=7))

        sentence = refused.value.sentence
        assert "from 2025-11-01T05:00:00Z until 2025-12-01T06:00:00Z" in sentence
        assert datetime.fromtimestamp(other[0], UTC).strftime("%Y-%m-%dT%H:%M:%SZ") in sentence
        assert "are about the same time. Billing both would bill that energy twice" in sentence

    def test_hold_also_where_they_say_the_same(self) -> None:
        """Which of two meters' halves, or of two directions, is meant is nobody's to guess."""
        with pytest.raises(IntervalsOverlap):
            tile(*cut(BEGIN, UNTIL), *cut(BEGIN, UNTIL))


class TestWholeWattHours:
    @given(
        st.lists(
            st.tuples(st.integers(0, 10**9), st.integers(-9, 6)), min_size=1, max_size=40
        ),
        st.data(),
    )  # fmt: skip
    def test_are_the_exact_energy_rounded_down_once(
        self, energies: list[tuple[int, int]], data: st.DataObject
    ) -> None:
        inner = data.draw(
            st.lists(
                st.integers(BEGIN + 1, UNTIL - 1),
                min_size=len(energies) - 1,
                max_size=len(energies) - 1,
                unique=True,
            )
        )
        edges = [BEGIN, *sorted(inner), UNTIL]
        known = [
            KnownInterval(start, end - start, value, power)
            for (start, end), (value, power) in zip(pairwise(edges), energies, strict=True)
        ]

        usage = tile(*known)

        exact = sum(value * 10 ** (power + 9) for value, power in energies)
        assert usage.energy_wh == exact // 10**9
        run = 0
        for one, (value, power) in zip(usage.intervals, energies, strict=True):
            run += value * 10 ** (power + 9)
            upto = sum(other.energy_wh for other in usage.intervals if other.start <= one.start)
            assert upto == run // 10**9

    def test_beyond_64_bits_are_refused(self) -> None:
        assert tile(KnownInterval(BEGIN, UNTIL - BEGIN, 2**62 - 1, 0)).energy_wh == 2**62 - 1
        for value, power, multiplier in ((2**62, 0, 1), (2**61, 0, 2), (1, 40, 1)):
            with pytest.raises(EnergyTooLarge, match="does not fit 64 bits of watt-hours"):
                tile(KnownInterval(BEGIN, UNTIL - BEGIN, value, power), multiplier=multiplier)


class TestAnyIntervals:
    @given(
        st.lists(
            st.tuples(st.integers(-5, 40), st.integers(1, 40), st.integers(0, 9)), max_size=12
        )
    )  # fmt: skip
    def test_are_billed_once_each_or_refused(self, drawn: list[tuple[int, int, int]]) -> None:
        """Whatever comes: no instant is counted twice or left out."""
        known = [KnownInterval(BEGIN + at * DAY, length * DAY, wh, 0) for at, length, wh in drawn]
        days = DaySpan(date(2025, 11, 3), date(2025, 11, 20))
        begin, until = window_seconds(days, CHICAGO)
        try:
            usage = tile(*known, days=days)
        except UsageNotTiled:
            return
        inside = [one for one in known if begin <= one.start and one.end <= until]
        assert usage.energy_wh == sum(one.value for one in inside)
        assert sum(one.seconds for one in usage.intervals) == until - begin


class TestTiledUsage:
    def test_cannot_be_made_with_a_gap_or_an_overlap(self) -> None:
        for edges in ((BEGIN, UNTIL - 1), (BEGIN + 1, UNTIL), (BEGIN, BEGIN, UNTIL)):
            intervals = tuple(
                TiledInterval(one.start, one.seconds, one.value) for one in cut(*edges)
            )
            with pytest.raises(InvariantBroken, match="the intervals tile 2025-11-01 to 2025-12"):
                TiledUsage("m1", CHICAGO, NOVEMBER, intervals)


class TestWhatABillStandsOn:
    def test_is_by_day_where_intervals_end_at_every_midnight(self) -> None:
        days = DaySpan(date(2025, 11, 1), date(2025, 11, 4))
        begin, until = window_seconds(days, CHICAGO)
        long_day = instant("2025-11-02 05:00"), instant("2025-11-03 06:00")

        told = describe_tiled(tile(*cut(begin, *long_day, until), days=days))

        assert told.daily_wh == (1_000, 1_000, 1_000)
        assert told.stretches == ()
        assert (told.interval_seconds, told.interval_count) == (None, 3)
        assert "stretches" not in told.as_json()

    def test_is_by_the_fewest_whole_days_elsewhere(self) -> None:
        days = DaySpan(date(2025, 11, 3), date(2025, 11, 8))
        begin, until = window_seconds(days, CHICAGO)
        odd = begin + DAY + HOUR  # ends inside the second day
        told = describe_tiled(
            tile(*cut(begin, begin + DAY, odd, begin + 3 * DAY, until), days=days)
        )

        assert told.daily_wh == ()
        assert [(str(one.days), one.energy_wh) for one in told.stretches] == [
            ("2025-11-03 to 2025-11-04", 1_000),
            ("2025-11-04 to 2025-11-06", 2_000),
            ("2025-11-06 to 2025-11-08", 1_000),
        ]
        assert told.as_json()["stretches"] == [
            {"from": "2025-11-03", "to": "2025-11-04", "energy_wh": 1_000},
            {"from": "2025-11-04", "to": "2025-11-06", "energy_wh": 2_000},
            {"from": "2025-11-06", "to": "2025-11-08", "energy_wh": 1_000},
        ]

    def test_has_one_length_where_all_are_as_long(self) -> None:
        assert describe_tiled(tile(*cut(BEGIN, UNTIL))).interval_seconds == UNTIL - BEGIN

    def test_has_a_hash_that_anybody_can_compute(self) -> None:
        middle = BEGIN + 9 * DAY
        told = describe_tiled(tile(*cut(BEGIN, middle, UNTIL)))

        numbers = struct.pack("<6q", BEGIN, 9 * DAY, 1_000, middle, UNTIL - middle, 1_000)
        assert told.sha256 == hashlib.sha256(numbers).hexdigest()
