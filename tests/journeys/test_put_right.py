"""What was entered wrong of an agreement is put right, and its bills are made again with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.town import VIEWER, Town, even

from meterledger.facts.bills import BillKind, read_record
from meterledger.facts.corrections import CorrectionCause, WrongFact
from meterledger.facts.meters import Meter, MeterKind
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.change_rate import was_given_back
from meterledger.usecases.change_then_rebill import NobodyDecides, Signed
from meterledger.usecases.find_corrections import bills_to_correct
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.option_availability import OptionNotOpen
from meterledger.usecases.ports import Conflict
from meterledger.usecases.put_right import CannotPutRight, Righted, put_right
from meterledger.usecases.rebill_states import CannotRebill, Now
from meterledger.usecases.settle_held import Desk, release_held

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOLD = KNOWN + timedelta(hours=1)
AFTER = KNOWN + timedelta(hours=2)
ANA = Signed("Ana", "entered wrong", approved_by="Bob", seen=("gate.band",))
JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2025, month, 9) for month in (7, 8, 9, 10))


@pytest.fixture
def town(first_book: TariffBook) -> Iterator[Town]:
    made = Town(book=first_book)
    with made.store.viewing(VIEWER, ["everything"]):
        made.start(1, cycle=9, from_day=JULY, tax_place="university_city")
        made.read("M1", (date(2025, 6, 1), date(2025, 12, 1)), even(100))
        yield made


def billed(town: Town, *days: date) -> list[Any]:
    found = []
    for number, on in enumerate(days):
        found += town.bill(1, on=on, known_at=KNOWN + timedelta(minutes=number)).issued
    return found


def right(
    town: Town,
    fact: WrongFact,
    is_now: str,
    signed: Signed = ANA,
    *,
    at: datetime = TOLD,
    **how: Any,
) -> Righted:
    (service,) = town.services(1, known_at=at)
    now = Now(at, date(2025, 10, 20), town.store.lake_sequence(), town.book, town.lake)
    return put_right(
        agreement_id=service.agreement.agreement_id, fact=fact, is_now=is_now, signed=signed,
        now=now, store=town.store, **how,
    )  # fmt: skip


class TestARateOptionThatWasEnteredWrong:
    def test_has_all_its_bills_made_again_on_the_right_one(self, town: Town) -> None:
        bills = billed(town, AUGUST, SEPTEMBER)
        made = right(town, WrongFact.SCHEDULE, "1M-overnight")

        assert [one.cancelled.bill_id for one in made.run.corrected] == [
            one.bill_id for one in bills
        ]
        live = town.store.bills_of_account(town.account_id(1))
        assert [read_record(one.record)["schedule"] for one in live] == ["1M-overnight"] * 2
        assert town.store.balance_cents(town.account_id(1)) == sum(one.total_cents for one in live)
        (service,) = town.services(1, known_at=TOLD)
        assert service.agreement.schedule == "1M-overnight"
        assert service.agreement.days.from_day == JULY

    def test_says_by_whom_and_why_and_what_was_known_before_is_replayed(self, town: Town) -> None:
        bills = billed(town, AUGUST, SEPTEMBER)
        made = right(town, WrongFact.SCHEDULE, "1M-overnight")

        (told,) = town.store.put_rights(town.account_id(1))
        assert (told.was, told.is_now) == ("1M-anytime", "1M-overnight")
        assert (told.author, told.reason) == ("Ana", "entered wrong")
        correction = town.store.correction_of(made.run.corrected[0].bill.bill_id)
        assert correction.cause is CorrectionCause.PROGRAM
        (before,) = town.services(1, known_at=TOLD - timedelta(seconds=1))
        assert before.agreement.schedule == "1M-anytime"
        names = [one.bill_id for one in bills] + [one.bill.bill_id for one in made.run.corrected]
        assert all(town.replay(name).same_bytes for name in names)
        now = Now(AFTER, date(2025, 10, 21), town.store.lake_sequence(), town.book, town.lake)
        assert bills_to_correct(store=town.store, now=now)[1] == []

    def test_that_nothing_is_billed_on_is_kept_alone(self, town: Town) -> None:
        assert right(town, WrongFact.SCHEDULE, "1M-overnight").run.corrected == []
        (bill,) = town.bill(1, on=AUGUST, known_at=AFTER).issued
        assert bill.schedule == "1M-overnight"

    def test_was_never_asked_for_and_stands_in_no_way_of_a_request(self, town: Town) -> None:
        right(town, WrongFact.SCHEDULE, "1M-overnight")
        (service,) = town.services(1, known_at=AFTER)
        assert not was_given_back(service, town.store)
        town.store.put_on_schedule(service.agreement.agreement_id, "1M-smart", AFTER, [])
        (service,) = town.services(1, known_at=AFTER + timedelta(hours=1))
        assert was_given_back(service, town.store)

    def test_that_the_book_does_not_have_changes_nothing(self, town: Town) -> None:
        billed(town, AUGUST)
        with pytest.raises(Refusal, match="1M-yesterday"):
            right(town, WrongFact.SCHEDULE, "1M-yesterday")
        assert town.store.put_rights(town.account_id(1)) == []

    def test_that_is_not_open_to_the_meter_is_refused_and_another_is_kept(self, town: Town) -> None:
        told = Meter("M1", MeterKind.AMR, KNOWN)
        town.store.change_meters(MeterChange("meter named", "M1", KNOWN, meters=(told,)))
        with pytest.raises(OptionNotOpen, match="1M-smart is not open to meter M1"):
            right(town, WrongFact.SCHEDULE, "1M-smart")
        assert town.store.put_rights(town.account_id(1)) == []
        right(town, WrongFact.SCHEDULE, "1M-overnight")
        (service,) = town.services(1, known_at=TOLD)
        assert service.agreement.schedule == "1M-overnight"

    def test_is_open_to_a_meter_of_which_the_kind_is_told_later(self, town: Town) -> None:
        told = Meter("M1", MeterKind.AMR, AFTER)
        town.store.change_meters(MeterChange("meter named", "M1", AFTER, meters=(told,)))
        right(town, WrongFact.SCHEDULE, "1M-smart")
        (service,) = town.services(1, known_at=TOLD)
        assert service.agreement.schedule == "1M-smart"


class TestAFirstDayThatWasEnteredWrong:
    @pytest.mark.parametrize(("first", "days"), [("2025-07-02", 38), ("2025-07-20", 20)])
    def test_has_the_first_bill_made_again_from_it_on(
        self, town: Town, first: str, days: int
    ) -> None:
        old, second = billed(town, AUGUST, SEPTEMBER)
        made = right(town, WrongFact.FIRST_DAY, first)

        (one,) = made.run.corrected
        assert (one.cancelled.bill_id, one.bill.days.day_count) == (old.bill_id, days)
        assert one.bill.usage.energy_wh == days * 96 * 100
        live = town.store.bills_of_account(town.account_id(1))
        assert [one.bill_id for one in live] == [one.bill.bill_id, second.bill_id]
        assert str(live[0].days.from_day) == first
        assert town.store.correction_of(live[0].bill_id).cause in (
            CorrectionCause.BEGAN, CorrectionCause.TAX,
        )  # fmt: skip
        assert all(town.replay(name.bill_id).same_bytes for name in (old, second, live[0]))
        now = Now(AFTER, date(2025, 10, 21), town.store.lake_sequence(), town.book, town.lake)
        assert bills_to_correct(store=town.store, now=now)[1] == []
        (third,) = town.bill(1, on=OCTOBER, known_at=AFTER + timedelta(hours=1)).issued
        assert third.days.from_day == SEPTEMBER

    def test_and_back_again_is_the_first_bill_anew(self, town: Town) -> None:
        (old,) = billed(town, AUGUST)
        right(town, WrongFact.FIRST_DAY, "2025-07-20")
        right(town, WrongFact.FIRST_DAY, "2025-07-09", at=AFTER)
        (live,) = town.store.bills_of_account(town.account_id(1))
        assert (live.days, live.total_cents) == (old.days, old.total_cents)
        assert town.replay(live.bill_id).same_bytes

    @pytest.mark.parametrize("is_billed", [True, False])
    def test_too_late_is_moved_on_by_the_day_of_its_meter(
        self, town: Town, is_billed: bool
    ) -> None:
        if is_billed:
            billed(town, AUGUST)
        right(town, WrongFact.FIRST_DAY, "2025-07-20")
        with pytest.raises(CannotPutRight, match="Meter M1 is there from 2025-07-09 on") as no:
            right(town, WrongFact.FIRST_DAY, "2025-07-02", at=AFTER)
        assert "Put the first day to 2025-07-09 first, then to 2025-07-02" in no.value.do

        right(town, WrongFact.FIRST_DAY, "2025-07-09", at=AFTER)
        later = AFTER + timedelta(hours=1)
        right(town, WrongFact.FIRST_DAY, "2025-07-02", at=later)
        (service,) = town.services(1, known_at=later)
        days = [service.agreement.days, service.installations[0].days, service.tax_places[0].days]
        assert [one.from_day for one in days] == [date(2025, 7, 2)] * 3

    @pytest.mark.parametrize("first", ["2025-07-09", "2025-07-10"])
    def test_too_late_is_moved_back_to_a_day_with_its_meter(self, town: Town, first: str) -> None:
        right(town, WrongFact.FIRST_DAY, "2025-07-20")
        right(town, WrongFact.FIRST_DAY, first, at=AFTER)
        (service,) = town.services(1, known_at=AFTER)
        assert str(service.agreement.days.from_day) == first
        assert service.installations[0].days.from_day == JULY

    def test_begins_the_meter_the_holder_and_the_tax_place_with_it(self, town: Town) -> None:
        right(town, WrongFact.FIRST_DAY, "2025-07-02")
        (service,) = town.services(1, known_at=TOLD)
        days = [service.installations[0].days, service.tax_places[0].days]
        assert [one.from_day for one in days] == [date(2025, 7, 2)] * 2
        people = town.store.people_of_account(town.account_id(1), TOLD)
        assert [one.from_day for _, _, one in people] == [date(2025, 7, 2)]
        first, _ = town.bill(1, on=AUGUST, known_at=AFTER).issued
        assert str(first.days) == "2025-07-02 to 2025-07-09"

    def test_on_days_without_readings_keeps_all_of_it_as_it_was(self, town: Town) -> None:
        billed(town, AUGUST)
        with pytest.raises(CannotRebill, match="there is no bill for this period"):
            right(town, WrongFact.FIRST_DAY, "2025-05-20")
        (service,) = town.services(1, known_at=AFTER)
        assert service.agreement.days.from_day == JULY
        assert town.store.put_rights(town.account_id(1)) == []

    def test_after_the_first_bill_is_refused_with_what_can_be_done(self, town: Town) -> None:
        billed(town, AUGUST, SEPTEMBER)
        with pytest.raises(CannotPutRight, match="has no day since 2025-08-09") as no:
            right(town, WrongFact.FIRST_DAY, "2025-08-09")
        assert "Give a day before 2025-08-09" in no.value.do

    def test_on_days_of_another_customer_is_refused(self, town: Town) -> None:
        town.store.stop_service(
            town.services(1, known_at=KNOWN)[0].agreement.agreement_id, AUGUST, KNOWN
        )
        town.start(
            2, cycle=9, from_day=AUGUST, premise_id="PR1", service_point_id="SP1", meter_id=None,
            address="1 Elm Street", tax_place="university_city", learned_at=KNOWN,
        )  # fmt: skip
        (service,) = town.services(2, known_at=TOLD)
        now = Now(TOLD, date(2025, 10, 20), town.store.lake_sequence(), town.book, town.lake)
        with pytest.raises(Conflict, match="is taken already"):
            put_right(
                agreement_id=service.agreement.agreement_id, fact=WrongFact.FIRST_DAY,
                is_now="2025-08-01", signed=ANA, now=now, store=town.store,
            )  # fmt: skip
        (service,) = town.services(2, known_at=AFTER)
        assert service.agreement.days.from_day == AUGUST


class TestACycleThatWasEnteredWrong:
    def test_ends_periods_on_the_other_days_from_then_on(self, town: Town) -> None:
        (old,) = billed(town, AUGUST)
        made = right(town, WrongFact.CYCLE, "8")
        assert made.run.corrected == []

        (bill,) = town.bill(1, on=date(2025, 9, 8), known_at=AFTER).issued
        assert (bill.days.from_day, bill.days.until_day) == (AUGUST, date(2025, 9, 8))
        assert all(town.replay(one.bill_id).same_bytes for one in (old, bill))

    @pytest.mark.parametrize(("cycle", "days"), [("20", 11), ("3", 25), ("10", 1)])
    def test_before_the_first_bill_makes_an_initial_bill_that_leaves_by_itself(
        self, town: Town, cycle: str, days: int
    ) -> None:
        """However short: an initial bill is of any length (20 CSR 4240-13.015)."""
        right(town, WrongFact.CYCLE, cycle)
        until = JULY + timedelta(days=days)
        run = town.bill(1, on=until, known_at=AFTER)
        (bill,) = run.issued
        assert (run.held, bill.kind, bill.days.day_count) == ([], BillKind.INITIAL, days)
        assert town.replay(bill.bill_id).same_bytes

    @pytest.mark.parametrize(("cycle", "until", "held"), [
        ("4", date(2025, 9, 4), []),
        ("3", date(2025, 9, 3), ["gate.window_length"]),
        ("20", date(2025, 8, 20), ["gate.window_length"]),
    ])  # fmt: skip
    def test_after_a_bill_makes_a_regular_period_that_waits_below_26_days(
        self, town: Town, cycle: str, until: date, held: list[str]
    ) -> None:
        """Service did not begin with it and does not end: it is neither initial nor final."""
        billed(town, AUGUST)
        right(town, WrongFact.CYCLE, cycle)
        run = town.bill(1, on=until, known_at=AFTER)
        assert [one.code for one in run.held] == held
        assert run.issued_count == (0 if held else 1)
        if not held:
            assert run.issued[0].kind is BillKind.REGULAR
            return
        case = town.store.held_cases(account_id=town.account_id(1))[0]
        desk = Desk(town.store, town.lake, town.book, until, AFTER + timedelta(hours=1))
        release_held(case.case_id, by="Ana", reason="its cycle was put right", desk=desk)
        bill = town.store.bills_of_account(town.account_id(1))[-1]
        assert (bill.days.from_day, bill.days.until_day) == (AUGUST, until)
        assert town.replay(bill.bill_id).same_bytes

    def test_moves_the_account_from_one_run_to_another(self, town: Town) -> None:
        right(town, WrongFact.CYCLE, "12")
        asked = town.store.services_of_cycle
        assert [len(asked(cycle, TOLD)) for cycle in (9, 12)] == [0, 1]
        assert [len(asked(cycle, KNOWN)) for cycle in (9, 12)] == [1, 0]
        assert town.store.account(town.account_id(1)).cycle == 12

    @pytest.mark.parametrize("cycle", ["0", "22", "x", "014"])
    def test_that_is_none_is_refused(self, town: Town, cycle: str) -> None:
        with pytest.raises(CannotPutRight, match="There is no reading cycle"):
            right(town, WrongFact.CYCLE, cycle)


def test_what_is_so_already_is_refused(town: Town) -> None:
    with pytest.raises(CannotPutRight, match="Its first day is 2025-07-09 already"):
        right(town, WrongFact.FIRST_DAY, "2025-07-09")


def test_nobody_decides_without_a_name_and_a_look_changes_nothing(town: Town) -> None:
    billed(town, AUGUST)
    with pytest.raises(NobodyDecides, match="nobody is named who decides"):
        right(town, WrongFact.SCHEDULE, "1M-overnight", Signed())
    looked = right(town, WrongFact.SCHEDULE, "1M-overnight", Signed(), dry_run=True)
    assert len(looked.run.corrected) == 1
    assert town.store.put_rights(town.account_id(1)) == []
    assert len(town.store.bills_of_account(town.account_id(1))) == 1
