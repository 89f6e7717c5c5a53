"""What stores promise of budget plans, due dates and delivery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import errors
from tests.stores.options_of_paper import (
    account,
    amount_of,
    budget_bill_of,
    delivery_of,
    due_date_of,
    election_of,
    keep_options,
    plan_of,
)
from tests.stores.paper_town import ANALYST, CLAUSE, LATER, LEARNED, bill_of, start_of

from meterledger.facts.billing_options import Delivery, DueDateKind
from meterledger.facts.budget import PlanEnd
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity
from meterledger.ledger import entry_for_bill
from meterledger.usecases.ports import Conflict, NotFound, NotViewing

DAY = date(2025, 2, 1)
AFTER = LATER + timedelta(days=1)
ENDS = date(2025, 3, 10)
WHY = [Reason("left", CLAUSE)]


@pytest.fixture
def town(store: Any) -> Iterator[Any]:
    store.start_services([start_of(1), start_of(2)])
    with store.viewing(ANALYST, ["everything"]):
        yield store


def options(store: Any, known_at: Any = AFTER, number: int = 1) -> Any:
    return store.billing_options([account(number)], known_at).get(account(number))


class TestPlans:
    def test_come_back_as_they_were_kept(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        found = options(town)
        assert found.plans == (plan_of(),)
        assert found.amounts == (amount_of(),)
        assert found.elections == (election_of(),)

    def test_are_not_known_before_they_were_learned(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        assert options(town, LEARNED - timedelta(seconds=1)) is None

    def test_accounts_without_a_choice_are_left_out(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        found = town.billing_options([account(1), account(2)], AFTER)
        assert found.keys() == {account(1)}

    def test_no_two_on_one_day(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        other = replace(plan_of(), plan_id="BP-2", days=Validity(date(2025, 6, 1)))
        with pytest.raises(Conflict, match="has the budget plan"):
            town.begin_budget_plan(
                other, replace(amount_of(), plan_id="BP-2"), replace(election_of(), plan_id="BP-2")
            )
        assert len(options(town).plans) == 1

    def test_of_nobody_are_refused(self, town: Any) -> None:
        with pytest.raises(NotFound, match="no account"):
            town.begin_budget_plan(plan_of(9), amount_of(9), election_of(9))

    def test_an_end_leaves_what_was_known_before(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        town.end_budget_plan(plan_of().plan_id, ENDS, PlanEnd.CUSTOMER, WHY, LATER)
        (now,) = options(town).plans
        assert (now.days.until_day, now.ended, now.reasons) == (ENDS, PlanEnd.CUSTOMER, tuple(WHY))
        (then,) = options(town, LATER - timedelta(seconds=1)).plans
        assert (then.days.until_day, then.ended) == (None, None)

    def test_end_once(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        town.end_budget_plan(plan_of().plan_id, ENDS, PlanEnd.CUSTOMER, WHY, LATER)
        with pytest.raises(Conflict, match="ended on 2025-03-10 already"):
            town.end_budget_plan(plan_of().plan_id, ENDS, PlanEnd.CUSTOMER, WHY, AFTER)

    @pytest.mark.parametrize(("ahead", "ends"), [(0, False), (1, True)])
    def test_end_after_their_first_day(self, town: Any, ahead: int, ends: bool) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        day = plan_of().days.from_day + timedelta(days=ahead)
        if ends:
            town.end_budget_plan(plan_of().plan_id, day, PlanEnd.CUSTOMER, WHY, LATER)
            return
        with pytest.raises(Conflict, match="cannot end on"):
            town.end_budget_plan(plan_of().plan_id, day, PlanEnd.CUSTOMER, WHY, LATER)

    def test_that_are_not_there_do_not_end(self, town: Any) -> None:
        with pytest.raises(NotFound, match="no budget plan BP-9"):
            town.end_budget_plan("BP-9", ENDS, PlanEnd.CUSTOMER, WHY, LATER)

    def test_may_begin_again_where_one_has_ended(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        town.end_budget_plan(plan_of().plan_id, ENDS, PlanEnd.CUSTOMER, WHY, LATER)
        again = replace(plan_of(), plan_id="BP-2", days=Validity(ENDS), learned_at=AFTER)
        town.begin_budget_plan(
            again, replace(amount_of(), plan_id="BP-2"), replace(election_of(), plan_id="BP-2")
        )
        assert [one.plan_id for one in options(town).plans] == [plan_of().plan_id, "BP-2"]

    def test_are_listed_by_account(self, town: Any) -> None:
        assert town.account_ids_on_a_plan(AFTER) == []
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        assert town.account_ids_on_a_plan(AFTER) == [account()]
        assert town.account_ids_on_a_plan(LEARNED - timedelta(seconds=1)) == []


class TestAmounts:
    def test_a_month_is_decided_once(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        june = replace(amount_of(), month=date(2025, 6, 1), cents=99_00, learned_at=LATER)
        assert town.add_budget_amount(june) is True
        assert town.add_budget_amount(replace(june, cents=98_00)) is False
        assert [one.cents for one in options(town).amounts] == [amount_of().cents, 99_00]

    def test_of_no_plan_are_refused(self, town: Any) -> None:
        with pytest.raises(NotFound, match="no budget plan"):
            town.add_budget_amount(amount_of())
        with pytest.raises(NotFound, match="no budget plan"):
            town.add_budget_election(election_of())

    def test_another_election_stands_beside_the_first(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        other = replace(election_of(), from_day=DAY, settlement_option="a", learned_at=LATER)
        town.add_budget_election(other)
        assert [one.settlement_option for one in options(town).elections] == ["b", "a"]

    def test_two_elections_from_one_day_are_refused_until_the_first_is_taken_back(
        self, town: Any
    ) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        other = replace(election_of(), from_day=DAY, settlement_option="a", learned_at=LATER)
        town.add_budget_election(other)
        with pytest.raises(Conflict, match=f"has elected from {DAY} on already"):
            town.add_budget_election(replace(other, learned_at=LATER - timedelta(days=1)))
        assert [one.settlement_option for one in options(town).elections] == ["b", "a"]
        town.take_back_budget_election(plan_of().plan_id, DAY, LATER)
        again = replace(other, learned_at=LATER + timedelta(days=1))
        town.add_budget_election(again)
        assert options(town, again.learned_at).elections == (election_of(), again)


class TestBudgetBills:
    def test_are_kept_with_the_bill_and_posted_as_one_number(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        bill = budget_bill_of(1, asked_cents=100_00)
        town.record_bills([(bill, entry_for_bill(bill, learned_at=LATER))])
        (row,) = options(town).budget_bills
        assert row == bill.budget_bill
        assert town.balance_cents(account()) == 100_00
        assert town.trial_balance()["142.budget"] == bill.total_cents - 100_00

    def test_the_next_bill_carries_what_was_asked(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        made = [budget_bill_of(1, month, asked_cents=100_00) for month in (0, 1)]
        town.record_bills([(one, entry_for_bill(one, learned_at=LATER)) for one in made])
        assert town.bill(made[1].bill_id).previous_balance_cents == 100_00

    def test_a_bill_without_a_plan_has_none(self, town: Any) -> None:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        town.record_bills([bill_of(1)])
        assert options(town).budget_bills == ()


class TestDueDates:
    def test_another_choice_ends_the_one_before(self, town: Any) -> None:
        town.choose_due_date(due_date_of(5))
        town.choose_due_date(replace(due_date_of(9), days=Validity(DAY), learned_at=LATER))
        first, second = options(town).due_dates
        assert (first.day_of_month, first.days.until_day) == (5, DAY)
        assert (second.day_of_month, second.days.until_day) == (9, None)
        (then,) = options(town, LATER - timedelta(seconds=1)).due_dates
        assert then == due_date_of(5)

    def test_a_choice_of_the_same_day_replaces_it(self, town: Any) -> None:
        town.choose_due_date(due_date_of(5))
        town.choose_due_date(replace(due_date_of(9), learned_at=LATER))
        (only,) = options(town).due_dates
        assert only.day_of_month == 9

    def test_an_earlier_choice_does_not_undo_a_later_one(self, town: Any) -> None:
        town.choose_due_date(replace(due_date_of(5), days=Validity(DAY)))
        with pytest.raises(Conflict, match="has chosen from 2025-02-01 on already"):
            town.choose_due_date(due_date_of(9))

    def test_end_on_a_day(self, town: Any) -> None:
        town.choose_due_date(due_date_of(5))
        town.end_due_date(account(), DAY, LATER)
        (only,) = options(town).due_dates
        assert only.days.until_day == DAY
        with pytest.raises(NotFound, match="no due date of its own"):
            town.end_due_date(account(), DAY, AFTER)

    def test_a_deferred_one_keeps_what_its_rule_asks(self, town: Any) -> None:
        person = (("birth_date", "1940-01-02"), ("retired", "yes"))
        kept = replace(due_date_of(0), kind=DueDateKind.DEFERRED, person=person)
        town.choose_due_date(kept)
        assert options(town).due_dates == (kept,)

    def test_of_nobody_are_refused(self, town: Any) -> None:
        with pytest.raises(NotFound, match="no account"):
            town.choose_due_date(due_date_of(5, number=9))


class TestDelivery:
    def test_holds_from_its_day_until_another_is_preferred(self, town: Any) -> None:
        town.prefer_delivery(delivery_of(Delivery.ELECTRONIC))
        town.prefer_delivery(
            replace(delivery_of(Delivery.PAPER), days=Validity(DAY), learned_at=LATER)
        )
        told = town.delivery_preference
        before = told(account(), delivery_of(Delivery.PAPER).days.from_day - timedelta(days=1))
        assert before is None
        assert told(account(), DAY - timedelta(days=1)).medium is Delivery.ELECTRONIC
        assert told(account(), DAY).medium is Delivery.PAPER
        assert told(account(2), DAY) is None

    def test_is_read_by_a_named_viewer_alone(self, store: Any) -> None:
        store.start_services([start_of(1)])
        with pytest.raises(NotViewing):
            store.delivery_preference(account(), DAY)
        with pytest.raises(NotViewing):
            store.billing_options([account()], LATER)


def test_every_table_may_be_filled(town: Any) -> None:
    keep_options(town)
    found = options(town, AFTER + timedelta(days=99))
    assert all((found.plans, found.amounts, found.elections, found.due_dates, found.deliveries))
    assert found.budget_bills


class TestTakingBackAPlan:
    """What was booked of a plan is believed no more; at every instant before it was."""

    ELECTED = date(2025, 6, 1)

    @pytest.fixture
    def on_a_plan(self, town: Any) -> Any:
        town.begin_budget_plan(plan_of(), amount_of(), election_of())
        return town

    def test_that_was_begun(self, on_a_plan: Any) -> None:
        on_a_plan.take_back_budget_plan(plan_of().plan_id, LATER)

        assert options(on_a_plan).plans == ()
        assert options(on_a_plan, LATER - timedelta(seconds=1)).plans == (plan_of(),)
        assert on_a_plan.account_ids_on_a_plan(AFTER) == []
        with pytest.raises(NotFound, match="no budget plan"):
            on_a_plan.take_back_budget_plan(plan_of().plan_id, AFTER)

    def test_that_has_asked_a_bill_stays(self, on_a_plan: Any) -> None:
        bill = budget_bill_of(1, asked_cents=100_00)
        on_a_plan.record_bills([(bill, entry_for_bill(bill, learned_at=LATER))])

        with pytest.raises(Conflict, match=f"asked bill {bill.bill_id} already"):
            on_a_plan.take_back_budget_plan(plan_of().plan_id, AFTER)
        assert options(on_a_plan).plans == (plan_of(),)

    def test_that_was_ended_goes_on_with_its_own_reasons(self, on_a_plan: Any) -> None:
        name = plan_of().plan_id
        with pytest.raises(Conflict, match="has no end"):
            on_a_plan.take_back_budget_end(name, LATER)
        on_a_plan.end_budget_plan(name, ENDS, PlanEnd.CUSTOMER, WHY, LATER)
        with pytest.raises(Conflict, match="ended on 2025-03-10 already"):
            on_a_plan.take_back_budget_plan(name, AFTER)

        on_a_plan.take_back_budget_end(name, AFTER)

        (now,) = options(on_a_plan, AFTER).plans
        assert now == replace(plan_of(), learned_at=AFTER)
        (then,) = options(on_a_plan, AFTER - timedelta(seconds=1)).plans
        assert then.ended is PlanEnd.CUSTOMER

    def test_its_end_stays_where_another_plan_follows(self, on_a_plan: Any) -> None:
        on_a_plan.end_budget_plan(plan_of().plan_id, ENDS, PlanEnd.CUSTOMER, WHY, LATER)
        on_a_plan.begin_budget_plan(
            replace(plan_of(), plan_id="BP-2", days=Validity(ENDS), learned_at=LATER),
            replace(amount_of(), plan_id="BP-2"),
            replace(election_of(), plan_id="BP-2"),
        )
        with pytest.raises(Conflict, match="The budget plan BP-2 follows on 2025-03-10"):
            on_a_plan.take_back_budget_end(plan_of().plan_id, AFTER)

    def test_an_election_leaves_the_one_before(self, on_a_plan: Any) -> None:
        name = plan_of().plan_id
        other = replace(
            election_of(), from_day=self.ELECTED, settlement_option="a", learned_at=LATER
        )
        on_a_plan.add_budget_election(other)

        on_a_plan.take_back_budget_election(name, self.ELECTED, AFTER)

        assert options(on_a_plan, AFTER).elections == (election_of(),)
        assert options(on_a_plan, AFTER - timedelta(seconds=1)).elections == (election_of(), other)
        with pytest.raises(NotFound, match="Nothing was elected from 2025-06-01 on"):
            on_a_plan.take_back_budget_election(name, self.ELECTED, AFTER)
        with pytest.raises(Conflict, match="is the one with which"):
            on_a_plan.take_back_budget_election(name, election_of().from_day, AFTER)

    def test_an_election_that_another_follows_is_taken_back_after_it(self, on_a_plan: Any) -> None:
        for day in (self.ELECTED, date(2025, 7, 1)):
            on_a_plan.add_budget_election(replace(election_of(), from_day=day, learned_at=LATER))
        with pytest.raises(Conflict, match="is followed by one of 2025-07-01"):
            on_a_plan.take_back_budget_election(plan_of().plan_id, self.ELECTED, AFTER)

    def test_nothing_of_no_plan(self, town: Any) -> None:
        for act in (town.take_back_budget_plan, town.take_back_budget_end):
            with pytest.raises(NotFound, match="no budget plan BP-9"):
                act("BP-9", AFTER)
        with pytest.raises(NotFound, match="no budget plan BP-9"):
            town.take_back_budget_election("BP-9", self.ELECTED, AFTER)


@pytest.mark.postgres
def test_a_second_plan_on_a_day_is_refused_by_the_database_itself(
    postgres: Any, application: Any
) -> None:
    """Two agents may both have looked and found none: the constraint cannot be raced."""
    postgres.start_services([start_of(1)])
    with postgres.viewing(ANALYST, ["everything"]):
        postgres.begin_budget_plan(plan_of(), amount_of(), election_of())
    with pytest.raises(errors.ExclusionViolation, match="one_budget_plan_a_day"):
        application.execute(
            "INSERT INTO budget_plan (plan_id, account_id, service_point_id, ended, reasons, days,"
            " known) VALUES ('BP-race', %s, 'SP-1', '', '[]', daterange('2025-06-01', NULL),"
            " tstzrange('2025-06-01', NULL))",
            [account()],
        )


class TestTakingBack:
    """What was booked begins no more, and what it had ended holds again."""

    BOOKED = date(2025, 3, 1)

    def booked(self, day_of_month: int, from_day: date = BOOKED, learned_at: Any = LATER) -> Any:
        days = Validity(from_day)
        return replace(due_date_of(day_of_month), days=days, learned_at=learned_at)

    def told(self, store: Any) -> list[tuple[int, Validity]]:
        found = options(store, AFTER + timedelta(days=9))
        return [] if found is None else [(one.day_of_month, one.days) for one in found.due_dates]

    def test_a_due_date_leaves_the_one_before_as_it_was(self, town: Any) -> None:
        town.choose_due_date(due_date_of(5))
        town.choose_due_date(self.booked(20))
        assert len(self.told(town)) == 2

        town.take_back_due_date(account(), self.BOOKED, AFTER)

        assert self.told(town) == [(5, due_date_of(5).days)]
        assert len(options(town, LATER + timedelta(hours=1)).due_dates) == 2

    def test_the_only_one_leaves_nothing(self, town: Any) -> None:
        town.choose_due_date(self.booked(20))
        town.take_back_due_date(account(), self.BOOKED, AFTER)
        assert self.told(town) == []
        with pytest.raises(NotFound, match="has chosen nothing that begins on 2025-03-01"):
            town.take_back_due_date(account(), self.BOOKED, AFTER)

    def test_one_after_the_other_comes_back_to_the_first(self, town: Any) -> None:
        """What holds again was learned again: its own past is looked through, not taken for it."""
        later = date(2025, 4, 1)
        town.choose_due_date(due_date_of(5))
        town.choose_due_date(self.booked(20))
        town.choose_due_date(self.booked(10, later, LATER + timedelta(hours=1)))
        with pytest.raises(Conflict, match="is followed by another choice on 2025-04-01"):
            town.take_back_due_date(account(), self.BOOKED, AFTER)

        town.take_back_due_date(account(), later, AFTER)
        assert self.told(town)[1] == (20, Validity(self.BOOKED))
        town.take_back_due_date(account(), self.BOOKED, AFTER + timedelta(hours=1))

        assert self.told(town) == [(5, due_date_of(5).days)]

    def test_one_that_took_the_place_of_another_on_its_day_gives_it_back(self, town: Any) -> None:
        town.choose_due_date(self.booked(20))
        town.choose_due_date(self.booked(10, learned_at=LATER + timedelta(hours=1)))

        town.take_back_due_date(account(), self.BOOKED, AFTER)

        assert self.told(town) == [(20, Validity(self.BOOKED))]

    def test_a_delivery_leaves_paper_again(self, town: Any) -> None:
        town.prefer_delivery(delivery_of(Delivery.PAPER))
        new = delivery_of(Delivery.ELECTRONIC)
        town.prefer_delivery(replace(new, days=Validity(self.BOOKED), learned_at=LATER))

        town.take_back_delivery(account(), self.BOOKED, AFTER)

        (one,) = options(town, AFTER + timedelta(days=1)).deliveries
        assert (one.medium, one.days) == (Delivery.PAPER, delivery_of(Delivery.PAPER).days)
