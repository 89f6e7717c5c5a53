"""Own due dates: chosen by the customer, deferred for a retired one; delivery and its credit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from meterledger.billing import decide_own_due_day
from meterledger.facts.billing_options import (
    Delivery,
    DeliveryPreference,
    DueDateChoice,
    DueDateKind,
)
from meterledger.kernel.span import Validity
from meterledger.usecases.deliveries import DeliveryRefused, prefer_delivery
from meterledger.usecases.due_dates import (
    DueDateRefused,
    choose_due_date,
    days_on_offer,
    defer_pay_date,
    end_due_date,
)
from meterledger.usecases.ports import NotFound

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
ON = date(2025, 9, 10)


class Customer:
    """One home of the paper town, read on the first of a month, due on the 22nd."""

    def __init__(self, town: Any) -> None:
        self.town, self.hours = town, 0
        self.view = town.book.as_known(KNOWN.date())
        town.start(1, from_day=date(2025, 7, 1))
        town.read("M1", (date(2025, 7, 1), date(2026, 7, 1)))
        self.account = town.account_id(1)

    @property
    def now(self) -> datetime:
        self.hours += 1
        return KNOWN + timedelta(hours=self.hours)

    def bill(self, on: date) -> Any:
        run = self.town.bill(1, on=on, known_at=self.now)
        assert not run.held, run.held
        return run.issued[-1]

    def choose(self, day: int, on: date = ON, **how: Any) -> Any:
        return choose_due_date(
            account_id=self.account,
            day_of_month=day,
            on=on,
            learned_at=self.now,
            view=self.view,
            store=self.town.store,
            **how,
        )


@pytest.fixture
def customer(town: Any, towns: Any) -> Iterator[Any]:
    with town.store.viewing(towns.VIEWER, ["everything"]):
        yield Customer(town)


class TestAChosenDay:
    def test_is_the_first_such_day_that_leaves_the_usual_time(self, customer: Any) -> None:
        usual = customer.bill(date(2025, 9, 1))
        assert usual.due_day == date(2025, 9, 22)
        customer.choose(3)
        bill = customer.bill(date(2025, 10, 1))
        assert bill.due_day == date(2025, 11, 3)
        told = " ".join(one.finding for one in bill.reasons)
        assert "day 3 of the month was chosen, from 2025-09-10 on" in told
        assert any("GRR V.O" in one.citation.text for one in bill.reasons)

    def test_on_a_closed_day_moves_to_the_next_business_day(self, customer: Any) -> None:
        customer.choose(1)
        bill = customer.bill(date(2025, 10, 1))
        assert bill.due_day == date(2025, 11, 3)  # November 1 is a Saturday
        assert "is a Saturday, so that it is due on 2025-11-03" in " ".join(
            one.finding for one in bill.reasons
        )

    def test_may_be_had_for_a_home_with_a_lamp_beside_it_that_has_no_meter(
        self, customer: Any
    ) -> None:
        """The lamp stands first on the account."""
        customer.town.start(
            2, account_id=customer.account, people=(("P1", "Person 1"),), meter_id=None,
            service_point_id="SP0",
        )  # fmt: skip
        assert customer.choose(3).choice.day_of_month == 3

    def test_is_not_for_the_lamp_alone(self, customer: Any) -> None:
        customer.town.start(2, meter_id=None)
        with pytest.raises(DueDateRefused, match="may not choose a due date") as refused:
            choose_due_date(
                account_id=customer.town.account_id(2), day_of_month=3, on=ON,
                learned_at=customer.now, view=customer.view, store=customer.town.store,
            )  # fmt: skip
        assert "The meter is not an advanced meter" in refused.value.sentence

    def test_leaves_a_bill_that_is_out_as_it_is_and_replays_both(self, customer: Any) -> None:
        before = customer.bill(date(2025, 9, 1))
        customer.choose(3)
        after = customer.bill(date(2025, 10, 1))
        for bill in (before, after):
            assert customer.town.replay(bill.bill_id).same_bytes

    def test_too_far_from_the_usual_one_is_not_offered_and_the_days_that_are_are_named(
        self, customer: Any
    ) -> None:
        (service,) = customer.town.services(1, known_at=KNOWN + timedelta(days=1))
        offered = days_on_offer(service, ON, customer.view)
        assert 3 in offered
        assert 21 not in offered
        with pytest.raises(DueDateRefused, match="cannot have day 21") as refused:
            customer.choose(21)
        assert f"Choose one of {', '.join(map(str, offered))}" in refused.value.sentence

    def test_a_day_that_not_every_month_has_is_not_offered(self, customer: Any) -> None:
        with pytest.raises(DueDateRefused, match="cannot have day 29"):
            customer.choose(29)

    @pytest.mark.parametrize(
        ("again", "allowed"), [(date(2026, 9, 9), False), (date(2026, 9, 10), True)]
    )
    def test_is_chosen_again_after_twelve_months(
        self, customer: Any, again: date, allowed: bool
    ) -> None:
        customer.choose(3)
        if allowed:
            assert customer.choose(5, again).choice.day_of_month == 5
            return
        with pytest.raises(DueDateRefused, match="must wait before choosing again") as refused:
            customer.choose(5, again)
        assert ". The last choice, of " in refused.value.sentence
        assert "Ask again from 2026-09-10 on" in refused.value.sentence

    def test_is_chosen_again_earlier_with_approval(self, customer: Any) -> None:
        customer.choose(3)
        assert customer.choose(5, date(2025, 10, 10), company_approval=True).choice

    def test_ends_and_the_usual_one_comes_back(self, customer: Any) -> None:
        customer.choose(3)
        end_due_date(
            account_id=customer.account,
            on=date(2025, 9, 20),
            learned_at=customer.now,
            store=customer.town.store,
        )
        assert customer.bill(date(2025, 10, 1)).due_day == date(2025, 10, 22)
        with pytest.raises(NotFound, match="no due date of its own"):
            end_due_date(
                account_id=customer.account,
                on=date(2025, 9, 21),
                learned_at=customer.now,
                store=customer.town.store,
            )

    def test_a_dry_run_keeps_nothing(self, customer: Any) -> None:
        customer.choose(3, dry_run=True)
        assert customer.bill(date(2025, 10, 1)).due_day == date(2025, 10, 22)


class TestTheUsualDay:
    """Twenty-one days end on a day on which the office is closed (20 CSR 4240-13.020)."""

    @pytest.mark.parametrize(
        ("issued", "due"),
        [
            (date(2026, 11, 28), date(2026, 12, 19)),  # a Saturday, and issued before the day
            (date(2026, 12, 3), date(2026, 12, 24)),  # a Thursday
            (date(2026, 12, 4), date(2026, 12, 28)),  # Christmas, a Friday
            (date(2026, 12, 5), date(2026, 12, 28)),
            (date(2026, 12, 6), date(2026, 12, 28)),
            (date(2026, 12, 7), date(2026, 12, 28)),
        ],
        ids=str,
    )
    def test_is_off_closed_days_on_bills_issued_from_december_2026_on(
        self, customer: Any, issued: date, due: date
    ) -> None:
        decision = decide_own_due_day(issued_day=issued, choice=None, view=customer.view)
        assert decision.outcome == due
        moved = due != issued + timedelta(days=21)
        clauses = [one.citation.text for one in decision.reasons]
        assert any("due date on closed day" in one for one in clauses) == moved

    def test_moves_no_chosen_day_out_of_its_month(self, customer: Any) -> None:
        """The day that was counted is a Sunday the 27th, and the 27th is what was chosen."""
        choice = DueDateChoice(customer.account, DueDateKind.PREFERRED, 27, Validity(ON), KNOWN, ())
        decision = decide_own_due_day(
            issued_day=date(2026, 12, 6), choice=choice, view=customer.view
        )
        assert decision.outcome == date(2026, 12, 28)

    def test_of_a_bill_is_on_its_record_and_replays(self, town: Any, towns: Any) -> None:
        town.start(2, from_day=date(2026, 11, 1))
        town.read("M2", (date(2026, 11, 1), date(2027, 1, 1)))
        with town.store.viewing(towns.VIEWER, ["everything"]):
            known = datetime(2026, 12, 5, 20, tzinfo=UTC)
            (bill,) = town.bill(2, on=date(2026, 12, 5), known_at=known).issued
            assert bill.due_day == date(2026, 12, 28)
            assert "2026-12-26 is a Saturday" in " ".join(one.finding for one in bill.reasons)
            assert town.replay(bill.bill_id).same_bytes


class TestTheDeferredPayDate:
    def test_is_given_to_nobody_any_more(self, customer: Any) -> None:
        with pytest.raises(DueDateRefused, match="has no deferred pay date") as refused:
            defer_pay_date(
                account_id=customer.account,
                on=ON,
                person=[("birth_date", "1940-01-02"), ("retired", "yes")],
                learned_at=customer.now,
                view=customer.view,
                store=customer.town.store,
            )
        assert "nobody may join any more" in refused.value.sentence

    @pytest.mark.parametrize(
        ("issued", "words"),
        [
            (date(2018, 4, 11), "77 years old and retired; 62 is enough"),
            (date(2018, 4, 12), "the program left the tariff on 2018-04-12"),
        ],
    )
    def test_is_never_earlier_than_the_usual_one_and_says_what_it_stands_on(
        self, customer: Any, issued: date, words: str
    ) -> None:
        choice = DueDateChoice(
            account_id=customer.account,
            kind=DueDateKind.DEFERRED,
            day_of_month=0,
            days=Validity(date(2017, 5, 1)),
            learned_at=KNOWN,
            reasons=(),
            person=(("birth_date", "1940-01-02"), ("retired", "yes")),
        )
        decision = decide_own_due_day(issued_day=issued, choice=choice, view=customer.view)
        usual = decide_own_due_day(issued_day=issued, choice=None, view=customer.view)
        assert decision.outcome == usual.outcome == issued + timedelta(days=21)
        assert words in " ".join(one.finding for one in decision.reasons)
        assert "GRR V.J" in decision.reasons[-1].citation.text


class TestDelivery:
    def prefer(self, customer: Any, medium: str, on: date = ON, address: str = "") -> Any:
        return prefer_delivery(
            account_id=customer.account,
            medium=medium,
            address=address,
            on=on,
            learned_at=customer.now,
            view=customer.view,
            store=customer.town.store,
        )

    def test_is_kept_and_says_that_the_book_has_no_amount_of_the_credit(
        self, customer: Any
    ) -> None:
        kept = self.prefer(customer, "electronic", address="ann@example.org")
        assert "the book has no amount of it" in kept.of_the_credit
        told = customer.town.store.delivery_preference(customer.account, ON)
        assert told == DeliveryPreference(
            *(customer.account, Delivery.ELECTRONIC, Validity(ON)),
            *(kept.preference.learned_at, "ann@example.org"),
        )
        bill = customer.bill(date(2025, 10, 1))
        assert all(line.code != "paperless_credit" for line in bill.lines)

    def test_without_an_address_is_refused(self, customer: Any) -> None:
        with pytest.raises(DeliveryRefused, match="needs an address"):
            self.prefer(customer, "electronic")

    def test_by_pigeon_is_refused(self, customer: Any) -> None:
        with pytest.raises(DeliveryRefused, match="'pigeon' is no way to send a bill"):
            self.prefer(customer, "pigeon")
