"""Pages of money: an account's events as a story, and the month's figures with what they are of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.doors.finance_web_town import finance_web_town
from tests.doors.web_town import WebTown

from meterledger.entrypoints.web import system
from meterledger.kernel.money import usd_display


@pytest.fixture
def town() -> Iterator[WebTown]:
    before = system.provide(finance_web_town())
    yield finance_web_town()
    system.provide(before)


@pytest.fixture
def browser(town: WebTown, watched_templates: None) -> Client:
    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:800]
    return re.sub(r"\s+", " ", answer.content.decode())


def ledger(client: Client, town: WebTown, number: int) -> str:
    return page(client, f"/accounts/{town.town.account_id(number)}/ledger/")


def test_an_account_that_owes_sees_what_is_past_due_and_what_is_not(
    browser: Client, town: WebTown
) -> None:
    shown = ledger(browser, town, 2)
    assert "Still to be paid" in shown
    assert "days past due" in shown
    assert "Owed now" in shown
    assert "40.00" in shown


def test_each_line_says_what_paid_it_and_what_it_paid(browser: Client, town: WebTown) -> None:
    shown = ledger(browser, town, 1)
    bill = town.bills(1)[0]
    assert f"{usd_display(bill.total_cents)} paid by the" in shown
    assert f"paid {usd_display(bill.total_cents)} of the" in shown
    assert f"/bills/{bill.bill_id}/" in shown
    assert "/payments/R-1-1/" in shown
    assert "it sums to zero" in shown


def test_who_paid_too_much_is_in_credit(browser: Client, town: WebTown) -> None:
    shown = ledger(browser, town, 3)
    assert "In credit by" in shown
    assert "Credit that pays what comes next" in shown
    assert "$25.00" in shown


def test_days_that_differ_are_both_told(browser: Client, town: WebTown) -> None:
    shown = ledger(browser, town, 1)
    assert "October 5, 2025" in shown
    assert "known since November 25, 2026" in shown


def test_the_month_ties_and_opens(browser: Client, town: WebTown) -> None:
    shown = page(browser, "/finance/?month=2025-10")
    assert "Trial balance" in shown
    assert "IS NOT" not in shown
    assert "broken" not in shown
    assert "/finance/ledger/142/?month=2025-10" in shown
    assert "1M-anytime" in shown
    assert "Taxes by jurisdiction" in shown
    assert "seen at the bank and not expected" in shown.lower()


@pytest.mark.parametrize(("is_now", "days"), [(True, 1), (False, 2)])
def test_what_is_open_by_age_is_asked_once_for_a_day(
    browser: Client, town: WebTown, monkeypatch: pytest.MonkeyPatch, is_now: bool, days: int
) -> None:
    asked, each = [], town.town.store.each_owing

    def each_owing(at: date, *rest: Any) -> Any:
        asked.append(at)
        return each(at, *rest)

    monkeypatch.setattr(town.town.store, "each_owing", each_owing)

    page(browser, f"/finance/?month={town.now:%Y-%m}" if is_now else "/finance/?month=2025-10")

    assert len(asked) == len(set(asked)) == days


def test_a_ledger_account_opens_to_its_entries_and_their_accounts(
    browser: Client, town: WebTown
) -> None:
    shown = page(browser, "/finance/ledger/131/?month=2025-10")
    assert "/payments/R-1-1/" in shown
    assert f"/accounts/{town.town.account_id(1)}/ledger/" in shown


def test_aging_opens_to_the_accounts_of_a_bucket(browser: Client, town: WebTown) -> None:
    shown = page(browser, "/finance/aging/?on=2025-12-31")
    assert "Residential" in shown
    credits_ = page(browser, "/finance/aging/?on=2025-12-31&bucket=credits")
    assert town.town.account_id(3) in credits_
    assert f"/accounts/{town.town.account_id(2)}/ledger/" not in credits_


def test_the_bank_has_everything_in_one_of_three_places(browser: Client, town: WebTown) -> None:
    shown = page(browser, "/finance/bank/")
    assert "wire without an account" in shown
    assert "explained by Dana Cole: a wire; asked the bank for its sender" in shown
    assert "Many to one, as a batch" in shown
    assert "IS NOT" not in shown
    assert "days are overdue" in shown


@pytest.mark.parametrize("month", ["2025-13", "October", "2025-1", "٢٠٢٥-١٠", "1e400"])
def test_a_month_that_is_none_is_refused(browser: Client, month: str) -> None:
    answer = browser.get("/finance/", {"month": month})
    assert answer.status_code == 422 or answer.status_code == 400
    assert "is not a month" in answer.content.decode()


def test_looks_are_logged(browser: Client, town: WebTown) -> None:
    ledger(browser, town, 1)
    viewer, subjects = town.town.store.read_log[-1]
    assert viewer.purpose == "an account's money, event by event"
    assert subjects == (town.town.account_id(1),)


def test_a_month_without_entries_shows_the_newest_that_has_some_and_says_so(
    browser: Client, town: WebTown
) -> None:
    shown = page(browser, "/finance/")
    assert "This is the newest month that has entries" in shown
    assert f'href="?month={town.now:%Y-%m}"' in shown
    assert "Nothing has been booked yet" not in shown
    for month in (f"{town.now:%Y-%m}", "2025-10"):
        asked = page(browser, f"/finance/?month={month}")
        assert "the newest month that has entries" not in asked


def test_a_month_that_is_not_here_yet_has_nothing_and_is_shown(browser: Client) -> None:
    assert "June 2031" in page(browser, "/finance/?month=2031-06")
