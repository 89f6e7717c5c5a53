"""NEM12 and NEM13: days of values that lean on other records, of a market with one clock."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality, ReadingFile
from meterledger.stores.gateways import EnvelopeBroken, NothingToLoad

Reader = Callable[..., ReadingFile]
HEAD = "100,NEM12,202502011200,MDP,RET"
REGISTER = "200,NMI1,E1,1,E1,N1,SER1,kWh,30,"
END = "900"


def day(*, values: int = 48, quality: str = "A", on: str = "20250201", value: str = "0.5") -> str:
    return ",".join(["300", on, *[value] * values, quality, "", "", "20250202120000", ""])


def file(*records: str) -> str:
    return "\r\n".join((HEAD, REGISTER, *records, END, ""))


class TestRealFiles:
    @pytest.mark.parametrize(
        ("name", "meter", "unit", "count", "total"),
        [
            ("actual_interval", "VABD000163-E1", "kWh", 48, "53.328"),
            ("actual_interval", "VABD000163-Q1", "kVArh", 48, "106.656"),
            ("different_interval_length", "C123-E1", "kWh", 48, "254"),
            ("different_interval_length", "C123-E2", "kWh", 48, "120"),
            ("different_interval_length", "C123-V1", "", 144, "33129.99"),
            ("month_solar", "NMI1234567-B1", "kWh", 8928, "589.172"),
            ("month_solar", "NMI1234567-E1", "kWh", 8928, "270.738"),
            ("multiple_quality", "CCCC123456-E1", "kWh", 48, "896.990"),
            ("substituted_interval", "VBCD000022-E1", "kWh", 48, "110.976"),
            ("substituted_interval", "VBCD000022-Q1", "kVArh", 48, "47053.848"),
        ],
    )
    def test_have_the_totals_that_their_publisher_counts(
        self, sample: Reader, name: str, meter: str, unit: str, count: int, total: str
    ) -> None:
        packed = ".gz" if name == "month_solar" else ""
        read = sample(f"headend/Example_NEM12_{name}.csv{packed}")

        (found,) = [one for one in read.channels if one.channel.meter_id == meter]
        assert found.channel.unit == unit
        assert found.present_count == len(found.readings) == count
        assert found.total == Decimal(total)
        assert not read.quarantined

    def test_quality_of_a_day_that_varies_is_that_of_its_parts(self, sample: Reader) -> None:
        (channel,) = sample("headend/Example_NEM12_multiple_quality.csv").channels

        qualities = [one.quality for one in channel.readings]
        assert qualities[:20] == [Quality.SUBSTITUTED] * 20
        assert qualities[20:24] == [Quality.VALID] * 4
        assert qualities[24:] == [Quality.SUBSTITUTED] * 24

    def test_generation_is_received_and_a_channel_without_a_unit_is_no_energy(
        self, sample: Reader
    ) -> None:
        solar = sample("headend/Example_NEM12_month_solar.csv.gz").channels
        lengths = sample("headend/Example_NEM12_different_interval_length.csv").channels

        assert [one.channel.flow for one in solar] == [Flow.RECEIVED, Flow.DELIVERED]
        assert [one.channel.interval_seconds for one in solar] == [300, 300]
        volts = lengths[-1].channel
        assert (volts.commodity, volts.energy_wh_power) == (Commodity.OTHER, None)
        assert volts.interval_seconds == 600

    def test_a_register_read_twice_is_one_long_interval(self, sample: Reader) -> None:
        read = sample("headend/Example_NEM13_consumption_data.csv")

        (channel,) = read.channels
        (one,) = channel.readings
        assert channel.channel.kind is ChannelKind.INTERVAL
        assert channel.total == Decimal("1312.1")
        assert (one.start, one.seconds) == (1_065_310_255, 1_073_433_813 - 1_065_310_255)
        assert not read.notes

    @pytest.mark.parametrize(
        ("name", "kind", "words"),
        [
            ("missing_header", EnvelopeBroken, "begins without its header record 100"),
            (
                "incomplete_interval",
                EnvelopeBroken,
                "has 48 values and then its quality, and this ",
            ),
            (
                "15min_200_30min_300",
                EnvelopeBroken,
                "has 96 values and then its quality, and this ",
            ),
            ("empty", NothingToLoad, "The NEM12 file holds no readings"),
        ],
    )
    def test_that_are_broken_are_refused_whole(
        self, sample: Reader, name: str, kind: type[Exception], words: str
    ) -> None:
        with pytest.raises(kind, match=words):
            sample(f"headend/Example_NEM12_{name}.csv")


class TestTimes:
    def test_a_day_begins_at_midnight_of_the_market_in_every_season(self, read: Reader) -> None:
        summer, winter = (
            read(file(day(on=on))).channels[0].readings[0].start for on in ("20250115", "20250715")
        )
        assert summer == 1_736_863_200  # 2025-01-14T14:00:00Z
        assert winter == 1_752_501_600  # 2025-07-14T14:00:00Z

    @pytest.mark.parametrize(("minutes", "count"), [("5", 288), ("15", 96), ("30", 48)])
    def test_a_day_holds_its_intervals(self, read: Reader, minutes: str, count: int) -> None:
        text = file(day(values=count)).replace("kWh,30,", f"kWh,{minutes},")
        (channel,) = read(text).channels
        assert len(channel.readings) == count
        assert channel.total == Decimal(count) / 2

    def test_a_day_that_does_not_exist_refuses_the_file(self, read: Reader) -> None:
        with pytest.raises(EnvelopeBroken, match="The day is '20250229', and there is no such day"):
            read(file(day(on="20250229")))


class TestQuality:
    def test_null_data_is_a_gap_whatever_stands_in_its_place(self, read: Reader) -> None:
        (channel,) = read(file(day(quality="V"), "400,1,47,A,,", "400,48,48,N,,")).channels
        assert channel.present_count == 47
        assert channel.readings[47].value is None
        assert channel.readings[47].quality is Quality.MISSING
        assert channel.total == Decimal("23.5")

    @pytest.mark.parametrize(
        ("records", "words"),
        [
            ([day(quality="V")], "no record 400 says it of interval 1"),
            ([day(quality="V"), "400,1,47,A,,"], "no record 400 says it of interval 48"),
            ([day(quality="V"), "400,2,48,A,,"], "no record 400 says it of interval 1"),
            ([day(quality="V"), "400,1,49,A,,"], "intervals 1 to 49, and the day has 48"),
            ([day(quality="V"), "400,0,48,A,,"], "intervals 0 to 48, and the day has 48"),
            (
                [day(quality="V"), "400,1,24,A,,", "400,24,48,A,,"],
                "Two records 400 speak of one interval between 24 and 48",
            ),
            ([day(quality="V"), "400,1,48,V,,"], "quality of intervals 1 to 48 is 'V'"),
            ([day(), "400,1,48,A,,"], "follows a day whose quality is A, not V"),
            ([day(quality="V14"), "400,1,48,A,,"], "and this record has 48 values and then 'V14'"),
            ([day(quality="V"), "400,1,48,V14,,"], "quality of intervals 1 to 48 is 'V14'"),
            (["400,1,48,A,,"], "A record 400 does not follow a day of values"),
        ],
    )
    def test_ranges_cover_the_day_exactly_or_refuse_the_file(
        self, read: Reader, records: list[str], words: str
    ) -> None:
        with pytest.raises(EnvelopeBroken, match=words):
            read(file(*records))


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (file(day()).replace(END + "\r\n", ""), "without its last record \\(900\\)"),
            (file(day()) + day() + "\r\n", "Records follow the end of the data"),
            ("\r\n".join((HEAD, day(), END)), "before any record 200"),
            (file(day(values=47)), "48 values and then its quality, and this record has 47 "),
            (file(day(values=49)), "48 values and then its quality, and this record has 49 "),
            (file(day(value="x")), "Value 1 is 'x', not a number"),
            (file(day(quality="X")), "this record has 48 values and then 'X'"),
            (file(day()).replace("kWh,30,", "kWh,7,"), "'7' minutes do not fill a day"),
            (file(day()).replace("kWh", "BTU"), "The unit is 'BTU'"),
            (file("301,x"), "'301' is no record of NEM12"),
            (file(day()).replace("NEM12", "NEM14"), "calls the file 'NEM14'"),
        ],
    )
    def test_are_refused_with_the_line(self, read: Reader, text: str, words: str) -> None:
        with pytest.raises(EnvelopeBroken, match=words) as refusal:
            read(text)
        assert "line" in refusal.value.where
        assert "nothing of the file was kept" in refusal.value.why

    def test_a_day_sent_twice_counts_once(self, read: Reader) -> None:
        taken = read(file(day(), day()))
        assert taken.channels[0].total == 24
        (aside,) = taken.quarantined
        assert (aside.line, aside.rows) == (4, 48)
        assert "It repeats 48 readings from 2025-01-31T14:00:00Z on exactly" in aside.reason

    def test_two_stories_of_one_day_are_both_set_aside(self, read: Reader) -> None:
        days = [day(on=f"202502{number:02}") for number in range(1, 12)]
        taken = read(file(*days, day(value="0.6")))
        assert taken.channels[0].total == 24 * 10
        assert {one.line for one in taken.quarantined} == {3, 14}
        assert "neither was kept" in taken.quarantined[0].reason

    def test_a_check_meter_is_not_counted_beside_the_meter_it_checks(self, read: Reader) -> None:
        text = file(day()).replace("1,E1,N1", "1,F1,N1")
        assert read(text).channels[0].channel.unit == "kWh (check)"
        assert read(text).channels[0].channel.energy_wh_power is None
