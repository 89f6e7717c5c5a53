"""Received values speak over estimates, and a person's edit over both (docs/decisions/0013)."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.lake.lake_world import ADA, BEN, LakeWorld, day_of, slots, span, values_of

from meterledger.facts.estimates import Method
from meterledger.facts.readings import ChannelReadings, Quality
from meterledger.kernel.ensure import InvariantBroken

JULY_1 = date(2025, 7, 1)
RECEIVED, LIKE_DAY, EDITED = Method.AS_RECEIVED, Method.LIKE_DAY, Method.EDITED


def told(
    values: dict[int, int | None],
    method: Method,
    quality: Quality = Quality.ESTIMATED,
    *,
    day: date = JULY_1,
) -> ChannelReadings:
    """Slots of a day, made by that method."""
    made = slots(day, values)
    readings = (
        replace(
            one,
            method=Method.AS_RECEIVED if one.value is None else method,
            quality=Quality.MISSING if one.value is None else quality,
        )
        for one in made.readings
    )
    return replace(made, readings=tuple(readings))


def received(values: dict[int, int | None]) -> ChannelReadings:
    return told(values, RECEIVED, Quality.VALID)


def first_slots(world: LakeWorld, count: int = 3) -> list[tuple[int | None, str]]:
    """Value and method of the first slots, as a bill would see them."""
    (day,) = world.usage(ADA, span(JULY_1)).days
    values = values_of(world.usage(ADA, span(JULY_1)))[:count]
    methods = [0] * count if day.method is None else day.method[0, :count].tolist()
    return [(wh, Method(code).word) for wh, code in zip(values, methods, strict=True)]


class TestAnEstimate:
    def test_fills_a_gap(self, world: LakeWorld) -> None:
        world.ingest((ADA, received({0: 10, 1: None})))
        world.ingest((ADA, told({1: 7}, LIKE_DAY)))

        assert first_slots(world) == [
            (10, "as_received"),
            (7, "like_day"),
            (None, "as_received"),
        ]

    def test_never_takes_the_place_of_a_received_value(self, world: LakeWorld) -> None:
        world.ingest((ADA, received({0: 10})))

        assert world.write((ADA, told({0: 7}, LIKE_DAY))) == []
        assert world.write((ADA, told({0: 10}, LIKE_DAY))) == []

    def test_is_replaced_by_a_received_value(self, world: LakeWorld) -> None:
        world.ingest((ADA, told({0: 7, 1: 8}, LIKE_DAY)))
        world.ingest((ADA, received({0: 10})))

        assert first_slots(world, 2) == [(10, "as_received"), (8, "like_day")]

    def test_is_replaced_by_a_received_value_of_the_same_number(self, world: LakeWorld) -> None:
        world.ingest((ADA, told({0: 7}, LIKE_DAY)))
        world.ingest((ADA, received({0: 7})))

        assert first_slots(world, 1) == [(7, "as_received")]

    def test_is_replaced_by_a_later_estimate(self, world: LakeWorld) -> None:
        world.ingest((ADA, told({0: 7}, LIKE_DAY)))
        world.ingest((ADA, told({0: 9}, Method.SAME_DAY)))

        assert first_slots(world, 1) == [(9, "same_day")]

    def test_of_a_writer_that_had_not_seen_the_reading_yields_to_it(self, world: LakeWorld) -> None:
        estimate = world.write((ADA, told({0: 7, 1: 8}, LIKE_DAY)))
        reading = world.write((ADA, received({0: 10})))
        world.publish(reading)
        world.publish(estimate)

        assert first_slots(world) == [(10, "as_received"), (8, "like_day"), (None, "as_received")]

    def test_of_another_is_not_what_the_sender_estimated(self, world: LakeWorld) -> None:
        world.ingest((ADA, told({0: 7}, RECEIVED, Quality.ESTIMATED)))

        assert world.write((ADA, told({0: 8}, LIKE_DAY))) == []
        world.ingest((ADA, received({0: 9})))
        assert first_slots(world, 1) == [(9, "as_received")]


class TestAnEdit:
    def test_takes_the_place_of_a_reading_and_of_an_estimate(self, world: LakeWorld) -> None:
        world.ingest((ADA, received({0: 10})), (ADA, told({1: 7}, LIKE_DAY)))
        world.ingest((ADA, told({0: 1, 1: 2}, EDITED, Quality.ADJUSTED)))

        assert first_slots(world, 2) == [(1, "edited"), (2, "edited")]

    def test_stands_when_the_head_end_repeats_itself(self, world: LakeWorld) -> None:
        world.ingest((ADA, received({0: 10})))
        world.ingest((ADA, told({0: 1}, EDITED)))

        assert world.write((ADA, received({0: 10}))) == []
        assert world.write((ADA, received({0: 11}))) == []
        assert world.write((ADA, told({0: 12}, LIKE_DAY))) == []

    def test_is_withdrawn_by_another_edit(self, world: LakeWorld) -> None:
        world.ingest((ADA, told({0: 1}, EDITED)))
        world.ingest((ADA, told({0: 10}, EDITED)))

        assert first_slots(world, 1) == [(10, "edited")]

    def test_names_the_readings_that_it_keeps_from_speaking(self, world: LakeWorld) -> None:
        world.ingest((ADA, told({0: 1, 1: 2}, EDITED)), (ADA, told({2: 5}, LIKE_DAY)))

        unheard = world.lake.unheard(
            [(ADA, received({0: 11, 1: 2, 2: 6})), (BEN, received({0: 4}))], at_sequence=1
        )

        assert [(one.meter, one.value, one.known_value, one.seconds) for one in unheard] == [
            (ADA, 11, 1, 900)
        ]
        assert unheard[0].start == received({0: 1}).readings[0].start


class TestUsage:
    def test_of_a_day_that_came_plainly_says_nothing_of_quality(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)), (BEN, told({0: 3}, RECEIVED, Quality.RAW)))

        (day,) = world.usage([ADA, BEN], span(JULY_1)).days

        assert day.quality is None
        assert day.method is None

    def test_says_quality_and_method_of_every_slot_of_a_day_that_did_not(
        self, world: LakeWorld
    ) -> None:
        july_2 = date(2025, 7, 2)
        world.ingest((ADA, day_of(JULY_1, 10)), (ADA, day_of(july_2, 5)))
        world.ingest((BEN, received({0: 3})), (BEN, told({1: 4}, LIKE_DAY)))

        first, second = world.usage([ADA, BEN], span(JULY_1, 2)).days

        assert first.quality is not None
        assert first.method is not None
        assert first.quality[0].tolist() == [Quality.VALID.value] * 96
        assert first.quality[1, :3].tolist() == [1, 3, 0]
        assert first.method[:, :3].tolist() == [[0, 0, 0], [0, LIKE_DAY, 0]]
        assert second.quality is None

    def test_tells_what_a_file_doubts(self, world: LakeWorld) -> None:
        world.ingest((ADA, told({0: 3}, RECEIVED, Quality.QUESTIONABLE)))

        (day,) = world.usage(ADA, span(JULY_1)).days

        assert day.quality is not None
        assert day.method is not None
        assert day.quality[0, 0] == Quality.QUESTIONABLE.value
        assert not day.method.any()

    def test_says_nothing_any_more_when_the_reading_came(self, world: LakeWorld) -> None:
        world.ingest((ADA, told({0: 7}, LIKE_DAY)))
        world.ingest((ADA, received({0: 7})))

        (day,) = world.usage(ADA, span(JULY_1)).days
        assert day.method is None
        assert world.usage(ADA, span(JULY_1), 1).days[0].method is not None


class TestABlock:
    def test_keeps_the_methods_it_is_given(self, world: LakeWorld) -> None:
        values = np.full((2, 96), 5, dtype=np.int32)
        method = np.zeros((2, 96), dtype=np.int8)
        quality = np.ones((2, 96), dtype=np.int8)
        method[1, 4], quality[1, 4] = LIKE_DAY, Quality.ESTIMATED.value
        world.publish(
            world.lake.write_block(
                [ADA, BEN],
                span(JULY_1),
                values,
                quality=quality,
                method=method,
                source_sha256="a" * 64,
                learned_at=world.learned_at,
                at_sequence=0,
            )
        )

        (day,) = world.usage([ADA, BEN], span(JULY_1)).days

        assert day.method is not None
        assert np.array_equal(day.method, method)
        assert world.lake.verify(1) == (len(world.files_at(1)), [])

    def test_refuses_a_method_where_there_is_no_value(self, world: LakeWorld) -> None:
        values = np.full((1, 96), -(2**31), dtype=np.int32)
        with pytest.raises(InvariantBroken, match="0 where there is none"):
            world.lake.write_block(
                [ADA],
                span(JULY_1),
                values,
                method=np.ones((1, 96), dtype=np.int8),
                source_sha256="a" * 64,
                learned_at=world.learned_at,
                at_sequence=0,
            )


def test_every_row_says_how_its_value_is_known(world: LakeWorld) -> None:
    (name,) = world.write((ADA, received({0: 1})), (ADA, told({1: 2}, LIKE_DAY)))

    rows = pl.read_parquet(world.folder / name, hive_partitioning=False).head(3)

    assert rows["method"].to_list() == [0, LIKE_DAY, 0]
    assert rows["quality"].to_list() == [1, 3, 0]


def test_a_method_that_nobody_knows_is_found(world: LakeWorld) -> None:
    made = told({0: 7}, LIKE_DAY)
    strange = replace(made.readings[0], method=99)  # type: ignore[arg-type]
    world.ingest((ADA, replace(made, readings=(strange,))))

    _, broken = world.lake.verify(1)

    assert len(broken) == 1
    assert "a value's method is none that there is" in broken[0]


RANK = {RECEIVED: 1, LIKE_DAY: 0, EDITED: 2}
writes = st.lists(
    st.tuples(
        st.integers(0, 2),  # how many publications the writer has not seen
        st.sampled_from([RECEIVED, LIKE_DAY, EDITED]),
        st.dictionaries(st.integers(0, 4), st.integers(0, 3), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=40)
@given(writes=writes)
def test_whatever_the_order_the_higher_rank_speaks_and_of_equals_the_later(
    writes: list[tuple[int, Method, dict[int, int]]],
) -> None:
    """The lake against a dictionary: each publication brings what it changed of what it saw."""
    states: list[dict[int, tuple[int, Method]]] = [{}]
    with tempfile.TemporaryDirectory() as folder:
        world = LakeWorld(Path(folder))
        for behind, method, values in writes:
            saw = states[max(0, world.sequence - behind)]
            at = max(0, world.sequence - behind)
            names = world.write((ADA, told(dict(values), method)), at_sequence=at)
            changed = {
                slot: (wh, method) for slot, wh in values.items() if speaks(saw, slot, wh, method)
            }
            assert bool(names) == bool(changed)
            world.publish(names)
            now = dict(states[-1])
            now.update({slot: new for slot, new in changed.items() if speaks(now, slot, *new)})
            states.append(now)
        for sequence, state in enumerate(states):
            (day,) = world.usage(ADA, span(JULY_1), sequence).days
            methods = np.zeros((1, 96), np.int8) if day.method is None else day.method
            assert {
                slot: (int(day.energy_wh[0, slot]), Method(int(methods[0, slot])))
                for slot in np.flatnonzero(~day.missing[0]).tolist()
            } == state


def speaks(state: dict[int, tuple[int, Method]], slot: int, wh: int, method: Method) -> bool:
    if slot not in state:
        return True
    known_wh, known_method = state[slot]
    return RANK[method] >= RANK[known_method] and (known_wh, known_method) != (wh, method)
