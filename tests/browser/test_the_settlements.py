"""A refund in a real browser: found in the queue, understood, approved by a second person."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.serving import serving, watched
from tests.doors.settled_web_town import SettledTown, settled_town

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def town() -> SettledTown:
    return settled_town()


@pytest.fixture(scope="module")
def site(town: SettledTown) -> Iterator[str]:
    from meterledger.entrypoints.web import system

    with serving() as address:
        before = system.provide(town)
        yield address
        system.provide(before)


@pytest.fixture
def page(page: Page, site: str) -> Iterator[Page]:
    """The page of conftest, on which a request to any other machine fails the test."""
    with watched(page, site):
        yield page


def picture(page: Page, name: str) -> None:
    """Keep a picture for a person to look at, where a folder is named for them."""
    folder = os.environ.get("METERLEDGER_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"settlement_{name}.png", full_page=True)


def decide(page: Page, who: str) -> None:
    page.get_by_label("Approve it").check()
    page.get_by_label("Your name").fill(who)
    page.get_by_label("Reason").fill("The credit is there, seen on the ledger")
    page.get_by_role("button", name="Decide").click()


def test_a_second_person_lets_money_leave(
    page: Page, site: str, town: SettledTown, axe: Callable[..., None]
) -> None:
    page.goto(f"{site}/settlements/")
    axe()
    expect(page.get_by_text("1 waits for a second person, $20.00 together.")).to_be_visible()
    picture(page, "queue")
    page.get_by_role("link", name="Refund ,").click()
    expect(page.get_by_role("heading", name="Refund of $20.00")).to_be_visible()

    axe()
    picture(page, "one")

    decide(page, "Ben Ito")
    expect(page.get_by_text("To be sent. It is to have gone by December 21, 2026.")).to_be_visible()
    picture(page, "approved")
    assert town.store.trial_balance()["232.refunds"] == -20_00


@pytest.mark.parametrize("width", [320, 1280])
def test_the_queue_fits_its_window(page: Page, site: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}/settlements/")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
