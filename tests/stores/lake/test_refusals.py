"""What has no place in the lake is refused in a sentence, and changes nothing."""

from __future__ import annotations

from datetime import date

import pytest
from tests.stores.lake.lake_world import (
    ADA,
    BEN,
    CAM,
    LakeWorld,
    channel,
    day_of,
    slots,
    span,
    values_of,
)

from meterledger.facts.readings import ChannelReadings, Flow, Quality, Reading
from meterledger.kernel.ensure import InvariantBroken
from meterledger.stores.lake import (
    IntervalLengthChanged,
    MetersRefused,
    NotTiling,
    TwoDeliveredChannels,
    ValueTooLarge,
)

JULY_1 = date(2025, 7, 1)
JULY_1_MIDNIGHT = 1751346000
FALL_BACK = date(2025, 11, 2)
SPRING_FORWARD = date(2026, 3, 8)


def one_reading(start: int, seconds: int, value: int = 1) -> ChannelReadings:
    return ChannelReadings(
        channel(seconds=seconds), (Reading(start, seconds, value, Quality.VALID, 17),)
    )


class TestIntervalsThatDoNotTileTheDay:
    @pytest.mark.parametrize(
        ("start", "seconds"),
        [
            (JULY_1_MIDNIGHT + 1, 900),
            (JULY_1_MIDNIGHT + 450, 900),
            (JULY_1_MIDNIGHT, 7 * 60),
            (JULY_1_MIDNIGHT, 86_400 - 3600),
            (JULY_1_MIDNIGHT + 3600, 86_400),
            (JULY_1_MIDNIGHT, 31 * 86_400),
            (JULY_1_MIDNIGHT, 0),
        ],
        ids=["a second late", "between", "7 min", "23 h", "day of UTC-6", "month", "no length"],
    )
    def test_are_refused(self, world: LakeWorld, start: int, seconds: int) -> None:
        with pytest.raises(NotTiling) as refused:
            world.write((ADA, one_reading(start, seconds)))

        sentence = refused.value.sentence
        assert "line 17, electricity/delivered/energy: Meter METER-ADA-1 has a reading" in sentence
        assert "from 2025-07-01T0" in sentence
        assert f"of {seconds} seconds" in sentence
        assert "Send intervals that tile the local day" in sentence
        assert not list(world.folder.rglob("*.parquet"))

    def test_are_refused_where_the_length_changes_within_the_day(self, world: LakeWorld) -> None:
        mixed = ChannelReadings(
            channel(seconds=None),
            (
                Reading(JULY_1_MIDNIGHT, 900, 1, Quality.VALID, 1),
                Reading(JULY_1_MIDNIGHT + 3600, 3600, 1, Quality.VALID, 2),
            ),
        )
        with pytest.raises(NotTiling, match=r"line 2.*2025-07-01T06:00:00Z of 3600 seconds"):
            world.write((ADA, mixed))

    @pytest.mark.parametrize(("day", "seconds"), [(FALL_BACK, 90_000), (SPRING_FORWARD, 82_800)])
    def test_are_not_the_day_long_ones_that_follow_the_clock(
        self, world: LakeWorld, day: date, seconds: int
    ) -> None:
        with pytest.raises(NotTiling, match="of 86400 seconds"):
            world.write((ADA, slots(day, {0: 5}, seconds=86_400)))
        ordinary = date(day.year, day.month, day.day + 1)
        world.ingest(
            (ADA, day_of(day, 5, seconds=seconds)), (ADA, day_of(ordinary, 6, seconds=86_400))
        )

        assert values_of(world.usage(ADA, span(ordinary))) == [6]
        with pytest.raises(MetersRefused, match=f"do not fill {day} without remainder"):
            world.usage(ADA, span(day, 2))

    def test_of_two_hours_are_refused_on_a_day_of_23_hours(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(date(2026, 3, 7), 5, seconds=7200)))
        with pytest.raises(NotTiling, match="82800 seconds from local midnight"):
            world.write((ADA, day_of(SPRING_FORWARD, 5, seconds=7200)))

        assert world.usage(ADA, span(date(2026, 3, 7))).total_wh.tolist() == [60]
        with pytest.raises(MetersRefused, match="intervals of 7200 seconds"):
            world.usage(ADA, span(date(2026, 3, 7), 2))


class TestAMeterWithTwoStories:
    def test_is_refused_where_delivered_and_undirected_energy_meet(self, world: LakeWorld) -> None:
        with pytest.raises(TwoDeliveredChannels) as refused:
            world.write((ADA, day_of(JULY_1, 1)), (ADA, day_of(JULY_1, 1, flow=Flow.UNKNOWN)))
        assert "electricity/delivered/energy and electricity/unknown/energy" in str(refused.value)

        world.ingest((ADA, day_of(JULY_1, 1)))
        with pytest.raises(TwoDeliveredChannels, match="on 2025-07-01"):
            world.write((ADA, day_of(JULY_1, 1, flow=Flow.UNKNOWN)))
        world.ingest((ADA, day_of(date(2025, 7, 2), 2, flow=Flow.UNKNOWN)))
        assert world.usage(ADA, span(JULY_1, 2)).total_wh.tolist() == [96 * 3]

    def test_is_refused_when_read_where_two_writers_brought_them(self, world: LakeWorld) -> None:
        first = world.write((ADA, day_of(JULY_1, 1)), (BEN, day_of(JULY_1, 1)))
        second = world.write((ADA, day_of(JULY_1, 1, flow=Flow.UNKNOWN)))
        world.publish(first)
        world.publish(second)

        with pytest.raises(MetersRefused) as refused:
            world.usage([ADA, BEN], span(JULY_1))
        assert set(refused.value.by_meter) == {ADA}
        assert world.usage([BEN], span(JULY_1)).total_wh.tolist() == [96]

    def test_is_refused_where_two_series_differ(self, world: LakeWorld) -> None:
        with pytest.raises(TwoDeliveredChannels, match="differ at 2025-07-01T05:30:00Z"):
            world.write(
                (ADA, slots(JULY_1, {0: 1, 2: 2})), (ADA, slots(JULY_1, {1: 5, 2: 3, 3: 3}))
            )
        with pytest.raises(TwoDeliveredChannels, match="its energy would be lost"):
            world.write((ADA, day_of(JULY_1, 4, seconds=3600)), (ADA, day_of(JULY_1, 1)))

    def test_is_one_meter_where_two_series_agree(self, world: LakeWorld) -> None:
        world.ingest(
            (ADA, slots(JULY_1, {0: 1, 1: 2000})), (ADA, slots(JULY_1, {1: 2, 2: 3}, unit="kWh"))
        )

        assert values_of(world.usage(ADA, span(JULY_1)))[:4] == [1, 2000, 3000, None]


class TestAnIntervalLength:
    def test_does_not_change_on_a_day_that_is_known(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 1)))

        with pytest.raises(
            IntervalLengthChanged,
            match="Meter METER-ADA-1 is known on 2025-07-01 in intervals of 900 seconds, and 3600",
        ):
            world.write((ADA, slots(JULY_1, {0: 4}, seconds=3600)))

    def test_may_be_told_anew_where_only_gaps_are_known(self, world: LakeWorld) -> None:
        world.ingest((ADA, slots(JULY_1, {0: None})))
        world.ingest((ADA, day_of(JULY_1, 4, seconds=3600)))

        assert world.usage(ADA, span(JULY_1)).interval_seconds == 3600

    def test_that_changes_inside_a_window_holds_that_meter_alone(self, world: LakeWorld) -> None:
        for meter in (ADA, CAM):
            world.ingest((meter, day_of(JULY_1, 4, seconds=3600)))
            world.ingest((meter, day_of(date(2025, 7, 2), 1)))
        world.ingest((BEN, day_of(JULY_1, 1)))

        with pytest.raises(MetersRefused, match="Usage of 2 meters cannot be given") as refused:
            world.usage([ADA, BEN, CAM], span(JULY_1, 2))

        assert set(refused.value.by_meter) == {ADA, CAM}
        assert "of 900 and of 3600 seconds" in refused.value.by_meter[ADA].sentence
        assert world.usage([BEN], span(JULY_1, 2)).total_wh.tolist() == [96]
        assert world.usage([ADA], span(JULY_1)).total_wh.tolist() == [96]


class TestAValue:
    @pytest.mark.parametrize("value", [2**31, -(2**31), 10**30])
    def test_beyond_31_bits_is_refused(self, world: LakeWorld, value: int) -> None:
        with pytest.raises(ValueTooLarge, match=rf"the value {value} at 2025-07-01T05:15:00Z"):
            world.write((ADA, slots(JULY_1, {1: value})))

    def test_that_would_not_fit_beside_finer_ones_is_refused(self, world: LakeWorld) -> None:
        world.ingest((ADA, slots(JULY_1, {0: 3000}, unit="kWh")))

        with pytest.raises(ValueTooLarge, match="do not fit beside finer ones"):
            world.write((ADA, slots(JULY_1, {1: 5}, scale=-3)))

    def test_that_could_pass_64_bits_as_watt_hours_is_refused(self, world: LakeWorld) -> None:
        world.ingest((ADA, day_of(JULY_1, 2**30, unit="MWh", scale=3)))

        with pytest.raises(MetersRefused, match="could pass 64 bits"):
            world.usage(ADA, span(JULY_1))


@pytest.mark.parametrize("label", ["METER-ADA-1", "Ana Rivera", "", ADA.upper(), ADA + "0"])
def test_a_meter_is_known_by_its_pseudonym_only(world: LakeWorld, label: str) -> None:
    with pytest.raises(InvariantBroken, match="pseudonym of 16 hexadecimal digits"):
        world.write((label, day_of(JULY_1, 1)))
    with pytest.raises(InvariantBroken, match="pseudonym of 16 hexadecimal digits"):
        world.usage([label], span(JULY_1), 0)


def test_a_refused_write_leaves_the_other_channels_out_too(world: LakeWorld) -> None:
    with pytest.raises(NotTiling):
        world.write((BEN, day_of(JULY_1, 1)), (ADA, one_reading(JULY_1_MIDNIGHT + 1, 900)))

    assert not list(world.folder.rglob("*.parquet"))
