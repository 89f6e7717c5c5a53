"""The page of services that got no bill: why, whose, for how long, and the way on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.doors.held_web_town import FAR, GAP, MAY, OUT, HeldTown, held_town
from tests.journeys.town import Town, even

from meterledger.entrypoints.web import system, unbilled_page
from meterledger.usecases.ports import Viewer


@pytest.fixture
def behind() -> HeldTown:
    return held_town()


@pytest.fixture
def client(behind: HeldTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(behind)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def row(text: str, account: str) -> str:
    (found,) = [one for one in text.split("<tr>") if f"/accounts/{account}/" in one]
    return found


def test_each_is_listed_with_why_whose_and_its_held_bill(client: Any, behind: HeldTown) -> None:
    text = text_of(client.get("/held/unbilled/"))
    assert "5 services got no bill for more than one cycle." in text
    gap = row(text, behind.town.account_id(GAP))
    assert "Apr 1, 2026" in gap
    assert "243 days" in gap
    assert "Readings are missing" in gap
    assert "meter data" in gap
    assert f'href="/held/{behind.cases[GAP]}/"' in gap
    out = row(text, behind.town.account_id(OUT))
    assert "Excluded by a person" in out
    assert f'href="/held/{behind.cases[OUT]}/"' in out


def test_one_that_no_run_looked_at_says_how_it_is_billed(client: Any, behind: HeldTown) -> None:
    town = behind.town
    with town.store.viewing(Viewer("test", "billing"), ["the town"]):
        town.start(9, from_day=MAY, meter_id="E-3009")
        town.read("E-3009", (MAY, MAY + timedelta(days=31)), even(700), seconds=3600)
    mine = row(text_of(client.get("/held/unbilled/")), town.account_id(9))
    assert "No run has looked at it" in mine
    assert "<code>meterledger bill-cycle 1 --on 2026-11-30</code>" in mine


def test_the_longest_without_a_bill_comes_first(client: Any, behind: HeldTown) -> None:
    town = behind.town
    with town.store.viewing(Viewer("test", "billing"), ["the town"]):
        town.start(9, from_day=MAY, meter_id="E-3009")
    text = text_of(client.get("/held/unbilled/"))
    at = [text.index(f"/accounts/{town.account_id(number)}/") for number in (FAR, 9)]
    assert at == sorted(at)


def test_none_is_said_too(client: Any) -> None:
    system.provide(HeldTown(Town()))
    text = text_of(client.get("/held/unbilled/"))
    assert "No service is without a bill for more than one cycle." in text


def test_it_is_found_beside_the_queue(client: Any) -> None:
    assert '<a href="/held/unbilled/">Without a bill</a>' in text_of(client.get("/held/"))


def test_a_city_is_sent_to_the_command(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unbilled_page, "MOST_ACCOUNTS", 4)
    text = text_of(client.get("/held/unbilled/"))
    assert "There are too many accounts for a page." in text
    assert "<code>meterledger report unbilled</code>" in text


def test_looks_are_logged(client: Any, behind: HeldTown) -> None:
    client.get("/held/unbilled/")
    viewer, subjects = behind.town.store.read_log[-1]
    assert (viewer.purpose, subjects) == ("look for services without a bill", ("all accounts",))
