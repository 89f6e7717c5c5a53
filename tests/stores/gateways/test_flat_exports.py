"""Exports of head-ends that read registers: known by their header, of a clock they do not name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from meterledger.facts.readings import ChannelKind, Commodity, Quality, ReadingFile
from meterledger.stores.gateways import EnvelopeBroken, TooMuchUnusable, ZoneNotNamed

Reader = Callable[..., ReadingFile]
PACIFIC = "America/Los_Angeles"
ITRON = "Timestamp,Read_Value,Meter_Serial_Number,EndpointID,Location_ID,Read_Units\n"


def itron(*rows: str) -> str:
    return ITRON + "".join(f"{row}\n" for row in rows)


class TestRealFiles:
    def test_a_beacon_report_is_what_its_registers_showed(self, sample: Reader) -> None:
        read = sample("headend/badger_beacon_report.csv", zone=PACIFIC)

        (channel,) = read.channels
        assert read.format == "badger-beacon"
        assert channel.channel.meter_id == "1470158170"
        assert (channel.channel.unit, channel.channel.commodity) == ("CCF", Commodity.WATER)
        assert channel.channel.kind is ChannelKind.REGISTER
        assert [one.value for one in channel.readings] == [2276, 2276]
        assert [one.start for one in channel.readings] == [1_722_499_140, 1_722_502_740]

    def test_an_itron_report_has_month_before_day(self, sample: Reader) -> None:
        read = sample("headend/itron_style_register.csv", zone=PACIFIC)

        (channel,) = read.channels
        assert channel.channel.meter_id == "60000001"
        assert (channel.channel.unit, channel.channel.commodity) == ("CF", Commodity.WATER)
        assert [
            Decimal(one.value or 0).scaleb(channel.channel.scale) for one in channel.readings
        ] == [
            43490,
            43495,
        ]
        assert channel.readings[1].start - channel.readings[0].start == 8 * 3600

    @pytest.mark.parametrize("name", ["badger_beacon_report.csv", "itron_style_register.csv"])
    def test_nobody_guesses_where_the_clock_hangs(self, sample: Reader, name: str) -> None:
        with pytest.raises(ZoneNotNamed, match="no offset stands with them"):
            sample(f"headend/{name}")


class TestRows:
    GOOD = tuple(f"06/{day:02}/2026 00:00:00.000,{day}.5,M1,E,L,CF_WAT" for day in range(1, 11))

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("13/01/2026 00:00:00,1,M1,E,L,CF_WAT", "There is no time"),
            ("2026-06-11 00:00:00,1,M1,E,L,CF_WAT", "not as this export writes it"),
            ("06/11/2026 00:00:00,1,M1,E,L,CF", "Its unit is 'CF'"),
            ("06/11/2026 00:00:00,1e99,M1,E,L,CF_WAT", "not a number we can keep"),
            ("06/11/2026 00:00:00,1,,E,L,CF_WAT", "It names no meter"),
            ("06/11/2026 00:00:00,1,M1,E", "It has 4 columns, and 'read_units' is number 6"),
            ("03/08/2026 02:30:00,1,M1,E,L,CF_WAT", "the clocks skipped it"),
        ],
    )
    def test_a_row_that_cannot_be_used_is_set_aside_with_its_bytes(
        self, read: Reader, row: str, words: str
    ) -> None:
        taken = read(itron(*self.GOOD, row), zone=PACIFIC)
        (aside,) = taken.quarantined
        assert words in aside.reason
        assert aside.data == row.encode()
        assert len(taken.channels[0].readings) == 10

    def test_an_empty_reading_is_a_gap(self, read: Reader) -> None:
        taken = read(itron(*self.GOOD, "06/11/2026 00:00:00,,M1,E,L,CF_WAT"), zone=PACIFIC)
        assert taken.channels[0].readings[-1].quality is Quality.MISSING

    def test_a_file_of_such_rows_is_refused(self, read: Reader) -> None:
        with pytest.raises(TooMuchUnusable, match="1 of 1 lines cannot be used"):
            read(itron("06/11/2026 00:00:00,1,M1,E,L,PINTS"), zone=PACIFIC)

    def test_a_header_that_names_a_column_twice_is_refused(self, read: Reader) -> None:
        text = itron(*self.GOOD).replace("EndpointID", "Read_Value")
        with pytest.raises(EnvelopeBroken, match="names the column 'read_value' twice"):
            read(text, zone=PACIFIC)
