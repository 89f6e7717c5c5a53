"""A plain table says what it says; the rest is asked for, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from meterledger.facts.readings import Commodity, Flow, Quality, ReadingFile
from meterledger.stores.gateways import (
    EnvelopeBroken,
    FileRefused,
    FormatUnknown,
    LengthNotNamed,
    MeterNotNamed,
    NothingToLoad,
    TooMuchUnusable,
    UnitNotNamed,
    ZoneNotNamed,
)

Reader = Callable[..., ReadingFile]
CHICAGO = "America/Chicago"


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def table(*rows: str, header: str = "meter,start,value,unit") -> str:
    return "\n".join([header, *rows]) + "\n"


class TestTheProfile:
    def test_reads_every_documented_column(self, read: Reader) -> None:
        text = table(
            "M1,2025-07-01T00:00:00-05:00,0.250,kWh,valid,900,received",
            "M1,2025-07-01T00:15:00-05:00,,kWh,missing,900,received",
            header="meter,start,value,unit,quality,interval_seconds,direction",
        )
        (channel,) = read(text).channels
        assert channel.channel.meter_id == "M1"
        assert channel.channel.commodity is Commodity.ELECTRICITY
        assert channel.channel.flow is Flow.RECEIVED
        assert (channel.channel.unit, channel.channel.scale) == ("kWh", -3)
        first, second = channel.readings
        assert (first.start, first.seconds, first.value) == (
            epoch("2025-07-01T05:00:00+00:00"),
            900,
            250,
        )
        assert first.quality is Quality.VALID
        assert second.value is None

    def test_energy_is_delivered_unless_it_says_otherwise(self, read: Reader) -> None:
        text = table(
            "M1,2025-07-01T00:00Z,1,kWh,900", header="meter,start,value,unit,interval_seconds"
        )
        assert read(text).channels[0].channel.flow is Flow.DELIVERED

    @pytest.mark.parametrize("mark", [";", "\t"])
    def test_other_delimiters_are_taken_from_the_header(self, read: Reader, mark: str) -> None:
        text = table(
            "M1,2025-07-01T00:00Z,1.5,kWh,2025-07-01T00:15Z", header="meter,start,value,unit,end"
        ).replace(",", mark)
        assert read(text).channels[0].total == Decimal("1.5")

    def test_every_cell_may_be_quoted(self, read: Reader) -> None:
        text = table("M1,2025-07-01T00:00Z,1,kWh", "M1,2025-07-01T00:15Z,2,kWh")
        quoted = "\r\n".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) for line in text.split()
        )
        assert read(quoted).channels[0].total == 3

    def test_a_table_of_two_meters_makes_two_channels(self, read: Reader) -> None:
        rows = [f"M{n},2025-07-01T00:{minute:02}Z,{n},Wh" for n in (1, 2) for minute in (0, 15, 30)]
        file = read(table(*rows))
        assert {one.channel.meter_id: one.total for one in file.channels} == {"M1": 3, "M2": 6}

    @pytest.mark.parametrize("word", ["", "?", "NaN", "null", "NA"])
    def test_no_value_is_a_gap(self, read: Reader, word: str) -> None:
        text = table(f"M1,2025-07-01T00:00Z,{word},Wh", "M1,2025-07-01T00:15Z,1,Wh")
        assert read(text).channels[0].present_count == 1


class TestWhatIsNotSaid:
    @pytest.mark.parametrize(
        ("text", "options", "kind", "words"),
        [
            (
                table("2025-07-01T00:00Z,1,Wh", header="start,value,unit"),
                {},
                MeterNotNamed,
                "--meter",
            ),
            (
                table("M1,2025-07-01T00:00Z,1", header="meter,start,value"),
                {},
                UnitNotNamed,
                "--unit kWh",
            ),
            (
                table("M1,2025-07-01T00:00Z,1", header="meter,start,value"),
                {"unit": "bananas"},
                UnitNotNamed,
                "not a unit that is known",
            ),
            (
                table("M1,2025-07-01T00:00Z,1,Wh"),
                {"unit": "Wh"},
                UnitNotNamed,
                "--unit was given too",
            ),
            (
                table("M1,2025-07-01T00:00Z,1,Wh"),
                {"meter": "M2"},
                MeterNotNamed,
                "--meter names 'M2'",
            ),
            (table("M1,2025-07-01T00:00Z,1,Wh"), {}, LengthNotNamed, "interval_seconds"),
            (
                table("M1,2025-07-01 00:00,1,Wh", "M1,2025-07-01 00:15,1,Wh"),
                {},
                ZoneNotNamed,
                "--zone America/Chicago",
            ),
            (
                table("M1,2025-07-01 00:00,1,Wh", "M1,2025-07-01 00:15,1,Wh"),
                {"zone": "Mars/Base"},
                ZoneNotNamed,
                "There is no time zone 'Mars/Base'",
            ),
            (
                table("M1,2025-07-01 00:00,1,Wh", "M1,2025-07-01 00:15,1,Wh"),
                {"zone": "../../etc/passwd"},
                ZoneNotNamed,
                "There is no time zone",
            ),
            (table(), {}, NothingToLoad, "no rows"),
            (table("1", header="start,start,value"), {}, EnvelopeBroken, "'start' twice"),
            (table("1", header="day,use"), {}, FormatUnknown, "meter,start,value,unit"),
        ],
    )
    def test_is_asked_for(
        self,
        read: Reader,
        text: str,
        options: dict[str, str],
        kind: type[FileRefused],
        words: str,
    ) -> None:
        with pytest.raises(kind) as refusal:
            read(text, **options)
        assert words in refusal.value.sentence

    def test_and_taken_when_it_is_said(self, read: Reader) -> None:
        text = table("2025-07-01 00:00,1", "2025-07-01 00:15,2", header="start,value")
        (channel,) = read(text, meter="M7", unit="kwh", zone=CHICAGO).channels
        assert channel.channel.meter_id == "M7"
        assert channel.channel.unit == "kWh"
        assert channel.readings[0].start == epoch("2025-07-01T05:00:00+00:00")
        assert {one.seconds for one in channel.readings} == {900}


class TestLocalClocks:
    HEADER = "reading,start time,end time"

    def hours(self, *rows: tuple[str, str]) -> str:
        return table(*(f"1,{start},{end}" for start, end in rows), header=self.HEADER)

    def test_the_hour_that_happens_twice_is_told_by_order(self, read: Reader) -> None:
        """2025-11-02: 01:00 comes at 06:00 UTC and again at 07:00 UTC."""
        text = self.hours(
            ("2025-11-02 00:00", "2025-11-02 01:00"),
            ("2025-11-02 01:00", "2025-11-02 02:00"),
            ("2025-11-02 01:00", "2025-11-02 02:00"),
            ("2025-11-02 02:00", "2025-11-02 03:00"),
        )
        (channel,) = read(text, meter="M1", unit="kWh", zone=CHICAGO).channels
        assert [one.start for one in channel.readings] == [
            epoch(f"2025-11-02T0{hour}:00:00+00:00") for hour in (5, 6, 7, 8)
        ]
        assert {one.seconds for one in channel.readings} == {3600}

    def test_the_hour_told_once_is_not_guessed(self, read: Reader) -> None:
        rows = [(f"2025-11-02 0{n}:00", f"2025-11-02 0{n + 1}:00") for n in range(8)]
        file = read(self.hours(*rows), meter="M1", unit="kWh", zone=CHICAGO)
        (aside,) = file.quarantined
        assert "happened twice that day" in aside.reason
        assert file.channels[0].present_count == 7

    def test_the_hour_that_is_skipped_did_not_happen(self, read: Reader) -> None:
        rows = [(f"2026-03-08 0{n}:00", f"2026-03-08 0{n + 1}:00") for n in range(8)]
        file = read(self.hours(*rows), meter="M1", unit="kWh", zone=CHICAGO)
        (aside,) = file.quarantined
        assert "did not happen that day" in aside.reason
        assert [one.seconds for one in file.channels[0].readings] == [3600] * 7

    def test_an_offset_needs_no_zone_and_ignores_one(self, read: Reader) -> None:
        text = table("M1,2025-07-01T00:00+02:00,1,Wh", "M1,2025-07-01T00:15+02:00,1,Wh")
        for options in ({}, {"zone": CHICAGO}):
            start = read(text, **options).channels[0].readings[0].start
            assert start == epoch("2025-06-30T22:00:00+00:00")


class TestLengths:
    def test_an_end_and_a_length_that_disagree_say_nothing(self, read: Reader) -> None:
        header = "meter,start,value,unit,end,interval_seconds"
        rows = [f"M1,2025-07-01T0{n}:00Z,1,Wh,2025-07-01T0{n + 1}:00Z,3600" for n in range(8)]
        bad = "M1,2025-07-02T00:00Z,1,Wh,2025-07-02T01:00Z,900"
        (aside,) = read(table(*rows, bad, header=header)).quarantined
        assert "interval_seconds is 900 and its end says 3600" in aside.reason

    def test_a_last_line_without_an_end_may_be_cut_off_and_is_noted(self, read: Reader) -> None:
        text = table("M1,2025-07-01T00:00Z,1,Wh", "M1,2025-07-01T00:15Z,12,Wh")
        assert read(text).notes == ()
        assert "cut off there" in read(text.rstrip()).notes[0]

    def test_a_regular_step_is_the_length_and_a_wider_one_a_gap(self, read: Reader) -> None:
        starts = [f"M1,2025-07-01T{n:02}:00Z,1,Wh" for n in range(24) if n != 7]
        (channel,) = read(table(*starts)).channels
        assert {one.seconds for one in channel.readings} == {3600}
        assert channel.present_count == 23

    def test_days_are_as_long_as_their_clock_says(self, read: Reader) -> None:
        days = [f"M1,2026-03-{day:02} 00:00,1,kWh" for day in range(1, 21)]
        (channel,) = read(table(*days), zone=CHICAGO).channels
        lengths = [one.seconds for one in channel.readings]
        assert lengths.count(86_400) == 19
        assert lengths[7] == 82_800  # 8 March

    def test_months_need_an_end(self, read: Reader) -> None:
        months = [f"M1,2025-{month:02}-01T00:00Z,1,kWh" for month in range(1, 13)]
        with pytest.raises(LengthNotNamed, match="steps vary"):
            read(table(*months))


class TestUnusableRows:
    GOOD = tuple(f"M1,2025-07-01T0{n}:00Z,1,Wh,3600" for n in range(8))

    @pytest.mark.parametrize(
        ("bad", "words"),
        [
            ("M1,1/7/2025 09:00,1,Wh,3600", "their order is never guessed"),
            ("M1,2025-02-30T09:00Z,1,Wh,3600", "There is no time"),
            ('M1,2025-07-01T09:00Z,"1,5",Wh,3600', "'1,5' is not a number"),
            ("M1,2025-07-01T09:00Z,1,bananas,3600", "Its unit is 'bananas'"),
            ("M1,2025-07-01T09:00Z,1,Wh,soon", "interval_seconds is 'soon'"),
            ("M1,2025-07-01T09:00Z,1,Wh,0", "an interval has a length"),
            ("M1,2025-07-01T09:00Z,1,Wh", "It has 4 columns"),
            (",2025-07-01T09:00Z,1,Wh,3600", "names no meter"),
            ("M1,1985-07-01T09:00Z,1,Wh,3600", "not between 1990 and 2100"),
            ("M1,2027-07-01T09:00Z,1,Wh,3600", "nothing can be measured before it happens"),
            ('M1,"2025-07-01T09:00Z,1,Wh,3600', "quotation marks"),
        ],
    )
    def test_are_set_aside_with_their_bytes_and_the_rest_is_kept(
        self, read: Reader, bad: str, words: str
    ) -> None:
        text = table(*self.GOOD, bad, header="meter,start,value,unit,interval_seconds")
        file = read(text)
        assert file.channels[0].total == 8
        (aside,) = file.quarantined
        assert words in aside.reason
        assert (aside.line, aside.data.decode()) == (10, bad)

    def test_of_two_rows_that_contradict_neither_is_kept(self, read: Reader) -> None:
        more = [f"M1,2025-07-02T0{n}:00Z,1,Wh,3600" for n in range(4)]
        bad = "M1,2025-07-01T00:00Z,2,Wh,3600"
        header = "meter,start,value,unit,interval_seconds"
        file = read(table(*self.GOOD, *more, bad, header=header))
        assert [one.line for one in file.quarantined] == [2, 14]
        assert file.channels[0].present_count == 11

    def test_above_one_in_five_the_file_is_refused(self, read: Reader) -> None:
        bad = ["M1,never,1,Wh,3600"] * 3
        with pytest.raises(TooMuchUnusable, match="3 of 11 lines"):
            read(table(*self.GOOD, *bad, header="meter,start,value,unit,interval_seconds"))
