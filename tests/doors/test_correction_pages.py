"""The queue of corrections on pages: what differs and why, the ways out, both bills linked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.doors.web_town import VIEWER, WebTown, build_web_town, household

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.words import table_day_words
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.end_billed_service import end_billed_service
from meterledger.usecases.rebill_states import Now

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SAME_SITE = {"sec-fetch-site": "same-origin"}
OCTOBER = (date(2025, 10, 2), date(2025, 11, 2))


@pytest.fixture
def town() -> Iterator[WebTown]:
    """The town of the pages; account 1's October was read again, at half of what was billed."""
    made = replace(build_web_town(), now=NOW)
    with made.town.store.viewing(VIEWER, []):
        usual = household(1)
        made.town.read(
            "E-1001", OCTOBER, lambda day, count: [(wh or 0) // 2 for wh in usual(day, count)]
        )
    before = system.provide(made)
    yield made
    system.provide(before)


@pytest.fixture
def browser(town: WebTown, watched_templates: None) -> Client:
    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)


@pytest.fixture
def wrong(town: WebTown) -> Any:
    """The bill of October."""
    return next(one for one in town.bills(1) if one.days.from_day == OCTOBER[0])


def text_of(answer: Any) -> str:
    assert answer.status_code in (200, 422), answer.status_code
    return str(answer.content.decode())


def decide(browser: Client, bill_id: str, **typed: Any) -> Any:
    told = {"act": "rebill", "author": "Ana", "reason": "the meter was read again", **typed}
    return browser.post(f"/corrections/{bill_id}/", told, headers=SAME_SITE)


class TestTheQueue:
    def test_lists_the_bill_with_its_cause_and_difference(self, browser: Client) -> None:
        page = text_of(browser.get("/corrections/"))

        assert "1 would be another one now" in page
        assert "<td>Reading</td>" in page
        assert "-$" in page

    def test_begins_with_the_oldest_service_and_says_when_its_bill_was_issued(
        self, browser: Client, town: WebTown, wrong: Any
    ) -> None:
        oldest = town.bills(2)[0]
        town.town.read(
            "E-1002", (oldest.days.from_day, oldest.days.until_day), lambda day, count: [90] * count
        )

        page = text_of(browser.get("/corrections/"))

        links = re.findall(r'href="/corrections/(B-[^"]+)/"', page)
        assert links == [oldest.bill_id, wrong.bill_id]
        assert f'<td class="wide-only">{table_day_words(wrong.issued_day)}</td>' in page

    def test_is_reached_from_every_page(self, browser: Client) -> None:
        assert 'href="/corrections/"' in text_of(browser.get("/"))


class TestOneBill:
    def test_shows_what_would_take_its_place_and_why(self, browser: Client, wrong: Any) -> None:
        page = text_of(browser.get(f"/corrections/{wrong.bill_id}/"))

        assert "It would be $" in page
        assert "A cause for every cent" in page
        assert "overcharge" in page

    def test_leads_to_the_days_that_changed(self, browser: Client, wrong: Any) -> None:
        page = text_of(browser.get(f"/corrections/{wrong.bill_id}/"))

        assert "The days that changed" in page
        for each in (OCTOBER[0], OCTOBER[1] - timedelta(days=1)):
            link = f"/usage/days/{each}/E-1001/"
            assert f'href="{link}"' in page
            assert browser.get(link).status_code == 200
        assert f"/usage/days/{OCTOBER[1]}/" not in page
        assert re.search(r": [\d,]+\.\d{3} kWh were billed, and [\d,]+\.\d{3} kWh are", page)

    def test_a_bill_that_comes_out_the_same_says_so(self, browser: Client, town: WebTown) -> None:
        other = town.bills(2)[0].bill_id

        assert "comes out as it was issued" in text_of(browser.get(f"/corrections/{other}/"))

    def test_is_corrected_by_a_name_with_a_reason(
        self, browser: Client, town: WebTown, wrong: Any
    ) -> None:
        answer = decide(browser, wrong.bill_id)

        assert answer.status_code == 302
        assert answer["Location"] == f"/bills/{wrong.bill_id}-v2/"
        assert "0 would be another one now" in text_of(browser.get("/corrections/"))
        assert "the meter was read again" in text_of(browser.get("/corrections/"))

    def test_above_the_ceiling_asks_for_another_person(
        self, browser: Client, town: WebTown, wrong: Any
    ) -> None:
        town.town.read("E-1001", OCTOBER, lambda day, count: [90_000] * count)

        alone = decide(browser, wrong.bill_id)
        assert alone.status_code == 422
        assert "is above the ceiling of" in text_of(alone)
        assert wrong.bill_id in [one.bill_id for one in town.bills(1)]

        assert decide(browser, wrong.bill_id, approver="Bob").status_code == 302
        assert wrong.bill_id not in [one.bill_id for one in town.bills(1)]

    def test_with_what_the_gate_finds_asks_to_have_seen_it(
        self, browser: Client, town: WebTown, wrong: Any
    ) -> None:
        usual = household(1)
        town.town.read(
            "E-1001", OCTOBER, lambda day, count: [20 * (wh or 0) for wh in usual(day, count)]
        )

        page = text_of(browser.get(f"/corrections/{wrong.bill_id}/"))
        found = re.findall(r'name="seen" value="([^"]+)"', page)
        assert "gate.band" in found
        assert "percent of the bill before" in page
        alone = decide(browser, wrong.bill_id)
        assert alone.status_code == 422
        assert "before somebody has looked at it" in text_of(alone)
        assert "say what you have seen, or name another person who agrees." in text_of(alone)
        assert "--" not in text_of(alone).partition("Not done")[2].partition("</section>")[0]

        answer = decide(browser, wrong.bill_id, seen=found, approver="Bob")
        assert answer.status_code == 302
        assert "The gate found, and Bob agreed:" in text_of(browser.get(answer["Location"]))

    def test_is_not_corrected_by_a_clock_that_is_off(
        self, browser: Client, town: WebTown, wrong: Any
    ) -> None:
        town.town.store.server_clock = NOW - timedelta(days=1)

        assert "seconds apart" in text_of(decide(browser, wrong.bill_id))
        assert wrong.bill_id in [one.bill_id for one in town.bills(1)]

    def test_is_left_as_it_is(self, browser: Client, wrong: Any) -> None:
        assert decide(browser, wrong.bill_id, act="leave").status_code == 302

        assert "0 would be another one now" in text_of(browser.get("/corrections/"))

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"author": " "}, "Nobody is named for the correction"),
            ({"act": "leave", "reason": ""}, "No reason is named"),
            ({"act": "burn"}, "No decision was chosen"),
        ],
    )
    def test_is_not_decided_otherwise(
        self, browser: Client, wrong: Any, typed: dict[str, str], said: str
    ) -> None:
        answer = decide(browser, wrong.bill_id, **typed)

        assert answer.status_code == 422
        assert said in text_of(answer)

    def test_takes_no_form_of_another_site(self, browser: Client, wrong: Any) -> None:
        answer = browser.post(
            f"/corrections/{wrong.bill_id}/",
            {"act": "leave", "author": "Eve", "reason": "x"},
            headers={"sec-fetch-site": "cross-site"},
        )

        assert answer.status_code != 302


class TestBothBills:
    def test_name_each_other_with_the_causes(self, browser: Client, wrong: Any) -> None:
        decide(browser, wrong.bill_id)

        old = text_of(browser.get(f"/bills/{wrong.bill_id}/"))
        new = text_of(browser.get(f"/bills/{wrong.bill_id}-v2/"))

        assert "This bill is cancelled" in old
        assert "Cancelled: nothing to pay" in old
        assert "Please pay by" not in old
        assert f'href="/bills/{wrong.bill_id}-v2/"' in old
        assert "This is a corrected bill" in new
        assert f'href="/bills/{wrong.bill_id}/"' in new
        both = f"/bills/{wrong.bill_id}-v2/versus/{wrong.bill_id}/"
        assert f'href="{both}"' in new
        assert "The other bill is cancelled." in text_of(browser.get(both))
        for page in (old, new):
            assert "Ana: the meter was read again." in page
            assert '<th scope="row">Reading</th>' in page

    def test_stand_in_the_account_with_what_moved_it(
        self, browser: Client, town: WebTown, wrong: Any
    ) -> None:
        decide(browser, wrong.bill_id)

        page = text_of(browser.get(f"/accounts/{town.town.account_id(1)}/"))

        assert "<h3>Cancelled</h3>" in page
        assert "(corrected)" in page
        assert f"Cancels bill {wrong.bill_id}" in page
        assert "Corrected bill for " in page

    def test_the_next_bill_says_what_happened_since(
        self, browser: Client, town: WebTown, wrong: Any
    ) -> None:
        decide(browser, wrong.bill_id)
        days = (date(2025, 12, 2), date(2026, 1, 2))
        with town.town.store.viewing(VIEWER, []):
            town.town.read("E-1001", days, household(1))
            (made,) = town.town.bill(1, on=days[1], known_at=NOW + timedelta(hours=1)).issued

        page = text_of(browser.get(f"/bills/{made.bill_id}/"))

        assert "Corrected since the bill before" in page
        assert f'href="/bills/{wrong.bill_id}-v2/"' in page
        assert "the meter was read again. The previous balance has it." in page


class TestServiceThatEndedBeforeSeveralBills:
    def test_each_page_says_what_became_of_its_bill(self, browser: Client, town: WebTown) -> None:
        first, *past = town.bills(2)
        store = town.town.store
        assert past
        with store.viewing(VIEWER, []):
            ended = end_billed_service(
                agreement_id=first.agreement_id,
                last_day_out=first.days.from_day + timedelta(days=10),
                signed=Signed("Ana", "moved out, told late", "Bob"),
                now=Now(NOW, NOW.date(), store.lake_sequence(), town.town.book, town.town.lake),
                store=store,
            )
        assert ended.corrected is not None
        final = f"/bills/{ended.corrected.bill.bill_id}/"

        for one in past:
            page = text_of(browser.get(f"/bills/{one.bill_id}/"))
            assert "This bill is cancelled" in page
            assert "Its days are after the end of service, and" in page
            assert f'href="{final}"' in page
        assert "took its place on" in text_of(browser.get(f"/bills/{first.bill_id}/"))
        assert first.bill_id in text_of(browser.get(final))
        listed = text_of(browser.get("/corrections/"))
        assert listed.count("Nothing, past the end of") == len(past)
        account = text_of(browser.get(f"/accounts/{town.town.account_id(2)}/"))
        assert f'<a href="{final}">another bill</a> took its place.' in account
        assert account.count(f'<a href="{final}">service had ended before</a>.') == len(past)
