"""The pages of deposits: an account's section, one deposit's life with its clauses, the letters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import town_module
from tests.journeys.deposit_town import APPLICANT, NOW, Home, home_of

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System


class DepositTown:
    """A home that was asked for 200 dollars, paid them, and had a year of interest."""

    def __init__(self) -> None:
        towns = town_module()
        self.town = towns.Town()
        with self.town.store.viewing(towns.VIEWER, []):
            self.home: Home = home_of(self.town)
            told = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
            self.deposit = self.home.ask(date(2025, 7, 1), told=told).deposit.deposit_id
            self.home.pay(200_00, date(2025, 7, 5))
            self.home.night(date(2026, 7, 4))
            self.home.town.start(2)

    def system(self) -> System:
        return System(self.town.store, self.town.lake, self.town.book, NOW, Path())

    def library(self) -> Library:
        return Library(self.town.book, NOW)


@pytest.fixture(scope="module")
def behind() -> DepositTown:
    return DepositTown()


@pytest.fixture
def client(behind: DepositTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(behind)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.content.decode()[:500]
    return " ".join(answer.content.decode().split())


def test_an_account_leads_to_its_deposits(client: Any, behind: DepositTown) -> None:
    text = text_of(client.get(f"/accounts/{behind.home.account}/"))

    assert f'href="/deposits/{behind.deposit}/"' in text
    assert "Before service began" in text


def test_an_account_without_one_says_nothing_of_deposits(client: Any, behind: DepositTown) -> None:
    assert 'id="deposits"' not in text_of(client.get(f"/accounts/{behind.town.account_id(2)}/"))


def test_a_deposit_tells_its_life_with_clauses(client: Any, behind: DepositTown) -> None:
    text = text_of(client.get(f"/deposits/{behind.deposit}/"))

    assert "July 1, 2025: $200.00 asked for, due by 2025-07-22" in text
    assert "$16.74 of interest to 2026-07-04, credited to the account" in text
    assert "Sheet 139, rev. 1, GRR VI.A.1.c" in text
    assert "EAER score is 650" in text
    assert "Prime of 2024-11-29: 7.75 percent" in text
    assert "second hand" in text


def test_looks_are_logged_with_whom_and_why(client: Any, behind: DepositTown) -> None:
    client.get(f"/deposits/{behind.deposit}/")

    viewer, subjects = behind.town.store.read_log[-1]
    assert (viewer.purpose, subjects) == ("look at a deposit", (behind.deposit,))


def test_the_list_has_what_is_held(client: Any) -> None:
    text = text_of(client.get("/deposits/"))

    assert "1 deposit that has not ended; $200.00 held." in text
    assert "Nothing is to be returned." in text


@pytest.mark.parametrize("letter", ["notice", "certificate"])
def test_letters_are_pdfs(client: Any, behind: DepositTown, letter: str) -> None:
    answer = client.get(f"/deposits/{behind.deposit}/{letter}.pdf")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")


def test_a_deposit_that_is_not_there_is_a_page_that_says_so(client: Any) -> None:
    answer = client.get("/deposits/D-0/")

    assert answer.status_code == 404
    assert "There is no deposit D-0" in answer.content.decode()
