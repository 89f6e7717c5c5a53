"""Shapes that usage, determinants and readings promise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from meterledger.facts.determinants import Determinants
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.facts.usage import DayValues, UsageBatch
from meterledger.kernel.ensure import InvariantBroken

CHICAGO = "America/Chicago"


def day_of(day: date, width: int, *, meters: int = 1) -> DayValues:
    return DayValues(
        day, np.ones((meters, width), dtype=np.int64), np.zeros((meters, width), dtype=bool)
    )


class TestAUsageBatch:
    @pytest.mark.parametrize(
        ("day", "width"),
        [(date(2025, 7, 1), 96), (date(2025, 11, 2), 100), (date(2026, 3, 8), 92)],
    )
    def test_has_every_interval_of_the_local_day(self, day: date, width: int) -> None:
        batch = UsageBatch(("m",), 900, CHICAGO, (day_of(day, width),))

        assert batch.total_wh.tolist() == [width]

    @pytest.mark.parametrize(
        ("day", "width"),
        [(date(2025, 7, 1), 95), (date(2025, 7, 1), 97), (date(2025, 11, 2), 96)],
    )
    def test_refuses_a_day_of_another_length(self, day: date, width: int) -> None:
        with pytest.raises(InvariantBroken, match=f"{day} holds"):
            UsageBatch(("m",), 900, CHICAGO, (day_of(day, width),))

    def test_has_a_row_for_each_meter(self) -> None:
        with pytest.raises(InvariantBroken, match="for each of 2 meters"):
            UsageBatch(("m", "n"), 900, CHICAGO, (day_of(date(2025, 7, 1), 96),))

    def test_refuses_intervals_that_do_not_tile_the_day(self) -> None:
        # 23 hours hold eleven and a half intervals of two hours: the last hour would be lost.
        with pytest.raises(InvariantBroken, match="7200 s tiles the local day"):
            UsageBatch(("m",), 7200, CHICAGO, (day_of(date(2026, 3, 8), 11),))


def test_determinants_have_one_shape() -> None:
    with pytest.raises(InvariantBroken, match="a row for each window"):
        Determinants(
            np.zeros((2, 3, 1), dtype=np.int64), np.zeros((2, 2), dtype=np.int64), by_days=False
        )


class TestAReading:
    def test_has_no_value_exactly_when_it_is_missing(self) -> None:
        with pytest.raises(InvariantBroken, match="no value exactly when it is missing"):
            Reading(0, 900, 0, Quality.MISSING, 1)
        with pytest.raises(InvariantBroken, match="no value exactly when it is missing"):
            Reading(0, 900, None, Quality.VALID, 1)

    def test_of_a_register_has_no_length(self) -> None:
        """It tells a running total from an interval that is kept beside the lake."""
        register = Channel(
            "M1", Commodity.ELECTRICITY, "kWh", ChannelKind.REGISTER, Flow.DELIVERED, None, 0
        )
        ChannelReadings(register, (Reading(0, 0, 812, Quality.VALID, 1),))

        with pytest.raises(InvariantBroken, match="a register's value has no length"):
            ChannelReadings(register, (Reading(0, 900, 812, Quality.VALID, 1),))

    def test_totals_are_exact_decimals_of_the_channels_unit(self) -> None:
        channel = Channel(
            "M", Commodity.ELECTRICITY, "kWh", ChannelKind.INTERVAL, Flow.DELIVERED, 900, -3
        )
        readings = ChannelReadings(
            channel,
            (
                Reading(0, 900, 1, Quality.VALID, 1),
                Reading(900, 900, None, Quality.MISSING, 2),
                Reading(1800, 900, 249, Quality.ESTIMATED, 3),
            ),
        )

        assert readings.total == Decimal("0.250")
        assert readings.present_count == 2
        assert channel.energy_wh_power == 0

    @pytest.mark.parametrize(
        ("commodity", "unit", "power"),
        [
            (Commodity.ELECTRICITY, "Wh", 0),
            (Commodity.ELECTRICITY, "MWh", 6),
            (Commodity.ELECTRICITY, "V", None),
            (Commodity.ELECTRICITY, "kVArh", None),
            (Commodity.GAS, "kWh", None),  # sold by the kWh in places, and never billed as power
        ],
    )
    def test_only_electric_energy_turns_into_watt_hours(
        self, commodity: Commodity, unit: str, power: int | None
    ) -> None:
        channel = Channel("M", commodity, unit, ChannelKind.INTERVAL, Flow.DELIVERED, 900, 0)

        assert channel.energy_wh_power == power


class TestQualityAndMethodOfADay:
    def test_go_with_the_rows_that_are_chosen(self) -> None:
        codes = np.arange(2 * 96, dtype=np.int8).reshape(2, 96)
        plain = day_of(date(2025, 7, 1), 96, meters=2)
        told = DayValues(plain.day, plain.energy_wh, plain.missing, codes, codes)

        second = told.of_rows([1])

        assert second.quality is not None
        assert second.quality.tolist() == [codes[1].tolist()]
        assert plain.of_rows([1, 0]).method is None

    def test_stand_together(self) -> None:
        plain = day_of(date(2025, 7, 1), 96)
        codes = np.zeros((1, 96), dtype=np.int8)
        alone = DayValues(plain.day, plain.energy_wh, plain.missing, codes)

        with pytest.raises(InvariantBroken, match="quality and method of 2025-07-01 stand"):
            UsageBatch(("m",), 900, CHICAGO, (alone,))
