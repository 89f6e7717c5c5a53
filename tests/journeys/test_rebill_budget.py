"""A corrected bill of a budget customer: what was asked stays; the plan takes the difference."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.test_budget_year import Customer

from meterledger.facts.bills import read_record
from meterledger.facts.budget import AskedKind
from meterledger.ledger import BUDGET_DEFERRED, RECEIVABLE
from meterledger.usecases.budget_ends import end_budget_unpaid
from meterledger.usecases.budget_state import BudgetRefused
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.rebill import RebillRun, rebill
from meterledger.usecases.start_service import stop_service
from meterledger.usecases.take_payment import take_payment

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


def correct(
    customer: Customer,
    *,
    first: date = MARCH[0],
    until: date = MARCH[1],
    on: date = date(2026, 3, 20),
) -> RebillRun:
    town = customer.town
    bills = town.store.bills_of_account(customer.account)
    wrong = [one for one in bills if first <= one.days.from_day < until]
    return rebill(
        [one.bill_id for one in wrong],
        author="Ana",
        reason="read again",
        on=on,
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


def test_two_corrected_together_tell_one_running_difference_after_the_other(
    customer: Customer,
) -> None:
    town, january = customer.town, date(2026, 1, 1)
    town.read("M1", (january, MARCH[1]), lambda day, count: [500] * count)

    first, second = (one.bill for one in correct(customer, first=january).corrected)

    assert first.asked is not None
    assert second.asked is not None
    assert second.asked.difference_before_cents == first.asked.difference_after_cents
    assert second.asked.difference_after_cents == customer.ledger(BUDGET_DEFERRED)
    assert town.replay(first.bill_id).differences == ()
    assert town.replay(second.bill_id).differences == ()


@pytest.fixture
def gone(customer: Customer) -> Customer:
    """The same customer moved out in March: the final bill has settled the plan."""
    town = customer.town
    (service,) = town.services(1, known_at=customer.now)
    stop_service(
        agreement_id=service.agreement.agreement_id,
        last_day_out=date(2026, 3, 15),
        learned_at=customer.now,
        store=town.store,
    )
    customer.bill(date(2026, 3, 16))
    assert customer.ledger(BUDGET_DEFERRED) == 0
    return customer


def test_a_case_that_settles_the_plan_replays_with_the_bills_made_before_its_last_one(
    customer: Customer,
) -> None:
    """Service ended with the last bill, told since: one case has January, February and that end."""
    town = customer.town
    (service,) = town.services(1, known_at=customer.now)
    stop_service(
        agreement_id=service.agreement.agreement_id,
        last_day_out=MARCH[1],
        learned_at=customer.now,
        store=town.store,
    )
    january = (date(2026, 1, 1), MARCH[0])
    town.read("M1", january, lambda day, count: [400] * count, learned_at=customer.now)

    first, last = correct(customer, first=january[0]).corrected

    assert last.bill.asked is not None
    assert last.bill.asked.kind is AskedKind.ENDED
    assert first.bill.asked is not None
    was = read_record(first.cancelled.record)["asked"]["asked_usd"]
    assert f"{first.bill.asked_cents / 100:.2f}" == was
    assert not first.bill.asked.after_end
    assert customer.ledger(BUDGET_DEFERRED) == 0
    for one in (first, last):
        for name in (one.cancelled.bill_id, one.bill.bill_id):
            assert town.replay(name).differences == ()


def test_after_the_final_bill_a_correction_asks_its_change_for_no_bill_follows(
    gone: Customer,
) -> None:
    before = gone.ledger(RECEIVABLE)

    (one,) = correct(gone, on=date(2026, 4, 20)).corrected

    assert one.difference_cents > 0
    assert gone.ledger(RECEIVABLE) - before == one.difference_cents
    assert gone.ledger(BUDGET_DEFERRED) == 0
    assert one.bill.asked is not None
    assert "the budget plan was settled since" in one.bill.asked.reasons[-1].finding
    for bill in gone.town.store.issued_bills_of_account(gone.account):
        assert gone.town.replay(bill.bill_id).differences == (), bill.bill_id


def test_what_a_correction_took_off_need_not_be_paid(town: Any) -> None:
    """November, before the plan, was billed too high: less is owed, and in time it was paid."""
    customer = Customer(town)
    customer.months(date(2025, 7, 1), 6)
    customer.join()
    (january,) = customer.bill(date(2026, 1, 1))
    owed = customer.ledger(RECEIVABLE)
    autumn = (date(2025, 11, 1), date(2025, 12, 1))
    town.read("M1", autumn, lambda day, count: [100] * count)
    (one,) = correct(customer, first=autumn[0], until=autumn[1], on=date(2026, 1, 3)).corrected
    assert one.difference_cents < 0
    take_payment(
        account_id=customer.account,
        cents=owed + one.difference_cents,
        payment_key="counter-1",
        received_day=january.due_day,
        learned_at=customer.now,
        view=customer.view,
        store=town.store,
    )
    assert customer.ledger(RECEIVABLE) == 0

    def end(bill_id: str) -> Any:
        return end_budget_unpaid(
            bill_id=bill_id,
            on=january.due_day + timedelta(days=9),
            learned_at=customer.now,
            view=customer.view,
            store=town.store,
        )

    with pytest.raises(BudgetRefused, match="in time until"):
        end(january.bill_id)
    with pytest.raises(BudgetRefused, match="is cancelled and asks for nothing"):
        end(one.cancelled.bill_id)
