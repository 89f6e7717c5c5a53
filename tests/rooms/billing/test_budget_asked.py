"""GRR V.I: what a bill asks on a budget plan; money conserves whatever a year costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterledger.billing import BilledPeriod, PastCost, ask_again, decide_asked, estimate_year
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.budget import (
    AmountCause,
    Asked,
    AskedKind,
    BudgetAmount,
    BudgetBill,
    BudgetElection,
    BudgetPlan,
    PlanEnd,
    YearEstimate,
    holding,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder

WHY = (Reason("a test", Citation("Schedule 6", "Sheet 135", None, "GRR V.I", date(2013, 6, 30))),)
LEARNED = datetime(2025, 5, 3, 12, tzinfo=UTC)
ENROLLED = date(2025, 5, 3)
YEAR = YearEstimate(1200_00, 1200_00, 365, 12)
VIEW = open_book(default_book_folder()).as_known(date(2026, 12, 1))


@pytest.fixture
def view() -> BookView:
    return VIEW


def options(
    amount_cents: int = 100_00,
    *,
    settlement: str = "b",
    month: int = 5,
    ended: date | None = None,
    rows: tuple[BudgetBill, ...] = (),
) -> AccountOptions:
    days = Validity(ENROLLED, ended)
    end = PlanEnd.CUSTOMER if ended else None
    plan = BudgetPlan("BP", "A", "SP", days, LEARNED, WHY, end)
    first = ENROLLED.replace(day=1)
    amount = BudgetAmount(
        *("BP", "A", first, ENROLLED, amount_cents, AmountCause.JOINED, False, YEAR, WHY, LEARNED)
    )
    election = BudgetElection("BP", "A", ENROLLED, "b", month, settlement, True, WHY, LEARNED)
    return AccountOptions("A", (plan,), (amount,), (election,), rows)


def period(read: date, charges_cents: int, **changed: Any) -> BilledPeriod:
    before = (read.replace(day=1) - timedelta(days=1)).replace(day=min(read.day, 28))
    made = BilledPeriod(
        "SP", DaySpan(before, read), read, False, charges_cents, LEARNED + (read - ENROLLED)
    )
    return replace(made, **changed)


def row_of(asked: Asked, one: BilledPeriod, bill_id: str = "") -> BudgetBill:
    return BudgetBill(
        plan_id=asked.plan_id,
        account_id="A",
        bill_id=bill_id or f"B-A-SP-{one.days.from_day:%Y%m%d}-{one.days.until_day:%Y%m%d}",
        days=one.days,
        kind=asked.kind,
        plan_amount_cents=asked.plan_amount_cents,
        rolled_over_part_cents=asked.rolled_over_part_cents,
        settlement_cents=asked.settlement_cents,
        charges_cents=asked.charges_cents,
        asked_cents=asked.asked_cents,
        rolled_over_cents=asked.rolled_over_cents,
        learned_at=one.known_at,
    )


def months(count: int) -> list[date]:
    """The tenth of each month from June 2025 on."""
    return [date(2025 + (5 + n) // 12, (5 + n) % 12 + 1, 10) for n in range(count)]


def live(
    costs: list[int], chosen: AccountOptions, *, final: bool = False
) -> tuple[list[Asked], AccountOptions]:
    """Bill the months one after the other; every bill is kept."""
    told = []
    for number, (read, cents) in enumerate(zip(months(len(costs)), costs, strict=True)):
        one = period(read, cents, is_final=final and number == len(costs) - 1)
        asked = decide_asked(one, chosen, VIEW)
        assert asked is not None
        told.append(asked)
        chosen = replace(chosen, budget_bills=(*chosen.budget_bills, row_of(asked, one)))
    return told, chosen


class TestAMonth:
    def test_asks_the_plans_amount_and_keeps_the_difference(self, view: BookView) -> None:
        asked = decide_asked(period(date(2025, 6, 10), 130_00), options(), view)
        assert asked is not None
        assert (asked.asked_cents, asked.difference_after_cents) == (100_00, 30_00)

    def test_the_period_that_ends_on_the_day_of_enrollment_is_before_the_plan(
        self, view: BookView
    ) -> None:
        assert decide_asked(period(ENROLLED, 130_00), options(), view) is None
        day_after = period(ENROLLED + timedelta(days=1), 130_00)
        assert decide_asked(day_after, options(), view) is not None

    def test_the_month_of_enrollment_is_not_its_own_anniversary(self, view: BookView) -> None:
        asked = decide_asked(period(date(2025, 5, 10), 130_00), options(month=5), view)
        assert asked is not None
        assert asked.kind is AskedKind.PLAN

    def test_another_service_point_of_the_account_is_none_of_the_plans(
        self, view: BookView
    ) -> None:
        elsewhere = period(date(2025, 6, 10), 130_00, service_point_id="SP-2")
        assert decide_asked(elsewhere, options(), view) is None

    def test_a_plan_without_an_amount_is_refused_in_words(self, view: BookView) -> None:
        with pytest.raises(Refusal, match="has no monthly amount on 2025-06-10"):
            decide_asked(period(date(2025, 6, 10), 1), replace(options(), amounts=()), view)


class TestAnAccountWithTwoPlaces:
    """A plan at SP until its final bill of July 4, and one at BARN after it: of one account."""

    @staticmethod
    def moved() -> AccountOptions:
        _, home = live([130_00], options(ended=date(2025, 7, 4)))
        last = period(date(2025, 7, 4), 40_00, is_final=True)
        last = replace(last, days=DaySpan(date(2025, 6, 10), date(2025, 7, 4)))
        asked = decide_asked(last, home, VIEW)
        assert asked is not None
        assert asked.asked_cents == 70_00
        rows = (*home.budget_bills, row_of(asked, last))
        mine, amount, election = home.plans[0], home.amounts[0], home.elections[0]
        joined = date(2025, 7, 6)
        named: Any = {"plan_id": "BP-2"}
        barn = replace(mine, **named, service_point_id="BARN", days=Validity(joined), ended=None)
        return replace(
            home,
            plans=(mine, barn),
            amounts=(amount, replace(amount, **named, from_day=joined)),
            elections=(election, replace(election, **named, from_day=joined)),
            budget_bills=rows,
        )

    def test_begins_the_second_plan_with_nothing_open(self, view: BookView) -> None:
        """The barn's period began on the same day as the last one at home."""
        july = period(date(2025, 7, 10), 120_00, service_point_id="BARN")
        asked = decide_asked(july, self.moved(), view)
        assert asked is not None
        assert (asked.plan_id, asked.asked_cents) == ("BP-2", 100_00)
        assert (asked.difference_before_cents, asked.difference_after_cents) == (0, 20_00)

    def test_keeps_both_bills_of_one_first_day(self, view: BookView) -> None:
        chosen = self.moved()
        july = period(date(2025, 7, 10), 120_00, service_point_id="BARN")
        asked = decide_asked(july, chosen, view)
        assert asked is not None
        row = row_of(asked, july, "B-A-BARN-20250610-20250710")
        after = replace(chosen, budget_bills=(*chosen.budget_bills, row))
        assert sum(one.deferred_cents for one in holding(after.budget_bills)) == 20_00
        august = period(date(2025, 8, 10), 90_00, service_point_id="BARN")
        again = decide_asked(august, after, view)
        assert again is not None
        assert again.difference_before_cents == 20_00

    def test_counted_both_places_as_it_was_read_before(self, view: BookView) -> None:
        july = period(date(2025, 7, 10), 120_00, service_point_id="BARN")
        asked = decide_asked(july, self.moved(), view, every_place=True)
        assert asked is not None
        assert asked.difference_before_cents == 30_00


class TestAnniversary:
    def test_option_b_leaves_nothing_open(self) -> None:
        told, _ = live([110_00] * 12, options(settlement="b"))
        assert [one.kind for one in told[:-1]] == [AskedKind.PLAN] * 11
        assert (told[-1].kind, told[-1].settlement_cents) == (AskedKind.SETTLED, 120_00)
        assert told[-1].difference_after_cents == 0

    def test_option_a_asks_a_twelfth_with_each_bill_that_follows(self) -> None:
        told, _ = live([110_00] * 12 + [100_00] * 12, options(settlement="a"))
        assert told[11].rolled_over_cents == (10_00,) * 12
        assert [one.rolled_over_part_cents for one in told[12:]] == [10_00] * 12
        assert told[-1].difference_after_cents == 0

    def test_a_credit_is_given_back_on_the_bill(self) -> None:
        told, _ = live([90_00] * 12, options(settlement="b"))
        assert (told[-1].asked_cents, told[-1].settlement_cents) == (-20_00, -120_00)

    def test_nothing_elected_holds_the_bill_and_asks_for_it(self) -> None:
        with pytest.raises(Refusal, match="has not elected how the difference is settled"):
            live([110_00] * 12, options(settlement=""))


class TestTheEnd:
    def test_the_next_bill_settles_and_the_one_after_is_an_ordinary_one(
        self, view: BookView
    ) -> None:
        _, chosen = live([130_00, 130_00], options())
        left = replace(options(ended=date(2025, 7, 20)), budget_bills=chosen.budget_bills)
        august = period(date(2025, 8, 10), 90_00)
        asked = decide_asked(august, left, view)
        assert asked is not None
        assert (asked.kind, asked.asked_cents) == (AskedKind.ENDED, 150_00)
        left = replace(left, budget_bills=(*left.budget_bills, row_of(asked, august)))
        assert decide_asked(period(date(2025, 9, 10), 90_00), left, view) is None

    def test_a_plan_that_never_billed_settles_nothing(self, view: BookView) -> None:
        left = options(ended=date(2025, 6, 1))
        assert decide_asked(period(date(2025, 6, 10), 90_00), left, view) is None

    def test_a_bill_held_until_after_the_end_asks_what_its_days_cost(self, view: BookView) -> None:
        """The difference was settled once; a second time would charge it twice."""
        _, chosen = live([130_00, 130_00, 40_00], options(), final=True)
        july = chosen.budget_bills[1]
        kept = tuple(one for one in chosen.budget_bills if one is not july)
        held = period(date(2025, 7, 10), 130_00, known_at=LEARNED + timedelta(days=200))
        assert held.days == july.days
        assert decide_asked(held, replace(chosen, budget_bills=kept), view) is None
        over = options(ended=date(2025, 8, 10), rows=kept)
        assert decide_asked(held, over, view) is None

    def test_a_final_bill_asks_everything(self) -> None:
        told, _ = live([130_00, 130_00, 40_00], options(), final=True)
        assert (told[-1].kind, told[-1].asked_cents) == (AskedKind.ENDED, 100_00)
        assert told[-1].difference_after_cents == 0


class TestACorrection:
    def test_asks_what_the_period_asked_and_moves_the_difference(self, view: BookView) -> None:
        _, chosen = live([130_00, 130_00], options())
        again = period(date(2025, 6, 10), 110_00, known_at=LEARNED + timedelta(days=200))
        corrected = decide_asked(again, chosen, view)
        assert corrected is not None
        assert (corrected.asked_cents, corrected.difference_after_cents) == (100_00, 10_00)
        rows = (*chosen.budget_bills, row_of(corrected, again, "B-A-SP-20250510-20250610-v2"))
        assert sum(one.deferred_cents for one in holding(rows)) == 40_00

    def test_of_a_plan_that_was_settled_asks_its_change_for_no_bill_follows(
        self, view: BookView
    ) -> None:
        told, chosen = live([130_00, 130_00, 40_00], options(), final=True)
        again = period(date(2025, 6, 10), 110_00, known_at=LEARNED + timedelta(days=200))
        corrected = decide_asked(again, chosen, view)
        assert corrected is not None
        assert corrected.asked_cents == told[0].asked_cents - 20_00
        rows = (*chosen.budget_bills, row_of(corrected, again, "B-A-SP-20250510-20250610-v2"))
        assert sum(one.deferred_cents for one in holding(rows)) == 0
        later = replace(again, charges_cents=130_00, known_at=again.known_at + timedelta(days=1))
        back = decide_asked(later, replace(chosen, budget_bills=rows), view)
        assert back is not None
        assert back.asked_cents == told[0].asked_cents

    def test_what_is_not_adjusted_under_a_settled_plan_is_not_asked(self, view: BookView) -> None:
        told, chosen = live([130_00, 130_00, 40_00], options(), final=True)
        again = period(date(2025, 6, 10), 150_00, known_at=LEARNED + timedelta(days=200))
        corrected = decide_asked(again, chosen, view)
        assert corrected is not None
        stays = ask_again(corrected, 130_00)
        assert (stays.asked_cents, stays.deferred_cents) == (told[0].asked_cents, 30_00)

    def test_replayed_as_known_then_it_asks_what_it_asked(self, view: BookView) -> None:
        told, chosen = live([130_00, 130_00], options())
        again = period(date(2025, 6, 10), 110_00, known_at=LEARNED + timedelta(days=200))
        corrected = decide_asked(again, chosen, view)
        assert corrected is not None
        rows = (*chosen.budget_bills, row_of(corrected, again, "B-A-SP-20250510-20250610-v2"))
        july = period(date(2025, 7, 10), 130_00)
        assert decide_asked(july, replace(chosen, budget_bills=rows), view) == told[1]

    def test_that_begins_on_another_day_takes_the_place_of_the_first_bill(
        self, view: BookView
    ) -> None:
        """The first day of service was entered wrong: the period still ends on June 10."""
        _, chosen = live([130_00, 130_00], options())
        first = period(date(2025, 6, 10), 110_00, known_at=LEARNED + timedelta(days=200))
        first = replace(first, days=DaySpan(date(2025, 5, 14), date(2025, 6, 10)))
        corrected = decide_asked(first, chosen, view)
        assert corrected is not None
        assert (corrected.asked_cents, corrected.difference_after_cents) == (100_00, 10_00)
        rows = (*chosen.budget_bills, row_of(corrected, first, "B-A-SP-20250510-20250610-v2"))
        assert sum(one.deferred_cents for one in holding(rows)) == 40_00
        august = period(date(2025, 8, 10), 100_00, known_at=LEARNED + timedelta(days=300))
        asked = decide_asked(august, replace(chosen, budget_bills=rows), view)
        assert asked is not None
        assert asked.difference_before_cents == 40_00

    def test_a_total_that_comes_out_otherwise_changes_the_difference_alone(self) -> None:
        told, _ = live([130_00], options())
        again = ask_again(told[0], 125_00)
        assert (again.asked_cents, again.difference_after_cents) == (100_00, 25_00)

    def test_of_a_final_bill_everything_is_asked_at_once(self) -> None:
        told, _ = live([130_00, 40_00], options(), final=True)
        again = ask_again(told[-1], 50_00)
        assert (again.asked_cents, again.difference_after_cents) == (80_00, 0)


@settings(deadline=None)
@given(
    costs=st.lists(st.integers(-50_00, 900_00), min_size=1, max_size=30),
    amount=st.integers(0, 500_00),
    settlement=st.sampled_from(["a", "b"]),
    month=st.integers(1, 12),
)
def test_what_is_asked_and_what_is_open_is_what_was_charged(
    costs: list[int], amount: int, settlement: str, month: int
) -> None:
    told, chosen = live(costs, options(amount, settlement=settlement, month=month))
    for number in range(len(told)):
        asked = sum(one.asked_cents for one in told[: number + 1])
        assert asked + told[number].difference_after_cents == sum(costs[: number + 1])
    last = months(len(costs) + 1)[-1]
    final = decide_asked(period(last, 77_00, is_final=True), chosen, VIEW)
    assert final is not None
    assert sum(one.asked_cents for one in told) + final.asked_cents == sum(costs) + 77_00


class TestTheYear:
    def test_of_365_days_is_the_sum_of_its_bills(self) -> None:
        spans = [DaySpan(date(2025, n, 1), date(2025, n + 1, 1)) for n in range(1, 12)]
        spans.append(DaySpan(date(2025, 12, 1), date(2026, 1, 1)))
        found = estimate_year([PastCost(one, 100_00) for one in spans])
        assert (found.annual_cents, found.billed_days) == (1200_00, 365)

    def test_an_older_bill_is_left_out(self) -> None:
        newest = PastCost(DaySpan(date(2025, 12, 1), date(2026, 1, 1)), 31_00)
        older = PastCost(DaySpan(date(2024, 12, 1), date(2025, 1, 1)), 999_00)
        found = estimate_year([older, newest])
        assert (found.bill_count, found.annual_cents) == (1, 365_00)

    def test_says_how_many_days_stand_on_estimated_usage(self) -> None:
        one = PastCost(DaySpan(date(2025, 12, 1), date(2026, 1, 1)), 31_00, estimated=True)
        assert "31 of them on bills with estimated usage" in estimate_year([one]).sentence
