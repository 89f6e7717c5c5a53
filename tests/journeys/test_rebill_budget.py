"""A corrected bill of a budget customer: what was asked stays; the plan takes the difference."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.test_budget_year import Customer

from meterledger.facts.bills import read_record
from meterledger.ledger import BUDGET_DEFERRED, RECEIVABLE
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.rebill import RebillRun, rebill

MARCH = (date(2026, 2, 1), date(2026, 3, 1))


@pytest.fixture
def customer(town: Any) -> Customer:
    """On the plan since December; February's usage was read again, at twice what was billed."""
    made = Customer(town)
    made.months(date(2025, 7, 1), 6)
    made.join()
    made.months(date(2026, 1, 1), 3)
    town.read("M1", MARCH, lambda day, count: [500] * count)
    return made


def correct(customer: Customer) -> RebillRun:
    town = customer.town
    bills = town.store.bills_of_account(customer.account)
    (wrong,) = [one for one in bills if one.days.from_day == MARCH[0]]
    return rebill(
        [wrong.bill_id],
        author="Ana",
        reason="read again",
        on=date(2026, 3, 20),
        known_at=customer.now,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


def test_what_was_asked_stays_and_the_plan_takes_the_difference(customer: Customer) -> None:
    store = customer.town.store
    before = store.trial_balance()

    (one,) = correct(customer).corrected

    assert one.difference_cents > 0
    old, new = read_record(one.cancelled.record)["asked"], one.bill.asked
    assert new is not None
    assert f"{new.asked_cents / 100:.2f}" == old["asked_usd"]
    after = store.trial_balance()
    assert after[RECEIVABLE] == before[RECEIVABLE]
    assert after[BUDGET_DEFERRED] - before[BUDGET_DEFERRED] == one.difference_cents


def test_both_bills_are_replayed_to_the_byte_and_the_queue_is_empty(customer: Customer) -> None:
    town = customer.town

    (one,) = correct(customer).corrected

    assert town.replay(one.cancelled.bill_id).same_bytes
    assert town.replay(one.bill.bill_id).differences == ()
    later = customer.now + timedelta(days=1)
    now = now_of(town.store, known_at=later, book=town.book, lake=town.lake)
    assert bills_to_correct(store=town.store, now=now)[1] == []


def test_the_bills_after_it_are_replayed_to_the_byte(customer: Customer) -> None:
    correct(customer)
    customer.months(date(2026, 4, 1), 2)

    for bill in customer.town.store.issued_bills_of_account(customer.account):
        assert customer.town.replay(bill.bill_id).differences == (), bill.bill_id
