"""MultiSpeak readings of versions 3.0 and 4.1: what registers showed, each at its own time."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from meterledger.facts.readings import ChannelKind, Commodity, Flow, ReadingFile
from meterledger.stores.gateways import (
    EnvelopeBroken,
    FormatUnknown,
    NothingToLoad,
    TooMuchUnusable,
    ZoneNotNamed,
)

Reader = Callable[..., ReadingFile]
V3 = "http://www.multispeak.org/Version_3.0"
V4 = "http://www.multispeak.org/Version_4.1_Release"


def soap(body: str, *, version: str = V3) -> str:
    return (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>'
        f'<MultiSpeakMsgHeader xmlns="{version}" Version="3.0"/></soap:Header><soap:Body>'
        f'<ReadingChangedNotification xmlns="{version}">{body}</ReadingChangedNotification>'
        "</soap:Body></soap:Envelope>"
    )


def meter_read(
    meter: str = "1010156108", pos: str = "50123", date: str = "2026-07-15T00:00:00-05:00"
) -> str:
    return (
        f'<meterRead objectID="{meter}"><meterNo>{meter}</meterNo><readingDate>{date}</readingDate>'
        f"<posKWh>{pos}</posKWh><negKWh>12</negKWh><kW>3.25</kW>"
        "<kWDateTime>2026-07-14T17:45:00-05:00</kWDateTime></meterRead>"
    )


def version_4(*values: str) -> str:
    return soap(
        '<changedMeterReads><meterReading objectID="1001"><meterID meterNo="19023423" '
        f'serviceType="Electric" utility="AKL"/><readingValues>{"".join(values)}</readingValues>'
        "</meterReading></changedMeterReads>",
        version=V4,
    )


def value(field: str, units: str, text: str, stamp: str = "2026-02-17T09:30:47Z") -> str:
    return (
        f"<readingValue><units>{units}</units><value>{text}</value><fieldName>{field}</fieldName>"
        f"<timeStamp>{stamp}</timeStamp></readingValue>"
    )


def formatted(*rows: str, first: int = 0, fields: tuple[str, ...] = ()) -> str:
    names = fields or ("meterNo", "posKWh", "posKWhDateTime", "voltage", "voltageDateTime")
    items = "".join(
        f"<syntaxItem><fieldName>{name}</fieldName><position>{at}</position></syntaxItem>"
        for at, name in enumerate(names, start=first)
    )
    vals = "".join(f"<val>{row}</val>" for row in rows)
    return soap(
        f"<changedMeterReads><separator>,</separator><valSyntax>{items}</valSyntax>"
        f"<valueList>{vals}</valueList></changedMeterReads>"
    )


ROWS = tuple(
    f"M{n},{n * 100},2026-07-15T00:00:00Z,120.{n},2026-07-15T00:05:00Z" for n in range(1, 11)
)


class TestVersion3:
    def test_a_meter_read_is_registers_and_demand_at_their_own_times(self, read: Reader) -> None:
        taken = read(soap(f"<changedMeterReads>{meter_read()}</changedMeterReads>"))

        delivered, received, demand = taken.channels
        assert taken.format == "multispeak"
        assert delivered.channel.kind is ChannelKind.REGISTER
        assert (delivered.channel.flow, delivered.readings[0].value) == (Flow.DELIVERED, 50123)
        assert (received.channel.flow, received.readings[0].value) == (Flow.RECEIVED, 12)
        assert (demand.channel.unit, demand.total) == ("kW", Decimal("3.25"))
        assert delivered.readings[0].start == 1_784_091_600
        assert delivered.readings[0].start - demand.readings[0].start == 6 * 3600 + 15 * 60

    def test_an_answer_without_an_envelope_is_read_too(self, read: Reader) -> None:
        inside = (
            f"<GetReadingsByDateResult>{meter_read('A')}{meter_read('B')}</GetReadingsByDateResult>"
        )
        taken = read(f'<r xmlns="{V3}">{inside}</r>')
        assert {one.channel.meter_id for one in taken.channels} == {"A", "B"}

    def test_what_its_sender_calls_an_error_is_set_aside(self, read: Reader) -> None:
        bad = meter_read("B").replace("<meterRead ", '<meterRead errorString="no answer" ')
        taken = read(soap("".join(meter_read(f"A{n}") for n in range(9)) + bad))
        assert {one.channel.meter_id for one in taken.channels} == {f"A{n}" for n in range(9)}
        assert all("no answer" in one.reason for one in taken.quarantined)
        assert len(taken.quarantined) == 3

    def test_a_value_without_a_time_is_no_reading(self, read: Reader) -> None:
        text = soap(meter_read(date="")).replace("<readingDate></readingDate>", "")
        with pytest.raises(TooMuchUnusable, match="posKWh has no time of its own"):
            read(text)

    def test_local_times_need_a_zone(self, read: Reader) -> None:
        text = soap(meter_read(date="2026-07-15T00:00:00"))
        with pytest.raises(ZoneNotNamed):
            read(text)
        taken = read(text, zone="America/Chicago")
        assert taken.channels[0].readings[0].start == 1_784_091_600


class TestVersion41:
    def test_fields_are_known_by_name_and_by_obis_number(self, read: Reader) -> None:
        taken = read(
            version_4(
                value("posKWh", "kWh", "300"),
                value("1.0.2.8.0.255", "kWh", "7"),
                value("1.0.3.8.0.255", "kVarh", "10"),
            )
        )
        assert [
            (one.channel.unit, one.channel.flow, one.readings[0].value) for one in taken.channels
        ] == [
            ("kWh", Flow.DELIVERED, 300),
            ("kWh", Flow.RECEIVED, 7),
            ("kVArh", Flow.DELIVERED, 10),
        ]
        assert {one.channel.meter_id for one in taken.channels} == {"19023423"}

    def test_a_field_nobody_knows_never_passes_for_energy(self, read: Reader) -> None:
        taken = read(version_4(value("kWhRateA", "kWh", "300")))
        assert taken.channels[0].channel.unit == "kWh (kWhRateA)"
        assert taken.channels[0].channel.energy_wh_power is None

    def test_a_name_that_contradicts_its_unit_is_set_aside(self, read: Reader) -> None:
        with pytest.raises(TooMuchUnusable, match="posKWh is in V, and that field is kWh"):
            read(version_4(value("posKWh", "V", "300")))

    def test_watt_hours_stay_watt_hours(self, read: Reader) -> None:
        (channel,) = read(version_4(value("posKWh", "Wh", "300"))).channels
        assert (channel.channel.unit, channel.channel.commodity) == ("Wh", Commodity.ELECTRICITY)

    def test_interval_data_is_named_and_not_loaded(self, read: Reader) -> None:
        text = soap("<intervalData><blocks/></intervalData>", version=V4)
        with pytest.raises(NothingToLoad, match=r"1 blocks of interval data \(intervalData\)"):
            read(text)

    def test_version_5_is_refused_by_name(self, read: Reader) -> None:
        text = soap(meter_read(), version="http://www.multispeak.org/V5.0")
        with pytest.raises(FormatUnknown, match="of a version that is not read"):
            read(text)


class TestFormattedBlocks:
    @pytest.mark.parametrize("first", [0, 1])
    def test_places_count_from_0_or_1(self, read: Reader, first: int) -> None:
        taken = read(formatted(*ROWS, first=first))
        by_meter = {
            one.channel.meter_id: one.readings[0].value
            for one in taken.channels
            if one.channel.unit == "kWh"
        }
        assert by_meter == {f"M{n}": n * 100 for n in range(1, 11)}
        volts = [one for one in taken.channels if one.channel.unit == "V"]
        assert volts[0].readings[0].start - taken.channels[0].readings[0].start == 300

    def test_an_empty_field_is_no_reading(self, read: Reader) -> None:
        taken = read(formatted(*ROWS, "M11,,,120.0,2026-07-15T00:00:00Z"))
        assert [one.channel.unit for one in taken.channels if one.channel.meter_id == "M11"] == [
            "V"
        ]

    def test_a_row_of_another_length_is_set_aside(self, read: Reader) -> None:
        taken = read(formatted(*ROWS, "M11,5,2026-07-15T00:00:00Z"))
        (aside,) = taken.quarantined
        assert "it has 3 fields, and its block's syntax 5" in aside.reason

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (formatted(*ROWS, first=2), "stand at \\[2, 3, 4, 5, 6\\]"),
            (formatted(*ROWS).replace(">4<", ">3<"), "stand at \\[0, 1, 2, 3, 3\\]"),
            (formatted(*ROWS).replace(">4<", ">x<"), "does not say at which place"),
            (formatted(*ROWS).replace("meterNo", "posKWhTwo"), "does not name one field as the"),
            (
                formatted("M1,1,2", fields=("meterNo", "posKWh", "poskwh")),
                "names a field twice",
            ),
        ],
    )
    def test_that_do_not_say_what_stands_where_are_refused(
        self, read: Reader, text: str, words: str
    ) -> None:
        with pytest.raises(EnvelopeBroken, match=words):
            read(text)
