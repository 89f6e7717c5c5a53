"""Taking back what is booked: before its first effect, and never after it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from meterledger.facts.billing_options import Delivery, DueDateChoice, DueDateKind
from meterledger.kernel.span import Validity
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.deliveries import prefer_delivery
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


def back(town: Any, what: Booked, on: date = ASKED, **how: Any) -> date:
    return take_back(
        what,
        account_id=town.account_id(1),
        on=on,
        known_at=AFTER,
        store=town.store,
        **how,
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
