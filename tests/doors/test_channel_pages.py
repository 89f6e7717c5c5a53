"""Unknown outcomes on pages: none counts as paid or missed, and each has its way out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.doors.channel_doors import DUE, ChannelTown, behind_doors
from tests.journeys.channel_town import ACCOUNT

from meterledger.entrypoints.channel_words import checkout_desk
from meterledger.entrypoints.web import system
from meterledger.facts.money import Tender
from meterledger.stores.postgres import ServerLost
from meterledger.usecases.checkouts import start_checkout

OURS = {"sec-fetch-site": "same-origin"}
PAGE = "/payments/unknown/pay-0001/"


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


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def decide(client: Any, **typed: str) -> Any:
    return client.post(PAGE, typed, headers=OURS)


def test_the_list_says_what_is_unknown_and_what_that_means(client: Any) -> None:
    text = text_of(client.get("/payments/unknown/"))
    assert "1 card or wallet payment may have been made, $165.19 together." in text
    assert "None of them counts as paid, and none as missed" in text
    assert f'href="{PAGE}"' in text
    assert "The customer is at the processor" in text


def test_a_page_asks_the_processor_again(client: Any, place: ChannelTown) -> None:
    place.processor.pay("pay-0001", 165_19)
    assert decide(client, act="ask").status_code == 302
    text = text_of(client.get(PAGE))
    assert "Its outcome is known: posted." in text
    assert "Ways out" not in text
    assert place.store.balance_cents(ACCOUNT) == 0
    assert "has a known outcome" in text_of(client.get("/payments/unknown/"))


def test_a_person_ends_it_with_a_name_and_a_reason(client: Any, place: ChannelTown) -> None:
    refused = decide(client, act="paid", usd="165.19", author="Ana", reason="")
    assert refused.status_code == 422
    assert "with a name and a reason" in text_of(refused)
    assert 'value="165.19"' in text_of(refused)
    assert decide(client, act="", author="Ana", reason="x").status_code == 422
    assert decide(client, act="paid", usd="1e400", author="Ana", reason="x").status_code == 422
    card = decide(client, act="refused", author="Ana", reason="card 4111 1111 1111 1111")
    assert "looks like a card number" in text_of(card)
    assert decide(client, act="refused", author="Ana", reason="their page").status_code == 302
    assert "Its outcome is known: refused." in text_of(client.get(PAGE))
    assert place.store.balance_cents(ACCOUNT) == 165_19


def test_a_form_of_another_site_is_refused(client: Any) -> None:
    answer = client.post(PAGE, {"act": "ask"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code >= 400


def test_the_processor_s_answer_is_taken_signed_and_twice(client: Any, place: ChannelTown) -> None:
    place.processor.pay("pay-0001", 165_19)
    told = place.processor.callbacks[0]

    def send(signature: str) -> Any:
        return client.post(
            "/api/processor",
            told.body,
            content_type="application/json",
            headers={"x-signature": signature},
        )

    assert send("0").status_code == 422
    assert place.store.balance_cents(ACCOUNT) == 165_19
    assert send(told.signature).json() == {"checkout": "pay-0001", "state": "posted"}
    assert send(told.signature).status_code == 200
    assert place.store.balance_cents(ACCOUNT) == 0


def test_the_processor_is_asked_to_come_again_when_our_database_is_gone(
    client: Any, place: ChannelTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """422 would say that its answer is wrong, and it would not send it again."""

    def lost(*_: Any) -> None:
        raise ServerLost("The database server went away", do="Run the command again")

    place.processor.pay("pay-0001", 165_19)
    told = place.processor.callbacks[0]

    def send() -> Any:
        return client.post(
            "/api/processor",
            told.body,
            content_type="application/json",
            headers={"x-signature": told.signature},
        )

    with monkeypatch.context() as patch:
        patch.setattr(place.store, "checkout", lost)
        assert send().status_code == 503
        assert client.get(PAGE).status_code == 503
    assert send().status_code == 200
    assert place.store.balance_cents(ACCOUNT) == 0
