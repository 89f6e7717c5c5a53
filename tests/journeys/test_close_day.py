"""Closing a day: everybody is accounted for, twice is once, and a stop anywhere changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from tests.journeys.close_town import AUGUST, CLOSED_AT, SEPTEMBER, close, close_town, end_of
from tests.journeys.conftest import town_module
from tests.journeys.usage_town import UsageTown, weekly

from meterledger.facts.bills import read_record
from meterledger.facts.budget import AmountCause
from meterledger.facts.periods import PeriodClose
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.stores.memory import MemoryStore
from meterledger.usecases import close_day as table
from meterledger.usecases.budget_plans import JoinRequest, join_budget
from meterledger.usecases.close_day import STEPS, CannotClose
from meterledger.usecases.close_told import DayClosed, StepState, StepTold
from meterledger.usecases.rebill import rebill

SEPTEMBER_2 = date(2025, 9, 2)


@contextmanager
def opened(folder: Path, book: Any) -> Iterator[UsageTown]:
    store = MemoryStore()
    with store.viewing(town_module().VIEWER, ["everyone"]):
        yield close_town(folder, store=store, book=book)


@pytest.fixture
def closing(tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
    with opened(tmp_path, first_book) as town:
        yield town


def step(closed: DayClosed, name: str) -> StepTold:
    return next(one for one in closed.steps if one.name == name)


def join_for_january(town: UsageTown) -> None:
    """Account 1 joins the budget plan in August, to be re-evaluated each January."""
    asked: dict[str, Any] = {"settlement_option": "b", "bill_medium": "postcard"}
    asked |= {"month_option": "a", "month": 1, "credit_requirements_met": True}
    request = JoinRequest(town.account_id(1), date(2025, 8, 5), **asked)
    view = town.book.as_known(CLOSED_AT.date())
    join_budget(request, learned_at=CLOSED_AT, view=view, store=town.store)


class TestTheReport:
    def test_accounts_for_everyone_with_reason_and_owner(self, closing: UsageTown) -> None:
        close(closing, AUGUST)
        closed = close(closing, SEPTEMBER)

        assert closed.is_closed, closed.as_json()
        assert (closed.bills.due, closed.bills.billed, closed.bills.held_count) == (3, 2, 1)
        (waiting,) = closed.waiting
        assert (waiting.code, waiting.owner, waiting.count) == ("usage.gap", "meter data", 1)
        accounts = closed.as_json()["accounts"]
        assert accounts == {
            "known": 3, "due": 3, "billed": 2, "held": 1, "excluded": 0, "not_due": 0,
        }  # fmt: skip

    def test_says_of_every_chapter_without_a_journey_that_it_is_not_built(
        self, closing: UsageTown
    ) -> None:
        closed = close(closing, AUGUST)

        missing = [one.name for one in closed.steps if one.state is StepState.NOT_BUILT]
        assert missing == [
            "programme credits", "agreements", "weather", "notices", "disconnection candidates",
            "field work",
        ]  # fmt: skip
        assert step(closed, "notices").as_json()["state"] == "not built in this version"
        assert step(closed, "receive").state is StepState.NOT_ASKED

    def test_splits_the_money_of_the_day_by_what_became_of_it(self, closing: UsageTown) -> None:
        closed = close(closing, AUGUST)

        assert closed.money["received"] == (1, 50_00)
        assert closed.money["posted"] == (1, 50_00)
        assert all(tie.holds for tie in closed.ties)

    def test_what_is_late_is_charged_before_the_bill_that_shows_it(
        self, closing: UsageTown
    ) -> None:
        close(closing, AUGUST)
        closed = close(closing, SEPTEMBER)

        late = step(closed, "late charges")
        # Account 3's bill of August was sent and not paid, as the others'; deposits are left out.
        assert late.counts["charged"] == 3
        balance = closing.store.bills_of_account(closing.account_id(1))[-1].previous_balance_cents
        charge = closing.store.late_charges_of_account(closing.account_id(1))[0].cents
        first = closing.store.bills_of_account(closing.account_id(1))[0].total_cents
        assert balance == first + charge

    def test_budget_plans_are_reviewed_before_the_bills_that_ask_by_them(
        self, closing: UsageTown
    ) -> None:
        close(closing, AUGUST)
        join_for_january(closing)
        closed = close(closing, SEPTEMBER)  # four months before January

        assert step(closed, "budget reviews").counts["decided"] == 1
        names = [one.name for one in closed.steps]
        assert names.index("budget reviews") < names.index("bills")
        options = closing.store.billing_options([closing.account_id(1)], CLOSED_AT)
        (_, amount) = options[closing.account_id(1)].amounts
        assert (amount.cause, amount.from_day) == (AmountCause.INTERIM, SEPTEMBER)
        bill = closing.store.bills_of_account(closing.account_id(1))[-1]
        asked = read_record(bill.record)["asked"]
        assert asked["asked_usd"] == f"{amount.cents / 100:.2f}"
        counts = step(close(closing, SEPTEMBER_2), "budget reviews").counts
        assert (counts["decided"], counts["decided before"]) == (0, 1)

    def test_a_review_whose_month_nobody_closed_is_told(self, closing: UsageTown) -> None:
        close(closing, AUGUST)
        join_for_january(closing)
        reviews = step(close(closing, date(2025, 10, 2)), "budget reviews")

        assert (reviews.counts["decided"], reviews.counts["missed a review"]) == (0, 1)
        assert f"first account {closing.account_id(1)} in 2025-09" in reviews.note

    def test_bills_of_days_before_that_have_no_document_are_counted(
        self, closing: UsageTown
    ) -> None:
        """Those of the day itself are printed after it."""
        first = close(closing, AUGUST)
        before = step(first, "monitors").counts["bills without a document"]
        left = first.bills.accounts["billed"]
        assert left
        told = step(close(closing, AUGUST + timedelta(days=1)), "monitors")
        assert told.counts["bills without a document"] == before + left
        assert "bills without a document left before the day, first on" in told.note

    def test_a_day_without_a_reading_day_makes_no_bill_and_ties(self, closing: UsageTown) -> None:
        close(closing, AUGUST)
        closed = close(closing, date(2025, 8, 5))

        assert closed.bills.due == 0
        assert closed.is_closed

    def test_the_last_day_of_a_month_accrues_and_sets_aside(self, closing: UsageTown) -> None:
        close(closing, AUGUST)
        closed = close(closing, date(2025, 8, 31))

        month = step(closed, "month end")
        assert month.counts["agreements not billed"] == 3
        assert month.cents["set aside"] > 0
        assert step(close(closing, date(2025, 8, 30)), "month end").note == "the month is not over"

    @pytest.mark.parametrize("is_closed", [True, False])
    def test_a_month_end_accrued_after_its_month_was_closed_says_so(
        self, closing: UsageTown, is_closed: bool
    ) -> None:
        close(closing, AUGUST)
        month = date(2025, 8 if is_closed else 7, 1)
        closing.store.close_period(PeriodClose(month, "Cleo", CLOSED_AT))

        told = step(close(closing, date(2025, 8, 31)), "month end")

        words = (
            "2025-08 is closed: the accrual and its reversal are both booked on 2025-09-01, so the "
            "revenue of 2025-08 stays without it"
        )
        assert told.counts["accruals posted"] == 1
        assert told.note == (words if is_closed else "")
        assert step(close(closing, date(2025, 8, 31)), "month end").counts["accruals posted"] == 0


class TestRefusals:
    @pytest.mark.parametrize("day", [date(2026, 12, 2), date(2026, 12, 3)])
    def test_a_day_that_is_not_over_is_not_closed(self, closing: UsageTown, day: date) -> None:
        before = end_of(closing)
        with pytest.raises(CannotClose, match=f"{day} is not over: today is 2026-12-02"):
            close(closing, day)
        assert end_of(closing) == before

    def test_a_step_that_is_refused_is_told_and_what_needs_it_waits(
        self, closing: UsageTown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuses(*_: object) -> None:
            raise CannotClose("It cannot be", where="here", do="Do otherwise")

        steps = tuple(
            replace(one, work=refuses) if one.name == "validate" else one for one in STEPS
        )
        with monkeypatch.context() as patched:
            patched.setattr(table, "STEPS", steps)
            closed = close(closing, AUGUST)

        assert not closed.is_closed
        assert step(closed, "validate").refused == [
            ("validate", "here: It cannot be. Do otherwise.")
        ]
        assert [one.name for one in closed.unfinished] == [
            "validate", "true-ups", "bills", "extensions", "settlements", "month end",
        ]  # fmt: skip
        assert step(closed, "bills").note == "it needs validate"
        assert step(closed, "reconcile").state is StepState.DONE
        assert close(closing, AUGUST).is_closed


class TestTwice:
    def test_changes_nothing_and_tells_the_same_of_the_day(self, closing: UsageTown) -> None:
        close(closing, AUGUST)
        first = close(closing, SEPTEMBER)
        before = end_of(closing)

        again = close(closing, SEPTEMBER, now=CLOSED_AT + timedelta(hours=1))

        assert end_of(closing) == before
        assert again.as_json()["bills"] == first.as_json()["bills"]
        assert again.as_json()["accounts"] == first.as_json()["accounts"]
        assert again.as_json()["money"] == first.as_json()["money"]
        assert step(again, "bills").counts["of them now"] == 0

    def test_a_bill_that_was_held_leaves_on_the_night_after_its_reading(
        self, closing: UsageTown
    ) -> None:
        close(closing, AUGUST)
        close(closing, SEPTEMBER)
        closing.arrive("M3", (date(2025, 8, 9), date(2025, 8, 10)))

        closed = close(closing, SEPTEMBER_2, now=CLOSED_AT + timedelta(hours=1))

        assert (closed.bills.due, closed.bills.billed) == (1, 1)


class TestABillCorrectedByHand:
    """Account 1's bill of August is made again by a person, on the day after it was issued."""

    LATER = CLOSED_AT + timedelta(hours=1)

    def correct(self, town: UsageTown, on: date, more: int) -> int:
        def values(day: date, count: int) -> list[int | None]:
            return [(wh or 0) + more for wh in weekly(day, count)]

        bill = town.store.bills_of_account(town.account_id(1))[-1].bill_id
        town.arrive("M1", (date(2025, 8, 1), SEPTEMBER), values, learned_at=self.LATER)
        run = rebill(
            [bill], author="Ana", reason="another meter's readings", on=on, known_at=self.LATER,
            store=town.store, lake=town.lake, book=town.book,
        )  # fmt: skip
        return sum(one.difference_cents for one in run.corrected)

    def test_is_told_with_its_day_and_was_not_due(self, closing: UsageTown) -> None:
        close(closing, AUGUST)
        close(closing, SEPTEMBER)
        moved = self.correct(closing, SEPTEMBER_2, 20)

        closed = close(closing, SEPTEMBER_2, now=self.LATER)

        assert moved > 0
        assert closed.corrections == {"by hand": (1, moved), "trued up": (0, 0)}
        assert closed.as_json()["corrections"]["by hand"]["count"] == 1
        assert (closed.bills.due, closed.bills.billed, closed.bills.billed_cents) == (1, 0, 0)
        assert closed.bills.accounts["billed"] == 0
        assert closed.bills.tie.holds

    def test_is_told_with_no_other_day(self, closing: UsageTown) -> None:
        close(closing, AUGUST)
        close(closing, SEPTEMBER)
        self.correct(closing, SEPTEMBER_2, -20)

        for day in (SEPTEMBER, date(2025, 9, 3)):
            closed = close(closing, day, now=self.LATER)
            assert closed.corrections == {"by hand": (0, 0), "trued up": (0, 0)}


class TestAnEstimateWhoseReadingComes:
    GAP_DAY = date(2025, 8, 9)

    @pytest.fixture
    def estimated(self, closing: UsageTown) -> UsageTown:
        """Account 3's August was billed with a day estimated."""
        close(closing, AUGUST)
        closing.validate(self.GAP_DAY)
        assert close(closing, SEPTEMBER).bills.billed == 3
        return closing

    def comes(self, town: UsageTown, times: int, more: int = 0) -> None:
        def values(day: date, count: int) -> list[int | None]:
            return [times * (wh or 0) + more for wh in weekly(day, count)]

        town.arrive("M3", (self.GAP_DAY, date(2025, 8, 10)), values, learned_at=CLOSED_AT)

    def test_is_not_looked_at_while_the_estimate_stands(self, estimated: UsageTown) -> None:
        told = step(close(estimated, SEPTEMBER_2, now=CLOSED_AT + timedelta(hours=1)), "true-ups")

        assert set(told.counts.values()) == {0}

    def test_is_trued_up_by_the_night_once(self, estimated: UsageTown) -> None:
        self.comes(estimated, 1, more=120)
        later = CLOSED_AT + timedelta(hours=1)

        first = step(close(estimated, SEPTEMBER_2, now=later), "true-ups")
        end = end_of(estimated)
        again = step(close(estimated, SEPTEMBER_2, now=later + timedelta(hours=1)), "true-ups")

        assert first.counts == {
            "looked at": 1, "trued up now": 1, "left as billed": 0, "corrected meanwhile": 0,
            "wait for a person": 0, "refused": 0,
        }  # fmt: skip
        assert first.cents["difference"] > 0
        (done,) = estimated.store.corrections_of_account(estimated.account_id(3))
        assert (done.author, done.learned_at) == ("the night", later)
        assert estimated.store.bill(done.corrected_bill).issued_day == SEPTEMBER_2
        assert again.counts["trued up now"] == 0
        assert end_of(estimated) == end

    def test_is_no_bill_that_was_due_on_the_night_of_its_correction(
        self, estimated: UsageTown
    ) -> None:
        """Its whole amount would be billed twice in the reports of two days."""
        self.comes(estimated, 1, more=120)

        closed = close(estimated, SEPTEMBER_2, now=CLOSED_AT + timedelta(hours=1))

        told = step(closed, "true-ups")
        assert told.counts["trued up now"] == 1
        assert closed.corrections == {"by hand": (0, 0), "trued up": (1, told.cents["difference"])}
        assert (closed.bills.due, closed.bills.billed, closed.bills.billed_cents) == (0, 0, 0)
        assert closed.bills.accounts["not_due"] == 3

    def test_is_come_back_to_as_long_as_the_book_says(
        self, estimated: UsageTown, tmp_path: Path
    ) -> None:
        """August 9 is the twenty-fifth day before the end of September 2."""
        self.comes(estimated, 1, more=120)
        folder = tmp_path / "books" / "union_electric_mo6"
        copytree(default_book_folder(), folder)
        value = folder / "company_operations" / "true_up_look_back_days.yaml"
        as_held = value.read_text(encoding="utf-8")
        counts = []
        for days in (24, 25):
            value.write_text(as_held.replace('"400"', f'"{days}"'), encoding="utf-8")
            estimated.book = load_book(folder)
            later = CLOSED_AT + timedelta(hours=days)
            told = step(close(estimated, SEPTEMBER_2, now=later), "true-ups")
            counts.append(told.counts["trued up now"])

        assert counts == [0, 1]

    def test_is_left_to_a_person_when_it_is_absurd_and_the_night_goes_on(
        self, estimated: UsageTown
    ) -> None:
        self.comes(estimated, 60)

        closed = close(estimated, SEPTEMBER_2, now=CLOSED_AT + timedelta(hours=1))

        told = step(closed, "true-ups")
        assert (told.counts["trued up now"], told.counts["wait for a person"]) == (0, 1)
        ((bill, why),) = told.refused
        assert bill.startswith("bill B-")
        assert why.startswith("2025-08-09: ")
        assert closed.is_closed
        assert estimated.store.corrections_of_account(estimated.account_id(3)) == []

    def test_of_a_bill_that_is_issued_later_waits_for_that_day(self, estimated: UsageTown) -> None:
        self.comes(estimated, 1, more=120)

        told = step(close(estimated, date(2025, 8, 31), now=CLOSED_AT), "true-ups")

        assert (told.counts["looked at"], told.refused) == (0, [])


WRITES = (
    "record_late_charges",
    "record_bills",
    "record_deposits",
    "record_accrual",
    "record_settlements",
    "see_held",
)
"""Each keeps all of its step in one transaction."""


class TestAStop:
    @pytest.mark.parametrize("stops_before", [False, True])
    def test_at_any_step_and_a_second_run_give_the_same_end(
        self,
        closing: UsageTown,
        tmp_path: Path,
        first_book: Any,
        monkeypatch: pytest.MonkeyPatch,
        stops_before: bool,
    ) -> None:
        class PulledPlug(Exception):
            pass

        stopped: list[str] = []

        def falling(one: table.Step) -> table.Step:
            def falls(desk: Any, told: Any, closed: Any) -> None:
                assert one.work is not None
                first = (one.name, desk.day) not in done
                if first and stops_before:
                    done.add((one.name, desk.day))
                    stopped.append(one.name)
                    raise PulledPlug(one.name)
                one.work(desk, told, closed)
                if first:
                    done.add((one.name, desk.day))
                    stopped.append(one.name)
                    raise PulledPlug(one.name)

            return one if one.work is None else replace(one, work=falls)

        done: set[tuple[str, date]] = set()
        days = (AUGUST, date(2025, 8, 31), SEPTEMBER)
        with monkeypatch.context() as patched:
            patched.setattr(table, "STEPS", tuple(falling(one) for one in STEPS))
            for day in days:
                while True:
                    try:
                        close(closing, day)
                        break
                    except PulledPlug:
                        pass
        assert len(stopped) == 3 * sum(one.work is not None for one in STEPS)

        with opened(tmp_path / "whole", first_book) as whole:
            for day in days:
                close(whole, day)
            assert end_of(closing) == end_of(whole)

    def test_inside_a_step_too(
        self, closing: UsageTown, tmp_path: Path, first_book: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class PulledPlug(Exception):
            pass

        calls: dict[str, int] = {}
        fallen: list[str] = []

        def fails_once(name: str) -> None:
            real = getattr(closing.store, name)

            def either(*arguments: Any, **named: Any) -> Any:
                calls[name] = calls.get(name, 0) + 1
                if calls[name] in (1, 3):
                    fallen.append(name)
                    if calls[name] == 3:  # kept, and the answer is lost
                        real(*arguments, **named)
                    raise PulledPlug(name)
                return real(*arguments, **named)

            monkeypatch.setattr(closing.store, name, either)

        for name in WRITES:
            fails_once(name)
        days = (AUGUST, date(2025, 8, 31), SEPTEMBER)
        for day in days:
            while True:
                try:
                    close(closing, day)
                    break
                except PulledPlug:
                    pass
        assert {"record_late_charges", "record_bills", "record_accrual"} <= set(fallen)

        with opened(tmp_path / "whole", first_book) as whole:
            for day in days:
                close(whole, day)
            assert end_of(closing) == end_of(whole)


class TestAProcessor:
    def test_is_asked_about_what_is_unknown(self, closing: UsageTown) -> None:
        closed = close(closing, AUGUST, processor=BadProcessor())

        assert step(closed, "payments").counts["still unknown"] == 0
