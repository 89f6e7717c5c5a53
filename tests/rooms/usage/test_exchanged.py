"""Meters exchanged inside a window: together they fill it, and no watt-hour is lost or doubled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterledger.facts.estimates import Method
from meterledger.facts.usage import KnownInterval, window_seconds
from meterledger.kernel.span import DaySpan
from meterledger.usage import (
    EnergyOutOfPlace,
    IntervalCrossesEdge,
    IntervalsOverlap,
    MeterStay,
    WindowHasGap,
    describe_exchanged,
    tile_exchanged,
)

CHICAGO = "America/Chicago"
JULY = DaySpan(date(2025, 7, 1), date(2025, 7, 4))
BEGIN, UNTIL = window_seconds(JULY, CHICAGO)
QUARTER = 900
TEN = BEGIN + 86_400 + 10 * 3600  # ten in the morning of the second day
SEVEN_PAST = TEN + 420


def slots(begin: int, until: int, wh: int = 100) -> tuple[KnownInterval, ...]:
    return tuple(
        KnownInterval(start, QUARTER, wh + start // QUARTER % 7, 0)
        for start in range(begin, until, QUARTER)
    )


def energy(known: tuple[KnownInterval, ...]) -> int:
    return sum(one.value for one in known)


def stays(
    at: int,
    old: tuple[KnownInterval, ...],
    new: tuple[KnownInterval, ...],
    multipliers: tuple[int, int] = (1, 1),
) -> list[MeterStay]:
    return [
        MeterStay("old", "M1", BEGIN - 86_400, at, multipliers[0], old),
        MeterStay("new", "M9", at, None, multipliers[1], new),
    ]


class TestAnExchange:
    def test_on_the_edge_of_an_interval_leaves_every_interval_whole(self) -> None:
        old, new = slots(BEGIN, TEN), slots(TEN, UNTIL)

        usage = tile_exchanged(stays(TEN, old, new), days=JULY, zone=CHICAGO)

        assert usage.tiled.energy_wh == energy(old) + energy(new)
        assert {one.seconds for one in usage.tiled.intervals} == {QUARTER}
        assert [len(part) for part in usage.parts] == [len(old), len(new)]

    def test_inside_an_interval_cuts_it_and_both_parts_keep_their_energy(self) -> None:
        """Each meter reports the quarter-hour of the exchange: what it measured of it."""
        old, new = slots(BEGIN, TEN + QUARTER), slots(TEN, UNTIL)

        usage = tile_exchanged(stays(SEVEN_PAST, old, new), days=JULY, zone=CHICAGO)

        assert usage.tiled.energy_wh == energy(old) + energy(new)
        cut = [one for one in usage.tiled.intervals if TEN <= one.start < TEN + QUARTER]
        assert [(one.start, one.seconds) for one in cut] == [(TEN, 420), (SEVEN_PAST, 480)]
        assert [one.energy_wh for one in cut] == [old[-1].value, new[0].value]

    def test_applies_each_meters_own_multiplier(self) -> None:
        old, new = slots(BEGIN, TEN), slots(TEN, UNTIL)

        usage = tile_exchanged(stays(TEN, old, new, (1, 40)), days=JULY, zone=CHICAGO)

        assert [one.energy_wh for one in describe_exchanged(usage).meters] == [
            energy(old),
            40 * energy(new),
        ]

    def test_without_the_old_meters_last_interval_is_held(self) -> None:
        old, new = slots(BEGIN, TEN), slots(TEN, UNTIL)

        with pytest.raises(WindowHasGap) as held:
            tile_exchanged(stays(SEVEN_PAST, old, new), days=JULY, zone=CHICAGO)

        assert held.value.sentence == (
            "meter M1: Nothing is known from 2025-07-02T15:00:00Z until 2025-07-02T15:07:00Z (from "
            "local day 2025-07-02). A gap is never a zero. Ingest the missing readings, then run "
            "the bill again."
        )

    def test_without_the_new_meters_first_interval_is_held(self) -> None:
        old, new = slots(BEGIN, TEN), slots(TEN + QUARTER, UNTIL)

        with pytest.raises(WindowHasGap, match=r"meter M9: .*15:00:00Z until 2025-07-02T15:15:00Z"):
            tile_exchanged(stays(TEN, old, new), days=JULY, zone=CHICAGO)

    @pytest.mark.parametrize("late", [0, QUARTER])
    def test_with_energy_of_a_meter_that_had_left_is_held(self, late: int) -> None:
        old, new = slots(BEGIN, TEN + late), slots(TEN, UNTIL)

        if late == 0:
            assert tile_exchanged(stays(TEN, old, new), days=JULY, zone=CHICAGO)
            return
        with pytest.raises(EnergyOutOfPlace) as held:
            tile_exchanged(stays(TEN, old, new), days=JULY, zone=CHICAGO)
        assert held.value.sentence.startswith(
            "meter M1: It reports energy from 2025-07-02T15:00:00Z until 2025-07-02T15:15:00Z, "
            "and was at the service point from 2025-06-30T05:00:00Z until 2025-07-02T15:00:00Z."
        )

    def test_with_zeros_of_the_rest_of_the_day_is_billed(self) -> None:
        """A head-end fills the day of the exchange for both meters."""
        zeros = tuple(replace(one, value=0) for one in slots(TEN, BEGIN + 2 * 86_400))
        before = tuple(replace(one, value=0) for one in slots(BEGIN + 86_400, TEN))
        old, new = slots(BEGIN, TEN), slots(TEN, UNTIL)

        usage = tile_exchanged(stays(TEN, (*old, *zeros), (*before, *new)), days=JULY, zone=CHICAGO)

        assert usage.tiled.energy_wh == energy(old) + energy(new)

    def test_passes_over_estimates_made_before_it_was_known(self) -> None:
        """The old meter fell silent, and the rest of its day was estimated that night."""
        night = tuple(
            replace(one, method=Method.LIKE_DAY) for one in slots(TEN, BEGIN + 2 * 86_400)
        )
        old, new = slots(BEGIN, TEN), slots(TEN, UNTIL)

        usage = tile_exchanged(stays(TEN, (*old, *night), new), days=JULY, zone=CHICAGO)

        assert usage.tiled.energy_wh == energy(old) + energy(new)

    @pytest.mark.parametrize("method", [Method.AS_RECEIVED, Method.EDITED])
    def test_does_not_pass_over_what_somebody_says(self, method: Method) -> None:
        said = (KnownInterval(TEN, QUARTER, 5, 0, method),)

        with pytest.raises(EnergyOutOfPlace):
            tile_exchanged(
                stays(TEN, (*slots(BEGIN, TEN), *said), slots(TEN, UNTIL)), days=JULY, zone=CHICAGO
            )

    @pytest.mark.parametrize(
        ("method", "power", "value", "expected"),
        [
            (Method.AS_RECEIVED, 0, 150, 150),
            (Method.LIKE_DAY, 0, 150, 70),  # 420 of 900 seconds
            (Method.LIKE_DAY, 3, 1, 466),  # 466.67 Wh, rounded down
            (Method.LIKE_DAY, -3, 150_500, 70),
        ],
    )
    def test_shares_an_estimate_across_it_by_time(
        self, method: Method, power: int, value: int, expected: int
    ) -> None:
        across = KnownInterval(TEN, QUARTER, value, power, method)

        usage = tile_exchanged(
            stays(SEVEN_PAST, (*slots(BEGIN, TEN), across), slots(TEN, UNTIL)),
            days=JULY,
            zone=CHICAGO,
        )

        last = usage.parts[0][-1]
        assert (last.start, last.seconds, last.energy_wh) == (TEN, 420, expected)
        assert last.method is method

    def test_with_an_interval_across_the_windows_edge_is_held(self) -> None:
        old = (KnownInterval(BEGIN - QUARTER, 2 * QUARTER, 5, 0), *slots(BEGIN + QUARTER, TEN))

        with pytest.raises(IntervalCrossesEdge, match=r"meter M1: The interval from 2025-07-01T04"):
            tile_exchanged(stays(TEN, old, slots(TEN, UNTIL)), days=JULY, zone=CHICAGO)

    def test_with_two_intervals_about_one_time_is_held(self) -> None:
        new = (KnownInterval(TEN, 2 * QUARTER, 5, 0), *slots(TEN, UNTIL))

        with pytest.raises(IntervalsOverlap, match="meter M9: The intervals"):
            tile_exchanged(stays(TEN, slots(BEGIN, TEN), new), days=JULY, zone=CHICAGO)

    def test_is_described_with_the_share_of_each_meter(self) -> None:
        old, new = slots(BEGIN, TEN), slots(TEN, UNTIL)

        described = describe_exchanged(
            tile_exchanged(stays(TEN, old, new), days=JULY, zone=CHICAGO)
        )

        first, second = described.as_answer()["meters"]  # type: ignore[misc]
        assert first == {
            "meter": "old",
            "from": "2025-07-01T05:00:00Z",
            "to": "2025-07-02T15:00:00Z",
            "multiplier": 1,
            "interval_count": 136,
            "energy_wh": str(energy(old)),
            "sha256": first["sha256"],
        }
        assert (second["from"], second["to"]) == ("2025-07-02T15:00:00Z", "2025-07-04T05:00:00Z")
        assert described.meter == "new"
        assert described.energy_wh == energy(old) + energy(new)
        assert sum(described.daily_wh) == described.energy_wh


@pytest.mark.parametrize("day", [(2025, 3, 9), (2025, 7, 2), (2025, 11, 2)], ids=str)
@settings(max_examples=30, deadline=None)
@given(
    at=st.lists(st.integers(1, 71 * 3600 - 1), min_size=1, max_size=4, unique=True),
    values=st.lists(st.integers(0, 50_000), min_size=292, max_size=292),
    multipliers=st.lists(st.integers(1, 400), min_size=5, max_size=5),
)
def test_no_watt_hour_is_lost_whenever_meters_are_exchanged(
    day: tuple[int, int, int], at: list[int], values: list[int], multipliers: list[int]
) -> None:
    """Three days, one of them of 92, 96 or 100 quarter-hours; every meter reports each that it saw
    some of, with energy of its own.
    """
    middle = date(*day)
    days = DaySpan(middle - timedelta(days=1), middle + timedelta(days=2))
    begin, until = window_seconds(days, CHICAGO)
    edges = [begin, *(begin + one for one in sorted(at)), until]
    meters, expected = [], 0
    for number, (since, gone) in enumerate(pairwise(edges)):
        known = tuple(
            KnownInterval(start, QUARTER, values[(start - begin) // QUARTER] + number, 0)
            for start in range(begin, until, QUARTER)
            if start < gone and since < start + QUARTER
        )
        expected += sum(one.value for one in known) * multipliers[number]
        last = None if gone == until else gone
        meters.append(
            MeterStay(f"m{number}", f"M{number}", since, last, multipliers[number], known)
        )

    usage = tile_exchanged(meters, days=days, zone=CHICAGO)

    described = describe_exchanged(usage)
    assert usage.tiled.energy_wh == described.energy_wh == sum(described.daily_wh) == expected
