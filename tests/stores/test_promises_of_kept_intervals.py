"""Intervals kept beside the lake: whose, of which time, as known when; on both stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.stores.paper_town import ANALYST, LATER, interval_channel, register_channel

from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.facts.usage import KnownInterval
from meterledger.stores.kept import DELIVERED_FLOWS, ENERGY_UNITS
from meterledger.stores.lake.index import BILLABLE, ENERGY_POWER, channel_key
from meterledger.usecases.ports import NotViewing, Store

DAY = 86_400
JANUARY = (1_735_711_200, 31 * DAY)  # from 2025-01-01T06:00:00Z
FEBRUARY = (JANUARY[0] + JANUARY[1], 28 * DAY)
MONTHS = Channel("M-1", Commodity.ELECTRICITY, "kWh", ChannelKind.INTERVAL, Flow.DELIVERED, None, 0)


def months(*told: tuple[tuple[int, int], int | None], of: Channel = MONTHS) -> ChannelReadings:
    return ChannelReadings(
        of,
        tuple(
            Reading(start, seconds, value, Quality.MISSING if value is None else Quality.VALID, n)
            for n, ((start, seconds), value) in enumerate(told)
        ),
    )


def keep(store: Store, number: int, *beside: ChannelReadings) -> int:
    received = store.record_file(
        sha256=f"{number:064x}",
        name=f"file {number}",
        format="csv",
        channels=beside,
        quarantined=(),
        lake_files=(),
        learned_at=LATER,
        beside=[one for one in beside if one.channel.kind is ChannelKind.INTERVAL],
    )
    return received.lake_sequence


def kept(
    store: Store,
    meters: Sequence[str] = ("M-1",),
    *,
    begin: int = JANUARY[0],
    until: int = FEBRUARY[0],
    at_sequence: int = 99,
) -> dict[str, list[KnownInterval]]:
    with store.viewing(ANALYST, meters):
        return store.kept_intervals(meters, begin=begin, until=until, at_sequence=at_sequence)


class TestIntervalsKeptBesideTheLake:
    def test_come_back_with_their_energy_in_order_of_time(self, store: Store) -> None:
        keep(store, 1, months((JANUARY, 812), (FEBRUARY, 700)))

        assert kept(store, until=sum(FEBRUARY)) == {
            "M-1": [KnownInterval(*JANUARY, 812, 3), KnownInterval(*FEBRUARY, 7, 5)]
        }

    def test_are_those_that_touch_the_stretch(self, store: Store) -> None:
        keep(store, 1, months((JANUARY, 812), (FEBRUARY, 700)))
        middle = FEBRUARY[0]

        def found(begin: int, until: int) -> int:
            return len(kept(store, begin=begin, until=until).get("M-1", []))

        assert found(middle - 1, middle) == 1
        assert found(middle, middle + 1) == 1
        assert found(middle - 1, middle + 1) == 2
        assert found(JANUARY[0] - DAY, JANUARY[0]) == 0
        assert found(sum(FEBRUARY), sum(FEBRUARY) + DAY) == 0

    def test_are_of_the_meters_asked_for(self, store: Store) -> None:
        others = replace(MONTHS, meter_id="M-2")
        keep(store, 1, months((JANUARY, 1)), months((JANUARY, 2), of=others))
        keep(store, 2, months((JANUARY, 3), of=replace(MONTHS, meter_id="M-3")))

        found = kept(store, ["M-1", "M-3", "M-9"])

        assert {meter: [one.value for one in ones] for meter, ones in found.items()} == {
            "M-1": [1],
            "M-3": [3],
        }
        assert kept(store, []) == {}

    @pytest.mark.parametrize(
        "other",
        [
            replace(MONTHS, commodity=Commodity.GAS, unit="therm"),
            replace(MONTHS, commodity=Commodity.OTHER),
            replace(MONTHS, unit="kW"),
            replace(MONTHS, unit="kVArh"),
            replace(MONTHS, flow=Flow.RECEIVED),
            replace(MONTHS, flow=Flow.NET),
            replace(MONTHS, flow=Flow.TOTAL),
        ],
        ids=lambda one: channel_key(one),
    )
    def test_are_delivered_energy_and_nothing_else(self, store: Store, other: Channel) -> None:
        keep(store, 1, months((JANUARY, 5), of=other))

        assert kept(store) == {}

    def test_are_no_registers_and_no_slots_of_the_lake(self, store: Store) -> None:
        store.record_file(
            sha256="1" * 64,
            name="registers",
            format="csv",
            channels=[register_channel(), interval_channel()],
            quarantined=(),
            lake_files=(),
            learned_at=LATER,
        )

        assert kept(store, begin=0) == {}

    def test_are_exact_in_any_unit_and_scale(self, store: Store) -> None:
        keep(
            store,
            1,
            months((JANUARY, 123_456_789), of=replace(MONTHS, unit="Wh", scale=-4)),
            months((FEBRUARY, 9_567), of=replace(MONTHS, unit="MWh", scale=-3)),
        )

        assert kept(store, until=sum(FEBRUARY)) == {
            "M-1": [KnownInterval(*JANUARY, 123_456_789, -4), KnownInterval(*FEBRUARY, 9_567, 3)]
        }


class TestOnTwoClocks:
    def test_a_later_file_corrects_the_same_interval(self, store: Store) -> None:
        first = keep(store, 1, months((JANUARY, 812)))
        second = keep(store, 2, months((JANUARY, 815)))

        assert (first, second) == (1, 2)
        assert kept(store, at_sequence=0) == {}
        assert kept(store, at_sequence=1) == {"M-1": [KnownInterval(*JANUARY, 812, 3)]}
        assert kept(store, at_sequence=2) == {"M-1": [KnownInterval(*JANUARY, 815, 3)]}

    def test_a_later_gap_takes_nothing_away(self, store: Store) -> None:
        keep(store, 1, months((JANUARY, 812)))
        keep(store, 2, months((JANUARY, None), (FEBRUARY, None)))

        assert kept(store, until=sum(FEBRUARY)) == {"M-1": [KnownInterval(*JANUARY, 812, 3)]}

    def test_intervals_that_are_not_the_same_stand_side_by_side(self, store: Store) -> None:
        keep(store, 1, months((JANUARY, 812)))
        keep(store, 2, months(((JANUARY[0], 15 * DAY), 400)))

        assert [one.value for one in kept(store)["M-1"]] == [4, 812]

    def test_one_file_that_says_two_things_is_not_settled(self, store: Store) -> None:
        keep(store, 1, months((JANUARY, 812)), months((JANUARY, 813)))

        assert [one.value for one in kept(store)["M-1"]] == [812, 813]

    def test_one_file_that_says_one_thing_twice_says_it_once(self, store: Store) -> None:
        in_wh = replace(MONTHS, unit="Wh")
        keep(store, 1, months((JANUARY, 812)), months((JANUARY, 812_000), of=in_wh))

        assert kept(store) == {"M-1": [KnownInterval(*JANUARY, 812, 3)]}

    def test_two_directions_are_two_stories(self, store: Store) -> None:
        keep(store, 1, months((JANUARY, 812)))
        keep(store, 2, months((JANUARY, 812), of=replace(MONTHS, flow=Flow.UNKNOWN)))

        assert len(kept(store)["M-1"]) == 2


def test_nobody_reads_them_without_saying_why(store: Store) -> None:
    keep(store, 1, months((JANUARY, 812)))

    with pytest.raises(NotViewing):
        store.kept_intervals(["M-1"], begin=0, until=2**40, at_sequence=9)


def test_the_stores_and_the_lake_call_the_same_energy_delivered() -> None:
    assert set(ENERGY_UNITS) == set(ENERGY_POWER)
    assert {channel_key(replace(MONTHS, flow=flow)) for flow in DELIVERED_FLOWS} == set(BILLABLE)
