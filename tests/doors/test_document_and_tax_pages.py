"""The page of a cycle's documents and the page of a month's taxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from tests.doors.finance_web_town import finance_web_town
from tests.doors.web_town import WebTown
from tests.journeys.test_make_documents import ISSUED, Documented
from tests.journeys.town import NOON

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System
from meterledger.kernel.money import usd_display
from meterledger.kernel.span import DaySpan
from meterledger.ledger import TAX_COLLECTIONS
from meterledger.usecases.finance_reports import month_of
from meterledger.usecases.ports import Viewer
from meterledger.usecases.tax_report import tax_report


class BehindHomes:
    """Four homes of cycle 1, billed on August 1, behind the pages."""

    def __init__(self) -> None:
        self.homes = Documented()
        self.town = self.homes.town

    def system(self) -> System:
        return System(self.town.store, self.town.lake, self.town.book, NOON, None)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(self.town.book, NOON)


@pytest.fixture
def behind() -> BehindHomes:
    return BehindHomes()


@pytest.fixture
def reader(behind: BehindHomes, watched_templates: None) -> Iterator[Client]:
    before = system.provide(behind)
    yield Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    system.provide(before)


def page(client: Any, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:800]
    return re.sub(r"\s+", " ", answer.content.decode())


CYCLE = f"/held/documents/?cycle=1&on={ISSUED}"


def became(text: str) -> dict[str, str]:
    """How many bills became what, by the table above the bills."""
    return dict(re.findall(r'<tr><th scope="row">([^<]+)</th><td class="n">(\d+)</td>', text))


class TestDocumentsOfACycle:
    def test_before_they_are_made_every_bill_is_without_one(self, reader: Any) -> None:
        text = page(reader, CYCLE)

        assert "4 bills," in text
        assert became(text) == {"Without a document": "4", "Together": "4"}
        assert "4 bills that stand went nowhere yet" in text

    def test_that_lack_are_listed_by_day_until_they_have_gone(
        self, reader: Any, behind: BehindHomes
    ) -> None:
        behind.homes.run(deliveries=behind.homes.electronic(1))
        text = page(reader, "/held/documents/")
        assert "1 bill that stands went nowhere yet" in text, "its name cannot be set"
        assert f'<a href="?cycle=1&amp;on={ISSUED}">' in text

    def test_are_told_bill_by_bill_and_add_up(self, reader: Any, behind: BehindHomes) -> None:
        behind.homes.run(deliveries=behind.homes.electronic(1))

        text = page(reader, CYCLE)

        kinds = {"Printed": "2", "Sent electronically": "1", "Set aside": "1", "Together": "4"}
        assert became(text) == kinds
        assert "4 pages on 2 sheets of paper." in text
        assert "This bill cannot be set as an accessible PDF." in text
        assert "Sent electronically to ana@example.com" in text
        known = behind.homes.known(2).documents
        assert f"<code>{known[0].sha256[:10]}</code>" in text
        assert f'href="/bills/{behind.homes.bill(2)}.pdf"' in text

    def test_what_came_back_says_why(self, reader: Any, behind: BehindHomes) -> None:
        behind.homes.run(deliveries=behind.homes.electronic(1))
        behind.homes.came_back(1)

        text = page(reader, CYCLE)

        assert "1 electronic bill came back." in text
        assert "Came back: mailbox unknown" in text

    def test_of_a_day_without_bills_says_so(self, reader: Any) -> None:
        assert "No bill of cycle 2 was issued on August 1, 2025." in page(
            reader, f"/held/documents/?cycle=2&on={ISSUED}"
        )

    def test_without_a_cycle_is_a_form(self, reader: Any) -> None:
        text = page(reader, "/held/documents/")
        assert "Which cycle" in text
        assert 'name="cycle"' in text

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ("cycle=0&on=2025-08-01", "'0' is not a reading cycle"),
            ("cycle=one&on=2025-08-01", "'one' is not a reading cycle"),
            ("cycle=1&on=august", "'august' is not a day"),
        ],
    )
    def test_what_is_none_is_refused(self, reader: Any, asked: str, says: str) -> None:
        answer = reader.get(f"/held/documents/?{asked}")
        assert answer.status_code == 422
        assert says in answer.content.decode().replace("&#x27;", "'")

    def test_looks_are_logged(self, reader: Any, behind: BehindHomes) -> None:
        page(reader, CYCLE)
        viewer, subjects = behind.town.store.read_log[-1]
        assert viewer.purpose == "look at documents of a cycle"
        assert subjects == ("documents of a cycle",)


class TestTaxesOfAMonth:
    @pytest.fixture
    def town(self) -> Iterator[WebTown]:
        before = system.provide(finance_web_town())
        yield finance_web_town()
        system.provide(before)

    @pytest.fixture
    def browser(self, town: WebTown, watched_templates: None) -> Client:
        return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)

    def month(self, town: WebTown) -> DaySpan:
        return month_of(town.bills(1)[0].issued_day)

    def test_are_told_by_jurisdiction_and_tie_to_the_ledger(
        self, browser: Any, town: WebTown
    ) -> None:
        days = self.month(town)
        with town.town.store.viewing(Viewer("test", "look"), []):
            report = tax_report(days, store=town.town.store)
        assert report.totals

        text = page(browser, f"/finance/taxes/?month={days.from_day:%Y-%m}")

        for one in report.totals:
            assert usd_display(one.taxable_cents) in text
            assert usd_display(one.tax_cents) in text
        assert f"/finance/ledger/{TAX_COLLECTIONS}" in text
        assert "Taxes on the bills, and taxes posted" in text
        assert 'class="broken"' not in text

    def test_of_a_month_without_bills_are_none(self, browser: Any, town: WebTown) -> None:
        assert "Nothing was taxed." in page(browser, "/finance/taxes/?month=2020-01")

    def test_of_an_empty_month_show_the_newest_with_entries(
        self, browser: Any, town: WebTown
    ) -> None:
        assert "This is the newest month that has entries" in page(browser, "/finance/taxes/")
        asked = page(browser, f"/finance/taxes/?month={self.month(town).from_day:%Y-%m}")
        assert "the newest month that has entries" not in asked
        assert "University City" in asked

    def test_of_no_month_are_refused(self, browser: Any, town: WebTown) -> None:
        page(browser, "/finance/taxes/?month=2026-13", 422)
