"""Files as we write them are read back as what was measured: times, values, meters, lengths."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.entrypoints.demo import writers
from meterledger.facts.readings import ChannelReadings, Commodity
from meterledger.stores.gateways import read_bytes, read_file

ZONE = "America/Chicago"
MADE_AT = datetime(2026, 5, 1, 6, tzinfo=UTC)
FIRST = 1_762_059_600  # 2025-11-02 00:00 in Chicago: the long day begins

VALUES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 99_999)),
    min_size=1,
    max_size=60,
    unique_by=lambda one: one[0],
).map(sorted)
LENGTHS = st.sampled_from((900, 1_800, 3_600))


def at_length(values: list[tuple[int, int]], seconds: int) -> list[writers.Value]:
    return [(FIRST + slot * seconds, wh) for slot, wh in values]


def read(name: str, data: bytes) -> tuple[ChannelReadings, ...]:
    file = read_bytes(name, data, received_at=MADE_AT)
    assert file.quarantined == ()
    return file.channels


def told(channel: ChannelReadings) -> list[tuple[int, int, int | None]]:
    power = channel.channel.energy_wh_power
    assert power is not None
    found = []
    for one in channel.readings:
        assert one.value is not None
        wh = one.value * 10**power if power >= 0 else one.value // 10**-power
        assert power >= 0 or one.value % 10**-power == 0
        found.append((one.start, one.seconds, wh))
    return found


class TestWhatWeWriteIsReadBack:
    @given(VALUES, LENGTHS)
    def test_as_green_button(self, values: list[tuple[int, int]], seconds: int) -> None:
        sent = at_length(values, seconds)
        data = writers.green_button(
            "ML1", sent, interval_seconds=seconds, made_at=MADE_AT, zone_name=ZONE
        )
        (channel,) = read("ML1.xml", data)
        assert channel.channel.meter_id == "ML1"
        assert told(channel) == [(start, seconds, wh) for start, wh in sent]

    @given(VALUES, VALUES, LENGTHS)
    def test_as_cmep(
        self, one: list[tuple[int, int]], other: list[tuple[int, int]], seconds: int
    ) -> None:
        sent = {"ML1": at_length(one, seconds), "ML2": at_length(other, seconds)}
        data = writers.cmep(sent.items(), interval_seconds=seconds, made_at=MADE_AT)
        channels = read("all.cmep", data)
        assert {channel.channel.meter_id: told(channel) for channel in channels} == {
            meter: [(start, seconds, wh) for start, wh in values] for meter, values in sent.items()
        }

    @given(VALUES, VALUES)
    def test_as_a_plain_table_with_several_lengths(
        self, one: list[tuple[int, int]], other: list[tuple[int, int]]
    ) -> None:
        sent = [("ML1", 900, at_length(one, 900)), ("ML2", 3_600, at_length(other, 3_600))]
        channels = read("all.csv", writers.plain_csv(sent))
        assert {channel.channel.meter_id: told(channel) for channel in channels} == {
            meter: [(start, seconds, wh) for start, wh in values] for meter, seconds, values in sent
        }

    def test_gas_keeps_its_unit(self) -> None:
        data = writers.cmep(
            [("ML1", [(FIRST, 12), (FIRST + 3_600, 7)])],
            interval_seconds=3_600,
            made_at=MADE_AT,
            measure=writers.GAS_CCF,
        )
        (channel,) = read("gas.cmep", data)
        assert (channel.channel.commodity, channel.channel.unit) == (Commodity.GAS, "CCF")
        assert str(channel.total) == "0.19"


class TestFilesMadeTwice:
    def test_have_the_same_bytes(self) -> None:
        def make() -> bytes:
            return writers.green_button(
                "ML1", [(FIRST, 5)], interval_seconds=900, made_at=MADE_AT, zone_name=ZONE
            )

        assert make() == make()

    @pytest.mark.parametrize("purpose", ["OK", "RESEND"])
    def test_name_why_they_are_sent(self, purpose: str, tmp_path: Path) -> None:
        data = writers.cmep(
            [("ML1", [(FIRST, 5)])], interval_seconds=900, made_at=MADE_AT, purpose=purpose
        )
        path = tmp_path / "one.cmep"
        path.write_bytes(data)
        assert f",{purpose},".encode() in data
        assert len(read_file(path, received_at=MADE_AT).channels) == 1
