"""Many small files of one day are one version, and each value keeps the file it came from."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.lake.lake_world import ADA, BEN, LakeWorld, slots, span, values_of
from tests.stores.lake.test_who_speaks import EDITED, LIKE_DAY, RECEIVED, told

from meterledger.facts.readings import ChannelReadings
from meterledger.stores.lake import Delivery, IntervalLengthChanged

JULY_1 = date(2025, 7, 1)


def deliveries(
    world: LakeWorld, files: Sequence[Sequence[tuple[str, ChannelReadings]]]
) -> list[Delivery]:
    """Each from a file of its own, a minute apart."""
    return [
        Delivery(channels, f"{number:02x}" * 32, world.learned_at + timedelta(minutes=number))
        for number, channels in enumerate(files, start=1)
    ]


def test_a_day_that_comes_in_ninety_six_files_is_one_version(world: LakeWorld) -> None:
    files = [[(ADA, slots(JULY_1, {slot: slot}))] for slot in range(96)]

    names = world.lake.write_many(deliveries(world, files), at_sequence=0)
    world.publish(names)

    assert len(names) == 1
    assert values_of(world.usage(ADA, span(JULY_1))) == list(range(96))
    rows = pl.read_parquet(world.folder / names[0], hive_partitioning=False)
    assert rows["source"].n_unique() == 96
    assert rows["learned_at"].n_unique() == 96
    assert world.lake.verify(1) == (1, [])


def test_each_value_keeps_its_file_and_instant(world: LakeWorld) -> None:
    first, second = deliveries(
        world, [[(ADA, slots(JULY_1, {0: 1, 1: 2}))], [(ADA, slots(JULY_1, {1: 3}))]]
    )
    second = replace(second, source_sha256="f" * 64)
    (name,) = world.lake.write_many([first, second], at_sequence=0)

    rows = pl.read_parquet(world.folder / name, hive_partitioning=False).head(2)

    assert rows["value"].to_list() == [1, 3]
    assert rows["source"].to_list() == [first.source_sha256[:16], "f" * 16]
    assert rows["learned_at"].to_list() == [first.learned_at, second.learned_at]


def test_a_stop_after_the_first_file_is_recorded_loses_and_doubles_nothing(
    world: LakeWorld,
) -> None:
    files = [[(ADA, slots(JULY_1, {slot: slot}))] for slot in range(3)]
    given_all = deliveries(world, files)
    world.publish(world.lake.write_many(given_all, at_sequence=0))  # with the first file; stopped

    for one in given_all[1:]:
        again = world.lake.write_many([one], at_sequence=world.sequence)
        assert again == []
        world.publish(again)

    assert values_of(world.usage(ADA, span(JULY_1)))[:4] == [0, 1, 2, None]


def test_another_writer_at_once_loses_nothing_of_any_file(world: LakeWorld) -> None:
    other = world.write((ADA, slots(JULY_1, {3: 30})), at_sequence=0)
    together = world.lake.write_many(
        deliveries(world, [[(ADA, slots(JULY_1, {0: 1}))], [(ADA, slots(JULY_1, {1: 2}))]]),
        at_sequence=0,
    )
    world.publish(other)
    world.publish(together)

    assert values_of(world.usage(ADA, span(JULY_1)))[:4] == [1, 2, None, 30]


def test_one_file_that_is_refused_refuses_all(world: LakeWorld) -> None:
    files = [[(ADA, slots(JULY_1, {0: 1}))], [(ADA, slots(JULY_1, {0: 9}, seconds=3600))]]

    with pytest.raises(IntervalLengthChanged, match="Meter METER-ADA-1 is known on 2025-07-01"):
        world.lake.write_many(deliveries(world, files), at_sequence=0)

    assert list(world.folder.rglob("*.parquet")) == []


files_of_a_run = st.lists(
    st.tuples(
        st.sampled_from([ADA, BEN]),
        st.sampled_from([RECEIVED, LIKE_DAY, EDITED]),
        st.dictionaries(st.integers(0, 4), st.integers(0, 9), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(run=files_of_a_run)
def test_together_they_say_what_they_say_one_by_one(
    run: list[tuple[str, object, dict[int, int]]],
) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as many:
        single, joined = LakeWorld(Path(one)), LakeWorld(Path(many))
        given_all = deliveries(
            single,
            [[(meter, told(dict(values), method))] for meter, method, values in run],  # type: ignore[arg-type]
        )
        for each in given_all:
            single.publish(single.lake.write_many([each], at_sequence=single.sequence))
        joined.publish(joined.lake.write_many(given_all, at_sequence=0))

        def state(world: LakeWorld) -> list[object]:
            (day,) = world.usage([ADA, BEN], span(JULY_1)).days
            codes = None if day.method is None else day.method.tolist()
            return [day.energy_wh.tolist(), day.missing.tolist(), codes]

        assert state(joined) == state(single)
