"""Registers as they were read, meters billed on them, bills by place; on both stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.register_town import NEXT, RegisterTown, months
from tests.stores.paper_town import (
    ANALYST,
    FIRST_DAY,
    LATER,
    LEARNED,
    bill_of,
    register_channel,
    start_of,
)

from meterledger.facts.bills import EstimatedBy, EstimatedUsage, read_record
from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.facts.meters import (
    BilledOn,
    Meter,
    MeterConfiguration,
    MeterKind,
    MeterWork,
    Register,
    RegisterRead,
    WorkKind,
)
from meterledger.facts.readings import ChannelKind, ChannelReadings, Flow, Quality, Reading
from meterledger.facts.registers import KnownRegisterValue
from meterledger.facts.usage_log import LoggedEstimate
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.ports import NotViewing, Store

AT = 1_735_711_200
LAST = FIRST_DAY + timedelta(days=60)
CHANNEL = replace(register_channel().channel, unit="kWh", scale=0, multiplier="1")


def reads(*told: tuple[int, int | None], **changed: object) -> ChannelReadings:
    return ChannelReadings(
        replace(CHANNEL, **changed),  # type: ignore[arg-type]
        tuple(
            Reading(at, 0, value, Quality.MISSING if value is None else Quality.VALID, line)
            for line, (at, value) in enumerate(told)
        ),
    )


def keep(store: Store, number: int, *channels: ChannelReadings) -> int:
    received = store.record_file(
        sha256=f"{number:064x}",
        name=f"file {number}",
        format="csv",
        channels=channels,
        quarantined=(),
        lake_files=(),
        learned_at=LATER,
        beside=[one for one in channels if one.channel.kind is ChannelKind.INTERVAL],
    )
    return received.lake_sequence


def known(
    store: Store, *meters: str, begin: int = AT, until: int = AT + 10, at_sequence: int = 99
) -> dict[str, list[KnownRegisterValue]]:
    with store.viewing(ANALYST, meters):
        return store.register_values(
            meters or ("M-1",), begin=begin, until=until, at_sequence=at_sequence
        )


def figures(found: dict[str, list[KnownRegisterValue]], meter: str = "M-1") -> list[int]:
    return [one.value for one in found.get(meter, [])]


class TestValuesOfRegisters:
    def test_come_back_in_order_of_time_with_all_that_the_file_said(self, store: Store) -> None:
        keep(store, 1, reads((AT + 5, 4_321), (AT, 4_300), scale=-1, multiplier="2"))
        assert known(store) == {
            "M-1": [
                KnownRegisterValue(AT, 4_300, 2, "2", Quality.VALID, Flow.DELIVERED, 1),
                KnownRegisterValue(AT + 5, 4_321, 2, "2", Quality.VALID, Flow.DELIVERED, 1),
            ]
        }

    def test_are_those_of_the_stretch_whose_end_is_out(self, store: Store) -> None:
        keep(store, 1, reads((AT - 1, 1), (AT, 2), (AT + 9, 3), (AT + 10, 4)))
        assert figures(known(store)) == [2, 3]

    def test_are_as_known_at_a_sequence(self, store: Store) -> None:
        first = keep(store, 1, reads((AT, 1)))
        second = keep(store, 2, reads((AT, 2)))
        assert figures(known(store, at_sequence=first - 1)) == []
        assert figures(known(store, at_sequence=first)) == [1]
        assert figures(known(store, at_sequence=second)) == [2]

    def test_a_later_missing_value_takes_nothing_away(self, store: Store) -> None:
        keep(store, 1, reads((AT, 1)))
        keep(store, 2, reads((AT, None)))
        assert figures(known(store)) == [1]

    def test_one_file_that_says_two_things_is_given_whole(self, store: Store) -> None:
        keep(store, 1, reads((AT, 1)), reads((AT, 2)))
        assert figures(known(store)) == [1, 2]

    @pytest.mark.parametrize(
        "other",
        [{"flow": Flow.RECEIVED}, {"flow": Flow.NET}, {"unit": "kW"}, {"unit": "kVArh"}],
    )
    def test_are_delivered_energy_and_nothing_else(
        self, store: Store, other: dict[str, object]
    ) -> None:
        keep(store, 1, reads((AT, 1), **other))
        assert known(store) == {}

    def test_are_no_intervals_and_of_no_other_meter(self, store: Store) -> None:
        interval = replace(CHANNEL, kind=ChannelKind.INTERVAL, meter_id="M-2")
        month = ChannelReadings(interval, (Reading(AT, 900, 5, Quality.VALID, 1),))
        keep(store, 1, month, reads((AT, 7), meter_id="M-3"))
        assert known(store, "M-1", "M-2") == {}

    def test_nobody_reads_them_without_saying_why(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.register_values(["M-1"], begin=AT, until=AT + 1, at_sequence=1)


def configured(
    store: Store, meter: str, billed_on: BilledOn, learned_at: datetime = LEARNED
) -> None:
    seconds = 900 if billed_on is BilledOn.INTERVAL else None
    register = Register("kWh", Flow.DELIVERED, "kWh", 5)
    setup = MeterConfiguration(
        meter, billed_on, seconds, (register,), (), Validity(FIRST_DAY), learned_at
    )
    device = Meter(meter, MeterKind.AMR, learned_at)
    store.change_meters(MeterChange("configured", meter, learned_at, (), (setup,), (device,)))


class TestMetersOnRegisters:
    def test_are_those_set_up_so_as_known_then(self, store: Store) -> None:
        configured(store, "M-1", BilledOn.REGISTER)
        configured(store, "M-2", BilledOn.INTERVAL)
        configured(store, "M-3", BilledOn.REGISTER, LATER)
        asked = ["M-1", "M-2", "M-3", "M-4"]
        with store.viewing(ANALYST, asked):
            assert store.meters_on_registers(asked, LEARNED) == {"M-1"}
            assert store.meters_on_registers(asked, LATER) == {"M-1", "M-3"}
            assert store.meters_on_registers(asked, LEARNED - timedelta(seconds=1)) == set()
            assert store.meters_on_registers([], LATER) == set()


class TestVisits:
    def test_are_learned_after_the_newest_bill_so_that_it_is_replayed_without_them(
        self, store: Store
    ) -> None:
        store.start_services([start_of(1)])
        store.record_bills([bill_of(1, known_at=LATER)])
        reads = (RegisterRead("kWh", "04321"),)
        work = MeterWork(
            *("w", WorkKind.EXCHANGE, "SP-1", "M-1", "M-9", LEARNED, "old", reads, (), LATER)
        )
        store.change_meters(MeterChange("meter exchanged", "SP-1", LATER, work=work))
        with store.viewing(ANALYST, ["M-1"]):
            assert store.meter_file("M-1", LATER).work == ()
            (kept,) = store.meter_file("M-1").work
        assert kept.closing == reads
        assert kept.learned_at > LATER


class TestBillsOfAPlace:
    def test_are_oldest_first_and_of_the_places_asked_for(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1, 1), bill_of(1, 0), bill_of(2)])
        with store.viewing(ANALYST, ["SP-1"]):
            found = store.bills_at(["SP-1", "SP-9"])
        assert list(found) == ["SP-1"]
        assert [one.days.from_day for one in found["SP-1"]] == [
            FIRST_DAY,
            FIRST_DAY + timedelta(days=30),
        ]

    def test_nobody_reads_them_without_saying_why(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.bills_at(["SP-1"])


class TestEstimatesOfABill:
    def test_are_kept_with_it_once(self, store: Store) -> None:
        store.start_services([start_of(1)])
        bill, entry = bill_of(1)
        estimate = Estimate(
            meter="0123456789abcdef",
            start=AT,
            until=AT + 86_400,
            energy_wh=12_345,
            method=Method.AMI_REGISTER_01,
            cause=EstimateCause.REMOTE_DEVICE_FAILED,
            provision="estimation.ami_register.step01",
            citation="Sheet 131.2",
            made_at=LATER,
            inputs=(("days estimated", "1"),),
        )
        logged = LoggedEstimate(estimate, "M-1", date(2025, 1, 1), bill.bill_id, 0, 1)
        with_estimate = replace(bill, usage=replace(bill.usage, estimates=(logged,)))

        assert with_estimate.record() == bill.record()  # what is kept is not what is said
        store.record_bills([(with_estimate, entry)])
        store.record_bills([(with_estimate, entry)])

        with store.viewing(ANALYST, ["M-1"]):
            assert store.estimates_of_meter("M-1") == [logged]
            assert store.estimates_of_meter("M-1", DaySpan(FIRST_DAY, date(2025, 1, 2))) == [logged]


class TestABillOfARegister:
    def test_is_made_kept_and_replayed_alike_in_every_store(self, store: Store) -> None:
        """Read in June, estimated in July, read again in August."""
        june, july, august, september = months(date(2025, 6, 1), 4)
        town = RegisterTown(store=store)
        with store.viewing(ANALYST, []):
            town.meter(1, came=june)
            town.reads("M1", (june, 100), (july, 400))
            town.bill(1, on=august, known_at=NEXT)
            town.reads("M1", (september, 1_050))
            run = town.bill(1, on=september, known_at=NEXT)
            bills = store.bills_of_account(town.account_id(1))
            kept = [one.estimate for one in store.estimates_of_meter("M1")]
            replayed = [town.replay(one.bill_id).same_bytes for one in bills]
        assert run.held == []
        used = [read_record(one.record)["usage"]["energy_wh"] for one in bills]
        assert used == [300_000, 310_000, 340_000]
        assert [(one.energy_wh, one.method) for one in kept] == [
            (310_000, Method.PRECEDING_PERIOD_DAILY_USE)
        ]
        assert replayed == [True, True, True]


class TestBillsNearby:
    def nearby(self, store: Store, **asked: Any) -> list[tuple[str, int, int, bool]]:
        days = asked.pop("days", DaySpan(FIRST_DAY, FIRST_DAY + timedelta(days=60)))
        schedule = asked.pop("schedule", "1M-anytime")
        with store.viewing(ANALYST, []):
            found = store.bills_nearby("SP-1", schedule, days, **({"before": NEXT} | asked))
        return [
            (
                one.service_point_id,
                (one.days.from_day - FIRST_DAY).days,
                one.energy_wh,
                one.estimated,
            )
            for one in found
        ]

    def test_are_of_other_places_by_place_and_time(self, store: Store) -> None:
        store.start_services([start_of(number) for number in (1, 2, 3)])
        bill, entry = bill_of(3)
        by = (EstimatedBy("flat_line", "estimation.ami_interval.ladder", 1, 5),)
        marked = replace(bill.usage, estimated=EstimatedUsage(1, 5, by, "0.1"))
        store.record_bills([bill_of(1), bill_of(2, 1), bill_of(2), bill_of(2, 2)])
        store.record_bills([(replace(bill, usage=marked), entry)])
        assert self.nearby(store) == [
            ("SP-2", 0, 30_000, False),
            ("SP-2", 30, 30_000, False),
            ("SP-3", 0, 30_000, True),
        ]
        assert self.nearby(store, places=1) == self.nearby(store)[:2]
        assert self.nearby(store, schedule="1M-smart") == []
        assert self.nearby(store, before=LATER) == []
        assert len(self.nearby(store, before=LATER + timedelta(seconds=1))) == 3

    def test_are_of_the_same_postal_code(self, store: Store) -> None:
        far = start_of(2)
        assert far.premise is not None
        elsewhere = replace(far, premise=replace(far.premise, postal_code="63131"))
        store.start_services([start_of(1), elsewhere])
        store.record_bills([bill_of(2)])
        assert self.nearby(store) == []

    def test_nobody_reads_them_without_saying_why(self, store: Store) -> None:
        with pytest.raises(NotViewing):
            store.bills_nearby("SP-1", "1M-anytime", DaySpan(FIRST_DAY, LAST), before=NEXT)
