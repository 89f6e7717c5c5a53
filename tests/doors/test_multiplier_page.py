"""A wrong multiplier put right on a page: a look at its bills first, then the decision."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.doors.web_town import VIEWER, WebTown, build_web_town

from meterledger.entrypoints.web import system

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SAME_SITE = {"sec-fetch-site": "same-origin"}
PAGE = "/usage/multiplier/E-1001/"


@pytest.fixture
def town() -> Iterator[WebTown]:
    made = replace(build_web_town(), now=NOW)
    before = system.provide(made)
    yield made
    system.provide(before)


@pytest.fixture
def browser(town: WebTown, watched_templates: None) -> Client:
    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)


def text_of(answer: Any) -> str:
    assert answer.status_code in (200, 422), answer.status_code
    return str(answer.content.decode())


def decide(browser: Client, **typed: Any) -> Any:
    told = {
        "right": "2",
        "act": "rebill",
        "author": "Ana",
        "reason": "its transformers are 2 to 1",
        **typed,
    }
    return browser.post(PAGE, told, headers=SAME_SITE)


def multiplier_of(town: WebTown) -> int:
    with town.town.store.viewing(VIEWER, []):
        (stay,) = town.town.store.meter_file("E-1001").installations
        return int(stay.multiplier)


class TestALook:
    def test_says_what_its_readings_are_taken_times(self, browser: Client) -> None:
        page = text_of(browser.get(PAGE))

        assert "Its readings are taken times 1," in page
        assert "Nothing is changed yet" not in page

    def test_shows_what_its_bills_would_be_and_changes_nothing(
        self, browser: Client, town: WebTown
    ) -> None:
        page = text_of(browser.get(PAGE, {"right": "2"}))

        assert "Nothing is changed yet" in page
        for bill in town.bills(1):
            assert f'href="/bills/{bill.bill_id}/"' in page
        assert multiplier_of(town) == 1

    def test_names_what_the_gate_would_find(self, browser: Client, town: WebTown) -> None:
        page = text_of(browser.get(PAGE, {"right": "40"}))

        assert re.findall(r'name="seen" value="([^"]+)"', page)[:2] == ["gate.jump", "gate.band"]
        assert "looks like a factor of 40" in page

    @pytest.mark.parametrize("text", ["0", "-2", "1.5", "forty", "100001", "1_0"])
    def test_takes_a_whole_number_alone(self, browser: Client, text: str) -> None:
        answer = browser.get(PAGE, {"right": text})

        assert answer.status_code == 422
        assert "is no multiplier" in text_of(answer)

    def test_of_the_same_one_says_so(self, browser: Client) -> None:
        assert "Its multiplier is 1 already" in text_of(browser.get(PAGE, {"right": "1"}))

    def test_of_no_meter_is_not_there(self, browser: Client) -> None:
        assert browser.get("/usage/multiplier/E-77/").status_code == 404

    def test_is_logged_with_the_account_that_it_shows(self, browser: Client, town: WebTown) -> None:
        before = len(town.town.store.read_log)
        browser.get(PAGE)

        looked = {
            name for _, subjects in list(town.town.store.read_log)[before:] for name in subjects
        }
        assert looked >= {"E-1001", town.town.account_id(1)}
        assert town.town.account_id(2) not in looked


class TestPuttingItRight:
    def test_makes_its_bills_anew_by_a_name(self, browser: Client, town: WebTown) -> None:
        before = [one.bill_id for one in town.bills(1)]

        answer = decide(browser)

        assert answer.status_code == 302, text_of(answer)
        assert answer["Location"] == f"/accounts/{town.town.account_id(1)}/"
        assert multiplier_of(town) == 2
        assert [one.corrects for one in town.bills(1)] == before
        assert "0 would be another one now" in text_of(browser.get("/corrections/"))

    def test_alone_leaves_its_bills_in_the_queue(self, browser: Client, town: WebTown) -> None:
        before = [one.bill_id for one in town.bills(1)]

        answer = decide(browser, act="wait", author="")

        assert answer["Location"] == "/usage/meters/E-1001/"
        assert multiplier_of(town) == 2
        assert [one.bill_id for one in town.bills(1)] == before
        assert f"{len(before)} would be another one now" in text_of(browser.get("/corrections/"))

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"author": " "}, "nobody is named who decides"),
            ({"reason": " "}, "reason"),
            ({"act": "wait", "reason": " "}, "reason"),
            ({"act": ""}, "No decision was chosen"),
            ({"right": "x"}, "is no multiplier"),
            ({"right": "1"}, "Its multiplier is 1 already"),
            ({"right": "1", "act": "wait"}, "Its multiplier is 1 already"),
        ],
    )
    def test_refused_changes_nothing(
        self, browser: Client, town: WebTown, typed: dict[str, str], said: str
    ) -> None:
        answer = decide(browser, **typed)

        assert answer.status_code == 422
        assert said in text_of(answer)
        assert "Not done" in text_of(answer)
        assert multiplier_of(town) == 1

    def test_that_the_gate_does_not_let_out_is_kept_and_says_where_its_bills_wait(
        self, browser: Client, town: WebTown
    ) -> None:
        answer = decide(browser, right="40")

        page = text_of(answer)
        assert answer.status_code == 200
        assert "Kept; its bills wait" in page
        assert "has the multiplier 40 since" in page
        for bill in town.bills(1):
            assert f'href="/corrections/{bill.bill_id}/"' in page
        assert multiplier_of(town) == 40

    def test_with_what_was_seen_leaves(self, browser: Client, town: WebTown) -> None:
        found = re.findall(
            r'name="seen" value="([^"]+)"', text_of(browser.get(PAGE, {"right": "40"}))
        )

        answer = decide(browser, right="40", seen=found, approver="Bob")

        assert answer.status_code == 302, text_of(answer)
        assert all(one.corrects for one in town.bills(1))

    def test_is_not_made_anew_by_a_clock_that_is_off(self, browser: Client, town: WebTown) -> None:
        town.town.store.server_clock = NOW - timedelta(days=1)

        assert "seconds apart" in text_of(decide(browser))
        assert multiplier_of(town) == 1

    def test_twice_is_once(self, browser: Client, town: WebTown) -> None:
        decide(browser)
        once = [one.bill_id for one in town.bills(1)]

        assert decide(browser).status_code == 302
        assert "Its multiplier is 2 already" in text_of(decide(browser, act="wait"))
        assert [one.bill_id for one in town.bills(1)] == once

    def test_asked_again_makes_the_bills_that_wait(self, browser: Client, town: WebTown) -> None:
        """Whoever was cut off between the multiplier and its bills sends the same once more."""
        decide(browser, act="wait")

        assert decide(browser).status_code == 302
        assert all(one.corrects for one in town.bills(1))
