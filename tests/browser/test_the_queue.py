"""The review queue in a real browser: from a held day to an accepted one, by mouse and by keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.serving import serving, watched
from tests.doors.usage_web_town import Behind, held_town
from tests.journeys.usage_town import DAY

pytestmark = pytest.mark.browser

PAGES = {
    "queue": "/usage/",
    "day": f"/usage/days/{DAY}/E-2003/",
    "missing day": f"/usage/days/{DAY}/E-2004/",
    "estimated day": f"/usage/days/{DAY}/E-2002/",
    "meter": f"/usage/meters/E-2003/?on={DAY}",
    "report": f"/usage/report/?on={DAY}",
    "replaced": "/usage/replaced/",
    "what came in": "/usage/intake/",
    "quarantine": "/usage/quarantine/",
    "cases": "/usage/cases/",
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Behind:
    return Behind(held_town(Path(tmp_path_factory.mktemp("usage"))))


@pytest.fixture(scope="module")
def site(town: Behind) -> Iterator[str]:
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


def open_all(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")


def picture(page: Page, name: str) -> None:
    """Keep a picture for a person to look at, where a folder is named for them."""
    folder = os.environ.get("METERLEDGER_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_light_or_dark(
    name: str, page: Page, site: str, axe: Callable[[], None]
) -> None:
    page.goto(site + PAGES[name])
    picture(page, name)
    open_all(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_lost_at_320_pixels(
    name: str, page: Page, site: str, axe: Callable[[], None]
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(site + PAGES[name])
    open_all(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
    axe()


def test_the_chart_is_told_in_words_and_in_a_table(page: Page, site: str) -> None:
    page.goto(site + PAGES["day"])
    expect(page.get_by_role("img", name="Watt-hours of each interval")).to_be_visible()
    page.get_by_text("Every interval in numbers").click()
    table = page.get_by_role("region", name="Every interval in numbers")
    row = table.get_by_role("row").filter(has_text="10:00")
    expect(row).to_contain_text("-900")


def test_a_person_walks_from_the_queue_to_an_accepted_day(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review queue")
    held = page.get_by_role("region", name="Held days")
    held.get_by_role("row").filter(has_text="E-2003").get_by_role("link").first.click()
    expect(page.get_by_text("This day is held: its bill waits for a decision.")).to_be_visible()

    page.get_by_label("Accept it as it is").check()
    page.get_by_label("Your name").fill("Dana Cole")
    page.get_by_label("Reason").fill("The customer has solar panels that feed back")
    page.get_by_role("button", name="Decide").press("Enter")

    expect(page.get_by_text("Nothing holds this day.")).to_be_visible()
    record = page.get_by_role("region", name="On record")
    expect(record).to_contain_text("Accept by Dana Cole")
    picture(page, "accepted")
    page.get_by_role("link", name="Review queue").first.click()
    expect(held.get_by_role("row").filter(has_text="E-2003")).to_have_count(0)
    expect(held.get_by_role("row").filter(has_text="E-2004")).to_have_count(1)


def test_a_decision_without_a_value_for_each_gap_is_refused_in_words(page: Page, site: str) -> None:
    # A refusal's page has the status of one, which a browser notes as an error of its own. What is
    # sent on in its place says where the form came from, as the browser did.
    def answered(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        headers = route.request.all_headers() | {"sec-fetch-site": "same-origin"}
        route.fulfill(response=route.fetch(headers=headers), status=200)

    page.route("**/E-2004/", answered)
    page.goto(site + PAGES["missing day"])
    page.get_by_label("Edit intervals").check()
    page.get_by_label("Intervals (to edit or to estimate)").fill("40=120")
    page.get_by_label("Your name").fill("Dana Cole")
    page.get_by_label("Reason").fill("Read on site")
    page.get_by_role("button", name="Decide").click()

    expect(page.get_by_role("alert")).to_contain_text("95 intervals would still be missing")
    expect(page.get_by_label("Your name")).to_have_value("Dana Cole")
    picture(page, "refused")
