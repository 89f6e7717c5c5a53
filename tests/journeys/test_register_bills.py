"""Bills of meters that are billed on their register: two reads, exchanges, estimates by rung."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.journeys.register_town import AFTER, KWH, NEXT, NIGHT, RegisterTown, months
from tests.journeys.town import CHICAGO, FIRST, VIEWER

from meterledger.billing import hold_kind
from meterledger.facts.meters import (
    BilledOn,
    LinkSource,
    MeterConfiguration,
    MeterKind,
    Register,
    RegisterRead,
)
from meterledger.facts.readings import Flow, Quality
from meterledger.kernel.span import DaySpan, Validity
from meterledger.usecases.change_meters import correct_exchange, exchange_meter, install_meter
from meterledger.usecases.compare_schedules import Compared, compare_schedules
from meterledger.usecases.describe_meters import configure_meter
from meterledger.usecases.meter_checks import Linked, Visit
from meterledger.usecases.start_service import service_start

JUNE, JULY, AUGUST = months(date(2025, 6, 1), 3)


@pytest.fixture
def town(first_book: Any) -> Iterator[RegisterTown]:
    made = RegisterTown(book=first_book)
    with made.store.viewing(VIEWER, []):
        yield made


def only(run: Any) -> Any:
    assert [held.sentence for held in run.held] == []
    (bill,) = run.issued
    return bill


class TestTwoReads:
    def test_the_difference_is_billed_and_both_reads_are_told(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 4_321), (JULY, 5_000))

        bill = only(town.bill_month(1, JUNE))

        assert bill.usage.energy_wh == 679_000
        told = json.loads(bill.record())["usage"]
        assert told["registers"] == [
            {
                "meter": town.pseudonym("M1"),
                "register": "kWh",
                "unit": "kWh",
                "multiplier": 1,
                "opening": {
                    "figures": "04321",
                    "basis": "actual",
                    "shown": 4321,
                    "shown_at": "2025-06-01T05:00:00Z",
                    "ahead_wh": 0,
                },
                "closing": {
                    "figures": "05000",
                    "basis": "actual",
                    "shown": 5000,
                    "shown_at": "2025-07-01T05:00:00Z",
                    "ahead_wh": 0,
                },
                "rolled_over": False,
                "measured_wh": 679_000,
                "energy_wh": 679_000,
            }
        ]
        assert "estimated" not in told
        assert bill.as_answer()["usage"]["registers"][0]["energy_wh"] == "679000"

    def test_the_read_of_a_boundary_is_the_first_of_its_local_day(self, town: RegisterTown) -> None:
        """Read at ten in the morning by a person: both ends move alike."""
        town.meter(1, MeterKind.MANUAL, came=JUNE)
        town.reads("M1", (JUNE, 100), (JULY, 400), hour=10)
        town.reads("M1", (JULY, 405), hour=17)
        assert only(town.bill_month(1, JUNE)).usage.energy_wh == 300_000

    @pytest.mark.parametrize(
        ("hour", "billed"), [(-0.01, False), (0, True), (23.99, True), (24, False)]
    )
    def test_a_read_of_the_second_before_or_the_day_after_is_another_days(
        self, town: RegisterTown, hour: float, billed: bool
    ) -> None:
        town.meter(1, MeterKind.MANUAL, came=JUNE)
        town.reads("M1", (JUNE, 100))
        town.reads("M1", (JULY, 400), hour=hour)
        run = town.bill_month(1, JUNE)
        assert (run.issued_count == 1) is billed
        assert [held.code for held in run.held] == ([] if billed else ["usage.estimate_by_hand"])

    @pytest.mark.parametrize(
        ("quality", "billed"),
        [
            (Quality.VALID, True),
            (Quality.RAW, True),
            (Quality.ADJUSTED, True),
            (Quality.ESTIMATED, False),
            (Quality.SUBSTITUTED, False),
            (Quality.QUESTIONABLE, False),
        ],
    )
    def test_what_its_sender_estimated_or_doubts_is_no_actual_read(
        self, town: RegisterTown, quality: Quality, billed: bool
    ) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 100))
        town.reads("M1", (JULY, 400), quality=quality)
        assert (town.bill_month(1, JUNE).issued_count == 1) is billed

    def test_multipliers_of_the_register_and_of_the_place_count(self, town: RegisterTown) -> None:
        register = Register("kWh", Flow.DELIVERED, "kWh", 5, 1, 20)
        town.meter(1, came=JUNE, register=register, multiplier=4)
        town.reads("M1", (JUNE, 1_000_5), (JULY, 1_010_0), scale=-1)
        bill = only(town.bill_month(1, JUNE))
        (share,) = bill.usage.registers
        assert (share.opening.figures, share.closing.figures) == ("01000.5", "01010.0")
        assert share.multiplier == 80
        assert bill.usage.energy_wh == 9_500 * 80

    def test_a_register_that_rolled_over_is_unwound_and_says_so(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 99_900), (JULY, 300))
        bill = only(town.bill_month(1, JUNE))
        assert bill.usage.energy_wh == 400_000
        assert bill.usage.registers[0].rolled_over

    @pytest.mark.parametrize(
        ("closing", "words"), [(4_000, "a step back"), (4_999, "a step back"), (5_000, "")]
    )
    def test_one_that_stepped_back_holds_the_bill(
        self, town: RegisterTown, closing: int, words: str
    ) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 5_000), (JULY, closing))
        run = town.bill_month(1, JUNE)
        if not words:
            assert only(run).usage.energy_wh == 0
            return
        (held,) = run.held
        assert held.code == "usage.register_step"
        assert words in held.sentence
        assert "from 05000 at 2025-06-01T05:00:00Z" in held.sentence

    def test_a_corrected_reading_speaks_and_a_file_that_contradicts_itself_holds(
        self, town: RegisterTown
    ) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 100), (JULY, 400))
        town.reads("M1", (JULY, 450), learned_at=NIGHT)
        assert only(town.bill_month(1, JUNE)).usage.energy_wh == 350_000

        town.meter(2, came=JUNE)
        town.reads("M2", (JUNE, 100), (JULY, 400), (JULY, 401))
        (held,) = town.bill_month(2, JUNE).held
        assert held.code == "usage.register"
        assert "Two readings of 2025-07-01T05:00:00Z cannot both be true" in held.sentence

    def test_a_value_the_register_cannot_show_holds(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 100), (JULY, 123_456))
        (held,) = town.bill_month(1, JUNE).held
        assert "of 5 figures and 0 decimals cannot show 123456 kWh" in held.sentence

    def test_without_an_opening_read_there_is_no_bill(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JULY, 400))
        (held,) = town.bill_month(1, JUNE).held
        assert held.code == "usage.no_opening_read"
        assert "There is no actual read of 2025-06-01, on which the bill begins" in held.sentence
        assert "`meterledger meter install --opening`" in held.sentence

    def test_the_first_one_opens_where_the_meter_did_that_came_with_the_service(
        self, town: RegisterTown
    ) -> None:
        """Service starts without a meter; then it is said which one was there, and its figure."""
        request = town.request(1, from_day=JUNE)
        whole = service_start(request, learned_at=FIRST, view=town.view)
        town.store.start_services([replace(whole, installation=None)])
        begins = datetime.fromtimestamp(town.at(JUNE), tz=UTC)
        visit = Visit("SP1", begins, "service begins", opening=(RegisterRead("kWh", "04000"),))
        linked = Linked(LinkSource.INSTALLER_SCAN, 95, "a scan")
        town.set_up("M1", came=JUNE)
        install_meter("M1", visit, linked, learned_at=FIRST, zone_name=CHICAGO, store=town.store)
        town.reads("M1", (JULY, 4_400))

        bill = only(town.bill_month(1, JUNE))

        assert bill.usage.energy_wh == 400_000
        assert town.replay(bill.bill_id).same_bytes

    def test_the_bill_says_that_its_least_readings_were_had_and_that_they_are_shown(
        self, town: RegisterTown
    ) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 100), (JULY, 400))
        told = [reason.finding for reason in only(town.bill_month(1, JUNE)).reasons]
        assert "1 register readings in the period, 1 is the least" in told
        assert any("it shows register readings" in one for one in told)

    def test_a_rate_by_time_of_day_is_held_by_the_clause(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE, schedule="1M-smart")
        town.reads("M1", (JUNE, 100), (JULY, 400))
        (held,) = town.bill_month(1, JUNE).held
        assert held.code == "usage.periods_needed"
        assert "prices energy by the time of day" in held.sentence
        assert "GRR V.D" in held.sentence
        assert "readings of the register may not stand in for intervals (Sheet" in held.sentence
        assert "with interval data" not in held.sentence  # this meter sends none
        assert "set the meter up for intervals" in held.sentence
        kind = hold_kind(held.code)
        assert kind.owner == "customer service"
        assert "meterledger service change" in kind.correct

    def test_neighbors_on_intervals_are_billed_as_before_in_the_same_run(
        self, town: RegisterTown
    ) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 100), (JULY, 400))
        town.start(2, from_day=JUNE)
        town.read("M2", (JUNE, JULY))
        town.start(3, from_day=JUNE)
        town.set_up("M3", came=JUNE, billed_on=BilledOn.INTERVAL)
        town.read("M3", (JUNE, JULY))

        run = town.bill(1, 2, 3, on=JULY, known_at=NEXT)

        assert run.held == []
        assert sorted(len(bill.usage.registers) for bill in run.issued) == [0, 0, 1]
        alone = RegisterTown(book=town.book)
        with alone.store.viewing(VIEWER, []):
            alone.reads("M1", (JUNE, 100), (JULY, 400))
            alone.start(2, from_day=JUNE)
            alone.read("M2", (JUNE, JULY))
            (bill,) = alone.bill(2, on=JULY, known_at=NEXT).issued
        (same,) = [one for one in run.issued if one.account_id == bill.account_id]
        assert same.usage == bill.usage
        assert same.lines == bill.lines

    def test_it_is_replayed_to_the_byte_as_known_then(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 100), (JULY, 400))
        bill = only(town.bill_month(1, JUNE))
        town.reads("M1", (JULY, 420), learned_at=AFTER)
        assert town.replay(bill.bill_id).same_bytes
        later = town.replay(bill.bill_id, as_known=AFTER)
        assert later.bill.usage.energy_wh == 320_000


class TestExchanges:
    def exchanged(self, town: RegisterTown, **visit: Any) -> Any:
        town.meter(1, came=JUNE, multiplier=2)
        town.set_up("M9", came=JUNE, register=Register("kWh", Flow.DELIVERED, "kWh", 6))
        town.reads("M1", (JUNE, 100))
        town.reads("M9", (JULY, 50))
        at = datetime(2025, 6, 11, 15, tzinfo=UTC)
        exchange_meter(
            Visit(
                "SP1",
                at,
                "due for its test",
                closing=visit.get("closing", (RegisterRead("kWh", "00200"),)),
                opening=visit.get("opening", (RegisterRead("kWh", "000010"),)),
            ),
            "M9",
            Linked(LinkSource.INSTALLER_SCAN, 95, "scan 17"),
            learned_at=NIGHT,
            zone_name=CHICAGO,
            store=town.store,
        )

    def test_each_meter_is_billed_from_its_own_reads(self, town: RegisterTown) -> None:
        self.exchanged(town)
        bill = only(town.bill_month(1, JUNE))
        told = [(one.opening.figures, one.closing.figures) for one in bill.usage.registers]
        assert told == [("00100", "00200"), ("000010", "000050")]
        assert [one.energy_wh for one in bill.usage.registers] == [200_000, 80_000]
        assert bill.usage.energy_wh == 280_000
        assert bill.usage.meter == town.pseudonym("M9")
        assert town.replay(bill.bill_id).same_bytes

    def test_a_corrected_visit_speaks_and_the_wrong_one_still_replays(
        self, town: RegisterTown
    ) -> None:
        self.exchanged(town)
        bill = only(town.bill_month(1, JUNE))
        at = datetime(2025, 6, 11, 15, tzinfo=UTC)
        right = Visit("SP1", at, "figures mixed up", closing=(RegisterRead("kWh", "00210"),))
        correct_exchange(at, right, learned_at=NEXT, zone_name=CHICAGO, store=town.store)

        again = town.replay(bill.bill_id, as_known=AFTER).bill

        assert [one.energy_wh for one in again.usage.registers] == [220_000, 80_000]
        assert town.replay(bill.bill_id).same_bytes

    @pytest.mark.parametrize("missing", ["closing", "opening"])
    def test_without_the_figures_of_the_visit_there_is_no_bill(
        self, town: RegisterTown, missing: str
    ) -> None:
        """Recorded before the meters were known to be billed on registers."""
        town.start(1, from_day=JUNE)
        town.reads("M1", (JUNE, 100))
        town.reads("M9", (JULY, 50))
        told = {"closing": (RegisterRead("kWh", "00200"),), "opening": (RegisterRead("kWh", "1"),)}
        exchange_meter(
            Visit("SP1", datetime(2025, 6, 11, 15, tzinfo=UTC), "old", **(told | {missing: ()})),
            "M9",
            Linked(LinkSource.INSTALLER_SCAN, 95, "scan 17"),
            learned_at=FIRST,
            zone_name=CHICAGO,
            store=town.store,
        )
        for meter in ("M1", "M9"):
            town.set_up(meter, came=JUNE)
        (held,) = town.bill_month(1, JUNE).held
        assert held.code == "usage.no_opening_read"
        assert f"There is no {missing} reading of the exchange at 2025-06-11T15:00:00Z" in (
            held.sentence
        )

    def test_the_exchange_is_the_last_that_was_read_where_nothing_came_after(
        self, town: RegisterTown
    ) -> None:
        """June is billed; the meter is exchanged on the eleventh of July and never heard again."""
        town.meter(1, came=JUNE)
        town.set_up("M9", came=JUNE)
        town.reads("M1", (JUNE, 10), (JULY, 310))
        exchange_meter(
            Visit("SP1", datetime(2025, 7, 11, 15, tzinfo=UTC), "old",
                  closing=(RegisterRead("kWh", "00450"),), opening=(RegisterRead("kWh", "5"),)),
            "M9",
            Linked(LinkSource.INSTALLER_SCAN, 95, "scan 17"),
            learned_at=FIRST,
            zone_name=CHICAGO,
            store=town.store,
        )  # fmt: skip
        only(town.bill_month(1, JUNE))
        bill = only(town.bill_month(1, JULY))
        assert [one.energy_wh for one in bill.usage.registers] == [140_000, 210_000]
        assert bill.usage.estimated.by[0].day_count == 21
        assert bill.usage.registers[1].closing.figures == "00215"
        assert town.replay(bill.bill_id).same_bytes

    def test_the_next_bill_opens_on_the_new_meter(self, town: RegisterTown) -> None:
        self.exchanged(town)
        only(town.bill_month(1, JUNE))
        town.reads("M9", (AUGUST, 75))
        bill = only(town.bill_month(1, JULY))
        assert bill.usage.registers[0].opening.figures == "000050"
        assert bill.usage.energy_wh == 50_000

    def test_a_meter_on_intervals_in_its_place_holds_for_a_person(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        town.set_up("M9", came=JUNE, billed_on=BilledOn.INTERVAL)
        town.reads("M1", (JUNE, 100))
        exchange_meter(
            Visit("SP1", datetime(2025, 6, 11, 15, tzinfo=UTC), "smart meter",
                  closing=(RegisterRead("kWh", "00200"),)),
            "M9",
            Linked(LinkSource.INSTALLER_SCAN, 95, "scan 17"),
            learned_at=NIGHT,
            zone_name=CHICAGO,
            store=town.store,
        )  # fmt: skip
        (held,) = town.bill_month(1, JUNE).held
        assert held.code == "usage.register"
        assert "Meter M1 is billed on its register and meter M9 on intervals" in held.sentence
        assert "Set meter M9 up for its register too, from 2025-06-01 on" in held.sentence

    def test_both_set_up_for_their_registers_are_billed_as_the_sentence_says(
        self, town: RegisterTown
    ) -> None:
        self.test_a_meter_on_intervals_in_its_place_holds_for_a_person(town)
        town.set_up("M9", came=JUNE, learned_at=NIGHT)
        at = datetime(2025, 6, 11, 15, tzinfo=UTC)
        right = Visit("SP1", at, "the order's paper",
                      closing=(RegisterRead("kWh", "00200"),),
                      opening=(RegisterRead("kWh", "00000"),))  # fmt: skip
        correct_exchange(at, right, learned_at=NEXT, zone_name=CHICAGO, store=town.store)
        town.reads("M9", (JULY, 250))
        bill = only(town.bill_month(1, JUNE, known_at=AFTER))
        assert [one.energy_wh for one in bill.usage.registers] == [100_000, 250_000]

    def test_other_firmware_inside_the_window_is_the_same_register(
        self, town: RegisterTown
    ) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 100), (JULY, 400))
        changed = MeterConfiguration(
            "M1", BilledOn.REGISTER, None, (KWH,), (("firmware", "1.2"),),
            Validity(date(2025, 6, 15)), FIRST,
        )  # fmt: skip
        configure_meter(changed, None, learned_at=FIRST, store=town.store)
        bill = only(town.bill_month(1, JUNE))
        assert bill.usage.energy_wh == 300_000
        assert town.replay(bill.bill_id).same_bytes

    def test_a_meter_set_up_in_two_ways_says_how_it_is_put_in_one(self, town: RegisterTown) -> None:
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 100), (JULY, 400))
        town.set_up("M1", came=date(2025, 6, 15), billed_on=BilledOn.INTERVAL)
        (held,) = town.bill_month(1, JUNE).held
        assert held.code == "usage.register"
        assert "Meter M1 is set up in two ways, 2025-06-01 to 2025-07-01" in held.sentence
        assert "give the old one again from its day on, and the new one from 2025-07-01" in (
            held.sentence
        )

        town.set_up("M1", came=date(2025, 6, 15), learned_at=NIGHT)
        town.set_up("M1", came=JULY, billed_on=BilledOn.INTERVAL, learned_at=NEXT)
        bill = only(town.bill_month(1, JUNE, known_at=AFTER))
        assert bill.usage.energy_wh == 300_000
        assert town.replay(bill.bill_id).same_bytes


def compared(town: RegisterTown, days: DaySpan) -> Compared:
    return compare_schedules(
        account_id=town.account_id(1),
        span=days,
        known_at=NEXT,
        asked=days.until_day,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


def test_rates_are_compared_over_its_use_and_those_by_time_say_why_not(town: RegisterTown) -> None:
    town.meter(1, came=JUNE)
    town.reads("M1", (JUNE, 100), (JULY, 400))
    bill = only(town.bill_month(1, JUNE))
    found = compared(town, DaySpan(JUNE, JULY))
    assert (found.schedule, found.energy_wh, found.estimated_wh) == ("1M-anytime", 300_000, 0)
    by_code = {one.schedule: one for one in found.answers}
    assert by_code["1M-anytime"].total_cents == bill.total_cents
    others = [one for code, one in by_code.items() if code != "1M-anytime"]
    assert all(one.total_cents is None and "GRR V.D" in str(one.refusal) for one in others)


def test_what_is_compared_and_estimated_says_so(town: RegisterTown) -> None:
    town.meter(1, came=JUNE)
    town.reads("M1", (JUNE, 100), (JULY, 400))
    only(town.bill_month(1, JUNE))
    bill = only(town.bill_month(1, JULY))
    found = compared(town, DaySpan(JUNE, AUGUST))
    assert bill.usage.estimated.energy_wh == found.estimated_wh == found.energy_wh - 300_000
    assert found.as_json()["estimated_wh"] == str(found.estimated_wh)
