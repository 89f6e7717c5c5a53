"""IEC 61968-9 messages: who, what and when by the standard's own codes, in any envelope."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from meterledger.facts.readings import ChannelKind, Commodity, Flow, Quality, ReadingFile
from meterledger.stores.gateways import (
    EnvelopeBroken,
    LinksUnresolved,
    MeterNotNamed,
    NothingToLoad,
    TooMuchUnusable,
    ZoneNotNamed,
)
from meterledger.stores.gateways.cim_codes import cim_quality, cim_type

Reader = Callable[..., ReadingFile]
MESSAGE = "http://iec.ch/TC57/2011/schema/message"
READINGS = "http://iec.ch/TC57/2011/MeterReadings#"
KWH_15 = "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
REGISTER = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0"


def reading(
    stamp: str, value: str | None, quality: str = "1.0.0", *, tag: str = "m:Readings"
) -> str:
    said = "" if value is None else f"<m:value>{value}</m:value>"
    return (
        f"<{tag}><m:timeStamp>{stamp}</m:timeStamp>{said}<m:ReadingQualities>"
        f'<m:ReadingQualityType ref="{quality}"/></m:ReadingQualities></{tag}>'
    )


def block(*readings: str, kind: str = KWH_15) -> str:
    inside = "".join(readings).replace("m:Readings", "m:IntervalReadings")
    return f'<m:IntervalBlocks>{inside}<m:ReadingType ref="{kind}"/></m:IntervalBlocks>'


def meter(*blocks: str, mrid: str = "M1") -> str:
    named = f"<m:Meter><m:mRID>{mrid}</m:mRID></m:Meter>" if mrid else ""
    return f"<m:MeterReading>{''.join(blocks)}{named}</m:MeterReading>"


def readings(*meters: str) -> str:
    return f'<m:MeterReadings xmlns:m="{READINGS}">{"".join(meters)}</m:MeterReadings>'


def message(
    *meters: str, root: str = "EventMessage", verb: str = "created", reply: str = ""
) -> str:
    return (
        f'<{root} xmlns="{MESSAGE}"><Header><Verb>{verb}</Verb><Noun>MeterReadings</Noun></Header>'
        f"{reply}<Payload>{readings(*meters)}</Payload></{root}>"
    )


ONE = block(reading("2026-07-14T17:15:00-05:00", "0.412"))
MANY = [reading(f"2026-07-14T{hour:02}:00:00Z", "1") for hour in range(10)]


class TestTheSample:
    def test_has_the_totals_that_were_counted_outside(self, sample: Reader) -> None:
        read = sample("headend/meter_readings_15min.xml")

        delivered, received, volts = read.channels
        assert read.format == "iec-61968-9"
        assert {one.channel.meter_id for one in read.channels} == {"CIM0000017"}
        assert (delivered.total, delivered.channel.unit) == (Decimal("4.507"), "kWh")
        assert (received.total, received.channel.flow) == (Decimal("0.950"), Flow.RECEIVED)
        assert volts.channel.energy_wh_power is None
        assert [one.value for one in volts.readings if one.value is not None][-1] == 1193
        for channel in read.channels:
            assert channel.channel.interval_seconds == 900
            missing = [at for at, one in enumerate(channel.readings) if one.value is None]
            assert missing == [4, 7, 8]

    def test_a_stamp_ends_its_interval(self, sample: Reader) -> None:
        first = sample("headend/meter_readings_15min.xml").channels[0].readings[0]
        assert (first.start, first.seconds) == (1_784_066_400, 900)  # 17:00 to 17:15 -05:00

    def test_an_estimate_keeps_its_word(self, sample: Reader) -> None:
        channel = sample("headend/meter_readings_15min.xml").channels[0]
        estimated = [
            at for at, one in enumerate(channel.readings) if one.quality is Quality.ESTIMATED
        ]
        assert estimated == [9]


class TestEnvelopes:
    @pytest.mark.parametrize(
        "text",
        [
            message(meter(ONE)),
            message(
                meter(ONE),
                root="ResponseMessage",
                verb="reply",
                reply="<Reply><Result>OK</Result></Reply>",
            ),
            message(meter(ONE), root="RequestMessage", verb="create"),
            readings(meter(ONE)),
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>'
            + message(meter(ONE))
            + "</s:Body></s:Envelope>",
            message(meter(ONE)).replace("m:", "iec:").replace("xmlns:m", "xmlns:iec"),
            message(meter(ONE)).replace("2011/MeterReadings", "2009/MeterReadings"),
        ],
        ids=["event", "response", "request", "bare", "soap", "another prefix", "another edition"],
    )
    def test_of_every_kind_are_read_alike(self, read: Reader, text: str) -> None:
        (channel,) = read(text).channels
        assert (channel.total, channel.channel.meter_id) == (Decimal("0.412"), "M1")

    def test_readings_of_another_namespace_are_not_readings(self, read: Reader) -> None:
        text = message(meter(ONE)).replace(READINGS, "http://example.org/readings")
        with pytest.raises(NothingToLoad, match="holds no meter readings to load"):
            read(text)

    @pytest.mark.parametrize("verb", ["deleted", "canceled", "closed"])
    def test_a_verb_that_takes_back_is_refused(self, read: Reader, verb: str) -> None:
        with pytest.raises(
            EnvelopeBroken, match=f"verb is '{verb}', which does not bring readings"
        ):
            read(message(meter(ONE), verb=verb))

    def test_an_answer_that_failed_is_refused(self, read: Reader) -> None:
        text = message(
            meter(ONE), root="ResponseMessage", reply="<Reply><Result>FAILED</Result></Reply>"
        )
        with pytest.raises(EnvelopeBroken, match="answer to a request that failed"):
            read(text)

    def test_events_of_meters_are_sent_to_where_they_are_received(self, read: Reader) -> None:
        text = message(meter(ONE)).replace("<Noun>MeterReadings", "<Noun>EndDeviceEvents")
        with pytest.raises(
            NothingToLoad, match="about EndDeviceEvents, not MeterReadings"
        ) as refusal:
            read(text)
        assert "meterledger meter events receive" in refusal.value.do

    def test_a_document_type_is_refused(self, read: Reader) -> None:
        for prolog in ("<!DOCTYPE m [<!ENTITY a 'b'>]>", "<!DOCTYPE m>"):
            with pytest.raises(EnvelopeBroken, match="declares a document type"):
                read(prolog + message(meter(ONE)))

    def test_a_message_that_was_cut_off_is_refused_whole(self, read: Reader) -> None:
        with pytest.raises(EnvelopeBroken, match="The XML is"):
            read(message(meter(ONE))[:-30])

    def test_a_message_nested_without_end_is_refused(self, read: Reader) -> None:
        deep = "<m:Names>" * 60 + "</m:Names>" * 60
        with pytest.raises(EnvelopeBroken, match="nested more than 40"):
            read(message(meter(ONE, deep)))


class TestMeters:
    def test_several_stand_in_one_message(self, read: Reader) -> None:
        taken = read(message(meter(ONE), meter(ONE, mrid="M2"), meter(block(MANY[0]))))
        assert [(one.channel.meter_id, one.total) for one in taken.channels] == [
            ("M1", Decimal("1.412")),
            ("M2", Decimal("0.412")),
        ]

    def test_a_name_counts_where_the_mrid_is_a_key_of_the_sender(self, read: Reader) -> None:
        key = "7b5a3c44-0a51-4a9a-9a6d-0f4b6f1d0017</m:mRID><m:Names><m:name>M7</m:name></m:Names>"
        text = message(meter(ONE).replace("M1</m:mRID>", key))
        assert read(text).channels[0].channel.meter_id == "M7"

    def test_nobody_is_guessed(self, read: Reader) -> None:
        with pytest.raises(MeterNotNamed, match="names no meter"):
            read(message(meter(ONE, mrid="")))
        assert read(message(meter(ONE, mrid="")), meter="M9").channels[0].channel.meter_id == "M9"

    def test_two_names_in_one_reading_are_refused(self, read: Reader) -> None:
        second = "<m:Meter><m:mRID>M2</m:mRID></m:Meter>"
        with pytest.raises(LinksUnresolved, match="names 2 meters"):
            read(message(meter(ONE, second)))


class TestReadingTypes:
    @pytest.mark.parametrize(
        ("code", "unit", "kind", "flow", "billable"),
        [
            (KWH_15, "kWh", ChannelKind.INTERVAL, Flow.DELIVERED, True),
            (
                "0.0.7.4.1.1.12.0.0.0.0.0.0.0.0.0.72.0",
                "Wh",
                ChannelKind.INTERVAL,
                Flow.DELIVERED,
                True,
            ),
            (
                "0.0.2.4.19.1.12.0.0.0.0.0.0.0.0.3.72.0",
                "kWh",
                ChannelKind.INTERVAL,
                Flow.RECEIVED,
                True,
            ),
            ("0.0.2.4.4.1.12.0.0.0.0.0.0.0.0.3.72.0", "kWh", ChannelKind.INTERVAL, Flow.NET, True),
            (
                "0.0.2.4.1.1.12.0.0.0.0.0.0.0.224.3.72.0",
                "kWh",
                ChannelKind.INTERVAL,
                Flow.DELIVERED,
                True,
            ),
            (
                "0.0.2.4.1.1.12.0.0.0.0.0.0.0.128.3.72.0",
                "kWh (phases 128)",
                ChannelKind.INTERVAL,
                Flow.DELIVERED,
                False,
            ),
            (
                "0.0.2.4.1.1.12.0.0.0.0.1.0.0.0.3.72.0",
                "kWh (tou 1)",
                ChannelKind.INTERVAL,
                Flow.DELIVERED,
                False,
            ),
            (
                "0.0.2.4.16.1.12.0.0.0.0.0.0.0.0.3.72.0",
                "kWh (flow 16)",
                ChannelKind.INTERVAL,
                Flow.UNKNOWN,
                False,
            ),
            (
                "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.73.0",
                "kVArh",
                ChannelKind.INTERVAL,
                Flow.DELIVERED,
                False,
            ),
            (REGISTER, "Wh", ChannelKind.REGISTER, Flow.DELIVERED, True),
            (
                "0.0.2.9.1.2.12.0.0.0.0.0.0.0.0.3.72.0",
                "kWh",
                ChannelKind.REGISTER,
                Flow.DELIVERED,
                True,
            ),
            (
                "0.0.0.12.0.1.54.0.0.0.0.0.0.0.128.-3.29.0",
                "V",
                ChannelKind.REGISTER,
                Flow.UNKNOWN,
                False,
            ),
            (
                "0.8.7.6.0.1.54.0.0.0.0.0.0.0.128.0.29.0",
                "V (qualifier 8)",
                ChannelKind.INTERVAL,
                Flow.UNKNOWN,
                False,
            ),
        ],
    )
    def test_say_what_was_measured(
        self, code: str, unit: str, kind: ChannelKind, flow: Flow, billable: bool
    ) -> None:
        facts = cim_type(code)
        assert facts is not None
        assert (facts.unit, facts.kind, facts.flow) == (unit, kind, flow)
        assert (facts.unit in ("Wh", "kWh", "MWh")) is billable

    @pytest.mark.parametrize(
        "code",
        ["", "0.0.2", KWH_15 + ".0", KWH_15.replace("12", "x"), KWH_15.replace(".3.72", ".40.72")],
    )
    def test_that_say_nothing_are_none(self, code: str) -> None:
        assert cim_type(code) is None

    def test_gas_is_gas(self) -> None:
        facts = cim_type("0.0.4.4.1.7.58.0.0.0.0.0.0.0.0.0.119.0")
        assert facts is not None
        assert (facts.commodity, facts.unit, facts.seconds) == (Commodity.GAS, "ft3", 86_400)

    def test_a_value_of_an_unknown_type_is_set_aside(self, read: Reader) -> None:
        odd = block(reading("2026-07-15T00:00:00Z", "1"), kind="3.0.129.160")
        taken = read(message(meter(block(*MANY), odd)))
        (aside,) = taken.quarantined
        assert "is not a code of eighteen numbers" in aside.reason
        assert b"2026-07-15T00:00:00Z" in aside.data
        assert aside.data.endswith(b"</m:IntervalReadings>")

    def test_a_type_that_the_message_spells_out_is_known(self, read: Reader) -> None:
        spelled = (
            f"<m:ReadingType><m:mRID>abc</m:mRID><m:Names><m:name>{KWH_15}</m:name></m:Names>"
            "</m:ReadingType>"
        )
        text = message(meter(block(*MANY, kind="abc")) + spelled)
        assert read(text).channels[0].channel.interval_seconds == 900

    def test_registers_are_read_one_by_one(self, read: Reader) -> None:
        single = reading("2026-07-15T00:00:00Z", "12345").replace(
            "</m:Readings>", f'<m:ReadingType ref="{REGISTER}"/></m:Readings>'
        )
        (channel,) = read(message(meter(single))).channels
        assert channel.channel.kind is ChannelKind.REGISTER
        assert (channel.readings[0].seconds, channel.readings[0].value) == (0, 12345)


class TestReadings:
    @pytest.mark.parametrize(
        ("odd", "words"),
        [
            (reading("2026-07-32T00:00:00Z", "1"), "There is no time"),
            (reading("", "1"), "It has no time stamp"),
            (reading("2026-07-15T00:00:00Z", "1,5"), "is not a number that can be kept exactly"),
            (reading("2026-07-15T00:00:00Z", "NaN"), "is not a number that can be kept exactly"),
            (reading("2026-07-15T00:00:00Z", "1", "good"), "not a code of three numbers"),
            (reading("2031-07-15T00:00:00Z", "1"), "later than a day after the file was received"),
        ],
    )
    def test_that_cannot_be_used_are_set_aside(self, read: Reader, odd: str, words: str) -> None:
        taken = read(message(meter(block(*MANY, odd))))
        (aside,) = taken.quarantined
        assert words in aside.reason
        assert taken.channels[0].total == 10

    def test_a_period_is_believed_only_if_it_agrees(self, read: Reader) -> None:
        def with_period(begin: str, end: str) -> str:
            period = f"<m:timePeriod><m:start>{begin}</m:start><m:end>{end}</m:end></m:timePeriod>"
            one = reading("2026-07-15T00:00:00Z", "1")
            return read(
                message(meter(block(*MANY, one.replace("<m:value>", period + "<m:value>"))))
            ).quarantined

        assert not with_period("2026-07-14T23:45:00Z", "2026-07-15T00:00:00Z")
        (aside,) = with_period("2026-07-14T23:00:00Z", "2026-07-15T00:00:00Z")
        assert "period lasts 3600 seconds and its reading type says 900" in aside.reason
        (aside,) = with_period("2026-07-14T23:45:00Z", "2026-07-15T00:00:01Z")
        assert "not the end of its period" in aside.reason

    def test_two_stories_of_one_time_are_both_set_aside(self, read: Reader) -> None:
        twice = [reading("2026-07-15T00:00:00Z", "1"), reading("2026-07-15T00:00:00Z", "2")]
        taken = read(message(meter(block(*MANY, *twice))))
        assert taken.channels[0].total == 10
        assert len(taken.quarantined) == 2

    def test_an_exact_repeat_counts_once(self, read: Reader) -> None:
        taken = read(message(meter(block(*MANY, MANY[0]))))
        assert taken.channels[0].total == 10
        assert "counted once" in taken.quarantined[0].reason

    def test_local_times_need_a_zone(self, read: Reader) -> None:
        text = message(meter(block(reading("2026-07-14T17:15:00", "1"))))
        with pytest.raises(ZoneNotNamed):
            read(text)
        assert read(text, zone="America/Chicago").channels[0].readings[0].start == 1_784_066_400

    def test_too_many_that_cannot_be_used_refuse_the_message(self, read: Reader) -> None:
        with pytest.raises(TooMuchUnusable, match="1 of 1 readings cannot be used"):
            read(message(meter(block(reading("2026-07-15T00:00:00Z", "x")))))

    @pytest.mark.parametrize(
        ("codes", "quality"),
        [
            ((), Quality.RAW),
            (("1.0.0",), Quality.VALID),
            (("1.0.0", "3.8.0"), Quality.ESTIMATED),
            (("2.7.0",), Quality.ADJUSTED),
            (("1.2.32",), Quality.QUESTIONABLE),
            (("1.4.259",), Quality.MISSING),
            (("2.5.259",), Quality.MISSING),
            (("1.4.9", "3.8.0"), Quality.QUESTIONABLE),
            (("1.0",), None),
        ],
    )
    def test_the_weakest_quality_counts(
        self, codes: tuple[str, ...], quality: Quality | None
    ) -> None:
        assert cim_quality(codes) is quality
