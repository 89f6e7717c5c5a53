"""CMEP 1.20: its rules record by record, and the dialects of real head-ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from meterledger.facts.readings import (
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    ReadingFile,
)
from meterledger.stores.gateways import (
    EnvelopeBroken,
    MeterNotNamed,
    NothingToLoad,
    TooMuchUnusable,
)

Reader = Callable[..., ReadingFile]
HEAD = "MEPMD01,19970819,SND,,RCV,,202603091215"


def epoch(stamp: str) -> int:
    return int(datetime.strptime(stamp, "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp())


def record(
    *triples: str,
    meter: str = "M1",
    purpose: str = "OK",
    commodity: str = "E",
    units: str = "KWH",
    constant: str = "1.0",
    interval: str = "00000015",
    count: int | None = None,
) -> str:
    count = len(triples) if count is None else count
    parts = [HEAD, meter, purpose, commodity, units, constant, interval, str(count), *triples]
    return ",".join(parts) + "\r\n"


def channel_of(file: ReadingFile, meter: str, unit: str, kind: ChannelKind) -> ChannelReadings:
    (found,) = [
        one
        for one in file.channels
        if (one.channel.meter_id, one.channel.unit, one.channel.kind) == (meter, unit, kind)
        and one.channel.flow is not Flow.RECEIVED
    ]
    return found


class TestARealHeadEnd:
    def test_stamps_end_their_interval_in_utc(self, sample: Reader) -> None:
        """Only so the interval sum equals the register's difference over the same day."""
        file = sample("headend/sensus_interval_and_register.cmep")
        intervals = channel_of(file, "M00000001", "CF", ChannelKind.INTERVAL)
        register = channel_of(file, "M00000001", "CF", ChannelKind.REGISTER)
        assert intervals.present_count == 24
        assert intervals.total == 479
        assert intervals.readings[0].start == epoch("202606020700")
        assert intervals.readings[-1].start + 3600 == epoch("202606030700")
        first, last = register.readings
        assert (last.value or 0) - (first.value or 0) == 479
        assert intervals.channel.commodity is Commodity.WATER
        assert channel_of(file, "00000002", "CF", ChannelKind.INTERVAL).total == 7

    def test_of_2011_identifies_meters_by_the_receiver_customer_id(self, sample: Reader) -> None:
        file = sample("headend/sensus_2011_hourly_registers.cmep")
        ends = {
            one.channel.meter_id: (one.readings[0].value, one.readings[-1].value)
            for one in file.channels
        }
        assert ends == {
            "E00000105AB": (698, 721),
            "W00000101": (36318, 36512),
            "W00000102": (3330, 3381),
        }
        assert all(one.channel.kind is ChannelKind.REGISTER for one in file.channels)
        assert file.channels[1].readings[0].start == epoch("201109200002")  # as stamped
        assert "receiver customer id" in file.notes[0]

    def test_with_one_field_too_many_is_set_right_by_the_purpose_word(self, sample: Reader) -> None:
        (channel,) = sample("headend/shifted_header_gas_register.cmep").channels
        assert channel.channel.meter_id == "8877665"
        assert (channel.channel.commodity, channel.channel.unit) == (Commodity.GAS, "CCF")
        assert [one.value for one in channel.readings] == [4410, 4412]


class TestTheProtocol:
    """spec_cases.cmep, case by case."""

    @pytest.fixture
    def cases(self, sample: Reader) -> ReadingFile:
        return sample("headend/spec_cases.cmep")

    def test_a_23_hour_day_in_two_blocks_with_omitted_stamps(self, cases: ReadingFile) -> None:
        readings = channel_of(cases, "SPEC00001", "kWh", ChannelKind.INTERVAL).readings
        day = [one for one in readings if one.line in (1, 2)]
        assert len(day) == 92
        assert sum(one.value or 0 for one in day) == 13386  # Wh
        assert day[0].start == epoch("202603080600")
        assert day[-1].start + 900 == epoch("202603090500")

    def test_a_resend_fills_the_gap_and_counts_nothing_twice(self, cases: ReadingFile) -> None:
        readings = channel_of(cases, "SPEC00001", "kWh", ChannelKind.INTERVAL).readings
        resent = [one for one in readings if one.start >= epoch("202603090500")]
        assert [one.value for one in resent] == [300, 310, 305, 320]
        assert [one.quality for one in resent] == [
            Quality.RAW,
            Quality.ESTIMATED,
            Quality.RAW,
            Quality.ADJUSTED,
        ]

    def test_pulses_and_average_demand_times_their_constant_are_energy(
        self, cases: ReadingFile
    ) -> None:
        pulses = channel_of(cases, "SPEC00001P", "kWh", ChannelKind.INTERVAL)
        assert [
            Decimal(one.value or 0).scaleb(pulses.channel.scale) for one in pulses.readings
        ] == [
            Decimal("0.36"),
            Decimal("0.72"),
        ]
        assert pulses.channel.multiplier == "0.0144"
        assert channel_of(cases, "SPEC00001D", "kWh", ChannelKind.INTERVAL).total == Decimal("2.7")

    def test_volts_are_never_energy(self, cases: ReadingFile) -> None:
        volts = channel_of(cases, "SPEC00001", "V", ChannelKind.INTERVAL)
        assert volts.channel.energy_wh_power is None
        assert [one.value for one in volts.readings] == [1214, 1098]

    def test_generation_is_received_and_an_empty_check_field_is_accepted(
        self, cases: ReadingFile
    ) -> None:
        (received,) = [one for one in cases.channels if one.channel.flow is Flow.RECEIVED]
        assert received.total == Decimal("0.040")

    def test_a_wrong_count_and_an_impossible_stamp_are_set_aside_whole(
        self, cases: ReadingFile
    ) -> None:
        assert [one.line for one in cases.quarantined] == [10, 11]
        assert "count (field 14) is 3, and 1 readings" in cases.quarantined[0].reason
        assert "'202602300015', and there is no such time" in cases.quarantined[1].reason
        assert cases.quarantined[0].data.startswith(b"MEPMD01,19970819,UTILSND")
        assert not any(one.channel.meter_id == "SPEC00001X" for one in cases.channels)

    def test_a_quoted_comma_stays_in_its_field(self, cases: ReadingFile) -> None:
        (reading,) = channel_of(cases, "SPEC00001", "kWh", ChannelKind.REGISTER).readings
        assert reading.value == 12345

    def test_a_summary_is_noted_and_not_loaded(self, cases: ReadingFile) -> None:
        assert any("purpose SUMMARY" in note for note in cases.notes)


class TestGaps:
    def test_no_value_is_a_gap_whatever_stands_beside_the_letter(self, read: Reader) -> None:
        (channel,) = read(
            record("202603090515,N,", "202603090530,N0,0", "202603090545,R,", "202603090600,R,0")
        ).channels
        assert [one.value for one in channel.readings] == [None, None, None, 0]

    def test_a_record_may_end_before_the_empty_value_of_its_last_gap(self, read: Reader) -> None:
        text = record("202603090515,R,1", "202603090530,N", count=2)
        (channel,) = read(text).channels
        assert [one.value for one in channel.readings] == [1, None]

    def test_a_value_fills_a_gap_that_was_reported_before_or_after(self, read: Reader) -> None:
        gap, told = record("202603090515,N,"), record("202603090515,R,7")
        for text in (gap + told, told + gap):
            (channel,) = read(text).channels
            assert [one.value for one in channel.readings] == [7]


class TestTwiceTold:
    OTHERS = "".join(record(f"2026030{day}0515,R,1", meter="M9") for day in range(1, 9))

    def test_the_last_resend_wins_wherever_the_first_sending_stands(self, read: Reader) -> None:
        sent = record("202603090515,R,1")
        resends = [record(f"202603090515,R,{n}", purpose="RESEND") for n in (2, 3)]
        for text in (sent + "".join(resends), "".join(resends) + sent):
            (channel,) = read(text).channels
            assert [one.value for one in channel.readings] == [3]

    def test_an_equal_record_is_counted_once(self, read: Reader) -> None:
        file = read(record("202603090515,R,1.50") + record("202603090515,R,1.5"))
        assert file.channels[0].total == Decimal("1.5")
        assert "repeats" in file.quarantined[0].reason

    def test_of_two_that_differ_neither_is_kept(self, read: Reader) -> None:
        text = record("202603090515,R,1") + record("202603090515,R,2") + self.OTHERS
        file = read(text)
        assert {one.channel.meter_id for one in file.channels} == {"M9"}
        assert [one.line for one in file.quarantined] == [1, 2]
        assert "line 1 says 1 over 900 seconds, line 2 says 2" in file.quarantined[0].reason

    def test_of_two_that_overlap_neither_is_kept(self, read: Reader) -> None:
        text = record("202603090515,R,1") + record("202603090520,R,1") + self.OTHERS
        assert [one.line for one in read(text).quarantined] == [1, 2]


class TestUnits:
    @pytest.mark.parametrize(
        ("word", "unit", "kind", "flow"),
        [
            ("KWH", "kWh", ChannelKind.INTERVAL, Flow.DELIVERED),
            ("GKWH", "kWh", ChannelKind.INTERVAL, Flow.RECEIVED),
            ("NKWH", "kWh", ChannelKind.INTERVAL, Flow.NET),
            ("SKWH", "kWh", ChannelKind.INTERVAL, Flow.TOTAL),
            ("SKWHREG", "kWh", ChannelKind.REGISTER, Flow.TOTAL),
            ("KVARH", "kVArh", ChannelKind.INTERVAL, Flow.DELIVERED),
            ("GKW", "kW", ChannelKind.INTERVAL, Flow.RECEIVED),
            ("VOLTS", "V", ChannelKind.INTERVAL, Flow.UNKNOWN),
            ("TEMPF", "TEMPF", ChannelKind.INTERVAL, Flow.UNKNOWN),
        ],
    )
    def test_electric(
        self, read: Reader, word: str, unit: str, kind: ChannelKind, flow: Flow
    ) -> None:
        (channel,) = read(record("202603090515,R,1", units=word)).channels
        assert (channel.channel.unit, channel.channel.kind, channel.channel.flow) == (
            unit,
            kind,
            flow,
        )

    def test_gallons_are_no_generation(self, read: Reader) -> None:
        (channel,) = read(record("202603090515,R,1", units="GALREG", commodity="W")).channels
        assert (channel.channel.unit, channel.channel.kind) == ("gal", ChannelKind.REGISTER)

    def test_pulses_without_a_constant_say_nothing(self, read: Reader) -> None:
        with pytest.raises(TooMuchUnusable, match="PULSE and it has no calculation constant"):
            read(record("202603090515,R,1", units="PULSE", constant=""))

    def test_an_empty_constant_of_energy_is_one(self, read: Reader) -> None:
        assert read(record("202603090515,R,4", constant="")).channels[0].total == 4


class TestUnusableLines:
    GOOD = "".join(record(f"2026030{day}0515,R,1") for day in range(1, 9))

    @pytest.mark.parametrize(
        ("bad", "words"),
        [
            (record("202603090515,R,1", purpose="REJECT"), "purpose is REJECT"),
            (record("202603090515,R,1", purpose="PERHAPS"), "place of the meter id"),
            (record("202603090515,R,1", commodity="X"), "not E, G, W or S"),
            (record("202603090515,R,1", constant="0"), "calculation constant"),
            (record("202603090515,R,1", interval="01000000"), "in months"),
            (record("202603090515,R,1", interval=""), "length of its intervals"),
            (record("202603090515,R,1", interval="15"), "not MMDDHHMM"),
            (record("202603090515,R,1", count=0), "not a number from 1 to 3000"),
            (record("202603092400,R,1"), "there is no such time"),
            (record(",R,1"), "has no stamp"),
            (record("202603090515,Q,1"), "not R, E, A or N"),
            (record("202603090515,R,1e99"), "not a number we can keep"),
            (record("202603090515,R,one"), "not a number we can keep"),
            (record("198003090515,R,1"), "not between 1990 and 2100"),
            (record("202703090515,R,1"), "nothing can be measured before it happens"),
            (record("202603090515,R,1", meter=""), "neither a meter id"),
            ('MEPMD01,"19970819,SND\r\n', "quotation marks"),
            ("GARBAGE\r\n", "does not begin with the name of a CMEP record"),
            ("MEPMD01,19970819,SND,,RCV,,202603091215,M1,OK\r\n", "ends after 9 fields"),
            ("MEPMD01," + "x" * 70_000 + "\r\n", "longer than"),
        ],
    )
    def test_are_set_aside_with_their_bytes_and_the_rest_is_kept(
        self, read: Reader, bad: str, words: str
    ) -> None:
        file = read(self.GOOD + bad)
        assert file.channels[0].total == 8
        (aside,) = file.quarantined
        assert words in aside.reason
        assert (aside.line, aside.data.decode()) == (9, bad.rstrip("\r\n"))

    def test_up_to_one_in_five(self, read: Reader) -> None:
        assert len(read(self.GOOD + "GARBAGE\r\n" * 2).quarantined) == 2
        with pytest.raises(TooMuchUnusable, match="3 of 11 lines cannot be used"):
            read(self.GOOD + "GARBAGE\r\n" * 3)

    def test_a_single_line_that_is_bad_refuses_the_file(self, read: Reader) -> None:
        with pytest.raises(TooMuchUnusable, match="1 of 1 lines"):
            read(record("202602300515,R,1"))


class TestEnvelope:
    def test_other_records_are_noted(self, read: Reader) -> None:
        others = "MEPMD02,19970819,S,,R\r\nMEPEC01,19980618,S\r\nMLA01,1,S\r\n"
        file = read(record("202603090515,R,1") + others)
        assert sum("not loaded: record type" in note for note in file.notes) == 3
        with pytest.raises(NothingToLoad, match="MEPMD02"):
            read(others)

    def test_a_check_field_is_accepted_and_said_not_to_be_recomputed(self, read: Reader) -> None:
        file = read(record("202603090515,R,1").rstrip() + ",H1A2F\r\n")
        assert file.channels[0].total == 1
        assert "not recomputed" in file.notes[0]

    def test_line_feeds_alone_a_byte_order_mark_and_a_missing_last_line_end(
        self, read: Reader
    ) -> None:
        text = "\ufeff" + record("202603090515,R,1").replace("\r\n", "")
        file = read(text)
        assert file.channels[0].total == 1
        assert "cut off there" in file.notes[0]

    def test_a_byte_that_is_not_utf8_is_named(self, read: Reader) -> None:
        data = record("202603090515,R,1").encode() + b"MEPMD01,\xe9"
        with pytest.raises(EnvelopeBroken, match=rf"byte {len(data) - 1} \(hexadecimal e9\)"):
            read(data)

    def test_one_meter_may_be_named_for_a_file_of_one(self, read: Reader) -> None:
        file = read(record("202603090515,R,1"), meter="X1")
        assert file.channels[0].channel.meter_id == "X1"
        with pytest.raises(MeterNotNamed, match="2 meters"):
            read(record("202603090515,R,1") + record("202603090515,R,1", meter="M2"), meter="X1")
