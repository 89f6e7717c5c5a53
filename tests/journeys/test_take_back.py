"""Taking back what is booked: before its first effect, and never after it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.test_budget_year import Customer

from meterledger.facts.billing_options import Delivery, DueDateChoice, DueDateKind
from meterledger.kernel.span import Validity
from meterledger.usecases.budget_plans import elect_budget
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.deliveries import prefer_delivery
from meterledger.usecases.end_billed_service import end_billed_service
from meterledger.usecases.ports import Conflict
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.take_back import Booked, NothingToTakeBack, take_back

TOLD = datetime(2026, 12, 1, 12, tzinfo=UTC)
AFTER = TOLD + timedelta(days=1)
ASKED, NEXT, SEPTEMBER = date(2025, 7, 10), date(2025, 8, 1), date(2025, 9, 1)


@pytest.fixture
def home(town: Any) -> Any:
    """One home with service since July, whose owner asks for another rate option on July 10."""
    town.start(1)
    town.read("M1", (date(2025, 7, 1), SEPTEMBER))
    view = town.book.as_known(TOLD.date())
    town.asks = lambda learned_at=TOLD: change_rate(
        account_id=town.account_id(1),
        schedule="1M-smart",
        asked=ASKED,
        learned_at=learned_at,
        view=view,
        store=town.store,
    )
    return town


def back(town: Any, what: Booked, on: date = ASKED, known_at: datetime = AFTER, **how: Any) -> date:
    return take_back(
        what,
        account_id=town.account_id(1),
        on=on,
        known_at=known_at,
        store=town.store,
        **how,
    )


class TestARateThatServiceNeverReached:
    """The owner left on July 20 and told it in August: the rate of August 1 never had a day."""

    LEFT = date(2025, 7, 20)

    def test_is_taken_back_and_service_ends_on_the_day_with_its_last_bill(self, home: Any) -> None:
        home.asks()
        (july,) = home.bill(1, on=NEXT, known_at=AFTER).issued
        first, _ = home.services(1, known_at=AFTER)
        with pytest.raises(Conflict, match="It has ended already on 2025-08-01") as ended:
            self.stop(home, first.agreement.agreement_id, AFTER)
        assert "take it back first, with `meterledger take-back rate" in ended.value.sentence
        on = date(2025, 8, 5)
        with pytest.raises(NothingToTakeBack, match="has booked no rate option"):
            back(home, Booked.RATE, on=on)

        told = AFTER + timedelta(hours=1)
        assert back(home, Booked.RATE, on=on, service_until=self.LEFT, known_at=told) == NEXT
        end = self.stop(home, first.agreement.agreement_id, told + timedelta(hours=1))

        assert end.corrected.cancelled.bill_id == july.bill_id
        assert end.corrected.bill.days.until_day == self.LEFT
        (service,) = home.services(1, known_at=told + timedelta(hours=2))
        assert service.agreement.days == Validity(date(2025, 7, 1), self.LEFT)

    def test_stays_where_service_had_a_day_on_it(self, home: Any) -> None:
        home.asks()
        with pytest.raises(NothingToTakeBack):
            back(home, Booked.RATE, on=date(2025, 8, 5), service_until=date(2025, 8, 2))
        assert back(home, Booked.RATE, on=date(2025, 8, 5), service_until=NEXT) == NEXT

    def test_stays_where_it_is_billed(self, home: Any) -> None:
        home.asks()
        home.bill(1, on=SEPTEMBER, known_at=AFTER)
        with pytest.raises(NothingToTakeBack, match="are billed on 1M-smart") as refused:
            back(home, Booked.RATE, on=SEPTEMBER, service_until=self.LEFT)
        assert "End it on 2025-08-02, its second day" in refused.value.sentence

    def stop(self, town: Any, agreement_id: str, known_at: datetime) -> Any:
        return end_billed_service(
            agreement_id=agreement_id,
            last_day_out=self.LEFT,
            signed=Signed("Ana", "told late"),
            now=Now(known_at, date(2025, 8, 5), town.store.lake_sequence(), town.book, town.lake),
            store=town.store,
        )


class TestARateOption:
    def test_booked_for_the_next_period_is_taken_back_and_the_bills_go_on(self, home: Any) -> None:
        home.asks()

        assert back(home, Booked.RATE, on=date(2025, 7, 31)) == NEXT

        bills = home.bill(1, on=SEPTEMBER, known_at=AFTER + timedelta(days=1)).issued
        assert {one.schedule for one in bills} == {"1M-anytime"}
        assert len(bills) == 2

    def test_has_its_effect_on_its_first_day(self, home: Any) -> None:
        home.asks()

        with pytest.raises(NothingToTakeBack, match="has booked no rate option that begins on a l"):
            back(home, Booked.RATE, on=NEXT)

    def test_may_be_asked_for_again(self, home: Any) -> None:
        home.asks()
        back(home, Booked.RATE)

        with pytest.raises(NothingToTakeBack):
            back(home, Booked.RATE)
        home.asks(AFTER + timedelta(hours=1))

        services = home.store.services_of_account(home.account_id(1), AFTER + timedelta(days=1))
        assert [one.agreement.schedule for one in services] == ["1M-anytime", "1M-smart"]


class TestADueDate:
    def choose(self, town: Any, from_day: date) -> None:
        town.store.choose_due_date(
            DueDateChoice(
                *(town.account_id(1), DueDateKind.PREFERRED, 20, Validity(from_day), TOLD, ())
            )
        )

    def test_is_taken_back_until_a_bill_has_gone_out_by_it(self, home: Any) -> None:
        self.choose(home, date(2025, 8, 2))
        home.bill(1, on=NEXT, known_at=AFTER)  # the day before

        assert back(home, Booked.DUE_DATE) == date(2025, 8, 2)
        with pytest.raises(NothingToTakeBack, match="has booked no due date"):
            back(home, Booked.DUE_DATE)

    def test_is_not_taken_back_from_its_first_bill_on(self, home: Any) -> None:
        self.choose(home, NEXT)
        (bill,) = home.bill(1, on=NEXT, known_at=TOLD).issued

        with pytest.raises(NothingToTakeBack, match=f"Bill {bill.bill_id} of 2025-08-01 has gone"):
            back(home, Booked.DUE_DATE)


def test_a_delivery_is_taken_back_before_a_bill_is_sent_by_it(home: Any) -> None:
    prefer_delivery(
        account_id=home.account_id(1),
        medium=Delivery.ELECTRONIC.value,
        address="ann@example.org",
        on=NEXT,
        learned_at=TOLD,
        view=home.book.as_known(TOLD.date()),
        store=home.store,
    )

    assert back(home, Booked.DELIVERY) == NEXT
    assert home.store.billing_options([home.account_id(1)], AFTER + timedelta(days=1)) == {}


class TestABudgetPlan:
    """Joined on January 10 for January 20; the bill of January goes out on February 1."""

    BEGINS, FEBRUARY = date(2026, 1, 20), date(2026, 2, 1)

    @pytest.fixture
    def customer(self, town: Any) -> Customer:
        made = Customer(town)
        made.months(date(2025, 7, 1), 7)
        return made

    def back(self, customer: Customer, what: Booked) -> date:
        return take_back(
            what,
            account_id=customer.account,
            on=date(2026, 1, 10),
            known_at=customer.now,
            store=customer.town.store,
        )

    def test_taken_back_before_its_first_bill_asks_nothing(self, customer: Customer) -> None:
        customer.join(self.BEGINS)

        assert self.back(customer, Booked.BUDGET) == self.BEGINS

        (bill,) = customer.months(self.FEBRUARY, 1)
        assert bill.asked is None
        with pytest.raises(NothingToTakeBack, match="has booked no budget plan"):
            self.back(customer, Booked.BUDGET)

    def test_may_be_joined_again_on_the_same_day_with_its_own_amount(
        self, customer: Customer
    ) -> None:
        first = customer.join(self.BEGINS)
        self.back(customer, Booked.BUDGET)

        again = customer.join(self.BEGINS, told_year_cents=60_000, basis="as told")

        assert again.plan.plan_id == f"{first.plan.plan_id}-2"
        (bill,) = customer.months(self.FEBRUARY, 1)
        assert bill.asked.asked_cents == 5_000 != first.amount.cents
        assert customer.town.replay(bill.bill_id).same_bytes

    def test_stays_once_a_bill_has_gone_out_by_it(self, customer: Customer) -> None:
        customer.join(self.BEGINS)
        (bill,) = customer.months(self.FEBRUARY, 1)

        with pytest.raises(NothingToTakeBack, match=f"Bill {bill.bill_id} of 2026-02-01 has gone"):
            self.back(customer, Booked.BUDGET)

    def test_stays_once_its_amount_was_reviewed(self, customer: Customer) -> None:
        customer.join(self.BEGINS)
        customer.review(date(2026, 5, 1))

        with pytest.raises(NothingToTakeBack, match="amount was decided for 2026-05 by what holds"):
            self.back(customer, Booked.BUDGET)

    def test_its_end_is_taken_back_before_a_bill_settles_it(self, customer: Customer) -> None:
        joined = customer.join(self.BEGINS)
        customer.months(self.FEBRUARY, 1)
        customer.leave(date(2026, 2, 10))

        assert self.back(customer, Booked.BUDGET_END) == date(2026, 2, 10)

        (bill,) = customer.months(date(2026, 3, 1), 1)
        assert bill.asked.asked_cents == joined.amount.cents
        state = customer.state(date(2026, 3, 2))
        assert (state.plan.days.until_day, state.plan.ended) == (None, None)
        assert state.plan.reasons == joined.plan.reasons
        with pytest.raises(NothingToTakeBack, match="has booked no end of a budget plan"):
            self.back(customer, Booked.BUDGET_END)

    def test_its_end_stays_once_it_is_settled(self, customer: Customer) -> None:
        customer.join(self.BEGINS)
        customer.months(self.FEBRUARY, 1)
        customer.leave(date(2026, 2, 10))
        (bill,) = customer.months(date(2026, 3, 1), 1)

        with pytest.raises(NothingToTakeBack, match=f"Bill {bill.bill_id} of 2026-03-01 has gone"):
            self.back(customer, Booked.BUDGET_END)

    def test_ended_is_not_taken_back_before_its_end_is(self, customer: Customer) -> None:
        customer.join(self.BEGINS)
        customer.leave(date(2026, 1, 25))

        with pytest.raises(Conflict, match="ended on 2026-01-25 already"):
            self.back(customer, Booked.BUDGET)
        self.back(customer, Booked.BUDGET_END)
        assert self.back(customer, Booked.BUDGET) == self.BEGINS


class TestAnElection:
    """The election of January 20, 2026 binds for a year: another is made on its anniversary."""

    AGAIN = date(2027, 1, 20)

    @pytest.fixture
    def customer(self, town: Any) -> Customer:
        made = Customer(town)
        made.months(date(2025, 7, 1), 7)
        made.join(date(2026, 1, 20))
        return made

    def elect(self, customer: Customer) -> None:
        elect_budget(
            account_id=customer.account,
            on=self.AGAIN,
            learned_at=customer.now,
            view=customer.view,
            store=customer.town.store,
            settlement_option="a",
        )

    def back(self, customer: Customer) -> date:
        return take_back(
            Booked.ELECTION,
            account_id=customer.account,
            on=self.AGAIN,
            known_at=customer.now,
            store=customer.town.store,
        )

    def test_taken_back_leaves_the_one_before_with_its_day(self, customer: Customer) -> None:
        before = customer.state(self.AGAIN).election
        self.elect(customer)
        assert customer.state(self.AGAIN).election.settlement_option == "a"

        assert self.back(customer) == self.AGAIN

        assert customer.state(self.AGAIN).election == before
        self.elect(customer)  # and may be made again
        assert customer.state(self.AGAIN).election.settlement_option == "a"

    def test_with_which_the_plan_began_is_none_to_take_back(self, customer: Customer) -> None:
        with pytest.raises(NothingToTakeBack, match="has booked no other election on its budget"):
            self.back(customer)

    def test_stays_once_a_review_has_followed_it(self, customer: Customer) -> None:
        self.elect(customer)
        customer.review(date(2027, 5, 1))

        with pytest.raises(NothingToTakeBack, match="amount was decided for 2027-05 by what holds"):
            self.back(customer)
