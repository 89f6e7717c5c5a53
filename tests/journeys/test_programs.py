"""Bills that rest on more than usage: demand of periods before, Solar Blocks, net metering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.programs_town import BEGINS, JOINED, KNOWN, LEARNED, ProgramTown
from tests.journeys.register_town import KWH
from tests.journeys.town import VIEWER, even

from meterledger.entrypoints.web.bill_words import bill_words
from meterledger.facts.bills import Bill
from meterledger.facts.meters import BilledOn, Meter, MeterConfiguration, MeterKind
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.months import months_after
from meterledger.kernel.span import Validity
from meterledger.programs import CreditsOfBill, CreditsOverused, credit_account
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.describe_meters import configure_meter
from meterledger.usecases.explain_bill import explain_bill
from meterledger.usecases.find_corrections import bills_to_correct
from meterledger.usecases.make_statement import Beside, make_statement
from meterledger.usecases.ports import Conflict
from meterledger.usecases.programs import (
    ProgramRefused,
    leave_program,
    programs_of_account,
)
from meterledger.usecases.programs_go_on import ProgramNotOpen
from meterledger.usecases.rebill import rebill
from meterledger.usecases.rebill_states import Now

MONTHS = [date(2026, month, 1) for month in range(2, 8)]


@pytest.fixture
def town() -> Iterator[ProgramTown]:
    made = ProgramTown()
    with made.store.viewing(VIEWER, ["everything"]):
        yield made


def billed(town: ProgramTown, on: date, **how: Any) -> list[Bill]:
    run = town.bill(1, on=on, known_at=KNOWN, **how)
    assert not run.held, run.held
    return list(run.issued)


def line(bill: Bill, code: str) -> Any:
    (found,) = [one for one in bill.lines if one.code == code]
    return found


class TestDemandOfPeriodsBefore:
    @pytest.fixture
    def works(self, town: ProgramTown) -> ProgramTown:
        """100 kW in February, 20 kW in the months after it."""
        town.begin(1, "PL-P4")
        town.read("M1", (BEGINS, date(2026, 3, 1)), even(25_000))
        town.read("M1", (date(2026, 3, 1), date(2026, 8, 1)), even(5_000))
        return town

    def test_comes_from_the_bills_and_holds_for_three_periods(self, works: ProgramTown) -> None:
        bills = billed(works, date(2026, 7, 2))
        assert [line(bill, "demand_on_peak").quantity for bill in bills] == [
            *("100", "80", "80", "80", "20")
        ]
        told = " ".join(one.finding for one in bills[1].reasons)
        assert "100 kW until 2026-03-01; the service began then" in told
        last = " ".join(one.finding for one in bills[-1].reasons)
        assert "20 kW until 2026-06-01, 20 kW until 2026-05-01, 20 kW until 2026-04-01" in last

    def test_is_replayed_to_the_byte(self, works: ProgramTown) -> None:
        for bill in billed(works, date(2026, 7, 2)):
            assert works.replay(bill.bill_id).same_bytes

    def test_of_a_dry_run_is_that_of_the_run(self, works: ProgramTown) -> None:
        dry = billed(works, date(2026, 7, 2), dry_run=True)
        run = billed(works, date(2026, 7, 2))
        assert dry[0].total_cents == run[0].total_cents

    def test_that_is_not_known_holds_the_bill_in_words(self, works: ProgramTown) -> None:
        """Somebody else's agreement billed the place before: nothing is known of it here."""
        (service,) = works.services(1, known_at=KNOWN)
        begun = replace(service, billed_until=date(2026, 3, 1))
        run = works.bill(1, on=date(2026, 4, 2), known_at=KNOWN, services=[begun])
        (held,) = run.held
        assert held.code == "usage.demand_unknown"
        assert "bills 'on_peak_billing' on the demand of the 3 billing periods" in held.sentence
        assert not run.issued


class TestSolarBlocks:
    @pytest.fixture
    def home(self, town: ProgramTown) -> ProgramTown:
        town.begin(1, "PL-R1")
        town.read("M1", (BEGINS, date(2026, 8, 1)), even(200))
        return town

    def test_are_billed_from_the_period_that_begins_with_them(self, home: ProgramTown) -> None:
        home.join(1, "prairie_solar", blocks=3, on=date(2026, 3, 1))
        february, march = billed(home, date(2026, 4, 2))
        assert all(one.code != "solar" for one in february.lines)
        assert line(march, "solar").cents == 3 * 990
        told = [one for one in march.reasons if "Solar Blocks" in one.finding]
        assert told[0].finding == (
            "the service takes part in Prairie Solar with 3 Solar Blocks from 2026-03-01 on"
        )
        assert "Sheet 60" in told[0].citation.text
        assert home.replay(march.bill_id).same_bytes

    def test_that_are_told_of_later_leave_a_bill_as_it_was(self, home: ProgramTown) -> None:
        (before,) = billed(home, date(2026, 3, 2))
        later = KNOWN + timedelta(hours=1)
        home.join(1, "prairie_solar", blocks=3, on=date(2026, 3, 1), learned_at=later)
        assert home.replay(before.bill_id).same_bytes
        assert home.replay(before.bill_id, later + timedelta(hours=1)).bill.lines == before.lines

    def test_that_end_are_billed_for_the_period_that_began_with_them(
        self, home: ProgramTown
    ) -> None:
        home.join(1, "prairie_solar", blocks=3)
        leave_program(
            account_id=home.account_id(1),
            program="prairie_solar",
            on=date(2026, 3, 10),
            learned_at=JOINED + timedelta(minutes=1),
            store=home.store,
        )
        months = billed(home, date(2026, 5, 2))
        assert [any(one.code == "solar" for one in bill.lines) for bill in months] == [
            *(True, True, False)
        ]

    @pytest.mark.parametrize(
        ("schedule", "program", "how", "words"),
        [
            ("PL-R2", "prairie_solar", {"blocks": 3}, "Prairie Solar is not open to rate PL-R2"),
            ("PL-R1", "prairie_solar", {}, "is joined with a number of Solar Blocks"),
            ("PL-R1", "prairie_solar", {"blocks": 0}, "is joined with a number of Solar Blocks"),
            ("PL-R1", "prairie_net_metering", {"blocks": 1}, "Net metering has no Solar Blocks"),
            ("PL-R1", "prairie_solar", {"blocks": 1, "on": date(2026, 1, 31)}, "has no services"),
            ("PL-R1", "solar", {}, "has no programme 'solar'. Name one of prairie_net_metering, p"),
            ("PL-R1", "customer_charge", {}, "The book has no programme 'customer_charge'"),
        ],
    )
    def test_that_do_not_fit_are_refused(
        self, town: ProgramTown, schedule: str, program: str, how: dict[str, Any], words: str
    ) -> None:
        town.begin(1, schedule)
        with pytest.raises(ProgramRefused, match=words):
            town.join(1, program, **how)
        assert (
            town.store.participations([town.services(1, known_at=KNOWN)[0].agreement.agreement_id])
            == {}
        )

    def test_exclude_net_metering_and_themselves(self, home: ProgramTown) -> None:
        home.join(1, "prairie_solar", blocks=3)
        with pytest.raises(ProgramRefused, match="Net metering and Prairie Solar exclude each"):
            home.join(1, "prairie_net_metering")
        with pytest.raises(Conflict, match="takes part in prairie_solar on one of the days"):
            home.join(1, "prairie_solar", blocks=4)

    @pytest.mark.parametrize(("day", "joins"), [(28, False), (1, True)])
    def test_begin_on_days_that_are_not_billed(
        self, home: ProgramTown, day: int, joins: bool
    ) -> None:
        billed(home, date(2026, 3, 2))
        on = date(2026, 3, 1) if joins else date(2026, 2, day)
        if joins:
            assert home.join(1, "prairie_solar", blocks=1, on=on, learned_at=KNOWN)
            return
        with pytest.raises(ProgramRefused, match="The days until 2026-03-01 are billed already"):
            home.join(1, "prairie_solar", blocks=1, on=on, learned_at=KNOWN)

    def test_of_one_home_leave_its_neighbor_as_it_was(self, home: ProgramTown) -> None:
        home.begin(2, "PL-R1")
        home.read("M2", (BEGINS, date(2026, 8, 1)), even(200))
        alone = home.bill(2, on=date(2026, 3, 2), known_at=KNOWN, dry_run=True).issued[0]
        home.join(1, "prairie_solar", blocks=3)
        run = home.bill(1, 2, on=date(2026, 3, 2), known_at=KNOWN)
        (beside,) = [one for one in run.issued if one.account_id == home.account_id(2)]
        assert beside.record() == alone.record()
        assert home.lake.asked_back == []


class TestNetMetering:
    @pytest.fixture
    def roof(self, town: ProgramTown) -> ProgramTown:
        """More is received than delivered in February and March; less from April on."""
        town.begin(1, "PL-R1")
        town.read("M1", (BEGINS, date(2026, 8, 1)), even(200))
        town.received(1, (BEGINS, date(2026, 4, 1)), 500)
        town.received(1, (date(2026, 4, 1), date(2026, 7, 1)), 100)
        town.join(1, "prairie_net_metering")
        return town

    def test_grants_uses_and_ties_its_credits(self, roof: ProgramTown) -> None:
        bills = billed(roof, date(2026, 7, 2))
        granted = 0
        for bill, days in zip(bills[:2], (28, 31), strict=True):
            slots = days * 96 - (4 if days == 31 else 0)  # an hour is missing in March
            kwh = 300 * slots // 1000
            assert line(bill, "excess").quantity == str(300 * slots / 1000).removesuffix(".0")
            assert kwh > 0
            granted += int(line(bill, "excess").inputs[-1][1].replace(".", ""))
        used = -sum(one.cents for bill in bills for one in bill.lines if one.code == "credit")
        assert granted > 0
        (told,) = programs_of_account(
            account_id=roof.account_id(1),
            on=date(2026, 7, 2),
            known_at=KNOWN,
            view=roof.view,
            store=roof.store,
        )
        assert told.credits is not None
        assert told.credits.granted_cents == granted
        assert told.credits.used_cents == used > 0
        assert told.credits.open_cents == granted - used
        assert told.credits.expired_cents == 0

    def test_says_what_was_received_and_replays_to_the_byte(self, roof: ProgramTown) -> None:
        bills = billed(roof, date(2026, 7, 2))
        wh = 28 * 96 * 500
        assert any(one.finding.endswith(f"; {wh} Wh were received") for one in bills[0].reasons)
        for bill in bills:
            assert roof.replay(bill.bill_id).same_bytes

    def test_is_not_for_a_meter_that_is_billed_on_its_register(self, town: ProgramTown) -> None:
        """From 1 March on it is billed on intervals: it may join from that day on."""
        edge = date(2026, 3, 1)
        town.begin(1, "PL-R1")
        for seconds, days in ((None, Validity(BEGINS)), (900, Validity(edge))):
            setup = MeterConfiguration(
                "M1",
                BilledOn.REGISTER if seconds is None else BilledOn.INTERVAL,
                seconds,
                (KWH,),
                (),
                days,
                LEARNED,
            )
            device = Meter("M1", MeterKind.AMI, LEARNED)
            configure_meter(setup, device, learned_at=LEARNED, store=town.store)

        with pytest.raises(ProgramRefused, match="not for a meter that is billed on its register"):
            town.join(1, "prairie_net_metering", on=edge - timedelta(days=1))
        town.join(1, "prairie_solar", blocks=1, dry_run=True)
        town.join(1, "prairie_net_metering", on=edge)

    def test_is_held_where_what_was_received_is_not_known(self, roof: ProgramTown) -> None:
        run = roof.bill(1, on=date(2026, 8, 2), known_at=KNOWN)
        (held,) = run.held
        assert len(run.issued) == 5
        assert held.days is not None
        assert held.days.from_day == date(2026, 7, 1)
        assert held.code == "usage.not_received"
        assert "Not every interval of the energy received" in held.sentence
        assert "Ingest the channel of received energy, 0 where none was" in held.sentence


class TestCredits:
    @settings(max_examples=200, deadline=None)
    @given(
        grants=st.lists(st.integers(0, 5000), max_size=30),
        wants=st.lists(st.integers(0, 5000), min_size=30, max_size=30),
        months=st.sampled_from([1, 3, 12]),
        after=st.integers(0, 500),
    )
    def test_are_used_expired_or_open_to_the_cent(
        self, grants: list[int], wants: list[int], months: int, after: int
    ) -> None:
        bills: list[CreditsOfBill] = []
        day = date(2026, 1, 1)
        for grant, want in zip(grants, wants, strict=False):
            open_then = credit_account(bills, day, months).open_cents
            bills.append(CreditsOfBill(day, min(want, open_then), grant, months))
            day = months_after(day, 1)
        end = day + timedelta(days=after)
        found = credit_account(bills, end, months)
        assert found.granted_cents == sum(grants)
        assert found.granted_cents == found.used_cents + found.expired_cents + found.open_cents
        assert all(end <= months_after(issued, months) for issued, _ in found.open)

    @pytest.mark.parametrize(("day", "left"), [(date(2027, 3, 1), 500), (date(2027, 3, 2), 0)])
    def test_count_up_to_twelve_months(self, day: date, left: int) -> None:
        account = credit_account([CreditsOfBill(date(2026, 3, 1), 0, 500, 12)], day, 12)
        assert (account.open_cents, account.expired_cents) == (left, 500 - left)

    def test_used_and_never_granted_are_refused(self) -> None:
        bills = [CreditsOfBill(date(2026, 3, 1), 0, 5, 12), CreditsOfBill(BEGINS, 7, 0, 12)]
        with pytest.raises(CreditsOverused, match="used 2 cents of credit"):
            credit_account(bills, date(2026, 4, 1), 12)


class TestInTheFirstBook:
    """The union book's own programmes, on the rate that most homes have."""

    @pytest.fixture
    def home(self, town: ProgramTown, first_book: Any) -> ProgramTown:
        town.book = first_book
        town.begin(1, "1M-anytime")
        town.read("M1", (BEGINS, date(2026, 8, 1)), even(200))
        town.received(1, (BEGINS, date(2026, 8, 1)), 150)
        return town

    def test_solar_blocks_are_billed_and_replayed(self, home: ProgramTown) -> None:
        plain = billed(home, date(2026, 3, 2), dry_run=True)[0]
        home.join(1, "community_solar_residential", blocks=2)
        (bill,) = billed(home, date(2026, 3, 2))
        assert line(bill, "solar_generation").quantity == "2"
        assert {one.code for one in plain.lines} < {one.code for one in bill.lines}
        assert home.replay(bill.bill_id).same_bytes

    def test_net_metering_bills_what_is_left_and_is_replayed(self, home: ProgramTown) -> None:
        home.join(1, "net_metering")
        bills = billed(home, date(2026, 5, 2))
        energy = [one for one in bills[0].lines if one.code.startswith("energy")]
        kwh = sum(float(one.quantity) for one in energy)
        assert kwh == pytest.approx(28 * 96 * 50 / 1000)
        for bill in bills:
            assert home.replay(bill.bill_id).same_bytes

    @pytest.mark.parametrize("netted", [True, False])
    def test_paper_of_net_metering_tells_what_was_taken_and_what_was_given(
        self, home: ProgramTown, netted: bool
    ) -> None:
        if netted:
            home.join(1, "net_metering")
        billed(home, date(2026, 3, 2))
        account = home.account_id(1)
        with home.store.viewing(VIEWER, [account]):
            (stored,) = home.store.bills_of_account(account)
            made = make_statement(
                stored,
                service=home.store.service_of_agreement(stored.agreement_id, stored.known_at),
                history=[stored],
                entries=home.store.entries_of_account(account),
                view=home.book.as_known(stored.known_at.date()),
                beside=Beside(),
            )
        days = 28 * 96
        if netted:
            assert made.usage.received_wh == days * 150
            assert bill_words(made).use_sentence == (
                "You took 537.6 kWh from our lines in 28 days, about 19.2 kWh a day, and gave back "
                "403.2 kWh: what you took is billed less what you gave."
            )
        else:
            assert made.usage.received_wh is None
            assert bill_words(made).use_sentence == (
                "You used 537.6 kWh in 28 days, about 19.2 kWh a day."
            )


@pytest.mark.parametrize("program", ["prairie_solar", "prairie_net_metering", ""])
def test_the_difference_of_two_bills_is_split_to_the_cent(town: ProgramTown, program: str) -> None:
    town.begin(1, "PL-R1" if program else "PL-P4")
    town.read("M1", (BEGINS, date(2026, 3, 1)), even(900))
    town.read("M1", (date(2026, 3, 1), date(2026, 8, 1)), even(200))
    town.received(1, (BEGINS, date(2026, 4, 1)), 500)
    town.received(1, (date(2026, 4, 1), date(2026, 8, 1)), 100)
    if program:
        blocks = 2 if program == "prairie_solar" else None
        town.join(1, program, blocks=blocks, on=date(2026, 3, 1))
    bills = billed(town, date(2026, 7, 2))
    for before, after in pairwise(bills):
        told = explain_bill(bill_id=after.bill_id, store=town.store, versus=before.bill_id)
        parts = [cents_from_text(one["usd"], where="") for one in told["versus"]["parts"]]
        assert sum(parts) == after.total_cents - before.total_cents


class TestAnotherRateOption:
    """On the Missouri book: both programmes are of the account's service, not of one rate."""

    @pytest.fixture
    def home(self, first_book: Any) -> Iterator[ProgramTown]:
        """From February with net metering; more is received than delivered in February."""
        town = ProgramTown(first_book)
        with town.store.viewing(VIEWER, ["everything"]):
            town.begin(1, "1M-anytime", tax_place="none")
            town.read("M1", (BEGINS, date(2026, 7, 1)), even(100))
            town.received(1, (BEGINS, date(2026, 3, 1)), 150)
            town.received(1, (date(2026, 3, 1), date(2026, 7, 1)), 90)
            town.join(1, "net_metering")
            yield town

    def change(self, town: ProgramTown, schedule: str, asked: date = date(2026, 3, 10)) -> Any:
        return change_rate(
            account_id=town.account_id(1),
            schedule=schedule,
            asked=asked,
            learned_at=KNOWN,
            view=town.view,
            store=town.store,
        )

    def test_goes_on_netting_and_uses_the_credits_of_before(self, home: ProgramTown) -> None:
        (february,) = home.bill(1, on=date(2026, 3, 2), known_at=KNOWN).issued
        assert dict(line(february, "net_excess").inputs)["credit_granted_usd"] == "3.36"

        told = self.change(home, "1M-evening-morning")
        later = KNOWN + timedelta(hours=1)
        march, april = home.bill(1, on=date(2026, 5, 2), known_at=later).issued

        assert [one.schedule for one in (march, april)] == ["1M-anytime", "1M-evening-morning"]
        assert line(march, "net_credit").cents < 0
        delivered_wh = 30 * 96 * 100
        assert april.usage.energy_wh == delivered_wh
        billed_kwh = [one.quantity for one in april.lines if one.code.startswith("energy")]
        assert billed_kwh == ["14.4", "14.4"]  # a tenth: nine parts of ten were received
        parts = programs_of_account(
            account_id=home.account_id(1),
            on=date(2026, 5, 2),
            known_at=later,
            view=home.view,
            store=home.store,
        )
        assert [(one.participation.agreement_id, str(one.participation.days)) for one in parts] == [
            (march.agreement_id, "2026-02-01 until 2026-04-01"),
            (told.then.agreement_id, "2026-04-01 until further notice"),
        ]

    @pytest.mark.parametrize(
        "days_of_runs", [[date(2026, 4, 2)], [date(2026, 3, 2), date(2026, 4, 2)]]
    )
    def test_uses_the_credit_of_the_period_before_in_one_run_as_in_two(
        self, home: ProgramTown, days_of_runs: list[date]
    ) -> None:
        self.change(home, "1M-evening-morning", asked=date(2026, 2, 10))
        issued: list[Bill] = []
        for number, on in enumerate(days_of_runs, start=1):
            run = home.bill(1, on=on, known_at=KNOWN + timedelta(hours=number))
            issued += run.issued
        february, march = issued

        assert [one.schedule for one in issued] == ["1M-anytime", "1M-evening-morning"]
        assert dict(line(february, "net_excess").inputs)["credit_granted_usd"] == "3.36"
        assert line(march, "net_credit").cents == -336
        assert all(home.replay(one.bill_id).same_bytes for one in issued)

    def test_a_credit_of_before_that_is_corrected_puts_the_bill_after_it_in_the_queue(
        self, home: ProgramTown
    ) -> None:
        february = home.bill(1, on=date(2026, 3, 2), known_at=KNOWN).issued[0]
        march = home.bill(1, on=date(2026, 4, 2), known_at=KNOWN + timedelta(hours=1)).issued[0]
        home.received(1, (BEGINS, date(2026, 3, 1)), 120)  # without another file
        run = rebill(
            [february.bill_id], author="Ana", reason="received less", on=date(2026, 4, 3),
            known_at=KNOWN + timedelta(hours=2), store=home.store, lake=home.lake,
            book=home.book,
        )  # fmt: skip
        assert len(run.corrected) == 1

        known_at, sequence = KNOWN + timedelta(hours=3), home.store.lake_sequence()
        now = Now(known_at, date(2026, 4, 4), sequence, home.book, home.lake)
        _, found = bills_to_correct(store=home.store, now=now)
        assert [one.stored.bill_id for one in found] == [march.bill_id]

    def test_that_is_not_open_to_the_programme_is_refused_and_nothing_changes(
        self, home: ProgramTown
    ) -> None:
        with pytest.raises(ProgramNotOpen, match="is not open to rate 1M-overnight") as no:
            self.change(home, "1M-overnight")
        assert "Leave it from 2026-04-01 on, with `meterledger program leave`" in no.value.do
        assert len(home.services(1, known_at=KNOWN + timedelta(hours=1))) == 1
