"""What comes out of the lake is what went in, to the watt-hour, in any order, on any day."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.lake.lake_world import (
    ADA,
    BEN,
    CAM,
    CHICAGO,
    LakeWorld,
    day_of,
    slots,
    span,
    values_of,
)

from meterledger.facts.readings import Commodity, Flow
from meterledger.kernel.local_days import intervals_in_day

JULY_1 = date(2025, 7, 1)
FALL_BACK = date(2025, 11, 2)
SPRING_FORWARD = date(2026, 3, 8)


class TestADay:
    @pytest.mark.parametrize(
        ("day", "width"), [(JULY_1, 96), (FALL_BACK, 100), (SPRING_FORWARD, 92)]
    )
    @pytest.mark.parametrize("seconds", [300, 900, 1800, 3600])
    def test_has_every_interval_of_the_local_day(
        self, world: LakeWorld, day: date, width: int, seconds: int
    ) -> None:
        count = width * 900 // seconds
        world.ingest((ADA, day_of(day, *range(1, count + 1), seconds=seconds)))

        batch = world.usage(ADA, span(day))

        assert batch.interval_seconds == seconds
        assert values_of(batch) == list(range(1, count + 1))
        assert batch.total_wh.tolist() == [count * (count + 1) // 2]

    def test_has_a_gap_where_no_reading_says_anything(self, world: LakeWorld) -> None:
        world.ingest((ADA, slots(JULY_1, {4: 10, 5: 0, 6: None})))

        values = values_of(world.usage(ADA, span(JULY_1)))

        assert values[4:7] == [10, 0, None]
        assert values.count(None) == 94

    def test_keeps_energy_below_zero(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, -5, -(2**31) + 1, 2**31 - 1)))

        assert values_of(world.usage(ADA, span(JULY_1)))[:3] == [-5, -(2**31) + 1, 2**31 - 1]

    def test_of_day_long_intervals_is_one_value(self, world: LakeWorld) -> None:
        for number in (1, 2, 3):
            world.ingest((ADA, day_of(date(2025, 7, number), number * 100, seconds=86400)))

        batch = world.usage(ADA, span(JULY_1, 3))

        assert batch.interval_seconds == 86400
        assert values_of(batch) == [100, 200, 300]


class TestAMeter:
    def test_of_which_nothing_is_known_is_all_gaps_of_quarter_hours(self, world: LakeWorld) -> None:
        world.ingest((BEN, day_of(JULY_1, 7)))

        batch = world.usage([ADA, BEN, CAM], span(JULY_1))

        assert batch.meters == (ADA, BEN, CAM)
        assert batch.interval_seconds == 900
        assert batch.total_wh.tolist() == [0, 96 * 7, 0]
        assert batch.days[0].missing.sum(axis=1).tolist() == [96, 0, 96]

    def test_stands_in_the_row_asked_for(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)), (BEN, day_of(JULY_1, 2)), (CAM, day_of(JULY_1, 3)))

        for order in ([CAM, ADA, BEN], [BEN, CAM, ADA]):
            totals = world.usage(order, span(JULY_1)).total_wh.tolist()
            assert totals == [96 * {ADA: 1, BEN: 2, CAM: 3}[meter] for meter in order]

    def test_of_another_interval_length_stands_in_a_batch_of_its_own(
        self, world: LakeWorld
    ) -> None:
        world.ingest((ADA, day_of(JULY_1, 4, seconds=3600)), (BEN, day_of(JULY_1, 1)))

        batches = world.lake.usage([ADA, BEN, CAM], span(JULY_1), at_sequence=1)

        assert [(one.interval_seconds, one.meters) for one in batches] == [
            (900, (BEN, CAM)),
            (3600, (ADA,)),
        ]
        assert [one.total_wh.tolist() for one in batches] == [[96, 0], [96]]

    def test_nobody_asked_for_gives_no_batch(self, world: LakeWorld) -> None:
        assert world.lake.usage([], span(JULY_1), at_sequence=0) == []


class TestOtherChannels:
    @pytest.mark.parametrize("flow", [Flow.RECEIVED, Flow.NET, Flow.TOTAL])
    def test_of_energy_are_kept_and_never_billed(self, world: LakeWorld, flow: Flow) -> None:
        world.ingest((ADA, day_of(JULY_1, 9, flow=flow)), (ADA, day_of(JULY_1, 2)))

        assert world.usage(ADA, span(JULY_1)).total_wh.tolist() == [96 * 2]

    @pytest.mark.parametrize(
        ("commodity", "unit"),
        [(Commodity.GAS, "therm"), (Commodity.GAS, "kWh"), (Commodity.ELECTRICITY, "V")],
    )
    def test_of_other_units_are_kept_and_never_billed(
        self, world: LakeWorld, commodity: Commodity, unit: str
    ) -> None:
        world.ingest((ADA, day_of(JULY_1, 9, commodity=commodity, unit=unit)))

        assert values_of(world.usage(ADA, span(JULY_1))) == [None] * 96

    def test_without_a_direction_are_taken_as_delivered(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 9, flow=Flow.UNKNOWN)))

        assert world.usage(ADA, span(JULY_1)).total_wh.tolist() == [96 * 9]


class TestScales:
    @pytest.mark.parametrize(
        ("unit", "scale", "value", "wh"),
        [("kWh", -3, 76, 76), ("kWh", 0, 2, 2000), ("MWh", -6, 5, 5), ("Wh", 1, 7, 70)],
    )
    def test_become_watt_hours(
        self, world: LakeWorld, unit: str, scale: int, value: int, wh: int
    ) -> None:
        world.ingest((ADA, day_of(JULY_1, value, unit=unit, scale=scale)))

        assert values_of(world.usage(ADA, span(JULY_1))) == [wh] * 96

    def test_finer_than_watt_hours_keep_their_sum(self, world: LakeWorld) -> None:
        world.ingest(*((ADA, day_of(date(2025, 7, one), 76467, scale=-3)) for one in (1, 2)))

        batch = world.usage(ADA, span(JULY_1, 2))
        values = values_of(batch)

        assert values[:4] == [76, 76, 77, 76]  # 76.467, 152.934, 229.401, 305.868: cut each
        assert batch.total_wh.tolist() == [76467 * 192 // 1000]
        assert set(values) == {76, 77}

    def test_that_change_within_a_day_keep_every_value(self, world: LakeWorld) -> None:
        world.ingest((ADA, slots(JULY_1, {0: 1, 1: 2}, unit="kWh")))
        world.ingest((ADA, slots(JULY_1, {1: 2500, 2: 3})))

        assert values_of(world.usage(ADA, span(JULY_1)))[:4] == [1000, 2500, 3, None]

    def test_that_change_between_days_keep_every_value(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1, unit="kWh")))
        world.ingest((ADA, day_of(date(2025, 7, 2), 1500, scale=-3)))

        values = values_of(world.usage(ADA, span(JULY_1, 2)))

        assert values[:96] == [1000] * 96
        assert sum(value or 0 for value in values) == 96_000 + 144


quarter_hours = st.dictionaries(
    st.integers(min_value=0, max_value=99),
    st.integers(min_value=0, max_value=50_000),
    max_size=12,
)
files = st.lists(
    st.tuples(
        st.sampled_from([ADA, BEN]),
        st.sampled_from([FALL_BACK, date(2025, 11, 3), SPRING_FORWARD]),
        quarter_hours,
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=30)
@given(files=files, together=st.booleans(), bucket_count=st.sampled_from([1, 64]))
def test_no_watt_hour_is_lost_whatever_arrives_in_whichever_order(
    files: list[tuple[str, date, dict[int, int]]], together: bool, bucket_count: int
) -> None:
    expected: dict[tuple[str, date], dict[int, int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        world = LakeWorld(Path(folder), bucket_count=bucket_count)
        states = []
        for meter, day, values in files:
            width = intervals_in_day(day, CHICAGO, 900)
            told = {slot: wh for slot, wh in values.items() if slot < width}
            before = [dict(one) for one in expected.values()]
            expected.setdefault((meter, day), {}).update(told)
            names = world.write((meter, slots(day, dict(reversed(told.items())))))
            if told and before != [dict(one) for one in expected.values()]:
                assert names
            world.publish(names)
            if together:  # the same file again: nothing is new
                assert world.write((meter, slots(day, dict(told)))) == []
            states.append({key: dict(one) for key, one in expected.items()})
        for sequence, state in enumerate(states, start=1):
            for (meter, day), told in state.items():
                width = intervals_in_day(day, CHICAGO, 900)
                batch = world.usage(meter, span(day), at_sequence=sequence)
                assert values_of(batch) == [told.get(slot) for slot in range(width)]
        assert world.lake.verify(world.sequence) == (len(world.files_at(world.sequence)), [])
