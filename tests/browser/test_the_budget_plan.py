"""The budget plan in a real browser: found on the account, opened, followed to a bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.serving import serving, watched
from tests.doors.budget_web_town import budget_web_town
from tests.doors.web_town import WebTown

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def town() -> WebTown:
    return budget_web_town()


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


def test_an_amount_is_opened_and_followed_to_its_bill(page: Page, site: str, town: WebTown) -> None:
    page.goto(f"{site}/accounts/{town.town.account_id(1)}/")
    plan = page.get_by_role("region", name="Budget plan").first
    row = plan.get_by_role("row", name="December 2026")
    row.get_by_text("Why $").click()
    expect(row.get_by_text("is the month of re-evaluation")).to_be_visible()
    row.get_by_role("link", name="December 2026", exact=True).click()
    expect(page.get_by_role("heading", name="What your budget plan asks")).to_be_visible()
    expect(page.get_by_text("Asked in their place by your budget plan")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("what", ["account", "bill"])
def test_both_pages_are_for_everybody(
    page: Page, axe: Callable[[], None], site: str, town: WebTown, width: int, what: str
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    bill = town.bills(1)[-1].bill_id
    of = {"account": f"/accounts/{town.town.account_id(1)}/", "bill": f"/bills/{bill}/"}
    page.goto(site + of[what])
    for one in page.locator("section[aria-labelledby=budget] details").all():
        one.evaluate("each => { each.open = true }")
    axe()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
