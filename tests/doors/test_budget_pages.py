"""The account's page and the bill's page of a customer on the Budget Billing Plan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from tests.doors.budget_web_town import budget_web_town
from tests.doors.web_town import WebTown

from meterledger.entrypoints.web import system


@pytest.fixture
def budget_town() -> Iterator[WebTown]:
    before = system.provide(budget_web_town())
    yield budget_web_town()
    system.provide(before)


@pytest.fixture
def browser_of(budget_town: WebTown, watched_templates: None) -> Client:
    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:400]
    return answer.content.decode()


def test_the_account_shows_each_month_with_what_it_cost_what_was_asked_and_why(
    browser_of: Client, budget_town: WebTown
) -> None:
    shown = page(browser_of, f"/accounts/{budget_town.town.account_id(1)}/")
    assert "Budget plan" in shown
    assert shown.count("Month of re-evaluation: settled") == 1
    assert "A year is estimated at" in shown
    assert "Sheet 135, rev. Original, GRR V.I.1" in shown


def test_the_bill_shows_both_numbers_and_how_the_difference_comes_about(
    browser_of: Client, budget_town: WebTown
) -> None:
    bill = budget_town.bills(1)[7]
    shown = page(browser_of, f"/bills/{bill.bill_id}/")
    assert "What your budget plan asks" in shown
    assert "Asked in their place by your budget plan" in shown
    assert "Open after it" in shown


def test_a_plan_that_ended_says_so_and_how(browser_of: Client, budget_town: WebTown) -> None:
    shown = page(browser_of, f"/accounts/{budget_town.town.account_id(2)}/")
    assert "ended by the customer" in shown
    assert "The plan has ended: settled" in shown


def test_a_bill_after_the_plan_says_nothing_of_it(browser_of: Client, budget_town: WebTown) -> None:
    shown = page(browser_of, f"/bills/{budget_town.bills(2)[-1].bill_id}/")
    assert "budget plan" not in shown
