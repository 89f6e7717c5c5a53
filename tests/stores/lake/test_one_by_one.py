"""One meter's days interval by interval: any lengths, exact values, no gap, in order of time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.stores.lake.lake_world import ADA, BEN, LakeWorld, day_of, slots

from meterledger.facts.readings import Flow
from meterledger.facts.usage import KnownInterval
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import DaySpan
from meterledger.usecases.ports import MetersRefused

LONG_DAY, SHORT_DAY = date(2025, 11, 2), date(2026, 3, 8)
ONE, TWO, THREE = (date(2025, 7, number) for number in (1, 2, 3))
FIRST_DAYS = DaySpan(ONE, date(2025, 7, 4))


def midnight(day: date) -> int:
    return int(day_start_utc(day, "America/Chicago").timestamp())


def known(world: LakeWorld, days: DaySpan, at_sequence: int | None = None) -> list[KnownInterval]:
    sequence = world.sequence if at_sequence is None else at_sequence
    return world.lake.known_intervals(ADA, days, at_sequence=sequence)


@pytest.fixture
def world(tmp_path: Path) -> LakeWorld:
    return LakeWorld(tmp_path)


class TestKnownIntervals:
    def test_are_those_with_a_value(self, world: LakeWorld) -> None:
        world.ingest((ADA, slots(ONE, {3: 7, 4: None, 90: 0})), (BEN, day_of(ONE, 9)))

        assert known(world, FIRST_DAYS) == [
            KnownInterval(midnight(ONE) + 3 * 900, 900, 7, 0),
            KnownInterval(midnight(ONE) + 90 * 900, 900, 0, 0),
        ]
        assert known(world, DaySpan(TWO, THREE)) == []

    def test_may_be_of_another_length_on_every_day(self, world: LakeWorld) -> None:
        """What ``usage`` refuses, for a matrix has one length."""
        world.ingest((ADA, day_of(ONE, 1)))
        world.ingest((ADA, day_of(TWO, 5, seconds=3_600)))
        world.ingest((ADA, day_of(THREE, 24, seconds=86_400)))

        found = known(world, FIRST_DAYS)

        assert [one.seconds for one in found] == [900] * 96 + [3_600] * 24 + [86_400]
        assert sum(one.value for one in found) == 96 + 24 * 5 + 24
        assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
        with pytest.raises(MetersRefused, match="intervals of 900 and of 3600 seconds"):
            world.lake.usage([ADA], FIRST_DAYS, at_sequence=world.sequence)

    @pytest.mark.parametrize(("day", "seconds"), [(LONG_DAY, 90_000), (SHORT_DAY, 82_800)])
    def test_of_a_whole_day_have_the_days_length(
        self, world: LakeWorld, day: date, seconds: int
    ) -> None:
        world.ingest((ADA, day_of(day, 11, seconds=seconds)))

        (one,) = known(world, DaySpan(day, date.fromordinal(day.toordinal() + 1)))
        assert (one.start, one.seconds, one.value) == (midnight(day), seconds, 11)

    def test_keep_what_is_finer_than_a_watt_hour(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(ONE, 123_456, unit="kWh", scale=-6)))

        assert {(one.value, one.power) for one in known(world, FIRST_DAYS)} == {(123_456, -3)}

    def test_are_as_known_at_the_sequence(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(ONE, 1)))
        world.ingest((ADA, slots(ONE, {0: 100})))

        assert sum(one.value for one in known(world, FIRST_DAYS, 0)) == 0
        assert sum(one.value for one in known(world, FIRST_DAYS, 1)) == 96
        assert sum(one.value for one in known(world, FIRST_DAYS, 2)) == 195

    def test_of_two_writers_at_once_are_everybodys(self, world: LakeWorld) -> None:
        first = world.write((ADA, slots(ONE, {0: 3})), at_sequence=0)
        second = world.write((ADA, slots(ONE, {1: 4})), at_sequence=0)
        world.publish(first)
        world.publish(second)

        assert [one.value for one in known(world, FIRST_DAYS)] == [3, 4]

    def test_of_two_writers_at_once_in_two_lengths_are_refused(self, world: LakeWorld) -> None:
        first = world.write((ADA, day_of(ONE, 3)), at_sequence=0)
        second = world.write((ADA, day_of(ONE, 4, seconds=3_600)), at_sequence=0)
        world.publish(first)
        world.publish(second)

        with pytest.raises(MetersRefused, match="are given") as refused:
            known(world, FIRST_DAYS)
        assert list(refused.value.by_meter) == [ADA]

    def test_never_are_received_energy(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(ONE, 3, flow=Flow.RECEIVED)))

        assert known(world, FIRST_DAYS) == []

    def test_on_two_delivered_channels_are_refused(self, world: LakeWorld) -> None:
        first = world.write((ADA, day_of(ONE, 3)), at_sequence=0)
        second = world.write((ADA, day_of(ONE, 3, flow=Flow.UNKNOWN)), at_sequence=0)
        world.publish(first)
        world.publish(second)

        with pytest.raises(MetersRefused, match="has energy on both"):
            known(world, FIRST_DAYS)
