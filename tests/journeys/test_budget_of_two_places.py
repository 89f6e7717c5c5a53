"""An account with two places: a budget plan is of one of them, and of its bills alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.journeys.test_budget_year import Customer

from meterledger.facts.budget import AskedKind
from meterledger.usecases import calculate_bills
from meterledger.usecases.bill_options import as_asked
from meterledger.usecases.prove_bill import prove_bill
from meterledger.usecases.start_service import stop_service

OF_EVERY_PLACE = "with the bills of all places of its account in the difference of its budget plan"

BARN = 2
"""The number of the second place in the paper town."""


@pytest.fixture
def customer(town: Any) -> Customer:
    """On the plan at home since December; the barn is billed as it is used."""
    made = Customer(town)
    town.start(
        BARN,
        account_id=made.account,
        people=(("P1", "Person 1"),),
        from_day=date(2025, 6, 1),
        premise_id="PR-BARN",
    )
    town.read("M2", (date(2025, 6, 1), date(2026, 1, 1)), lambda day, count: [40] * count)
    made.months(date(2025, 7, 1), 6)
    made.join(service_point_id="SP1")
    return made


def of(place: str, bills: list[Any]) -> list[Any]:
    return [one for one in bills if one.service_point_id == place]


def read_on(customer: Customer, until: date) -> None:
    """The barn's readings come late, until that day."""
    customer.town.read("M2", (date(2026, 1, 1), until), lambda day, count: [40] * count)


def bill_home(customer: Customer, on: date) -> Any:
    """The barn has no readings yet: its bill waits, and the home's goes out."""
    run = customer.town.bill(1, on=on, known_at=customer.now)
    assert [one.code for one in run.held] == ["usage.gap"]
    (made,) = run.issued
    return made


class TestTheOtherPlacesBill:
    def test_of_the_same_days_that_goes_out_later_asks_what_it_costs(
        self, customer: Customer
    ) -> None:
        (december,) = of("SP1", customer.bill(date(2026, 1, 1)))
        assert december.asked is not None

        home = bill_home(customer, date(2026, 2, 1))
        read_on(customer, date(2026, 2, 1))
        (barn,) = customer.bill(date(2026, 2, 3))

        assert (home.days, barn.service_point_id) == (barn.days, "SP2")
        assert barn.asked is None
        assert barn.asked_cents == barn.total_cents
        assert customer.town.replay(barn.bill_id).same_bytes

    def test_that_asked_as_its_neighbor_before_is_replayed_and_says_so(
        self, customer: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        customer.bill(date(2026, 1, 1))
        bill_home(customer, date(2026, 2, 1))
        read_on(customer, date(2026, 2, 1))
        with monkeypatch.context() as then:
            then.setattr(calculate_bills, "as_asked", as_it_was)
            (barn,) = customer.bill(date(2026, 2, 3))
        assert barn.asked_cents != barn.total_cents

        replayed = customer.town.replay(barn.bill_id)

        assert (replayed.same_bytes, replayed.read_as) == (True, OF_EVERY_PLACE)
        town = customer.town
        told = prove_bill(bill_id=barn.bill_id, store=town.store, lake=town.lake, book=town.book)
        assert told["asked"]  # and its file can be made, by the reading of its time


def as_it_was(*given: Any, **named: Any) -> Any:
    """What a bill asked when bills of other places counted, too."""
    return as_asked(*given, **{**named, "every_place": True})


def move_home(customer: Customer, on: date) -> Any:
    """Service at home ends; the final bill settles the plan, and the night closes it."""
    town = customer.town
    service = next(
        one
        for one in town.services(1, known_at=customer.now)
        if one.agreement.service_point_id == "SP1"
    )
    stop_service(
        agreement_id=service.agreement.agreement_id,
        last_day_out=on,
        learned_at=customer.now,
        store=town.store,
    )
    (final,) = of("SP1", customer.bill(on))
    assert final.asked.kind is AskedKind.ENDED
    customer.review(on)
    return final


class TestAPlanOfTheOtherPlaceAfterIt:
    def test_begins_with_nothing_open(self, customer: Customer) -> None:
        """The final bill at home ends in the middle of the barn's period."""
        customer.town.read(
            "M2", (date(2026, 1, 1), date(2026, 6, 1)), lambda day, count: [40] * count
        )
        customer.months(date(2026, 1, 1), 2)
        assert customer.ledger("142.budget") != 0
        move_home(customer, date(2026, 2, 10))
        assert customer.ledger("142.budget") == 0
        customer.join(date(2026, 2, 12), service_point_id="SP2")

        first, second = customer.months(date(2026, 3, 1), 2)

        assert first.asked.difference_before_cents == 0
        assert second.asked.difference_before_cents == first.asked.difference_after_cents
        assert customer.ledger("142.budget") == second.asked.difference_after_cents
        for bill in customer.town.store.issued_bills_of_account(customer.account):
            assert customer.town.replay(bill.bill_id).differences == (), bill.bill_id
