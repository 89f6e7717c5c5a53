"""The page of relief: what is agreed and why, what it took off bills, and a second person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.journeys.plant_town import JULY, TOLD, Plant, priced_book
from tests.journeys.test_relief import LATER, approved, asked
from tests.journeys.town import VIEWER

from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System
from meterledger.usecases.gather_statements import statement_of

OURS = {"sec-fetch-site": "same-origin"}
BEN = {"author": "Ben Ito", "reason": "As agreed with the plant"}


@dataclass
class Behind:
    """Puts the plant behind the pages, at an instant whose day is still before July."""

    town: Plant
    now: datetime = TOLD + timedelta(hours=1)
    kind: type[System] = System

    def system(self) -> System:
        return self.kind(self.town.store, self.town.lake, self.town.book, self.now, None)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(self.town.book, self.now)


class Early(System):
    """The day is the last of June, while everything is known as it is."""

    @property
    def today(self) -> Any:
        return JULY - timedelta(days=1)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return priced_book(tmp_path_factory.mktemp("books") / "union_electric_mo6")


@pytest.fixture
def town(book: Any) -> Plant:
    made = Plant(book=book)
    with made.store.viewing(VIEWER, []):
        made.begin()
    return made


@pytest.fixture
def client(town: Plant, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(Behind(town, kind=Early))
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


@pytest.fixture
def waiting(town: Plant) -> str:
    with town.store.viewing(VIEWER, []):
        return f"/relief/{asked(town).agreement.relief_id}/"


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def decide(client: Any, address: str, act: str, **typed: str) -> Any:
    return client.post(address, {"act": act, **BEN, **typed}, headers=OURS)


def test_says_what_is_asked_for_and_why(client: Any, waiting: str, town: Plant) -> None:
    text = text_of(client.get(waiting))

    assert "Waits for another person: Ana has asked for it" in text
    assert "50% off demand_summer" in text
    assert "July 1 to July 31, 2026" in text
    assert "Sheet 134, rev. 1, GRR V.H.4" in text
    account = text_of(client.get(f"/accounts/{town.account_id(1)}/"))
    assert f'href="{waiting}"' in account
    assert "Charges adjusted by agreement" in account


def test_is_agreed_by_another_person_once(client: Any, waiting: str) -> None:
    one = decide(client, waiting, "approve", author="ana ")
    assert one.status_code == 422
    assert "Ana has asked for this and cannot approve it" in text_of(one)

    done = decide(client, waiting, "approve", seen="1")
    assert done.status_code == 302
    text = text_of(client.get(done["Location"]))
    assert "<strong>June 30, 2026: approved</strong> by Ben Ito" in text
    late = decide(client, waiting, "approve", seen="1")
    assert late.status_code == 422
    assert "It is not what it was when this page was opened" in text_of(late)


def test_is_withdrawn_and_then_offers_nothing(client: Any, waiting: str) -> None:
    assert decide(client, waiting, "end").status_code == 302
    text = text_of(client.get(waiting))
    assert "Ended." in text
    assert "<form" not in text.partition('id="record"')[0].partition("<main")[2]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"act": "", **BEN}, "No decision was chosen"),
        ({"act": "burn", **BEN}, "No decision was chosen"),
        ({"act": "approve", **BEN, "author": " "}, "Who decides, and why, is missing"),
        ({"act": "end", **BEN, "from": "2026-07-01"}, "Nobody has agreed to it"),
        ({"act": "end", **BEN, "from": "soon"}, "soon"),
    ],
)
def test_is_refused_in_a_sentence(
    client: Any, waiting: str, typed: dict[str, str], sentence: str
) -> None:
    refused = client.post(waiting, typed, headers=OURS)

    assert refused.status_code == 422
    assert sentence in text_of(refused)
    assert "Waits for another person" in text_of(client.get(waiting))


def test_of_another_site_is_refused(client: Any, waiting: str) -> None:
    assert client.post(waiting, {"act": "approve", **BEN}).status_code >= 400
    assert "Waits for another person" in text_of(client.get(waiting))


def test_that_is_none_is_not_found(client: Any) -> None:
    assert client.get("/relief/RL-none/").status_code == 404


def test_shows_what_it_took_off_a_bill_and_the_bill_shows_it(client: Any, town: Plant) -> None:
    with town.store.viewing(VIEWER, []):
        name = approved(town).agreement.relief_id
        bills = town.bill(1, on=JULY + timedelta(days=31), known_at=LATER).issued
        july = max(bills, key=lambda one: one.days.from_day)
        (told,) = town.store.relief_of_bills([july.bill_id]).values()
        statement = statement_of(
            town.store.bill(july.bill_id), store=town.store, book=town.book, known_at=LATER
        )
    system.provide(Behind(town, LATER))

    paper = json.dumps(content_of(statement), default=str)
    page = text_of(client.get(f"/relief/{name}/"))
    bill = text_of(client.get(f"/bills/{july.bill_id}/"))
    account = text_of(client.get(f"/accounts/{town.account_id(1)}/"))
    documents = text_of(client.get("/held/documents/?cycle=1&on=2026-08-01"))

    off = f"${told.cents // 100:,}.{told.cents % 100:02d}"
    assert "Taken off as agreed with you" in paper
    assert f"As agreed with you for fire, {off} are taken off this bill" in paper
    assert f"{off} off the bill" in page
    assert f"Taken off as agreed with you</dt><dd>-{off}" in bill
    assert f"As agreed with you for fire, {off} are taken off this bill" in bill
    assert "Not paid yet." in bill
    assert "Charges of bill" in account
    asked_cents = sum(one.total_cents for one in bills) - told.cents
    assert f"2 bills, ${asked_cents // 100:,}.{asked_cents % 100:02d} asked." in documents


def asks(client: Any, town: Plant, **typed: str) -> Any:
    told = {
        "account": town.account_id(1),
        "cause": "fire",
        "months": "2026-07-01, 2026-08-01",
        "less": "demand_summer=50%\r\n customer_charge = 10.00",
        "author": "Ana",
        "reason": "The hall burned",
        **typed,
    }
    return client.post("/relief/ask/", told, headers=OURS)


def test_is_asked_for_on_a_form_and_waits(client: Any, town: Plant) -> None:
    account = town.account_id(1)
    assert f"/relief/ask/?account={account}" in text_of(client.get(f"/accounts/{account}/"))
    form = text_of(client.get(f"/relief/ask/?account={account}"))
    assert f'value="{account}"' in form
    assert f'href="/accounts/{account}/"' in form

    done = asks(client, town)

    assert done.status_code == 302
    text = text_of(client.get(done["Location"]))
    assert "Waits for another person: Ana has asked for it" in text
    assert "50% off demand_summer" in text
    assert "$10.00 off customer_charge" in text
    assert asks(client, town)["Location"] == done["Location"]


def test_of_a_home_is_not_offered(client: Any, town: Plant) -> None:
    with town.store.viewing(VIEWER, []):
        town.start(2)
    assert "/relief/ask/" not in text_of(client.get(f"/accounts/{town.account_id(2)}/"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"cause": ""}, "No cause was chosen"),
        ({"cause": "strike"}, "No cause was chosen"),
        ({"cause": "other"}, "is not among the causes of the item"),
        ({"months": ""}, "It is not said what is adjusted, or in which months"),
        ({"months": "July"}, "is no day"),
        ({"months": "2026-07-02"}, "No billing period begins on 2026-07-02"),
        ({"months": "2026-06-01"}, "needs prior agreement"),
        ({"less": "half of it"}, "does not say what is taken off which charge"),
        ({"less": "demand_summer=101%"}, "is no share of a charge"),
        ({"less": "state_sales_tax=5%"}, "state_sales_tax is no charge of 3M"),
        ({"account": "a/b"}, "There is no account"),
        ({"author": ""}, "Who decides, and why, is missing"),
    ],
)
def test_a_form_is_refused_in_a_sentence(
    client: Any, town: Plant, typed: dict[str, str], sentence: str
) -> None:
    refused = asks(client, town, **typed)

    assert refused.status_code in (404, 422)
    assert sentence in text_of(refused).replace("&#x27;", "'")
    with town.store.viewing(VIEWER, []):
        assert town.store.reliefs() == []
