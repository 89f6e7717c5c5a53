"""Correcting a bill in a real browser: the queue, every cent's cause, the decision, both bills."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Page, expect
from tests.browser.serving import look, serving, watched
from tests.doors.web_town import VIEWER, WebTown, build_web_town, household

pytestmark = pytest.mark.browser

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
OCTOBER = (date(2025, 10, 2), date(2025, 11, 2))


@pytest.fixture(scope="module")
def town() -> WebTown:
    """The town of the pages; account 1's October was read again, at twice what was billed."""
    made = replace(build_web_town(), now=NOW)
    usual = household(1)
    with made.town.store.viewing(VIEWER, []):
        made.town.read(
            "E-1001", OCTOBER, lambda day, count: [2 * (wh or 0) for wh in usual(day, count)]
        )
    return made


@pytest.fixture(scope="module")
def site(town: WebTown) -> Iterator[str]:
    from meterledger.entrypoints.web import system

    with serving() as address:
        before = system.provide(town)
        yield address
        system.provide(before)


@pytest.fixture
def page(page: Page, site: str) -> Iterator[Page]:
    with watched(page, site):
        yield page


def test_a_bill_is_corrected_without_help(page: Page, site: str, axe: Callable[[], None]) -> None:
    page.goto(site)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Corrections").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Corrections")
    look(page, "corrections", axe)

    page.get_by_role("table").get_by_role("row").nth(1).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="A cause for every cent")).to_be_visible()
    look(page, "correction", axe)

    page.get_by_label("Cancel it and bill its period again").check()
    page.get_by_label("Your name").fill("Ana Rivera")
    page.get_by_label("Reason").fill("the meter was read again")
    page.get_by_role("button", name="Decide").click()

    expect(page.get_by_role("heading", name="This is a corrected bill")).to_be_visible()
    look(page, "corrected bill", axe)

    page.get_by_role("region", name="This is a corrected bill").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="This bill is cancelled")).to_be_visible()
    look(page, "cancelled bill", axe)

    page.locator(".trail").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    look(page, "account", axe)


def test_a_wrong_multiplier_is_put_right(page: Page, site: str, axe: Callable[[], None]) -> None:
    page.goto(f"{site}/usage/multiplier/E-1002/")
    page.get_by_label("What its transformers really are").fill("40")
    page.get_by_role("button", name="Show its bills").click()
    expect(page.get_by_role("heading", name="Its bills, times 40")).to_be_visible()
    look(page, "multiplier", axe)

    page.get_by_label("Your name").fill("Ana Rivera")
    page.get_by_label("Reason").fill("its transformers are 40 to 1")
    page.get_by_role("button", name="Put it right").click()
    expect(page.get_by_role("heading", name="Kept; its bills wait")).to_be_visible()
    look(page, "multiplier kept", axe)

    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="A cause for every cent")).to_be_visible()


def test_what_was_entered_wrong_is_put_right(
    page: Page, site: str, axe: Callable[[], None], town: WebTown
) -> None:
    account = town.town.account_id(4)
    page.goto(f"{site}/accounts/{account}/")
    page.get_by_role("link", name="Put right what was entered wrong of").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What was entered wrong")
    page.get_by_label("Rate option").check()
    page.get_by_label("What it should be").fill("1M-anytime")
    page.get_by_role("button", name="Show its bills").click()
    expect(page.get_by_role("heading", name="With 1M-anytime, and not 1M-smart")).to_be_visible()
    look(page, "entered wrong", axe)

    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Your name").fill("Ana Rivera")
    page.get_by_label("Reason").fill("the option was misread on the form")
    page.get_by_role("button", name="Put it right").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    look(page, "put right", axe)
