"""An interval holds no more than can flow through its meter: 300 kW per unit of multiplier."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

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
from meterledger.metering import Admission, MeterNotInstalled, admit

ZONE = "America/Chicago"
START = 1_773_032_400  # 2026-03-09T05:00:00Z, local midnight
LEARNED = datetime(2026, 3, 10, tzinfo=UTC)
WH = Channel("M1", Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, Flow.DELIVERED, 900, 0)


def admitted(
    value: int,
    *,
    seconds: int = 900,
    channel: Channel = WH,
    multiplier: int = 1,
    kw: int | None = 300,
    percent: int = 20,
) -> Admission:
    """One suspicious interval among nine quiet ones."""
    quiet = [
        Reading(START + at * seconds, seconds, 1, Quality.VALID, at + 2) for at in range(1, 10)
    ]
    readings = (Reading(START, seconds, value, Quality.VALID, 2), *quiet)
    file = ReadingFile("a.csv", "0" * 64, "csv", (ChannelReadings(channel, readings),))
    installed = MeterInstallation("SP1", "M1", multiplier, Validity(date(2026, 1, 1)), LEARNED)
    how: dict[str, Any] = {"interval_kw_max": kw, "unadmitted_percent": percent}
    return admit(file, {"M1": [installed]}, zone_name=ZONE, **how)


class TestHowMuchOfAFileMayBeSetAside:
    """One of ten readings is more than a meter can carry."""

    @pytest.mark.parametrize(("percent", "taken"), [(10, True), (9, False)])
    def test_is_said(self, percent: int, taken: bool) -> None:
        if taken:
            (line,) = admitted(75_001, percent=percent).quarantined
            assert line.rows == 1
            return
        with pytest.raises(MeterNotInstalled, match=r"1 of 10 readings .* more than 9 percent, so"):
            admitted(75_001, percent=percent)

    def test_is_told_as_one_in_so_many_where_it_is_one(self) -> None:
        with pytest.raises(MeterNotInstalled, match="more than one in 20, so nothing was stored"):
            admitted(75_001, percent=5)


class TestTheMostThatCanFlow:
    @pytest.mark.parametrize(
        ("seconds", "most_wh"),
        [(900, 75_000), (3600, 300_000), (300, 25_000), (60, 5_000), (86_400, 7_200_000)],
        ids=["quarter-hour", "hour", "five minutes", "minute", "day"],
    )
    def test_is_taken_and_a_watt_hour_more_is_not(self, seconds: int, most_wh: int) -> None:
        assert admitted(most_wh, seconds=seconds).quarantined == ()
        (line,) = admitted(most_wh + 1, seconds=seconds).quarantined
        assert f"has {most_wh + 1} Wh in {seconds} seconds" in line.reason
        assert "no more than 300 kW can flow through it" in line.reason
        assert (line.rows, line.energy_wh) == (1, most_wh + 1)

    @pytest.mark.parametrize(
        ("unit", "scale", "value"),
        [("kWh", 0, 75), ("kWh", -3, 75_000), ("MWh", -3, 75), ("Wh", -3, 75_000_000)],
    )
    def test_is_the_same_in_every_unit(self, unit: str, scale: int, value: int) -> None:
        channel = replace(WH, unit=unit, scale=scale)
        assert admitted(value, channel=channel).quarantined == ()
        assert len(admitted(value + 1, channel=channel).quarantined) == 1

    def test_grows_with_the_multiplier(self) -> None:
        assert admitted(40 * 75_000, multiplier=40).quarantined == ()
        (line,) = admitted(40 * 75_000 + 1, multiplier=40).quarantined
        assert "no more than 12000 kW" in line.reason

    def test_holds_in_both_directions_of_a_net_channel(self) -> None:
        net = replace(WH, flow=Flow.NET)
        assert admitted(-75_000, channel=net).quarantined == ()
        assert len(admitted(-75_001, channel=net).quarantined) == 1

    def test_is_asked_of_energy_alone(self) -> None:
        gas = replace(WH, commodity=Commodity.GAS, unit="therm")
        assert admitted(10**9, channel=gas).quarantined == ()

    def test_is_not_asked_where_the_book_names_none(self) -> None:
        assert admitted(10**12, kw=None).quarantined == ()

    def test_finer_than_a_watt_hour_is_told_exactly(self) -> None:
        channel = replace(WH, scale=-2)
        (line,) = admitted(7_500_025, channel=channel).quarantined
        assert "has 75000.25 Wh" in line.reason
        assert line.energy_wh == Fraction(7_500_025, 100)
