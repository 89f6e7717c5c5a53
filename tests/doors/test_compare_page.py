"""The page of rate options: own usage on each, the cheapest first, and the day of a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.doors.web_town import WebTown, shared_web_town
from tests.journeys.town import CLASSES_TOLD

from meterledger.entrypoints.web import system

PATH = "/accounts/{}/compare/"


@pytest.fixture
def web_town() -> WebTown:
    return replace(shared_web_town(), now=CLASSES_TOLD)


@pytest.fixture
def client(web_town: WebTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(web_town)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def test_prices_the_billed_periods_on_every_option(client: Any, web_town: WebTown) -> None:
    account = web_town.town.account_id(2)
    bills = web_town.bills(2)

    answer = client.get(PATH.format(account))
    page = answer.content.decode()

    assert answer.status_code == 200
    for code in ("anytime", "evening-morning", "overnight", "smart", "ultimate"):
        assert f"/book/schedules/1M-{code}/" in page
    assert page.count("(now)") == 1
    assert page.count("<rect width=") == 5
    total = sum(bill.total_cents for bill in bills)
    assert f"${total // 100:,}.{total % 100:02d}" in page
    assert "less</td>" in page or "more</td>" in page


def test_says_when_a_change_takes_effect_with_its_clause(client: Any, web_town: WebTown) -> None:
    page = client.get(PATH.format(web_town.town.account_id(1))).content.decode()

    assert "it takes effect on" in page
    assert "GRR V.H" in page


def test_is_reached_from_the_account(client: Any, web_town: WebTown) -> None:
    account = web_town.town.account_id(1)
    page = client.get(f"/accounts/{account}/").content.decode()
    assert PATH.format(account) in page


def test_without_a_class_in_the_book_it_refuses_in_a_sentence(client: Any) -> None:
    """As the book was known before it told classes of service."""
    before = system.provide(shared_web_town())
    answer = client.get(PATH.format(shared_web_town().town.account_id(1)))
    system.provide(before)

    assert answer.status_code == 422
    assert "does not say of which class of service" in answer.content.decode()


def test_of_nobody_is_refused(client: Any) -> None:
    assert client.get(PATH.format("4000000016")).status_code == 404
