"""Green Button: official samples with counts made outside, and feeds as utilities write them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality, ReadingFile
from meterledger.stores.gateways import (
    EnvelopeBroken,
    FileRefused,
    FormatUnknown,
    LinksUnresolved,
    MeterNotNamed,
    NothingToLoad,
    ReadingsContradict,
    TooMuchUnusable,
    UnitNotNamed,
)

Reader = Callable[..., ReadingFile]

SPACES = 'xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi"'
JULY = 1751328000  # 2025-07-01T00:00:00Z


def reading(start: int | str, value: str | None, seconds: int | str = 900, more: str = "") -> str:
    told = "" if value is None else f"<e:value>{value}</e:value>"
    return (
        f"<e:IntervalReading>{more}<e:timePeriod><e:duration>{seconds}</e:duration>"
        f"<e:start>{start}</e:start></e:timePeriod>{told}</e:IntervalReading>"
    )


def entry(links: str, content: str) -> str:
    return f"<entry>{links}<title>12 ELM ST, J DOE</title><content>{content}</content></entry>\n"


def links(own: str = "", up: str = "", *related: str) -> str:
    named = [("self", own), ("up", up), *(("related", one) for one in related)]
    return "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in named if href)


POINT = entry(
    links("RetailCustomer/7/UsagePoint/1", "", "RetailCustomer/7/UsagePoint/1/MeterReading"),
    "<e:UsagePoint><e:ServiceCategory><e:kind>0</e:kind></e:ServiceCategory></e:UsagePoint>",
)
METER_READING = entry(
    links(
        "RetailCustomer/7/UsagePoint/1/MeterReading/1",
        "RetailCustomer/7/UsagePoint/1/MeterReading",
        "RetailCustomer/7/UsagePoint/1/MeterReading/1/IntervalBlock",
        "ReadingType/1",
    ),
    "<e:MeterReading/>",
)
DELIVERED_WH = {
    "accumulationBehaviour": "4",
    "commodity": "1",
    "flowDirection": "1",
    "intervalLength": "900",
    "kind": "12",
    "powerOfTenMultiplier": "0",
    "uom": "72",
}


def reading_type(number: str = "1", **changes: str | None) -> str:
    fields = {**DELIVERED_WH, **changes}
    parts = "".join(f"<e:{k}>{v}</e:{k}>" for k, v in fields.items() if v is not None)
    return entry(links(f"ReadingType/{number}"), f"<e:ReadingType>{parts}</e:ReadingType>")


def block(*readings: str, start: int | str = JULY, where: str | None = None) -> str:
    where = where if where is not None else "RetailCustomer/7/UsagePoint/1/MeterReading/1"
    own = links(f"{where}/IntervalBlock/1", f"{where}/IntervalBlock") if where else ""
    span = f"<e:interval><e:duration>86400</e:duration><e:start>{start}</e:start></e:interval>"
    return entry(own, f"<e:IntervalBlock>{span}{''.join(readings)}</e:IntervalBlock>")


def feed(*entries: str) -> str:
    return f"<feed {SPACES}>\n{''.join(entries)}</feed>"


def simple(*readings: str, **changes: str | None) -> str:
    return feed(POINT, METER_READING, reading_type(**changes), block(*readings))


class TestOfficialSamples:
    @pytest.mark.parametrize(
        ("name", "readings", "unit", "total"),
        [
            ("15minLP_15Days.xml.gz", 1340, "Wh", "1397734"),
            ("1hrLP_32Days.xml.gz", 768, "Wh", "2354843"),
            ("12MonthlyUpdates.xml.gz", 366, "Wh", "48348966"),
            ("hourlyForMonthMar.xml.gz", 743, "Wh", "2278213"),
            ("hourlyForMonthNov.xml.gz", 721, "Wh", "2213810"),
            ("Electric.xml", 2, "Wh", "5965053"),
            ("MonthlyOnlyElectricData.xml", 14, "Wh", "9567000"),
            ("Gas.xml", 13, "therm", "1074.821"),
            ("Water.xml", 2, "gal", "29866000"),
            ("electric_containerized.xml", 8, "Wh", "4086"),
            ("pge_connect_gas.xml", 2, "therm", "1.03513077"),
        ],
    )
    def test_load_with_the_counts_and_sums_of_an_outside_count(
        self, sample: Reader, name: str, readings: int, unit: str, total: str
    ) -> None:
        (channel,) = sample(f"greenbutton/{name}").channels
        assert channel.present_count == readings
        assert channel.channel.unit == unit
        assert channel.total == Decimal(total)

    def test_keep_what_kind_of_channel_it_is(self, sample: Reader) -> None:
        file = sample("greenbutton/15minLP_15Days.xml.gz")
        channel = file.channels[0].channel
        assert channel.meter_id == "9b6c7063-01"
        assert channel.commodity is Commodity.ELECTRICITY
        assert channel.kind is ChannelKind.INTERVAL
        assert channel.flow is Flow.DELIVERED
        assert channel.interval_seconds == 900
        assert file.channels[0].readings[0].start == 1330578000
        assert file.channels[0].readings[-1].start + 900 == 1331784000
        assert "1340 readings carry a cost" in file.notes[0]

    def test_say_no_single_length_where_days_have_23_24_and_25_hours(self, sample: Reader) -> None:
        (channel,) = sample("greenbutton/12MonthlyUpdates.xml.gz").channels
        assert channel.channel.interval_seconds is None
        assert {one.seconds for one in channel.readings} == {82_800, 86_400, 90_000}

    def test_never_take_temperature_for_a_commodity(self, sample: Reader) -> None:
        (channel,) = sample("greenbutton/Temperature.xml").channels
        assert channel.channel.commodity is Commodity.OTHER
        assert channel.channel.unit == "K"
        assert channel.channel.energy_wh_power is None

    def test_count_a_repeated_reading_once_and_show_it(self, sample: Reader) -> None:
        file = sample("greenbutton/1hrLP_32Days_Additional3_M.xml.gz")
        (channel,) = file.channels
        assert channel.present_count == 768
        assert channel.total == 2354843
        (aside,) = file.quarantined
        assert "repeats the reading of 2012-04-01T04:00:00Z exactly" in aside.reason
        assert aside.data.startswith(b"<IntervalReading>")
        assert aside.data.endswith(b"</IntervalReading>")

    @pytest.mark.parametrize(
        ("name", "kind", "words"),
        [
            ("1hrLP_32DaysM_D000_BAD.xml", FormatUnknown, "begins with <xyz>"),
            (
                "Inland_Single_Family_Jan_1_2011_to_Jan_1_2012.xml.gz",
                ReadingsContradict,
                "2011-03-13T17:00:00Z: line 12139 says 932 over 3600 seconds, line 12146 says 903",
            ),
            ("ngma_opower_gas_billing.xml", ReadingsContradict, "Two readings overlap"),
            ("ngma_gas_provider_2024-07-16.xml", UnitNotNamed, "ReadingType has no uom"),
            ("utilityapi_entry_only.xml", NothingToLoad, "it holds: Authorization"),
            ("utilityapi_namespace.xml", NothingToLoad, "it holds: UsagePoint"),
            ("ApplicationInformation-Entry-Anonymized.xml", NothingToLoad, "ApplicationInform"),
            ("Authorization-Entry-Anonymized.xml", NothingToLoad, "it holds: Authorization"),
            ("Multiple-Authorization-Feed-Anonymized.xml", NothingToLoad, "Authorization"),
            ("Customer-Subscription-Feed-Anonymized.xml", NothingToLoad, "customer Customer"),
            ("Usage-Subscription-Feed-Anonymized.xml", NothingToLoad, "MeterReading, UsagePoint"),
        ],
    )
    def test_are_refused_with_what_and_where_and_what_to_do(
        self, sample: Reader, name: str, kind: type[FileRefused], words: str
    ) -> None:
        with pytest.raises(kind, match=re.escape(words)) as refusal:
            sample(f"greenbutton/{name}")
        assert refusal.value.where.startswith(name)
        assert refusal.value.do

    def test_equal_start_times_are_reported_and_never_merged(
        self, sample: Reader, read: Reader
    ) -> None:
        """A gas utility's export gives 36 bills one start time; here with the unit it lacks."""
        folder = Path(__file__).parents[2] / "data" / "greenbutton"
        text = (folder / "ngma_gas_provider_2024-07-16.xml").read_text(encoding="utf-8")
        text = text.replace(
            "<ns:ReadingType/>", "<ns:ReadingType><ns:uom>169</ns:uom></ns:ReadingType>"
        )
        with pytest.raises(
            ReadingsContradict, match=r"35 more|34 more|different things"
        ) as refusal:
            read(text)
        assert "2024-07-16T18:26:24Z" in refusal.value.sentence


class TestMeaning:
    def test_a_value_is_scaled_by_its_power_of_ten(self, read: Reader) -> None:
        (channel,) = read(simple(reading(JULY, "12"), powerOfTenMultiplier="-3")).channels
        assert (channel.readings[0].value, channel.channel.scale) == (12, -3)
        assert channel.total == Decimal("0.012")

    @pytest.mark.parametrize(
        ("direction", "flow"),
        [
            ("1", Flow.DELIVERED),
            ("19", Flow.RECEIVED),
            ("4", Flow.NET),
            ("20", Flow.TOTAL),
            ("15", Flow.UNKNOWN),
            (None, Flow.UNKNOWN),
        ],
    )
    def test_direction_is_what_the_type_says_and_else_unknown(
        self, read: Reader, direction: str | None, flow: Flow
    ) -> None:
        (channel,) = read(simple(reading(JULY, "1"), flowDirection=direction)).channels
        assert channel.channel.flow is flow

    @pytest.mark.parametrize("accumulation", ["1", "2", "3", "6", "9", "12"])
    def test_running_totals_are_registers_read_at_the_end_of_their_period(
        self, read: Reader, accumulation: str
    ) -> None:
        (channel,) = read(
            simple(
                reading(JULY, "100"),
                reading(JULY + 900, "140"),
                accumulationBehaviour=accumulation,
            )
        ).channels
        assert channel.channel.kind is ChannelKind.REGISTER
        assert [one.start for one in channel.readings] == [JULY + 900, JULY + 1800]
        assert {one.seconds for one in channel.readings} == {0}

    def test_the_service_category_says_what_flows_where_the_type_does_not(
        self, read: Reader
    ) -> None:
        (channel,) = read(simple(reading(JULY, "1"), commodity=None)).channels
        assert channel.channel.commodity is Commodity.ELECTRICITY

    def test_a_highest_value_is_not_the_quantity(self, read: Reader) -> None:
        (channel,) = read(simple(reading(JULY, "1"), dataQualifier="8")).channels
        assert channel.channel.unit == "Wh (qualifier 8)"
        assert channel.channel.energy_wh_power is None

    def test_an_unknown_unit_keeps_its_number(self, read: Reader) -> None:
        (channel,) = read(simple(reading(JULY, "1"), uom="9999")).channels
        assert channel.channel.unit == "uom 9999"

    @pytest.mark.parametrize(
        ("code", "quality"),
        [
            ("17", Quality.VALID),
            ("8", Quality.ESTIMATED),
            ("14", Quality.RAW),
            ("0", Quality.VALID),
        ],
    )
    def test_quality_is_the_reading_s_own_and_else_the_type_s(
        self, read: Reader, code: str, quality: Quality
    ) -> None:
        own = f"<e:ReadingQuality><e:quality>{code}</e:quality></e:ReadingQuality>"
        (channel,) = read(
            simple(reading(JULY, "1", more=own), reading(JULY + 900, "1"), defaultQuality="10")
        ).channels
        assert [one.quality for one in channel.readings] == [quality, Quality.QUESTIONABLE]

    def test_a_reading_without_a_value_is_a_gap(self, read: Reader) -> None:
        (channel,) = read(simple(reading(JULY, "1"), reading(JULY + 900, None))).channels
        assert channel.readings[1].value is None
        assert channel.readings[1].quality is Quality.MISSING
        assert channel.present_count == 1

    def test_readings_without_times_follow_each_other_in_their_block(self, read: Reader) -> None:
        bare = "<e:IntervalReading><e:value>5</e:value></e:IntervalReading>"
        (channel,) = read(simple(bare, bare, bare)).channels
        assert [one.start for one in channel.readings] == [JULY, JULY + 900, JULY + 1800]

    def test_a_title_is_never_the_meter(self, read: Reader) -> None:
        file = read(simple(reading(JULY, "1")))
        assert file.channels[0].channel.meter_id == "7-1"
        assert "ELM" not in repr(file)

    def test_a_link_that_is_no_plain_id_becomes_its_hash(self, read: Reader) -> None:
        text = simple(reading(JULY, "1")).replace(
            "RetailCustomer/7", "RetailCustomer/J. Doe, Elm St"
        )
        meter = read(text).channels[0].channel.meter_id
        assert re.fullmatch(r"GB-[0-9a-f]{16}", meter)

    def test_the_meter_can_be_named(self, read: Reader) -> None:
        file = read(simple(reading(JULY, "1")), meter="M42")
        assert file.channels[0].channel.meter_id == "M42"


class TestLinks:
    @pytest.mark.parametrize(
        "prefix", ["https://api.example.com/espi/1_1/resource/", "/espi/1_1/resource/"]
    )
    def test_absolute_and_relative_links_agree(self, read: Reader, prefix: str) -> None:
        text = simple(reading(JULY, "1")).replace('rel="self" href="', f'rel="self" href="{prefix}')
        assert read(text).channels[0].present_count == 1

    def test_two_meters_keep_their_own_values(self, read: Reader) -> None:
        second = [part.replace("UsagePoint/1", "UsagePoint/2") for part in (POINT, METER_READING)]
        blocks = [
            block(reading(JULY, "1"), reading(JULY + 900, "2")),
            block(reading(JULY, "30"), where="RetailCustomer/7/UsagePoint/2/MeterReading/1"),
        ]
        file = read(
            feed(
                *blocks[::-1],
                POINT,
                METER_READING,
                *second,
                reading_type(),
            )
        )
        totals = {one.channel.meter_id: one.total for one in file.channels}
        assert totals == {"7-1": 3, "7-2": 30}

    def test_a_broken_link_is_followed_where_only_one_answer_is_possible(
        self, read: Reader
    ) -> None:
        stray = block(reading(JULY, "1"), where="Elsewhere/9")
        text = feed(POINT, METER_READING, reading_type(), stray)
        file = read(text)
        assert file.channels[0].present_count == 1
        assert "the only one was taken" in " ".join(file.notes)

    def test_a_broken_link_between_two_meters_is_refused(self, read: Reader) -> None:
        second = [part.replace("UsagePoint/1", "UsagePoint/2") for part in (POINT, METER_READING)]
        stray = block(reading(JULY, "1"), where="Elsewhere/9")
        with pytest.raises(LinksUnresolved, match="could belong to 2 of the file's MeterReadings"):
            read(feed(POINT, METER_READING, *second, reading_type(), stray))

    def test_without_any_links_the_meter_reading_before_is_taken(self, read: Reader) -> None:
        other = METER_READING.replace("UsagePoint/1", "UsagePoint/2")
        point = POINT.replace("UsagePoint/1", "UsagePoint/2")
        file = read(
            feed(
                *(POINT, point, reading_type()),
                *(METER_READING, block(reading(JULY, "1"), where="")),
                *(other, block(reading(JULY, "2"), where="")),
            )
        )
        assert {one.channel.meter_id: one.total for one in file.channels} == {"7-1": 1, "7-2": 2}
        assert "MeterReading before it was taken" in file.notes[0]

    def test_ten_thousand_meters_are_told_apart_in_seconds(self, read: Reader) -> None:
        parts = [reading_type()]
        for number in range(10_000):
            own = f"UsagePoint/{number}"
            parts += [
                POINT.replace("UsagePoint/1", own),
                METER_READING.replace("UsagePoint/1", own),
                block(
                    reading(JULY, str(number)),
                    where=f"RetailCustomer/7/{own}/MeterReading/1",
                ),
            ]
        began = time.monotonic()
        file = read(feed(*parts))
        assert time.monotonic() - began < 20
        assert len(file.channels) == 10_000
        assert all(one.channel.meter_id == f"7-{one.total}" for one in file.channels)

    def test_no_reading_type_is_refused(self, read: Reader) -> None:
        with pytest.raises(LinksUnresolved, match="has no ReadingType"):
            read(feed(POINT, METER_READING, block(reading(JULY, "1"))))

    def test_naming_one_meter_for_two_is_refused(self, read: Reader) -> None:
        other = POINT.replace("UsagePoint/1", "UsagePoint/2")
        with pytest.raises(MeterNotNamed, match="2 usage points, and one meter was named"):
            read(
                feed(POINT, other, METER_READING, reading_type(), block(reading(JULY, "1"))),
                meter="M1",
            )

    def test_no_usage_point_needs_the_option(self, read: Reader) -> None:
        text = feed(METER_READING, reading_type(), block(reading(JULY, "1")))
        with pytest.raises(MeterNotNamed, match="--meter"):
            read(text)
        assert read(text, meter="M1").channels[0].channel.meter_id == "M1"


class TestUnusableReadings:
    GOOD = tuple(reading(JULY + 900 * n, "5") for n in range(8))

    @pytest.mark.parametrize(
        ("bad", "words"),
        [
            (reading(JULY + 9000, "five"), "'five' is not a number"),
            (reading(JULY + 9000, "9" * 30), "at most 63 bits"),
            (reading(JULY + 9000, "1", seconds=0), "an interval has a length"),
            (reading("yesterday", "1"), "Nobody says when it starts"),
            (reading(600_000_000, "1"), "not between 1990 and 2100"),
            (reading(4_200_000_000, "1"), "not between 1990 and 2100"),
            (reading(1_795_800_000, "1"), "nothing can be measured before it happens"),
        ],
    )
    def test_are_set_aside_with_their_bytes_and_the_rest_is_kept(
        self, read: Reader, bad: str, words: str
    ) -> None:
        file = read(simple(*self.GOOD, bad))
        assert file.channels[0].total == 40
        (aside,) = file.quarantined
        assert words in aside.reason
        assert aside.data.decode() == bad

    def test_a_file_of_which_one_in_five_is_unusable_is_kept_and_above_it_is_refused(
        self, read: Reader
    ) -> None:
        bad = [reading(JULY + 9000 + 900 * n, "x") for n in range(3)]
        assert len(read(simple(*self.GOOD, *bad[:2])).quarantined) == 2  # 2 of 10
        with pytest.raises(TooMuchUnusable, match="3 of 11 readings cannot be used"):
            read(simple(*self.GOOD, *bad))

    @pytest.mark.parametrize("overlap_start", [JULY + 450, JULY])
    def test_contradicting_readings_refuse_the_file(self, read: Reader, overlap_start: int) -> None:
        with pytest.raises(ReadingsContradict, match="Nothing was kept"):
            read(simple(*self.GOOD, reading(overlap_start, "6")))

    def test_a_clock_a_day_ahead_is_believed_and_a_second_more_is_not(self, read: Reader) -> None:
        latest = 1_795_694_400  # 2026-11-26T12:00:00Z, a day after the file was received
        file = read(simple(*self.GOOD, reading(latest - 900, "1")))
        assert file.quarantined == ()
        file = read(simple(*self.GOOD, reading(latest - 899, "1")))
        assert len(file.quarantined) == 1


class TestEnvelope:
    def test_a_document_type_is_refused(self, read: Reader) -> None:
        bomb = '<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><feed>&b;</feed>'
        with pytest.raises(EnvelopeBroken, match="declares a document type"):
            read(bomb)

    @pytest.mark.parametrize("kept", [0.3, 0.6, 0.999])
    def test_a_file_cut_off_anywhere_is_refused(self, read: Reader, kept: float) -> None:
        text = simple(*TestUnusableReadings.GOOD)
        with pytest.raises(EnvelopeBroken, match=r"cut off|not well-formed"):
            read(text[: int(len(text) * kept)])

    def test_deep_nesting_is_refused(self, read: Reader) -> None:
        with pytest.raises(EnvelopeBroken, match="nested more than 40"):
            read("<feed>" + "<a>" * 60 + "</a>" * 60 + "</feed>")

    def test_wrong_nesting_names_the_line(self, read: Reader) -> None:
        with pytest.raises(EnvelopeBroken) as refusal:
            read("<feed>\n<entry>\n</feed>")
        assert "line 3" in refusal.value.where

    def test_an_unknown_encoding_is_refused(self, read: Reader) -> None:
        with pytest.raises(EnvelopeBroken):
            read(b"<?xml version='1.0' encoding='no-such'?><feed/>")

    def test_utf16_is_read(self, read: Reader) -> None:
        text = '<?xml version="1.0" encoding="UTF-16"?>' + simple(reading(JULY, "7"))
        assert read(text.encode("utf-16")).channels[0].total == 7

    def test_a_web_page_is_named(self, read: Reader) -> None:
        with pytest.raises(FormatUnknown, match="This is a web page"):
            read("<html><body>Please sign in</body></html>")
