"""Held bills in a real browser: found by a filter, understood, released, corrected, excluded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.serving import serving, watched
from tests.doors.held_web_town import AT, EARLY, FAR, GAP, HIGH, MAY, OUT, HeldTown, held_town

from meterledger.facts.held import RunCounts, RunRecord, RunState

pytestmark = pytest.mark.browser

NAMES = ("queue", "far", "high", "gap", "estimate", "excluded", "unbilled", "runs")
STOPPED = RunRecord(
    *("R-1", RunState.STOPPED, "cycle 5", MAY, AT, RunCounts(due=60, held=60)),
    sentence="31 of 60 windows are held, more than 25 percent: 29 windows wait",
)


@pytest.fixture(scope="module")
def town() -> HeldTown:
    return held_town()


@pytest.fixture(scope="module")
def site(town: HeldTown) -> Iterator[str]:
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


def address(town: HeldTown, name: str) -> str:
    homes = {"far": FAR, "high": HIGH, "gap": GAP, "excluded": OUT}
    if name in homes:
        return f"/held/{town.cases[homes[name]]}/"
    estimate = f"/held/{town.cases[GAP]}/estimate/"
    return {
        "queue": "/held/",
        "runs": "/held/runs/",
        "unbilled": "/held/unbilled/",
        "estimate": estimate,
    }[name]


def picture(page: Page, name: str) -> None:
    """Keep a picture for a person to look at, where a folder is named for them."""
    folder = os.environ.get("METERLEDGER_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"held_{name}.png", full_page=True)


def decide(page: Page, way_out: str, name: str, reason: str) -> None:
    page.get_by_label(way_out).check()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Decide").press("Enter")


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_in_light_or_dark(
    name: str, page: Page, site: str, town: HeldTown, axe: Callable[[], None]
) -> None:
    page.goto(site + address(town, name))
    picture(page, name)
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_at_320_pixels(
    name: str, page: Page, site: str, town: HeldTown, axe: Callable[[], None]
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(site + address(town, name))
    picture(page, f"{name}_320")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
    axe()


def test_an_analyst_finds_why_a_bill_is_held_and_releases_it(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_role("link", name="Held bills", exact=True).click()
    page.get_by_label("Why").select_option("gate.band")
    page.get_by_role("button", name="Show").click()
    rows = page.get_by_role("region", name="shown, the oldest first")
    rows.get_by_role("row").filter(has_text="0000000018").get_by_role("link").first.click()

    expect(page.get_by_role("heading", level=3)).to_contain_text(
        "134.4 kWh a day is 790 percent of the bill before (17.0 kWh a day)"
    )
    expect(page.get_by_role("img", name="Average daily use")).to_be_visible()
    decide(page, "Release it", "Dana Cole", "A new heat pump, seen on site")

    expect(page.get_by_text("It has left as")).to_be_visible()
    picture(page, "released")
    page.get_by_text("It has left as").get_by_role("link").click()
    expect(page.get_by_text("April 1 to April 30, 2026").first).to_be_visible()


def test_a_bill_above_the_ceiling_takes_two_people(page: Page, site: str, town: HeldTown) -> None:
    page.goto(site + address(town, "high"))
    decide(page, "Release it", "Dana Cole", "A greenhouse")
    expect(page.get_by_text("It is released by Dana Cole, and waits for")).to_be_visible()
    picture(page, "awaits")

    decide(page, "Approve it", "Ben Ito", "I saw the greenhouse")
    expect(page.get_by_text("It has left as")).to_be_visible()


def test_a_bill_is_corrected_where_its_page_says(page: Page, site: str, town: HeldTown) -> None:
    page.goto(site + address(town, "gap"))
    page.get_by_role("link", name="Meter E-3003: its days and set-up").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("E-3003")
    page.goto(site + address(town, "gap"))
    page.get_by_role("button", name="Run it again").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Still held")


def test_a_bill_is_excluded_with_a_reason(page: Page, site: str, town: HeldTown) -> None:
    page.goto(f"{site}/held/{town.cases[EARLY]}/")
    decide(page, "Exclude it", "Dana Cole", "In dispute")
    expect(page.get_by_text("It is excluded by Dana Cole: In dispute.")).to_be_visible()


def test_a_stopped_run_is_let_go(page: Page, site: str, town: HeldTown) -> None:
    town.town.store.record_run(STOPPED)
    page.goto(f"{site}/held/")
    expect(page.get_by_role("heading", name="A run is stopped, and no bill leaves")).to_be_visible()
    page.get_by_role("link", name="Look at it and let it go").click()
    picture(page, "stopped")
    page.get_by_label("Your name").fill("Dana Cole")
    page.get_by_label("Reason").fill("A storm, and the readings are here now")
    page.get_by_role("button", name="Let it go").click()
    expect(page.get_by_role("heading", name="A run is stopped")).to_have_count(0)
