"""What stores promise of the facts that a night asks for beside values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.stores.paper_town import ANALYST, FIRST_DAY, LATER, LEARNED, start_of

from meterledger.facts.intake import Arrival
from meterledger.facts.meters import BilledOn, Meter, MeterConfiguration, MeterKind, Register
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    QuarantinedLine,
    Reading,
)
from meterledger.kernel.span import Validity
from meterledger.usecases.day_fact_ports import FileTold, SentChannel, SetAsideReading
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.ports import NotViewing

DAY = date(2025, 3, 9)
BEGIN = 1_741_500_000
UNTIL = BEGIN + 23 * 3600
"""Midnights of a day of 23 hours."""


@pytest.fixture
def looked_at(store: Any) -> Iterator[Any]:
    with store.viewing(ANALYST, []):
        yield store


def channel_of(meter_id: str, hours: int, *, begin: int = BEGIN, **changed: Any) -> ChannelReadings:
    channel = Channel(
        meter_id, Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, Flow.DELIVERED, 3600, 0
    )
    readings = tuple(
        Reading(begin + 3600 * hour, 3600, 100, Quality.VALID, hour) for hour in range(hours)
    )
    return ChannelReadings(replace(channel, **changed), readings)


def keep(
    store: Any, sha256: str, *channels: ChannelReadings, lines: Any = (), source: str = ""
) -> None:
    store.record_file(
        sha256=sha256,
        name=sha256[:4],
        format="test",
        channels=channels,
        quarantined=lines,
        lake_files=(),
        learned_at=LATER,
        arrival=Arrival(sha256[:4], sha256, 1, source),
    )


class TestPlaces:
    def test_a_point_is_told_with_its_premise(self, looked_at: Any) -> None:
        looked_at.start_services([start_of(1), start_of(2)])
        told = looked_at.places_on_day(["SP-1", "SP-9"], DAY, LATER)
        assert told.keys() == {"SP-1"}
        premise = start_of(1).premise
        assert premise is not None
        assert (told["SP-1"].premise_id, told["SP-1"].address) == (
            premise.premise_id,
            premise.address,
        )
        assert told["SP-1"].postal_code == premise.postal_code

    @pytest.mark.parametrize(
        ("day", "served"), [(FIRST_DAY - timedelta(days=1), False), (FIRST_DAY, True)]
    )
    def test_whether_it_was_ever_served_goes_by_the_day(
        self, looked_at: Any, day: date, served: bool
    ) -> None:
        looked_at.start_service(start_of(1))
        assert looked_at.places_on_day(["SP-1"], day, LATER)["SP-1"].was_served is served

    def test_a_place_that_was_left_was_served(self, looked_at: Any) -> None:
        looked_at.start_service(start_of(1))
        (service,) = looked_at.services_of_account(start_of(1).agreement.account_id, LATER)
        looked_at.stop_service(service.agreement.agreement_id, date(2025, 2, 1), LATER)
        assert looked_at.places_on_day(["SP-1"], DAY, LATER)["SP-1"].was_served

    def test_nobody_is_told_of_without_a_viewer(self, store: Any) -> None:
        for ask in (
            lambda: store.places_on_day(["SP-1"], DAY, LATER),
            lambda: store.flows_set_up(["M-1"], DAY, LATER),
            lambda: store.meters_before(DAY, DAY, LATER),
            lambda: store.files_told(["a" * 16], begin=BEGIN, until=UNTIL),
        ):
            with pytest.raises(NotViewing):
                ask()


class TestMetersBefore:
    SET = date(2025, 2, 10)

    @pytest.fixture
    def exchanged(self, looked_at: Any) -> Any:
        """The first meter of service point 1 gave way to M-1B, that of the second stayed."""
        looked_at.start_services([start_of(1), start_of(2)])
        (old,) = looked_at.installations_at(["SP-1"])["SP-1"]
        ended = replace(old, days=Validity(FIRST_DAY, self.SET))
        new = replace(old, meter_id="M-1B", multiplier=40, days=Validity(self.SET, None))
        change = MeterChange("exchanged", "SP-1", LATER, (old,), (ended, new))
        looked_at.change_meters(change)
        return looked_at

    @pytest.mark.parametrize(
        ("first", "last", "found"), [(0, 0, True), (1, 5, False), (-5, -1, False), (-5, 5, True)]
    )
    def test_it_is_told_of_a_meter_set_on_the_days(
        self, exchanged: Any, first: int, last: int, found: bool
    ) -> None:
        days = (self.SET + timedelta(days=first), self.SET + timedelta(days=last))
        told = exchanged.meters_before(*days, LATER + timedelta(days=1))
        assert [(one.before.meter_id, one.set_day) for one in told] == (
            [("M-1", self.SET)] if found else []
        )
        if found:
            assert told[0].before.days == Validity(FIRST_DAY, self.SET)

    def test_a_first_meter_has_none_before_it(self, exchanged: Any) -> None:
        assert exchanged.meters_before(FIRST_DAY, FIRST_DAY, LATER + timedelta(days=1)) == []

    def test_what_was_learned_later_is_not_known_yet(self, exchanged: Any) -> None:
        assert exchanged.meters_before(self.SET, self.SET, LATER - timedelta(days=1)) == []


class TestDirections:
    def test_those_of_the_configuration_of_the_day(self, looked_at: Any) -> None:
        looked_at.start_service(start_of(1))
        both = tuple(
            Register(flow.value, flow, "kWh", 6) for flow in (Flow.DELIVERED, Flow.RECEIVED)
        )
        first = MeterConfiguration(
            "M-1", BilledOn.INTERVAL, 900, both[:1], (), Validity(FIRST_DAY, DAY), LEARNED
        )
        second = replace(first, registers=both, days=Validity(DAY, None))
        meter = Meter("M-1", MeterKind.AMI, LEARNED)
        change = MeterChange("set up", "M-1", LEARNED, begun=(first, second), meters=(meter,))
        looked_at.change_meters(change)

        before = looked_at.flows_set_up(["M-1", "M-2"], DAY - timedelta(days=1), LATER)
        assert before == {"M-1": {Flow.DELIVERED}}
        assert looked_at.flows_set_up(["M-1"], DAY, LATER) == {
            "M-1": {Flow.DELIVERED, Flow.RECEIVED}
        }


class TestFiles:
    def test_a_file_is_told_by_the_beginning_of_its_hash(self, looked_at: Any) -> None:
        keep(looked_at, "a" * 64, channel_of("M-1", 23), source="manual")
        told = looked_at.files_told(["a" * 16, "b" * 16], begin=BEGIN, until=UNTIL)
        assert told == {"a" * 16: FileTold("a" * 16, "manual")}

    @pytest.mark.parametrize(
        ("channel", "odd"),
        [
            (channel_of("M-1", 24), True),
            (channel_of("M-1", 23), False),
            (channel_of("M-1", 22), False),
            (channel_of("M-1", 28), True),
            (channel_of("M-1", 29), False),
            (channel_of("M-1", 24, begin=BEGIN + 3600), False),
            (channel_of("M-1", 24, flow=Flow.RECEIVED), False),
            (channel_of("M-1", 24, commodity=Commodity.GAS), False),
        ],
        ids=[
            "a day of 24 hours",
            "the day",
            "a part of it",
            "five hours more",
            "six hours more: some days",
            "from another hour on",
            "received",
            "gas",
        ],
    )
    def test_a_channel_is_odd_that_begins_with_the_day_and_ends_beside_it(
        self, looked_at: Any, channel: ChannelReadings, odd: bool
    ) -> None:
        keep(looked_at, "a" * 64, channel)
        (told,) = looked_at.files_told(["a" * 16], begin=BEGIN, until=UNTIL).values()
        readings = channel.readings
        last = readings[-1].start + 3600
        assert told.sent == ((SentChannel("M-1", len(readings), last),) if odd else ())

    def test_lines_about_one_time_of_the_day_are_told_with_their_bytes(
        self, looked_at: Any
    ) -> None:
        def line(number: int, instant: int, words: str = "Two readings say different things of"):
            time = datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return QuarantinedLine(number, b"M-1,%d" % number, f"{words} {time}: line 1, line 2")

        lines = [
            line(1, BEGIN),
            line(2, UNTIL - 900),
            line(3, UNTIL),
            line(4, BEGIN - 900),
            line(5, BEGIN, "It repeats the reading of"),
        ]
        keep(looked_at, "a" * 64, channel_of("M-1", 23), lines=lines)
        (told,) = looked_at.files_told(["a" * 16], begin=BEGIN, until=UNTIL).values()
        assert told.set_aside == (
            SetAsideReading("2025-03-09T06:00:00Z", b"M-1,1"),
            SetAsideReading("2025-03-10T04:45:00Z", b"M-1,2"),
        )


def test_when_readings_began_to_come(looked_at: Any) -> None:
    assert looked_at.first_published_at() is None
    keep(looked_at, "a" * 64, channel_of("M-1", 23))
    assert looked_at.first_published_at() == LATER
