"""Beside the values of a day: when they came, from which files, and the other channels."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.stores.lake.lake_world import ADA, BEN, CAM, LEARNED, LakeWorld, day_of, slots

from meterledger.facts.day_told import DayTold
from meterledger.facts.readings import Flow
from meterledger.kernel.span import DaySpan

DAY = date(2025, 7, 9)
FIRST, SECOND = "a" * 64, "b" * 64
HOUR = timedelta(hours=1)


def told(world: LakeWorld, *meters: str, day: date = DAY) -> DayTold:
    return world.lake.day_told(list(meters), day, at_sequence=world.sequence)


def micros(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class TestWhenADayCame:
    def test_is_when_the_first_of_its_values_came(self, world: LakeWorld) -> None:
        world.publish(world.write((ADA, slots(DAY, {0: 5})), source=FIRST))
        world.publish(world.write((ADA, slots(DAY, {1: 6})), source=SECOND))
        found = told(world, ADA, BEN)
        assert found.arrived_us.tolist() == [micros(LEARNED + HOUR), -1]
        assert found.sources == (("a" * 16, "b" * 16), ())

    def test_a_value_that_was_replaced_counts_no_longer(self, world: LakeWorld) -> None:
        world.publish(world.write((ADA, slots(DAY, {0: 5})), source=FIRST))
        world.publish(world.write((ADA, slots(DAY, {0: 6})), source=SECOND))
        found = told(world, ADA)
        assert found.arrived_us.tolist() == [micros(LEARNED + 2 * HOUR)]
        assert found.sources == (("b" * 16,),)

    def test_each_meter_has_its_own(self, world: LakeWorld) -> None:
        world.publish(world.write((ADA, day_of(DAY, 5)), (CAM, day_of(DAY, 7)), source=FIRST))
        world.publish(world.write((BEN, day_of(DAY, 5)), source=SECOND))
        found = told(world, BEN, CAM, ADA)
        assert found.sources == (("b" * 16,), ("a" * 16,), ("a" * 16,))

    @pytest.mark.parametrize(("slot", "early"), [(28, False), (29, True)])
    def test_a_value_is_early_that_came_before_its_interval_had_begun(
        self, world: LakeWorld, slot: int, early: bool
    ) -> None:
        """The file comes at noon, UTC: seven in the morning in Missouri, when slot 28 begins."""
        day = LEARNED.date()
        world.learned_at = datetime(2025, 8, 1, 11, tzinfo=UTC)  # the write is an hour later
        world.ingest((ADA, slots(day, {slot: 5})))
        assert told(world, ADA, day=day).is_early.tolist() == [early]

    def test_a_day_inside_a_file_of_many_days_is_found(self, world: LakeWorld) -> None:
        days = [DAY + timedelta(days=count) for count in range(5)]
        world.publish(world.write(*[(ADA, day_of(day, 5)) for day in days[:4]], source=FIRST))
        assert told(world, ADA, day=days[2]).sources == (("a" * 16,),)
        assert told(world, ADA, day=days[4]).sources == ((),)


class TestWhatWasReceived:
    def test_is_the_sum_of_its_own_channel(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(DAY, 5)), (BEN, day_of(DAY, 7)))
        world.ingest((ADA, day_of(DAY, 2, flow=Flow.RECEIVED)))
        assert told(world, ADA, BEN).received_wh == {ADA: 192}
        assert world.lake.received_wh([BEN], DAY, at_sequence=world.sequence) == {}

    def test_zero_is_known_and_missing_is_not(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(DAY, 0, flow=Flow.RECEIVED)))
        world.ingest((BEN, day_of(DAY + timedelta(days=1), 3, flow=Flow.RECEIVED)))
        assert told(world, ADA, BEN).received_wh == {ADA: 0}

    def test_finer_energy_is_cut_to_whole_watt_hours(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(DAY, 15, scale=-1, flow=Flow.RECEIVED)))
        assert told(world, ADA).received_wh == {ADA: 144}

    def test_of_two_writers_at_once_neither_is_lost(self, world: LakeWorld) -> None:
        first = world.write((ADA, slots(DAY, {0: 5}, flow=Flow.RECEIVED)))
        second = world.write((ADA, slots(DAY, {1: 7}, flow=Flow.RECEIVED)))
        world.publish(first)
        world.publish(second)
        assert told(world, ADA).received_wh == {ADA: 12}


class TestReceivedEnergyOfAWindow:
    def test_is_given_in_the_form_of_usage_and_missing_stays_missing(
        self, world: LakeWorld
    ) -> None:
        world.ingest((ADA, day_of(DAY, 5)), (BEN, day_of(DAY, 7)))
        world.ingest((ADA, slots(DAY, {0: 3, 1: 0}, flow=Flow.RECEIVED)))
        days = DaySpan(DAY, DAY + timedelta(days=1))
        (found,) = world.lake.received([ADA, BEN], days, at_sequence=world.sequence)
        assert found.meters == (ADA, BEN)
        (values,) = found.days
        assert values.energy_wh[0, :2].tolist() == [3, 0]
        assert values.missing[0].tolist() == [False, False] + [True] * 94
        assert values.missing[1].all()

    def test_is_as_known_at_the_sequence_and_no_part_of_usage(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(DAY, 5)))
        before = world.sequence
        world.ingest((ADA, day_of(DAY, 9, flow=Flow.RECEIVED)))
        days = DaySpan(DAY, DAY + timedelta(days=1))
        (then,) = world.lake.received([ADA], days, at_sequence=before)
        assert then.days[0].missing.all()
        (now,) = world.lake.received([ADA], days, at_sequence=world.sequence)
        assert now.days[0].energy_wh.sum() == 9 * 96
        (usage,) = world.lake.usage([ADA], days, at_sequence=world.sequence)
        assert usage.days[0].energy_wh.sum() == 5 * 96

    def test_of_two_writers_at_once_is_put_together(self, world: LakeWorld) -> None:
        first = world.write((ADA, slots(DAY, {0: 5}, flow=Flow.RECEIVED)))
        second = world.write((ADA, slots(DAY, {1: 7}, flow=Flow.RECEIVED)))
        world.publish(first)
        world.publish(second)
        days = DaySpan(DAY, DAY + timedelta(days=1))
        (found,) = world.lake.received([ADA], days, at_sequence=world.sequence)
        assert found.days[0].energy_wh[0, :2].tolist() == [5, 7]


def test_both_channels_of_delivered_energy_are_given_where_there_are_two(world: LakeWorld) -> None:
    first = world.write((ADA, day_of(DAY, 5)), (BEN, day_of(DAY, 1)))
    second = world.write((ADA, slots(DAY, {0: 9}, flow=Flow.UNKNOWN)))
    world.publish(first)
    world.publish(second)
    found = world.lake.delivered_channels([ADA, BEN, CAM], DAY, at_sequence=world.sequence)
    assert found.keys() == {ADA, BEN}
    delivered, unknown = found[ADA]
    assert (delivered.flow, unknown.flow) == (Flow.DELIVERED, Flow.UNKNOWN)
    assert delivered.energy_wh.tolist() == [5] * 96
    assert unknown.energy_wh.tolist() == [9] + [0] * 95
    assert unknown.missing.tolist() == [False] + [True] * 95
