"""What was entered wrong of an agreement put right on a page: a look first, then the decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.doors.web_town import VIEWER, WebTown, build_web_town

from meterledger.entrypoints.web import system
from meterledger.usecases import put_right, rebill_ceiling

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SAME_SITE = {"sec-fetch-site": "same-origin"}
AGREEMENT = "0000000018-SP1-20250820"
PAGE = f"/agreements/{AGREEMENT}/correct/"


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


def stands_of(answer: Any) -> str:
    """What a page names as looked at."""
    return text_of(answer).split('name="stands" value="')[1].split('"')[0]


def decide(browser: Client, act: str, should: str, **typed: Any) -> Any:
    told = {"act": act, "should": should, "author": "Ana", "reason": "typed wrong", **typed}
    return browser.post(PAGE, told, headers=SAME_SITE)


def facts(town: WebTown) -> tuple[str, str, int]:
    with town.town.store.viewing(VIEWER, []):
        (service,) = town.town.services(1, known_at=NOW)
    agreement = service.agreement
    return agreement.schedule, agreement.days.from_day.isoformat(), service.account.cycle


WAS = ("1M-anytime", "2025-08-20", 2)


class TestALook:
    def test_is_reached_from_the_account_and_says_what_is_believed(
        self, browser: Client, town: WebTown
    ) -> None:
        assert facts(town) == WAS
        assert f'href="{PAGE}"' in text_of(browser.get("/accounts/0000000018/"))
        page = text_of(browser.get(PAGE))
        for words in ("1M-anytime", "2025-08-20", "Reading cycle"):
            assert words in page
        assert "Nothing is changed yet" not in page

    def test_shows_each_bill_that_would_be_another_and_changes_nothing(
        self, browser: Client, town: WebTown
    ) -> None:
        page = text_of(browser.get(PAGE, {"act": "schedule", "should": "1M-overnight"}))
        assert "Nothing is changed yet" in page
        assert "What may be adjusted" in page
        for bill in town.bills(1):
            assert f'href="/bills/{bill.bill_id}/"' in page
        assert facts(town) == WAS

    def test_of_a_cycle_names_no_bill(self, browser: Client) -> None:
        page = text_of(browser.get(PAGE, {"act": "cycle", "should": "9"}))
        assert "No issued bill would be another one" in page

    @pytest.mark.parametrize(
        ("act", "should", "said"),
        [
            ("", "9", "No fact was chosen"),
            ("name", "9", "No fact was chosen"),
            ("cycle", "99", "There is no reading cycle 99"),
            ("cycle", "2", "Its cycle is 2 already"),
            ("first-day", "soon", "soon is not a day"),
            ("first-day", "2025-08-20", "Its first day is"),
            ("schedule", "1M-yesterday", "1M-yesterday"),
        ],
    )
    def test_of_what_cannot_be_says_why(
        self, browser: Client, act: str, should: str, said: str
    ) -> None:
        answer = browser.get(PAGE, {"act": act, "should": should})
        assert answer.status_code == 422
        assert said in text_of(answer).replace("“", "").replace("”", "").replace("&#x27;", "")

    def test_of_no_agreement_is_not_there(self, browser: Client) -> None:
        assert browser.get("/agreements/nobody/correct/").status_code == 404

    def test_is_logged_with_the_account_that_it_shows(self, browser: Client, town: WebTown) -> None:
        before = len(town.town.store.read_log)
        browser.get(PAGE)
        looked = {
            name for _, subjects in list(town.town.store.read_log)[before:] for name in subjects
        }
        assert looked >= {AGREEMENT, town.town.account_id(1)}
        assert town.town.account_id(2) not in looked


class TestPuttingItRight:
    def test_makes_its_bills_anew_by_a_name(self, browser: Client, town: WebTown) -> None:
        before = [one.bill_id for one in town.bills(1)]
        answer = decide(browser, "schedule", "1M-overnight", approver="Bob")
        assert answer.status_code == 302, text_of(answer)
        assert answer["Location"] == f"/accounts/{town.town.account_id(1)}/"
        assert facts(town) == ("1M-overnight", *WAS[1:])
        assert [one.corrects for one in town.bills(1)] == before
        with town.town.store.viewing(VIEWER, []):
            (told,) = town.town.store.put_rights(town.town.account_id(1))
        assert (told.author, told.reason) == ("Ana", "typed wrong")

    def test_of_a_first_day_makes_the_first_bill_anew(self, browser: Client, town: WebTown) -> None:
        first, *others = town.bills(1)
        answer = decide(browser, "first-day", "2025-08-25", approver="Bob")
        assert answer.status_code == 302, text_of(answer)
        made, *after = town.bills(1)
        assert (made.corrects, str(made.days.from_day)) == (first.bill_id, "2025-08-25")
        assert after == others

    def test_of_a_cycle_moves_the_account(self, browser: Client, town: WebTown) -> None:
        before = town.bills(1)
        assert decide(browser, "cycle", " 9 ").status_code == 302
        assert facts(town) == (*WAS[:2], 9)
        assert town.bills(1) == before

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"author": " "}, "nobody is named who decides"),
            ({"reason": ""}, "nobody is named who decides"),
            ({"act": ""}, "No fact was chosen"),
            ({"should": ""}, "Nothing is given for the rate option"),
            ({"should": "1M-anytime"}, "Its rate option is 1M-anytime already"),
        ],
    )
    def test_refused_changes_nothing(
        self, browser: Client, town: WebTown, typed: dict[str, str], said: str
    ) -> None:
        told = {"act": "schedule", "should": "1M-overnight", **typed}
        answer = decide(browser, told.pop("act"), told.pop("should"), **told)
        assert answer.status_code == 422
        assert said in text_of(answer)
        assert "Not done" in text_of(answer)
        assert facts(town) == WAS

    def test_that_the_gate_finds_something_of_asks_what_was_seen(
        self, browser: Client, town: WebTown
    ) -> None:
        far = {"act": "first-day", "should": "2025-08-31"}
        looked = text_of(browser.get(PAGE, far))
        codes = [one.split('"')[0] for one in looked.split('name="seen" value="')[1:]]
        answer = decide(browser, **far)
        if not codes:
            assert answer.status_code == 302
            return
        assert answer.status_code == 422
        assert facts(town) == WAS
        assert decide(browser, **far, seen=codes).status_code == 302

    def test_above_the_ceiling_leaves_with_two_people(
        self, browser: Client, town: WebTown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rebill_ceiling, "ceiling_of", lambda *_: 1)
        answer = decide(browser, "schedule", "1M-ultimate", seen=["gate.band", "gate.price"])
        assert answer.status_code == 422
        assert "above the ceiling" in text_of(answer)
        assert facts(town) == WAS
        done = decide(browser, "schedule", "1M-ultimate", approver="Bob")
        assert done.status_code == 302, text_of(done)

    def test_of_another_class_tells_what_stands_beside(
        self, browser: Client, town: WebTown, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = "Deposit D-1 came by the rules of residential service"
        monkeypatch.setattr(put_right, "classes_of", lambda *_: ("residential", "x"))
        monkeypatch.setattr(put_right, "told_of_class", lambda *_: (said,))
        page = text_of(browser.get(PAGE, {"act": "schedule", "should": "1M-overnight"}))
        assert said in page

    def test_is_not_done_by_a_clock_that_is_off(self, browser: Client, town: WebTown) -> None:
        town.town.store.server_clock = NOW - timedelta(days=1)
        assert "seconds apart" in text_of(decide(browser, "schedule", "1M-overnight"))
        assert facts(town) == WAS

    def test_twice_is_once(self, browser: Client, town: WebTown) -> None:
        decide(browser, "schedule", "1M-overnight", approver="Bob")
        once = [one.bill_id for one in town.bills(1)]
        again = decide(browser, "schedule", "1M-overnight", approver="Bob")
        assert "Its rate option is 1M-overnight already" in text_of(again)
        assert [one.bill_id for one in town.bills(1)] == once

    def test_is_decided_of_the_bills_that_were_looked_at(
        self, browser: Client, town: WebTown
    ) -> None:
        """Somebody puts the first day right, and so the first bill, while the page is open."""
        to = ("schedule", "1M-overnight")
        stands = stands_of(browser.get(PAGE, {"act": to[0], "should": to[1]}))
        assert decide(browser, "first-day", "2025-08-25", approver="Bob").status_code == 302
        between = [one.bill_id for one in town.bills(1)]
        town.now += timedelta(hours=1)

        late = decide(browser, *to, approver="Bob", stands=stands)

        assert late.status_code == 422
        assert "Its bills are not what they were when this page was opened" in text_of(late)
        assert [one.bill_id for one in town.bills(1)] == between
        assert facts(town)[0] == WAS[0]
        again = stands_of(late)
        assert again != stands
        assert decide(browser, *to, approver="Bob", stands=again).status_code == 302
        assert [one.corrects for one in town.bills(1)] == between

    def test_of_a_cycle_that_was_looked_at_is_done(self, browser: Client, town: WebTown) -> None:
        stands = stands_of(browser.get(PAGE, {"act": "cycle", "should": "9"}))
        assert decide(browser, "cycle", "9", stands="another").status_code == 422
        assert facts(town) == WAS
        assert decide(browser, "cycle", "9", stands=stands).status_code == 302
        assert facts(town) == (*WAS[:2], 9)

    def test_from_another_site_is_refused(self, browser: Client, town: WebTown) -> None:
        told = {"act": "cycle", "should": "9", "author": "Ana", "reason": "x"}
        answer = browser.post(PAGE, told, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code >= 400
        assert facts(town) == WAS
