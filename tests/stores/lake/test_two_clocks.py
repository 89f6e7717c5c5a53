"""Versions are added, never overwritten: an old sequence gives the old answer, for ever."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.lake.lake_world import ADA, LakeWorld, day_of, slots, span, values_of

from meterledger.stores.lake import IntervalLengthChanged, MetersRefused

JULY_1 = date(2025, 7, 1)


class TestACorrection:
    def test_is_seen_from_its_sequence_on_and_not_before(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        world.ingest((ADA, slots(JULY_1, {3: 99})))

        assert values_of(world.usage(ADA, span(JULY_1), 0)) == [None] * 96
        assert values_of(world.usage(ADA, span(JULY_1), 1)) == [10] * 96
        assert values_of(world.usage(ADA, span(JULY_1), 2)) == [10] * 3 + [99] + [10] * 92

    def test_is_invisible_until_it_is_published(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))

        world.write((ADA, day_of(JULY_1, 11)))

        assert values_of(world.usage(ADA, span(JULY_1))) == [10] * 96

    def test_leaves_the_files_of_before_as_they_were(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        before = {name: (world.folder / name).read_bytes() for name in world.files_at(1)}

        world.ingest((ADA, day_of(JULY_1, 11)))

        assert before == {name: (world.folder / name).read_bytes() for name in before}

    def test_that_says_nothing_new_writes_nothing(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))

        assert world.write((ADA, day_of(JULY_1, 10))) == []
        assert world.write((ADA, slots(JULY_1, {5: 10, 6: None}))) == []
        assert world.write((ADA, slots(JULY_1, {5: 10}, unit="kWh", scale=-3))) == []

    def test_by_a_gap_takes_no_value_away(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 10)))
        world.ingest((ADA, slots(JULY_1, {0: None, 1: 20})))

        assert values_of(world.usage(ADA, span(JULY_1)))[:3] == [10, 20, 10]

    def test_keeps_who_said_the_other_values_first(self, world: LakeWorld) -> None:
        world.ingest((ADA, slots(JULY_1, {0: 1, 1: 2})))
        first = world.learned_at
        (name,) = world.write((ADA, slots(JULY_1, {1: 3})))

        rows = pl.read_parquet(world.folder / name, hive_partitioning=False).head(2)

        assert rows["value"].to_list() == [1, 3]
        assert rows["learned_at"].to_list() == [first, world.learned_at]
        assert rows["source"].n_unique() == 2


class TestTwoWritersAtOnce:
    def test_lose_nothing_of_either(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))
        first = world.write((ADA, slots(JULY_1, {0: 10, 1: 11})))
        second = world.write((ADA, slots(JULY_1, {1: 21, 2: 22})))
        world.publish(first)
        world.publish(second)

        assert values_of(world.usage(ADA, span(JULY_1)))[:4] == [10, 21, 22, 1]
        assert values_of(world.usage(ADA, span(JULY_1), 2))[:4] == [10, 11, 1, 1]

    def test_lose_nothing_when_neither_knew_the_day(self, world: LakeWorld) -> None:
        first = world.write((ADA, slots(JULY_1, {0: 10})))
        second = world.write((ADA, slots(JULY_1, {1: 11}, unit="kWh")))
        world.publish(second)
        world.publish(first)

        assert values_of(world.usage(ADA, span(JULY_1)))[:3] == [10, 11000, None]

    def test_are_settled_by_the_next_write(self, world: LakeWorld) -> None:
        first = world.write((ADA, slots(JULY_1, {0: 10})))
        second = world.write((ADA, slots(JULY_1, {1: 11})))
        world.publish(first)
        world.publish(second)
        world.ingest((ADA, slots(JULY_1, {2: 12})))

        assert values_of(world.usage(ADA, span(JULY_1)))[:4] == [10, 11, 12, None]

    def test_with_intervals_of_different_length_are_refused_when_read(
        self, world: LakeWorld
    ) -> None:
        first = world.write((ADA, day_of(JULY_1, 10)))
        second = world.write((ADA, day_of(JULY_1, 40, seconds=3600)))
        world.publish(first)
        world.publish(second)

        with pytest.raises(
            MetersRefused, match="intervals of 900 seconds, and 3600 are given"
        ) as no:
            world.usage(ADA, span(JULY_1))
        assert isinstance(no.value.by_meter[ADA], IntervalLengthChanged)


writes = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=3),  # how many publications the writer has not seen
        st.dictionaries(st.integers(0, 5), st.integers(0, 9), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=30)
@given(writes=writes)
def test_writers_that_do_not_see_each_other_lose_nothing(
    writes: list[tuple[int, dict[int, int]]],
) -> None:
    """Each write changes what differs from what it saw; the changes follow in publication order."""
    states: list[dict[int, int]] = [{}]
    with tempfile.TemporaryDirectory() as folder:
        world = LakeWorld(Path(folder))
        for behind, values in writes:
            saw = max(0, world.sequence - behind)
            names = world.write((ADA, slots(JULY_1, dict(values))), at_sequence=saw)
            changed = {slot: wh for slot, wh in values.items() if states[saw].get(slot) != wh}
            assert bool(names) == bool(changed)
            world.publish(names)
            states.append(states[-1] | changed)
        for sequence, state in enumerate(states):
            values = values_of(world.usage(ADA, span(JULY_1), sequence))
            assert values == [state.get(slot) for slot in range(96)]
        world.lake.sync_delta(world.sequence)
        rows = pl.scan_delta(str(world.folder)).sort("starts_at").collect()
        assert rows.height == 96
        assert dict(enumerate(rows.filter(pl.col("quality") != 0)["value"])) == dict(
            enumerate(wh for _, wh in sorted(states[-1].items()))
        )
        world.ingest((ADA, slots(JULY_1, {50: 1})))
        last = values_of(world.usage(ADA, span(JULY_1)))
        assert last == [(states[-1] | {50: 1}).get(slot) for slot in range(96)]
