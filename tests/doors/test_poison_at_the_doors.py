"""Poison numbers through whole doors: one sentence, no HTTP 500, and nothing stored is other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from tests.doors.channel_doors import DUE, ChannelTown, behind_doors
from tests.journeys.channel_town import ACCOUNT
from tests.poison.commands import root
from tests.poison.money_files import PAYMENTS
from tests.poison.numbers import EXPONENT, PLUS, SHARE, Poison, poison_numbers

from meterledger.entrypoints.channel_words import checkout_desk
from meterledger.entrypoints.web import system
from meterledger.facts.money import Tender
from meterledger.usecases.checkouts import start_checkout

OURS = {"sec-fetch-site": "same-origin"}
PAGE = "/payments/unknown/pay-0001/"


def wrong() -> list[Poison]:
    """Every seventh of those that are an amount of dollars to nobody."""
    no_forms = {EXPONENT, PLUS, SHARE}
    told = [one for one in poison_numbers() if one.means is None or one.forms & no_forms]
    return [one for one in told if "\x00" not in one.text and "\ud800" not in one.text][::7]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChannelTown:
    made: ChannelTown = behind_doors(tmp_path, monkeypatch)
    start_checkout(
        "pay-0001",
        account_id=ACCOUNT,
        cents=165_19,
        tender=Tender.CARD,
        desk=checkout_desk(made.system()),
    )
    made.on(DUE, minutes=180)
    return made


@pytest.fixture
def client(place: ChannelTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(place)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def stored(place: ChannelTown) -> object:
    store = place.store
    return store.trial_balance(), store.entries_of_account(ACCOUNT), store.checkout("pay-0001")


def test_a_page_shows_the_sentence_and_posts_nothing(client: Any, place: ChannelTown) -> None:
    before = stored(place)
    for one in wrong():
        typed = {"act": "paid", "usd": one.text, "author": "Ana", "reason": "seen there"}
        answer = client.post(PAGE, typed, headers=OURS)
        assert answer.status_code == 422, one
        assert "is not an amount of dollars" in answer.content.decode(), one
    assert stored(place) == before


PART = re.compile(r"<\w+:\w+>")
QUERIES = (
    *("?page={}", "finance/?month={}", "finance/taxes/?month={}", "held/?age={}", "book/?known={}"),
    *("documents/?cycle={}&on=2026-11-25", "documents/?cycle=1&on={}", "book/readings/?known={}"),
)
WITH_A_LAKE = ("usage/days/", "usage/meters/", "usage/report/")


def poisoned_addresses(step: int) -> Iterator[tuple[str, Poison]]:
    """Every address of the pages with a poison in each of its parts, and in what it asks for."""
    from meterledger.entrypoints.web.routes import urlpatterns

    patterns = [str(one.pattern) for one in urlpatterns]
    asked = [one for one in patterns if PART.search(one) and not one.startswith(WITH_A_LAKE)]
    asked = [f"/{one}" for one in (*asked, *QUERIES)]
    for number, form in enumerate(asked):
        for place, poison in enumerate(poison_numbers()):
            if not (place + number) % step:
                text = quote(poison.text[:3_000].encode("utf-8", "surrogatepass"), safe="")
                yield PART.sub(lambda _, text=text: text, form).replace("{}", text), poison


@pytest.mark.parametrize(
    "step", [500, pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(0)])]
)
def test_no_address_breaks_a_page(client: Any, step: int) -> None:
    broken = []
    for address, poison in poisoned_addresses(step):
        answer = client.get(address)
        if answer.status_code >= 500:
            broken.append(f"{address[:60]} ({poison.why}): {answer.status_code}")
    assert not broken, "\n".join(broken[:40])


@pytest.mark.parametrize(
    "words",
    [
        ("pay", ACCOUNT, "--key", "R-1", "--usd={}"),
        ("payment", "take", ACCOUNT, "--key", "R-1", "--usd={}"),
        ("checkout", "settle", "pay-0001", "--by", "Ana", "--reason", "seen", "--paid={}"),
        ("refund", "ask", ACCOUNT, "--by", "Ana", "--reason", "asked", "--usd={}"),
    ],
)
def test_a_command_exits_with_two_and_one_sentence(
    words: tuple[str, ...], place: ChannelTown
) -> None:
    before = stored(place)
    for one in wrong():
        asked = [word.format(one.text) if "{}" in word else word for word in words]
        result = CliRunner().invoke(root(), asked)
        assert (result.exit_code, result.stdout) == (2, ""), one
        assert result.stderr.count("\n") == 1, one
        assert "is not an amount of dollars" in result.stderr, one
    assert stored(place) == before


def test_a_file_of_payments_keeps_the_line_apart_or_is_refused(
    place: ChannelTown, tmp_path: Path
) -> None:
    before = place.store.trial_balance()
    for number, one in enumerate(wrong()[::3]):
        path = tmp_path / f"{number}.csv"
        cell = '"' + one.text.replace('"', '""') + '"'
        text = PAYMENTS.format(usd=cell, count=1, total="84.50").replace("1000000018", ACCOUNT)
        path.write_bytes(text.encode())
        asked = ["payment", "file", str(path), "--channel", "agency", "--json"]
        result = CliRunner().invoke(root(), asked)
        assert result.exit_code == 2, (one, result.output)
    assert place.store.trial_balance() == before
