"""A move out that is told after the bill of those days: the final bill takes the bill's place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.late_town import CORRECTED, ISSUED, PaperAccount
from tests.journeys.town import VIEWER, Town, even

from meterledger.facts.bills import BillKind, read_record
from meterledger.facts.corrections import CorrectionCause
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.ledger import BUDGET_DEFERRED
from meterledger.rulebook.book import TariffBook
from meterledger.usecases import rebill_ceiling
from meterledger.usecases.budget_plans import JoinRequest, join_budget
from meterledger.usecases.budget_reviews import review_budgets
from meterledger.usecases.budget_state import plan_of_account
from meterledger.usecases.change_then_rebill import NobodyDecides, Signed
from meterledger.usecases.end_billed_service import EndOfService, end_billed_service
from meterledger.usecases.find_corrections import bills_to_correct
from meterledger.usecases.ports import Conflict
from meterledger.usecases.prove_bill import prove_bill
from meterledger.usecases.rebill import rebill
from meterledger.usecases.rebill_ceiling import AboveTheCeiling
from meterledger.usecases.rebill_states import Now

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOLD = KNOWN + timedelta(hours=1)
AFTER = KNOWN + timedelta(hours=2)
A_MOMENT = timedelta(microseconds=1)
ANA = Signed("Ana", "moved out, told late")
JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2025, month, 9) for month in (7, 8, 9, 10))


@pytest.fixture
def town(first_book: TariffBook) -> Iterator[Town]:
    made = Town(book=first_book)
    with made.store.viewing(VIEWER, ["everything"]):
        made.start(1, cycle=9, from_day=JULY, tax_place="university_city")
        made.read("M1", (JULY, date(2025, 12, 1)), even(100))
        yield made


def billed(town: Town, *days: date) -> list[Any]:
    found = []
    for number, on in enumerate(days):
        found += town.bill(1, on=on, known_at=KNOWN + timedelta(minutes=number)).issued
    return found


def end(town: Town, on: date, signed: Signed = ANA, **how: Any) -> EndOfService:
    (service,) = town.services(1, known_at=KNOWN + timedelta(minutes=30))
    now = Now(TOLD, date(2025, 10, 20), town.store.lake_sequence(), town.book, town.lake)
    return end_billed_service(
        agreement_id=service.agreement.agreement_id, last_day_out=on, signed=signed, now=now,
        store=town.store, **how,
    )  # fmt: skip


class TestToldAfterTheBill:
    def test_the_final_bill_has_the_days_until_the_end(self, town: Town) -> None:
        _, september = billed(town, AUGUST, SEPTEMBER)
        ended = end(town, date(2025, 9, 2))

        assert ended.corrected is not None
        bill = town.store.bill(ended.corrected.bill.bill_id)
        assert (str(bill.days.from_day), str(bill.days.until_day)) == ("2025-08-09", "2025-09-02")
        assert bill.corrects == september.bill_id
        assert town.store.bill(september.bill_id).cancelled_by == bill.bill_id
        assert read_record(bill.record)["usage"]["energy_wh"] == 24 * 96 * 100
        (service,) = town.services(1, known_at=TOLD)
        assert service.agreement.days.until_day == date(2025, 9, 2)

    def test_says_why_by_whom_and_to_the_cent(self, town: Town) -> None:
        _, september = billed(town, AUGUST, SEPTEMBER)
        made = end(town, date(2025, 9, 2)).corrected
        assert made is not None

        correction = town.store.correction_of(made.bill.bill_id)
        assert correction.cause is CorrectionCause.ENDED
        assert (correction.author, correction.reason) == ("Ana", "moved out, told late")
        told = [one.finding for one in made.bill.reasons[:2]]
        assert told == [
            f"corrects bill {september.bill_id} of 2025-09-09, until 2025-09-09, as the last one: "
            "service ended on 2025-09-02",
            "it is adjusted to 2025-09-02, the customer's responsible date",
        ]
        causes = {one["cause"] for one in json.loads(correction.decision)["causes"]}
        assert causes == {"end of service", "tax"}
        charged = town.store.balance_cents(town.account_id(1))
        assert charged == sum(
            one.total_cents for one in town.store.bills_of_account(town.account_id(1))
        )

    def test_all_of_it_is_replayed_to_the_byte(self, town: Town) -> None:
        bills = billed(town, AUGUST, SEPTEMBER)
        made = end(town, date(2025, 9, 2)).corrected
        assert made is not None
        names = [*(one.bill_id for one in bills), made.bill.bill_id]
        assert all(town.replay(name).same_bytes for name in names)
        now = Now(AFTER, date(2025, 10, 21), town.store.lake_sequence(), town.book, town.lake)
        assert bills_to_correct(store=town.store, now=now)[1] == []

    def test_the_next_occupant_begins_on_that_day_and_nothing_more_is_billed(
        self, town: Town
    ) -> None:
        billed(town, AUGUST, SEPTEMBER)
        end(town, date(2025, 9, 2))
        assert town.bill(1, on=date(2025, 11, 9), known_at=AFTER).due == 0

        town.start(
            2, cycle=9, from_day=date(2025, 9, 2), premise_id="PR1", service_point_id="SP1",
            meter_id=None, address="1 Elm Street", tax_place="university_city", learned_at=AFTER,
        )  # fmt: skip
        (first,) = town.bill(2, on=SEPTEMBER, known_at=AFTER + timedelta(hours=1)).issued
        assert (first.kind, first.days.from_day) == (BillKind.INITIAL, date(2025, 9, 2))

    def test_a_look_changes_nothing_and_nobody_decides_without_a_name(self, town: Town) -> None:
        billed(town, AUGUST, SEPTEMBER)
        looked = end(town, date(2025, 9, 2), Signed(), dry_run=True)
        assert looked.corrected is not None
        with pytest.raises(NobodyDecides, match="is made again as the final one, until 2025-09-02"):
            end(town, date(2025, 9, 2), Signed())
        (service,) = town.services(1, known_at=TOLD)
        assert service.agreement.days.until_day is None
        assert len(town.store.bills_of_account(town.account_id(1))) == 2

    def test_twice_is_refused_the_second_time(self, town: Town) -> None:
        billed(town, AUGUST, SEPTEMBER)
        end(town, date(2025, 9, 2))
        with pytest.raises(Conflict, match="It has ended already on 2025-09-02"):
            end(town, date(2025, 9, 2))

    def test_that_no_bill_is_past_ends_as_ever(self, town: Town) -> None:
        billed(town, AUGUST)
        assert end(town, AUGUST, Signed()).corrected is None
        (service,) = town.services(1, known_at=TOLD)
        assert service.agreement.days.until_day == AUGUST


class TestSeveralBillsPastTheEnd:
    @pytest.mark.parametrize("on", [date(2025, 8, 2), AUGUST])
    def test_the_one_with_the_end_is_final_and_the_others_leave_nothing(
        self, town: Town, on: date
    ) -> None:
        bills = billed(town, AUGUST, SEPTEMBER, OCTOBER)
        first, *past = bills
        ended = end(town, on)

        assert ended.corrected is not None
        made = town.store.bill(ended.corrected.bill.bill_id)
        assert (made.days.from_day, made.days.until_day) == (JULY, on)
        assert made.corrects == first.bill_id
        assert [one.bill_id for one in ended.withdrawn] == [one.bill_id for one in past]
        assert [town.store.bill(one.bill_id).cancelled_by for one in bills] == [made.bill_id] * 3
        assert town.store.bills_of_account(town.account_id(1)) == [made]
        assert town.store.balance_cents(town.account_id(1)) == made.total_cents
        (service,) = town.services(1, known_at=TOLD)
        assert (service.agreement.days.until_day, service.billed_until) == (on, on)

    def test_each_says_why_and_all_of_it_is_replayed_to_the_byte(self, town: Town) -> None:
        bills = billed(town, AUGUST, SEPTEMBER, OCTOBER)
        made = end(town, date(2025, 8, 2)).corrected
        assert made is not None

        every = town.store.corrections_of_account(town.account_id(1))
        assert {one.cancelled_bill for one in every} == {one.bill_id for one in bills}
        assert [one.leaves_nothing for one in every] == [False, True, True]
        assert town.store.correction_of(made.bill.bill_id).cancelled_bill == bills[0].bill_id
        for one, bill in zip(every[1:], bills[1:], strict=True):
            causes = json.loads(one.decision)["causes"]
            assert {each["cause"] for each in causes} == {"end of service", "tax"}
            cents = sum(round(float(each["usd"]) * 100) for each in causes)
            assert cents == -bill.total_cents
        names = [*(one.bill_id for one in bills), made.bill.bill_id]
        assert all(town.replay(name).same_bytes for name in names)
        (told,) = town.store.corrections_on(date(2025, 10, 20))
        assert told.difference_cents == made.bill.total_cents - sum(b.total_cents for b in bills)

    def test_what_was_paid_is_credit_and_the_next_occupant_is_billed_for_those_days(
        self, town: Town
    ) -> None:
        bills = billed(town, AUGUST, SEPTEMBER, OCTOBER)
        paid = sum(one.total_cents for one in bills)
        day, at = date(2025, 10, 15), KNOWN + timedelta(minutes=20)
        legs = (Leg("131", paid), Leg("142", -paid, town.account_id(1)))
        town.store.record_payment(
            Payment("P-1", town.account_id(1), paid, Tender.CHECK, day, at),
            Entry("payment:P-1", day, at, legs, "check"),
        )
        made = end(town, AUGUST).corrected
        assert made is not None
        assert town.store.balance_cents(town.account_id(1)) == made.bill.total_cents - paid

        town.start(
            2, cycle=9, from_day=AUGUST, premise_id="PR1", service_point_id="SP1",
            meter_id=None, address="1 Elm Street", tax_place="university_city", learned_at=AFTER,
        )  # fmt: skip
        (first,) = town.bill(2, on=SEPTEMBER, known_at=AFTER + timedelta(hours=1)).issued
        assert (first.days.from_day, first.days.until_day) == (AUGUST, SEPTEMBER)

    def test_a_look_tells_them_and_changes_nothing(self, town: Town) -> None:
        billed(town, AUGUST, SEPTEMBER, OCTOBER)
        looked = end(town, AUGUST, Signed(), dry_run=True)
        assert len(looked.withdrawn) == 2
        assert len(town.store.bills_of_account(town.account_id(1))) == 3

    def test_more_than_the_ceiling_is_taken_back_by_two(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, *past = billed(town, AUGUST, SEPTEMBER, OCTOBER)
        taken = sum(one.total_cents for one in past)
        with monkeypatch.context() as lower:
            lower.setattr(rebill_ceiling, "ceiling_of", lambda *_: taken - 1)
            with pytest.raises(AboveTheCeiling, match="past the end of service come to"):
                end(town, AUGUST)
            with pytest.raises(AboveTheCeiling, match="above the ceiling"):
                end(town, AUGUST, Signed("Ana", "told late", " ana"))
            assert len(town.store.bills_of_account(town.account_id(1))) == 3
            assert len(end(town, AUGUST, Signed("Ana", "told late", "Bob")).withdrawn) == 2

    def test_the_ceiling_itself_is_taken_back_by_one(
        self, town: Town, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, *past = billed(town, AUGUST, SEPTEMBER, OCTOBER)
        taken = sum(one.total_cents for one in past)
        monkeypatch.setattr(rebill_ceiling, "ceiling_of", lambda *_: taken)
        assert len(end(town, AUGUST).withdrawn) == 2

    def test_late_charges_on_them_are_taken_back(self, first_book: TariffBook) -> None:
        paper = PaperAccount(first_book)
        paper.bill(0)
        paper.pay("P-1", 10_000, ISSUED[0])
        paper.bill(1)
        (charge,) = paper.run(ISSUED[2]).charges
        assert (charge.cents, paper.balance) == (150, 10_150)

        paper.end(1, on=ISSUED[2])
        assert paper.balance == 16_519 - 10_000 + 150
        with paper.store.viewing(VIEWER, []):
            assert paper.store.late_charges_to_decide_again(date.min) == [paper.account]
        run = paper.run(ISSUED[2] + timedelta(days=1), CORRECTED + timedelta(hours=1))
        assert [one.late_charge_id for one in run.reversals] == [charge.late_charge_id]
        assert paper.balance == 16_519 - 10_000
        assert paper.replays(charge)

    def test_with_no_bill_of_the_days_before_it_is_refused(self, town: Town) -> None:
        billed(town, AUGUST, SEPTEMBER)
        with pytest.raises(Conflict, match="begins on 2025-07-09"):
            end(town, JULY)


class TestOnABudgetPlan:
    def test_bills_past_the_end_are_no_part_of_the_difference(self, plan: Town) -> None:
        bills = billed(plan, AUGUST, SEPTEMBER, OCTOBER)
        account = plan.account_id(1)
        made = end(plan, date(2025, 8, 20)).corrected

        assert made is not None
        state = plan_of_account(account, date(2025, 11, 1), AFTER, plan.store)
        assert state is not None
        assert (state.difference_cents, state.has_ended) == (0, True)
        deferred = [
            leg.cents
            for entry in plan.store.entries_of_account(account)
            for leg in entry.legs
            if leg.ledger_account == BUDGET_DEFERRED
        ]
        assert sum(deferred) == 0
        assert plan.replay(made.bill.bill_id).same_bytes
        store: dict[str, Any] = {"store": plan.store, "lake": plan.lake, "book": plan.book}
        for name in (*(one.bill_id for one in bills), made.bill.bill_id):
            assert plan.replay(name).same_bytes
            assert prove_bill(bill_id=name, **store)["bill"]
        before = plan_of_account(account, date(2025, 10, 12), TOLD - A_MOMENT, plan.store)
        assert before is not None
        assert len(before.rows) == 3

    @pytest.fixture
    def plan(self, town: Town) -> Town:
        join_budget(
            JoinRequest(
                town.account_id(1), date(2025, 7, 10), True, settlement_option="b",
                bill_medium="postcard", told_year_cents=120_000, basis="x",
            ),
            learned_at=KNOWN - timedelta(hours=1), view=town.book.as_known(KNOWN.date()),
            store=town.store,
        )  # fmt: skip
        return town

    def test_an_end_that_left_its_last_bill_regular_is_in_the_queue(self, plan: Town) -> None:
        """As it was kept before: the plan is open, and no bill follows that would ask for it."""
        billed(plan, AUGUST, SEPTEMBER, OCTOBER)
        (service,) = plan.services(1, known_at=KNOWN + timedelta(minutes=30))
        plan.store.stop_service(service.agreement.agreement_id, OCTOBER, TOLD)
        now = Now(AFTER, date(2025, 11, 1), plan.store.lake_sequence(), plan.book, plan.lake)

        _, (one,) = bills_to_correct(store=plan.store, now=now)
        assert "it is the last bill now" in one.why
        run = rebill(
            [one.stored.bill_id], author="Ana", reason="settles the plan", on=now.on,
            known_at=AFTER, store=plan.store, lake=plan.lake, book=plan.book,
        )  # fmt: skip

        state = plan_of_account(plan.account_id(1), date(2025, 11, 2), AFTER, plan.store)
        assert state is not None
        assert (state.difference_cents, state.has_ended) == (0, True)
        assert plan.replay(run.corrected[0].bill.bill_id).same_bytes

    @pytest.mark.parametrize("on", [date(2025, 10, 1), OCTOBER])
    def test_the_final_bill_settles_it_on_a_reading_day_too(self, plan: Town, on: date) -> None:
        billed(plan, AUGUST, SEPTEMBER, OCTOBER)
        account, view = plan.account_id(1), plan.book.as_known(KNOWN.date())
        assert plan_of_account(account, OCTOBER, TOLD, plan.store).difference_cents != 0  # type: ignore[union-attr]

        made = end(plan, on).corrected

        assert made is not None
        state = plan_of_account(account, date(2025, 11, 1), AFTER, plan.store)
        assert state is not None
        assert (state.difference_cents, state.has_ended) == (0, True)
        deferred = [
            leg.cents
            for entry in plan.store.entries_of_account(account)
            for leg in entry.legs
            if leg.ledger_account == BUDGET_DEFERRED
        ]
        assert sum(deferred) == 0
        assert plan.replay(made.bill.bill_id).same_bytes
        run = review_budgets(on=date(2025, 11, 10), learned_at=AFTER, view=view, store=plan.store)
        assert run.ended == [account]
