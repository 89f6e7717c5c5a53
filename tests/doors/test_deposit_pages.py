"""The pages of deposits: an account's section, one deposit's life with its clauses, the letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import town_module
from tests.journeys.deposit_town import APPLICANT, NOW, Home, come_back, home_of
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.accounts import past_due_cents
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System
from meterledger.facts.receivables import ItemKind, OpenItem
from meterledger.usecases.deposit_acts import move_deposit


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
        now = max(NOW, self.home.now)
        return System(self.town.store, self.town.lake, self.town.book, now, Path())

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


def test_a_deposit_that_was_not_paid_is_no_part_of_what_is_owed() -> None:
    """It is asked for beside the balance: 'of it is past due' counts bills and charges alone."""
    day = date(2025, 7, 22)
    bill = OpenItem("bill:B-1", ItemKind.UTILITY, "A", day, day, 44_62, 44_62)
    asked = OpenItem("deposit:D-1", ItemKind.DEPOSIT, "A", day, day, 244_00, 244_00)

    assert past_due_cents([bill, asked], date(2025, 7, 23)) == 44_62
    assert past_due_cents([bill, asked], day) == 0


def test_a_deposit_that_is_unpaid_stands_on_the_ledger_page_beside_what_is_owed(
    client: Any,
) -> None:
    behind, towns = DepositTown(), town_module()
    asked = Home(behind.town, 2)
    system.provide(behind)  # the fixture puts back what was there before
    with behind.town.store.viewing(towns.VIEWER, []):
        told = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
        deposit = asked.ask(date(2025, 7, 1), told=told).deposit.deposit_id
        asked.pay(50_00, date(2025, 7, 5))
        assert behind.town.store.balance_cents(asked.account) == 0
    address = f"/accounts/{asked.account}/ledger/"

    text = text_of(client.get(address))
    row = text[text.index('<h2 id="asked">') : text.index('<h2 id="story">')]
    assert 'Owed now</p><p class="figure">$0.00' in text
    assert "Past due</dt><dd>$0.00" in text
    assert "Deposit asked for, beside what is owed</dt><dd>$150.00" in text
    assert f'<a href="/deposits/{deposit}/">Deposit before service began</a>' in row
    assert "Sheet 139, rev. 1, GRR VI.A.1.c" in row
    assert "497 days past due" in row  # since 2025-07-22
    assert '$200.00</td><td class="n strong">$150.00' in row
    assert "paid $50.00 of the deposit that was asked for" in text

    with behind.town.store.viewing(towns.VIEWER, []):
        asked.pay(150_00, date(2025, 7, 6))
    assert 'id="asked"' not in text_of(client.get(address))


def test_an_account_without_one_says_nothing_of_deposits(client: Any, behind: DepositTown) -> None:
    assert 'id="deposits"' not in text_of(client.get(f"/accounts/{behind.town.account_id(2)}/"))


def test_a_deposit_tells_its_life_with_clauses(client: Any, behind: DepositTown) -> None:
    text = text_of(client.get(f"/deposits/{behind.deposit}/"))

    assert "July 1, 2025: $200.00 asked for, due by July 22, 2025" in text
    assert "$16.74 of interest to July 4, 2026, credited to the account" in text
    assert "Sheet 139, rev. 1, GRR VI.A.1.c" in text
    assert "EAER score is 650" in text
    assert "Prime of November 29, 2024: 7.75 percent" in text
    assert "second hand" in text


def test_looks_are_logged_with_whom_and_why(client: Any, behind: DepositTown) -> None:
    client.get(f"/deposits/{behind.deposit}/")

    account = behind.home.account
    for viewer, subjects in behind.town.store.read_log[-2:]:
        assert viewer.purpose == "decide about a deposit"
        assert subjects in ((behind.deposit,), (account,))
    assert subjects == (account,)


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


@pytest.fixture(scope="module")
def returned() -> DepositTown:
    """Service ended, the deposit paid the final bill, and its check was returned."""
    town = DepositTown()
    with town.town.store.viewing(town_module().VIEWER, []):
        home, store = town.home, town.town.store
        home.live(date(2025, 8, 1), 12)
        agreement = store.services_of_account(home.account, home.now)[0].agreement
        store.stop_service(agreement.agreement_id, date(2026, 7, 11), home.now)
        assert home.bill(date(2026, 7, 14)) is not None
        home.night(date(2026, 7, 14))
        come_back(home, 1, date(2026, 7, 20))
        home.night(date(2026, 7, 20))
    return town


class TestAPaymentThatCameBack:
    @pytest.fixture
    def behind(self, returned: DepositTown) -> DepositTown:
        return returned

    def test_is_in_the_queue_and_in_the_deposits_life(
        self, client: Any, behind: DepositTown
    ) -> None:
        text = text_of(client.get("/deposits/"))
        assert "Payments that came back" in text
        assert f'<a href="/deposits/{behind.deposit}/">' in text
        assert "Ask the customer for what is open" in text

        life = text_of(client.get(f"/deposits/{behind.deposit}/"))
        assert "<dt>Came back July 20, 2026</dt><dd>$200.00</dd>" in life
        assert "taken back: a payment of the deposit came back" in life
        assert f"payment {behind.home.account}-1 came back on 2026-07-20" in life

    def test_is_listed_at_the_command_line(
        self, behind: DepositTown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        @contextmanager
        def open_system(*, viewer: Any, subjects: Any) -> Iterator[System]:
            with behind.town.store.viewing(viewer, subjects):
                yield behind.system()

        monkeypatch.setattr(wiring, "open_system", open_system)
        said = CliRunner().invoke(build_app(), ["deposit", "list", "--came-back", "--json"])

        assert said.exit_code == 0, said.output
        (row,) = json.loads(said.stdout)["came_back"]
        assert (row["deposit"], row["came_back_usd"]) == (behind.deposit, "200.00")
        assert (row["owed_back_usd"], row["short_usd"]) == ("0.00", "0.00")
        assert (row["application_undone_usd"], row["interest_undone_usd"]) == ("16.77", "17.13")
        assert row["open_usd"] == "33.51"  # the final bill, and what interest had paid before it
        again = CliRunner().invoke(
            build_app(), ["deposit", "apply", behind.deposit, "--by", "Ana", "--json"]
        )
        assert json.loads(again.stdout)["changed"] == 0


@pytest.fixture(scope="module")
def moved() -> DepositTown:
    """The deposit moved to the customer's next account, and then its payment was returned."""
    town = DepositTown()
    with town.town.store.viewing(town_module().VIEWER, []):
        home = town.home
        home.town.start(3, people=(("P1", "Person 1"),), from_day=date(2026, 7, 6))
        there = Home(home.town, 3, now=home.now)
        move_deposit(
            town.deposit,
            there.account,
            on=date(2026, 7, 6),
            reason="m",
            approved_by="Zoe",
            desk=there.desk(),
        )
        home.now = there.now
        come_back(home, 1, date(2026, 7, 20))
        home.night(date(2026, 7, 20))
        (deposit,) = there.deposits()
        town.deposit = deposit.deposit_id
    return town


class TestADepositThatMovedAndCameBack:
    """Its 200 dollars came back after it had moved: they bear nothing while they are owed."""

    @pytest.fixture
    def behind(self, moved: DepositTown) -> DepositTown:
        return moved

    def test_says_what_bears_no_interest_and_why(self, client: Any, behind: DepositTown) -> None:
        text = text_of(client.get(f"/deposits/{behind.deposit}/"))

        assert "$200.00 of it bears no interest: its payment came back after the" in text
        assert "Certificate" not in text

    def test_has_no_certificate(self, client: Any, behind: DepositTown) -> None:
        answer = client.get(f"/deposits/{behind.deposit}/certificate.pdf")

        assert answer.status_code == 422
        assert "Nothing that was paid of this deposit is held" in answer.content.decode()
