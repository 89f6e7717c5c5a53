"""A final bill under a dollar whose account is on a budget plan: what the plan deferred is asked.

GRR V.E.2 leaves the final bill's own usage uncharged. What a plan has deferred, or was paid ahead,
is of bills before it: the final bill settles that, to the cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.test_budget_year import Customer, town_viewer

from meterledger.facts.budget import AskedKind
from meterledger.kernel.money import usd_display
from meterledger.kernel.span import DaySpan
from meterledger.ledger import BUDGET_DEFERRED
from meterledger.usecases.finance_reports import revenue
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.rebill import rebill
from meterledger.usecases.settlements import MoneyDesk
from meterledger.usecases.start_service import stop_service
from meterledger.usecases.take_payment import take_payment
from meterledger.usecases.write_off import write_off

MAY = date(2026, 5, 1)


def little(day: date) -> int:
    """A winter that costs more than the months before it, and little from May on."""
    return 30 if day >= MAY else 500 if day >= date(2026, 1, 1) else 250


def ahead(day: date) -> int:
    """A winter that costs less than the months before it."""
    return 30 if day >= MAY else 100 if day >= date(2026, 1, 1) else 250


@pytest.fixture
def plan(town: Any) -> Iterator[Callable[..., Customer]]:
    """A customer with four bills on a plan, all of them paid as they asked."""

    def make(load: Callable[[date], int] = little) -> Customer:
        customer = Customer(town, load=load)
        customer.bill(date(2025, 12, 1))
        customer.join()
        customer.months(date(2026, 1, 1), 5)
        pay(customer, MAY)
        return customer

    with town.store.viewing(town_viewer(), ["everything"]):
        yield make


def pay(customer: Customer, on: date) -> None:
    owed = customer.town.store.balance_cents(customer.account)
    if owed > 0:
        take_payment(
            account_id=customer.account,
            cents=owed,
            payment_key=f"R-{on}",
            received_day=on,
            learned_at=customer.now,
            view=customer.view,
            store=customer.town.store,
        )


def move_out(customer: Customer, last: date) -> Any:
    (agreement,) = customer.town.services(1)
    stop_service(
        agreement_id=agreement.agreement.agreement_id,
        last_day_out=last,
        learned_at=customer.now,
        store=customer.town.store,
    )
    (final,) = customer.bill(last)
    return final


def left_of(bill: Any) -> int:
    return -sum(
        one.cents for one in bill.lines if one.unit == "adjustment" and one.group.value != "tax"
    )


def test_asks_what_the_plan_deferred_and_not_what_was_used_since(plan: Any) -> None:
    customer = plan()
    deferred = customer.ledger(BUDGET_DEFERRED)
    assert deferred > 0
    before = customer.town.store.trial_balance()

    final = move_out(customer, date(2026, 5, 2))

    assert (final.kind.value, final.total_cents) == ("final", 0)
    assert final.asked.kind is AskedKind.ENDED
    assert final.asked_cents == deferred
    assert customer.ledger(BUDGET_DEFERRED) == 0
    assert customer.town.store.balance_cents(customer.account) == deferred
    after, left = customer.town.store.trial_balance(), left_of(final)
    assert 0 < left < 100
    assert after["144"] == before.get("144", 0) + left
    assert after["440"] == before["440"] - left
    assert sum(after.values()) == 0
    assert customer.town.replay(final.bill_id).same_bytes
    days = DaySpan(MAY, date(2026, 6, 1))
    found = revenue(days, view=customer.view, store=customer.town.store)
    assert [one.as_json() for one in found.ties if not one.holds] == []


def test_says_both_on_its_paper(plan: Any) -> None:
    customer = plan()
    final = move_out(customer, date(2026, 5, 2))

    store = customer.town.store
    statement = statement_of(
        store.bill(final.bill_id), store=store, book=customer.town.book, known_at=customer.now
    )

    assert statement.budget is not None
    assert statement.budget.asked_cents == final.asked_cents
    assert statement.reasons[0][0] == f"{usd_display(left_of(final))} is less than $1.00"
    assert sum(one.cents for one in statement.lines) == 0
    assert (statement.balance.previous_cents, statement.balance.unlisted_cents) == (0, 0)


def test_gives_back_what_was_paid_ahead(plan: Any) -> None:
    customer = plan(ahead)
    deferred = customer.ledger(BUDGET_DEFERRED)
    assert deferred < 0

    final = move_out(customer, date(2026, 5, 2))

    assert (final.total_cents, final.asked_cents) == (0, deferred)
    assert customer.ledger(BUDGET_DEFERRED) == 0
    assert customer.town.store.balance_cents(customer.account) == deferred
    assert customer.town.replay(final.bill_id).same_bytes


def test_of_a_dollar_and_more_is_charged_beside_what_was_deferred(plan: Any) -> None:
    customer = plan()
    deferred = customer.ledger(BUDGET_DEFERRED)

    final = move_out(customer, date(2026, 5, 6))

    assert final.total_cents >= 100
    assert left_of(final) == 0
    assert final.asked_cents == deferred + final.total_cents
    assert customer.ledger(BUDGET_DEFERRED) == 0


def test_that_is_corrected_to_more_is_charged_and_still_asks_what_was_deferred(plan: Any) -> None:
    customer = plan()
    deferred = customer.ledger(BUDGET_DEFERRED)
    final = move_out(customer, date(2026, 5, 2))
    customer.town.read("M1", (MAY, date(2026, 5, 2)), lambda day, n: [2_000] * n)

    (one,) = rebill(
        [final.bill_id],
        author="Ana",
        reason="read again",
        on=date(2026, 5, 20),
        known_at=customer.now + timedelta(hours=1),
        store=customer.town.store,
        lake=customer.town.lake,
        book=customer.town.book,
    ).corrected

    customer.hours += 2
    assert one.bill.total_cents > 100
    balance = customer.town.store.balance_cents(customer.account)
    assert balance == deferred + one.bill.total_cents
    assert customer.ledger(BUDGET_DEFERRED) == 0
    assert customer.town.store.trial_balance().get("144", 0) == 0
    assert customer.town.replay(one.bill.bill_id).same_bytes


def test_what_it_asks_is_written_off_as_any_debt_and_with_it_nothing_twice(plan: Any) -> None:
    customer = plan()
    deferred = customer.ledger(BUDGET_DEFERRED)
    final = move_out(customer, date(2026, 5, 2))
    store = customer.town.store

    desk = MoneyDesk(store, customer.town.book, date(2026, 11, 30), customer.now)
    done = write_off(customer.account, by="Ana", reason="nobody pays", desk=desk)

    assert done.case.cents == deferred
    assert not done.case.awaits_approval
    assert store.balance_cents(customer.account) == 0
    assert store.trial_balance()["144"] == deferred + left_of(final)
