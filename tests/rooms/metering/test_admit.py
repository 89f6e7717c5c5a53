"""Is this reading ours? The meter is installed from 1 July 2025 until 1 September (out)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
    ReadingFile,
)
from meterledger.kernel.span import Validity
from meterledger.metering import MeterNotInstalled, admit

ZONE = "America/Chicago"
LEARNED = datetime(2025, 6, 1, tzinfo=UTC)
INSTALLED = int(datetime(2025, 7, 1, 5, tzinfo=UTC).timestamp())  # local midnight
REMOVED = int(datetime(2025, 9, 1, 5, tzinfo=UTC).timestamp())


def installation(
    from_day: date = date(2025, 7, 1), until_day: date | None = date(2025, 9, 1), point: str = "SP1"
) -> MeterInstallation:
    return MeterInstallation(point, "M1", 1, Validity(from_day, until_day), LEARNED)


def channel(
    *starts: int,
    value: int = 5,
    kind: ChannelKind = ChannelKind.INTERVAL,
    flow: Flow = Flow.DELIVERED,
    meter: str = "M1",
    unit: str = "Wh",
) -> ChannelReadings:
    seconds = 900 if kind is ChannelKind.INTERVAL else 0
    readings = tuple(
        Reading(start, seconds, value, Quality.VALID, line)
        for line, start in enumerate(starts, start=1)
    )
    return ChannelReadings(
        Channel(meter, Commodity.ELECTRICITY, unit, kind, flow, seconds or None, 0), readings
    )


def file(*channels: ChannelReadings) -> ReadingFile:
    return ReadingFile("july.cmep", "0" * 64, "cmep", channels)


GOOD = tuple(INSTALLED + 86_400 + 900 * n for n in range(20))


class TestAMeterThatIsInstalled:
    @pytest.mark.parametrize(
        ("start", "ours"),
        [
            (INSTALLED - 900, False),  # the last quarter-hour before
            (INSTALLED, True),  # the first of the first day
            (REMOVED - 900, True),  # the last of the last day
            (REMOVED - 450, False),  # half of it after removal
            (REMOVED, False),
        ],
    )
    def test_is_ours_from_local_midnight_to_local_midnight(self, start: int, ours: bool) -> None:
        answer = admit(file(channel(*GOOD, start)), {"M1": [installation()]}, zone_name=ZONE)
        assert len(answer.channels[0].readings) == 20 + ours
        assert len(answer.quarantined) == (not ours)

    @pytest.mark.parametrize(
        ("instant", "ours"), [(INSTALLED, True), (REMOVED, True), (REMOVED + 60, False)]
    )
    def test_may_have_its_register_read_at_the_instant_of_removal(
        self, instant: int, ours: bool
    ) -> None:
        answer = admit(
            file(channel(*GOOD, instant, kind=ChannelKind.REGISTER)),
            {"M1": [installation()]},
            zone_name=ZONE,
        )
        assert len(answer.channels[0].readings) == 20 + ours

    def test_may_move_at_midnight_within_a_reading(self) -> None:
        moved = [
            installation(until_day=date(2025, 8, 1)),
            installation(from_day=date(2025, 8, 1), until_day=None, point="SP2"),
        ]
        across = int(datetime(2025, 8, 1, 5, tzinfo=UTC).timestamp()) - 450
        answer = admit(file(channel(across)), {"M1": moved}, zone_name=ZONE)
        assert answer.quarantined == ()


class TestAMeterThatIsNot:
    def test_is_set_aside_in_runs_with_its_readings_and_the_way_out(self) -> None:
        strays = (INSTALLED - 1800, INSTALLED - 900)
        answer = admit(file(channel(*strays, *GOOD)), {"M1": [installation()]}, zone_name=ZONE)
        (aside,) = answer.quarantined
        assert "Meter M1 was not installed at 2025-07-01T04:30:00Z" in aside.reason
        assert "(and 1 reading after it)" in aside.reason
        assert "meterledger service start" in aside.reason
        assert "release the line" in aside.reason  # the same file again would not help
        record = json.loads(aside.data)
        assert record["meter"] == "M1"
        assert [one[0] for one in record["readings"]] == list(strays)

    def test_refuses_the_file_above_one_reading_in_five(self) -> None:
        twenty, five, six = GOOD, range(5), range(6)
        ours = {"M1": [installation()]}
        strays = [channel(*(GOOD[n] for n in count), meter="M2") for count in (five, six)]
        answer = admit(file(channel(*twenty), strays[0]), ours, zone_name=ZONE)  # 5 of 25
        assert len(answer.channels) == 1
        with pytest.raises(MeterNotInstalled, match="6 of 26 readings") as refusal:
            admit(file(channel(*twenty), strays[1]), ours, zone_name=ZONE)
        assert "Meter M2 is not installed anywhere" in refusal.value.sentence
        assert "nothing was stored" in refusal.value.sentence
        assert refusal.value.do.endswith("and ingest the file again")

    def test_refuses_a_file_of_an_unknown_meter(self) -> None:
        with pytest.raises(MeterNotInstalled, match="Meter M1 is not installed anywhere"):
            admit(file(channel(*GOOD)), {}, zone_name=ZONE)


class TestAValueThatCannotBeMeasured:
    @pytest.mark.parametrize(
        ("flow", "unit", "sound"),
        [
            (Flow.DELIVERED, "Wh", False),
            (Flow.RECEIVED, "kWh", False),
            (Flow.NET, "Wh", True),
            (Flow.DELIVERED, "kVArh", True),
        ],
    )
    def test_energy_in_one_direction_is_never_below_zero(
        self, flow: Flow, unit: str, sound: bool
    ) -> None:
        odd = channel(REMOVED - 900, value=-1, flow=flow, unit=unit)
        answer = admit(file(channel(*GOOD), odd), {"M1": [installation()]}, zone_name=ZONE)
        assert len(answer.channels) == 1 + sound
        if not sound:
            assert "below zero" in answer.quarantined[0].reason
