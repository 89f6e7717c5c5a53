"""Preferred due dates of GRR V.O: who, which day, how often, from which bill."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.rooms.rulebook_on import ruling_on

from meterledger.billing.due_date_again import NEXT_CHOICE, NextChoice, NextChoiceFacts
from meterledger.billing.due_date_choice import (
    CHOOSER,
    WANTED_DAY,
    ChooserFacts,
    DueDateFactsContradict,
    WantedDay,
    WantedDayFacts,
)
from meterledger.billing.due_date_first_bill import (
    CHOICE_EFFECTIVE,
    CHOICE_FIRST_BILL,
    Effective,
    EffectiveFacts,
    FirstBill,
    FirstBillFacts,
)
from meterledger.rulebook.series import NoRuleInForce

BEFORE, AFTER = date(2020, 6, 13), date(2020, 6, 14)


def may_choose(facts: ChooserFacts, today: date) -> bool:
    return bool(ruling_on(CHOOSER, facts, today).decision.outcome.allowed)


class TestWhoMayChoose:
    @pytest.mark.parametrize(
        ("facts", "before", "after"),
        [
            (ChooserFacts("1(M)", True, False, False), True, True),
            (ChooserFacts("1(M)", False, False, False), False, False),
            (ChooserFacts("1(M)", True, True, False), False, True),
            (ChooserFacts("1(M)", True, False, True), False, True),
            (ChooserFacts("2(M)", True, False, False), False, True),
            (ChooserFacts("3(M)", True, False, False), False, False),
            (ChooserFacts("11(M)", True, False, False), False, False),
        ],
    )
    def test_changed_on_14_june_2020(self, facts: ChooserFacts, before: bool, after: bool) -> None:
        assert may_choose(facts, BEFORE) is before
        assert may_choose(facts, AFTER) is after

    def test_is_asked_for_only_where_the_sheet_asks(self) -> None:
        silent = ChooserFacts("1(M)", True)

        with pytest.raises(DueDateFactsContradict, match="active collections; active deferred"):
            may_choose(silent, BEFORE)
        assert may_choose(silent, AFTER)

    def test_is_nobody_before_24_august_2019(self) -> None:
        everything_met = ChooserFacts("1(M)", True, False, False)

        assert may_choose(everything_met, date(2019, 8, 24))
        with pytest.raises(NoRuleInForce, match="2019-08-23"):
            may_choose(everything_met, date(2019, 8, 23))

    def test_is_a_participant_at_enrollment_by_a_reading(self) -> None:
        facts = ChooserFacts("1(M)", False, program_enrollment=True)
        other = {"kc.due_date_independent": "subject_to_general_option"}

        chosen = ruling_on(CHOOSER, facts, AFTER)
        otherwise = ruling_on(CHOOSER, facts, AFTER, readings=other)

        assert chosen.decision.outcome.allowed
        assert not otherwise.decision.outcome.allowed
        assert chosen.reading_keys == otherwise.reading_keys == ("kc.due_date_independent",)

    def test_is_a_classification_as_the_sheets_write_it(self) -> None:
        with pytest.raises(DueDateFactsContradict, match="'1M' is no service classification"):
            may_choose(ChooserFacts("1M", True), AFTER)


class TestTheWantedDay:
    def decided(self, wanted: int, *available: int) -> WantedDay:
        facts = WantedDayFacts(wanted, available)
        outcome = ruling_on(WANTED_DAY, facts, AFTER).decision.outcome
        assert isinstance(outcome, WantedDay)
        return outcome

    def test_is_had_where_it_is_offered(self) -> None:
        assert self.decided(5, 3, 5) == WantedDay(True, (), False)

    def test_gives_way_to_another_or_to_the_old_one(self) -> None:
        assert self.decided(6, 5, 3, 5) == WantedDay(False, (3, 5), True)
        assert self.decided(6) == WantedDay(False, (), True)

    @pytest.mark.parametrize("day", [0, 32, -1])
    def test_is_a_day_of_a_month(self, day: int) -> None:
        with pytest.raises(DueDateFactsContradict, match=f"{day} is no day of a month"):
            self.decided(day, 3)


class TestChoosingAgain:
    @pytest.mark.parametrize(
        ("today", "approval", "expected"),
        [
            (date(2021, 8, 31), None, (False, True)),
            (date(2021, 8, 31), False, (False, False)),
            (date(2021, 8, 31), True, (True, False)),
            (date(2021, 9, 1), None, (True, False)),  # twelve months to the day
            (date(2021, 9, 1), False, (True, False)),
        ],
    )
    def test_needs_approval_for_twelve_months(
        self, today: date, approval: bool | None, expected: tuple[bool, bool]
    ) -> None:
        facts = NextChoiceFacts(date(2020, 9, 1), approval)
        outcome = ruling_on(NEXT_CHOICE, facts, today).decision.outcome
        assert outcome == NextChoice(*expected, date(2021, 9, 1))

    def test_is_free_the_first_time(self) -> None:
        outcome = ruling_on(NEXT_CHOICE, NextChoiceFacts(None), AFTER).decision.outcome
        assert outcome == NextChoice(True, False, None)

    def test_never_precedes_the_last_choice(self) -> None:
        facts = NextChoiceFacts(AFTER + timedelta(days=1))
        with pytest.raises(DueDateFactsContradict, match="after the request of 2020-06-14"):
            ruling_on(NEXT_CHOICE, facts, AFTER)


class TestTheFirstBills:
    BILLS = (date(2021, 6, 18), date(2021, 7, 20), date(2021, 8, 18))

    def effective(
        self, today: date, begun: date | None = None, was_out: bool | None = None
    ) -> Effective:
        facts = EffectiveFacts(self.BILLS, was_out, begun)
        outcome = ruling_on(CHOICE_EFFECTIVE, facts, today).decision.outcome
        assert isinstance(outcome, Effective)
        return outcome

    @pytest.mark.parametrize(("place", "in_time"), [(0, True), (1, True), (2, False)])
    def test_carry_the_choice_by_the_second(self, place: int, in_time: bool) -> None:
        assert self.effective(date(2021, 6, 10), self.BILLS[place]).in_time is in_time

    def test_of_the_same_day_count_if_they_were_not_out(self) -> None:
        first, second, third = self.BILLS
        assert self.effective(first, was_out=False) == Effective(first, second, None)
        assert self.effective(first, was_out=True) == Effective(second, third, None)
        with pytest.raises(DueDateFactsContradict, match="nobody says which was first"):
            self.effective(first)

    def test_of_the_past_are_not_reached(self) -> None:
        with pytest.raises(DueDateFactsContradict, match="already out"):
            self.effective(date(2021, 6, 19))

    def test_must_be_known_to_the_second(self) -> None:
        facts = EffectiveFacts(self.BILLS[:1])
        with pytest.raises(DueDateFactsContradict, match="Give the days of the next 2 bills"):
            ruling_on(CHOICE_EFFECTIVE, facts, date(2021, 6, 10))

    @pytest.mark.parametrize(
        ("days", "first", "expected"),
        [
            (25, True, FirstBill(True, True, True)),
            (26, True, FirstBill(False, False, False)),
            (35, True, FirstBill(False, False, False)),
            (36, True, FirstBill(True, True, True)),
            (36, False, FirstBill(True, False, False)),
        ],
    )
    def test_may_be_long_or_short_once(self, days: int, first: bool, expected: FirstBill) -> None:
        facts = FirstBillFacts(days, 26, 35, first)
        assert ruling_on(CHOICE_FIRST_BILL, facts, AFTER).decision.outcome == expected

    @pytest.mark.parametrize(("days", "least", "most"), [(0, 26, 35), (30, 35, 26), (30, 0, 35)])
    def test_have_a_length_that_can_be(self, days: int, least: int, most: int) -> None:
        with pytest.raises(DueDateFactsContradict, match="cannot be"):
            ruling_on(CHOICE_FIRST_BILL, FirstBillFacts(days, least, most, True), AFTER)
