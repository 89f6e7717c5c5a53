"""A line of the bank that nobody expected: explained, proposed, and let go by another person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.doors.finance_web_town import finance_web_town
from tests.doors.web_town import WebTown
from tests.journeys.town import CLASSES_TOLD, VIEWER

from meterledger.entrypoints.web import system
from meterledger.facts.bank import MatchRule
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment
from meterledger.usecases.take_payment import How, take_payment

OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def town() -> Iterator[WebTown]:
    finance_web_town.cache_clear()
    made = finance_web_town()
    before = system.provide(made)
    yield made
    system.provide(before)
    finance_web_town.cache_clear()


@pytest.fixture
def client(town: WebTown, watched_templates: None) -> Any:
    from django.test import Client

    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def line_address(client: Any) -> str:
    """Where the page of the bank leads for the only line that nobody expected."""
    shown = text_of(client.get("/finance/bank/"))
    return shown.partition('<th scope="row"><a href="')[2].partition('"')[0]


def send(client: Any, address: str, act: str, **typed: Any) -> Any:
    form = {"act": act, "author": "Dana Cole", "reason": "The bank's fee of October", **typed}
    return client.post(address, form, headers=OURS)


def test_a_line_opens_to_what_was_said_of_it(client: Any) -> None:
    text = text_of(client.get(line_address(client)))

    assert "A line that nobody expected" in text
    assert "The bank credited" in text
    assert "$77.10" in text
    assert "by Dana Cole: a wire; asked the bank for its sender" in text
    assert ">921 Office supplies and expenses</option>" in text


@pytest.mark.parametrize("number", ["131", "142", "235", "253.unapplied"])
def test_money_of_customers_is_not_offered_and_is_refused(
    client: Any, town: WebTown, number: str
) -> None:
    address = line_address(client)
    assert f'<option value="{number}"' not in text_of(client.get(address))

    answer = send(client, address, "propose", ledger_account=number)

    assert answer.status_code == 422
    assert f"An adjustment cannot post to {number}." in text_of(answer)


def test_two_people_post_a_line(client: Any, town: WebTown) -> None:
    address, store = line_address(client), town.town.store
    before = store.trial_balance().get("921", 0)

    assert send(client, address, "propose", ledger_account="921").status_code == 302
    waiting = text_of(client.get(address))
    assert "to post it to 921, office supplies and expenses" in waiting
    assert "Propose to post it" not in waiting
    alone = send(client, address, "approve")
    assert alone.status_code == 422
    assert store.trial_balance().get("921", 0) == before

    answer = send(client, address, "approve", author="Ben Ito")

    assert answer.status_code == 302
    after = text_of(client.get(answer["Location"]))
    assert "The line is posted and matched." in after
    assert "Every line of the bank was expected." in after
    assert store.trial_balance()["921"] == before - 77_10
    gone = client.get(address)
    assert gone.status_code == 302
    assert "Matched adjusted by two people" in text_of(client.get(gone["Location"]))
    none = client.get("/finance/bank/lines/none/")
    assert (none.status_code, "It is matched, or there is none" in text_of(none)) == (404, True)


def test_a_proposal_is_turned_down_and_the_line_stays(client: Any) -> None:
    address = line_address(client)
    send(client, address, "propose", ledger_account="921")

    send(client, address, "reject", author="Ben Ito", reason="It is a customer's wire")

    shown = text_of(client.get(address))
    assert "adjustment rejected</strong> by Ben Ito: It is a customer&#x27;s wire" in shown
    assert "Propose to post it" in shown


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"act": "burn"}, "Nothing was chosen"),
        ({"author": " "}, "Who decides, and why, is missing"),
        ({"reason": ""}, "Who decides, and why, is missing"),
        ({"act": "propose"}, "is no account of the chart"),
        ({"seen": "9"}, "It is not what it was when this page was opened"),
    ],
)
def test_half_a_form_changes_nothing(client: Any, typed: dict[str, str], words: str) -> None:
    address = line_address(client)

    answer = send(client, address, typed.pop("act", "explain"), **typed)

    assert (answer.status_code, words in text_of(answer)) == (422, True)
    assert text_of(client.get(address)).count("<strong>") == 1


def test_another_site_cannot_decide(client: Any) -> None:
    form = {"act": "explain", "author": "Eve", "reason": "x"}

    assert client.post(line_address(client), form).status_code >= 400


def match_address(client: Any) -> str:
    """Where the page of the bank leads for what was matched last."""
    shown = text_of(client.get("/finance/bank/"))
    return shown.partition('<ul class="plain"><li><a href="')[2].partition('"')[0]


def undo(client: Any, address: str, **typed: str) -> Any:
    return client.post(address, {"author": "Dana Cole", "reason": "wrong", **typed}, headers=OURS)


def test_a_match_is_undone_and_made_again_by_hand_on_its_pages(client: Any, town: WebTown) -> None:
    address, store = match_address(client), town.town.store
    shown = text_of(client.get(address))
    assert "<h1>The same money</h1>" in shown
    assert "The other person" not in shown

    assert undo(client, address, reason="").status_code == 422
    answer = undo(client, address)
    assert answer.status_code == undo(client, address).status_code == 302  # sent twice, done once
    after = text_of(client.get(answer["Location"]))
    assert "both sides are open again" in after
    assert "by Dana Cole: wrong" in after
    line = after.partition('<th scope="row"><a href="')[2].partition('"')[0]
    offered = text_of(client.get(line))
    assert "Match it by hand" in offered

    with store.viewing(VIEWER, ["bank"]):
        ours = [one.expectation_id for one in store.bank_unmatches()[0].match.expectations]
    nothing = send(client, line, "match")
    assert (nothing.status_code, "Nothing was chosen that" in text_of(nothing)) == (422, True)
    half = send(client, line, "match", piece=ours[:1])
    assert (half.status_code, "The bank shows" in text_of(half)) == (422, True)
    made = send(client, line, "match", piece=ours)
    assert made.status_code == 302
    assert send(client, line, "match", piece=ours)["Location"] == made["Location"]
    again = text_of(client.get(made["Location"]))
    assert "It is matched by hand." in again
    assert "Matched by hand by Dana Cole" in again
    assert "The bank&#x27;s fee of October" in again


def test_an_adjustment_is_undone_by_two_people_on_its_page(client: Any, town: WebTown) -> None:
    line, store = line_address(client), town.town.store
    before = store.trial_balance().get("921", 0)
    send(client, line, "propose", ledger_account="921")
    send(client, line, "approve", author="Ben Ito")
    with store.viewing(VIEWER, ["bank"]):
        (name,) = [one.match_id for one in store.bank_matches() if one.rule is MatchRule.ADJUSTED]
    address = f"/finance/bank/matches/{name}/"
    assert "The other person, who agrees" in text_of(client.get(address))

    for approver, words in (("", "two take it back"), ("dana cole", "cannot approve what")):
        alone = undo(client, address, approver=approver)
        assert (alone.status_code, words in text_of(alone)) == (422, True)
    assert undo(client, address, approver="Ben Ito").status_code == 302
    assert store.trial_balance().get("921", 0) == before
    assert line_address(client) == line


def test_a_match_that_is_not_there_is_not_found_and_no_other_site_undoes_one(client: Any) -> None:
    assert client.get("/finance/bank/matches/none/").status_code == 404
    assert undo(client, "/finance/bank/matches/none/").status_code == 404
    form = {"author": "Eve", "reason": "x"}
    assert client.post(match_address(client), form).status_code >= 400


def expected_address(client: Any, name: str) -> str:
    """Where the page of the bank leads for something of ours that it has not shown."""
    shown = text_of(client.get("/finance/bank/"))
    address = shown.partition(f'">{name}</a>')[0].rpartition('href="')[2]
    assert address.startswith("/finance/bank/expected/")
    return str(address)


def test_ours_alone_cancel_each_other_on_a_page_without_a_line(client: Any, town: WebTown) -> None:
    store, account = town.town.store, town.town.account_id(1)
    with store.viewing(VIEWER, [account]):
        take_payment(
            account_id=account,
            cents=31_00,
            payment_key="OFF-7",
            received_day=CLASSES_TOLD.date(),
            how=How(Tender.CHECK, Channel.OFFICE),
            learned_at=CLASSES_TOLD,
            view=town.system().view,
            store=store,
        )
        desk = PaymentDesk(store, town.system().view, CLASSES_TOLD)
        reverse_payment("OFF-7", on=CLASSES_TOLD.date(), by="Ana", reason="returned", desk=desk)
    both = ("payment:OFF-7#1", "reversal:payment:OFF-7#1")
    address = expected_address(client, both[0])
    shown = text_of(client.get(address))
    assert 'We took</p><p class="figure">$31.00' in shown
    assert f'action="{address}"' in shown  # the name ends in #1, which is no anchor of the page
    first_offered = shown.partition('name="piece" value="')[2].partition('"')[0]
    assert first_offered == both[1]  # its exact opposite

    for typed, words in (
        ({}, "Nothing was chosen that cancels it"),
        ({"piece": both[1], "reason": " "}, "has a name and a reason"),
        ({"piece": "payment:none#1"}, "Nothing open is named payment:none#1"),
    ):
        no = send(client, address, "", **typed)
        assert (no.status_code in (404, 422), words in text_of(no)) == (True, True)
    made = send(client, address, "", piece=both[1])
    assert made.status_code == 302
    assert send(client, address, "", piece=both[1])["Location"] == made["Location"]
    assert client.get(address)["Location"] == made["Location"].partition("?")[0]
    after = text_of(client.get(made["Location"]))
    assert "It is matched by hand." in after
    assert "<h1>It cancels itself</h1>" in after
    assert 'Each way</p><p class="figure">$31.00' in after
    assert f'action="{made["Location"].partition("?")[0]}"' in after
    assert ": $31.00 each way" in text_of(client.get("/finance/bank/"))

    assert undo(client, made["Location"].partition("?")[0]).status_code == 302
    assert both[1] in text_of(client.get(expected_address(client, both[0])))
    assert client.get("/finance/bank/expected/none/").status_code == 404
    assert (
        client.post(address, {"author": "Eve", "reason": "x", "piece": both[1]}).status_code >= 400
    )
