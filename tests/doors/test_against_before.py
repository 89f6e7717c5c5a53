"""A bill's page against the bill before it: the causes sum to the difference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from typing import Any

import pytest
from tests.doors.web_town import PEOPLE, WebTown, shared_web_town

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.before import against_before
from meterledger.kernel.money import usd_display
from meterledger.usecases.explain_bill import WeatherKnown, explain_bill
from meterledger.usecases.ports import Viewer


@pytest.fixture
def web_town() -> WebTown:
    return shared_web_town()


@pytest.fixture
def client(web_town: WebTown, watched_templates: None) -> Iterator[Any]:
    from django.test import Client

    before = system.provide(web_town)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def test_the_causes_of_every_bill_sum_to_its_difference(web_town: WebTown) -> None:
    opened = web_town.system()
    with opened.store.viewing(Viewer("test", "look"), ["all"]):
        for number in PEOPLE:
            bills = web_town.bills(number)
            assert against_before(opened, bills[0]) is None
            for before, bill in pairwise(bills):
                found = against_before(opened, bill)
                assert found is not None
                assert found.before.bill_id == before.bill_id
                assert found.difference_cents == bill.total_cents - before.total_cents
                assert sum(cents for _, cents in found.parts) == found.difference_cents


def test_the_page_tells_them_and_links_the_bill_before(client: Any, web_town: WebTown) -> None:
    before, bill = web_town.bills(2)[:2]

    page = client.get(f"/bills/{bill.bill_id}/").content.decode()

    section = page[page.index('id="against"') :]
    section = section[: section.index("</section>")]
    assert f'href="/bills/{before.bill_id}/"' in section
    rows = re.findall(r'<th scope="row">([^<]+)</th><td class="n">(-?)\$([0-9.,]+)</td>', section)
    told = {cause: int(sign + usd.replace(",", "").replace(".", "")) for cause, sign, usd in rows}
    together = told.pop("Together")
    assert sum(told.values()) == together == bill.total_cents - before.total_cents
    assert "Days" in told
    assert "Weather is not told apart" in section


def test_the_first_bill_stands_alone(client: Any, web_town: WebTown) -> None:
    page = client.get(f"/bills/{web_town.bills(2)[0].bill_id}/").content.decode()
    assert 'id="against"' not in page


def dollars(text: str) -> int:
    return int(text.replace("$", "").replace(",", "").replace(".", ""))


class TestTwoBillsCompared:
    def page(self, client: Any, bill: Any, other: Any) -> str:
        answer = client.get(f"/bills/{bill.bill_id}/versus/{other.bill_id}/")
        assert answer.status_code == 200
        return unescape(answer.content.decode())

    def told(self, web_town: WebTown, bill: Any, other: Any) -> dict[str, Any]:
        """What the command answers."""
        opened = web_town.system()
        with opened.store.viewing(Viewer("test", "look"), ["all"]):
            answer: dict[str, Any] = explain_bill(
                bill_id=bill.bill_id,
                store=opened.store,
                versus=other.bill_id,
                weather=WeatherKnown(opened.view, opened.now),
            )
        return answer

    @pytest.mark.parametrize("number", sorted(PEOPLE))
    def test_tell_what_the_command_tells_to_the_cent(
        self, number: int, client: Any, web_town: WebTown
    ) -> None:
        first, *_, last = web_town.bills(number)
        versus = self.told(web_town, last, first)["versus"]
        page = self.page(client, last, first)
        causes, charges = page.split('id="charges"')

        rows = re.findall(
            r'<th scope="row">([^<]+)(?:<br>.*?)?</th><td class="n">(-?\$[0-9.,]+)</td>', causes
        )
        assert [(words.lower(), dollars(usd)) for words, usd in rows] == [
            *((one["cause"], dollars(one["usd"])) for one in versus["parts"]),
            ("together", last.total_cents - first.total_cents),
        ]
        # Charge by charge: one bill, the other, the difference; each sums to its foot.
        amounts = [
            [0 if one == "–" else dollars(one) for one in row]
            for row in re.findall(
                r'<td class="n">(.*?)</td>\s*<td class="n">(.*?)</td>\s*<td class="n">(.*?)</td>',
                charges,
            )
        ]
        *lines, foot = amounts
        difference = last.total_cents - first.total_cents
        assert foot == [first.total_cents, last.total_cents, difference]
        assert [sum(column) for column in zip(*lines, strict=True)] == foot
        by_charge = [dollars(one["usd"]) for one in versus["by_charge"]]
        assert sorted(one[2] for one in lines if one[2]) == sorted(by_charge)

    def test_name_the_clauses_of_every_line_of_both(self, client: Any, web_town: WebTown) -> None:
        first, *_, last = web_town.bills(2)
        page = self.page(client, last, first)
        for one, other in ((last, first), (first, last)):
            lines = self.told(web_town, one, other)["lines"]
            cited = {cite["text"] for line in lines for cite in line["citations"]}
            assert cited
            assert all(text in page for text in cited)
        assert "The other bill: <a" in page  # a price of another season, by its own clause

    def test_say_why_in_sentences(self, client: Any, web_town: WebTown) -> None:
        before, bill = web_town.bills(2)[:2]
        page = self.page(client, bill, before)
        days = [one.days.day_count for one in (bill, before)]
        assert f"{days[0]} days; {days[1]} on the other bill." in page
        assert re.search(r"[0-9.]+ kWh a day; [0-9.]+ on the other bill\.", page)
        assert f"meterledger why {bill.bill_id} --versus {before.bill_id}" in page

    def test_are_a_click_from_the_bill(self, client: Any, web_town: WebTown) -> None:
        before, bill = web_town.bills(2)[:2]
        page = client.get(f"/bills/{bill.bill_id}/").content.decode()
        assert f'href="/bills/{bill.bill_id}/versus/{before.bill_id}/"' in page

    def test_that_are_one_bill_differ_by_nothing(self, client: Any, web_town: WebTown) -> None:
        bill = web_town.bills(2)[0]
        assert "to the cent: " in self.page(client, bill, bill)

    def test_of_two_accounts_are_not_told(self, client: Any, web_town: WebTown) -> None:
        mine, other = web_town.bills(1)[0], web_town.bills(2)[0]
        answer = client.get(f"/bills/{mine.bill_id}/versus/{other.bill_id}/")
        assert answer.status_code == 422
        assert f"Bill {other.bill_id} is of another account" in answer.content.decode()
        assert usd_display(other.total_cents) not in answer.content.decode()
        assert client.get(f"/bills/{mine.bill_id}/versus/B-none/").status_code == 404
