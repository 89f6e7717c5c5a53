"""The pages in a real browser: from an account to the clause behind a line, by mouse and by keys.

Every test fails on a console error (conftest) and on a request to any other machine (here).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from tests.browser.serving import serving, watched
from tests.doors.web_town import WebTown, shared_web_town

pytestmark = pytest.mark.browser

ACCOUNT = "0000000026"
LINE = "Energy in summer (on-peak)"


@pytest.fixture(scope="module")
def web_town() -> WebTown:
    return shared_web_town()


@pytest.fixture(scope="module")
def site(web_town: WebTown) -> Iterator[str]:
    """Our own application on a free port of this machine."""
    from meterledger.entrypoints.web import system

    with serving() as address:
        before = system.provide(web_town)
        yield address
        system.provide(before)


@pytest.fixture
def page(page: Page, site: str) -> Iterator[Page]:
    """The page of conftest, on which a request to any other machine fails the test."""
    with watched(page, site):
        yield page


@pytest.fixture(scope="module")
def bill(web_town: WebTown) -> Any:
    """A bill of two seasons, two times of use and a rider that changed."""
    return web_town.bills(2)[1]


@pytest.fixture(scope="module")
def addresses(bill: Any, web_town: WebTown) -> dict[str, str]:
    before = web_town.bills(2)[0]
    return {
        "front": "/",
        "a wrong number": "/?account=12",
        "account": f"/accounts/{ACCOUNT}/",
        "bill": f"/bills/{bill.bill_id}/",
        "two bills": f"/bills/{bill.bill_id}/versus/{before.bill_id}/",
        "book": "/book/",
        "clause": "/book/fac_usd_per_kwh/?known=2026-11-25#from-2025-06-01",
        "calendar": "/book/smart_windows/",
        "schedule": "/book/schedules/1M-ultimate/",
    }


PAGES = ("front", "account", "bill", "two bills", "book", "clause", "calendar", "schedule")


def test_a_reader_walks_from_the_account_to_the_clause_behind_a_line(
    page: Page, site: str, bill: Any
) -> None:
    page.goto(site)
    page.get_by_label("Account number").fill(ACCOUNT)
    page.get_by_role("button", name="Find account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Account {ACCOUNT}")
    bills = page.get_by_role("region", name="Bills")
    bills.get_by_role("link", name="September 4 to October 3, 2025").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Electricity bill")
    expect(page.get_by_role("heading", name="This bill uses assumed values")).to_be_visible()
    expect(page.get_by_role("img", name="Daily use in kilowatt-hours")).to_be_visible()
    line = page.get_by_role("row").filter(has_text=LINE).first
    amount = line.get_by_role("cell").last.inner_text()
    working = page.locator("details").filter(has_text=LINE)
    working.locator("summary").click()
    expect(working.get_by_text(f"= {amount}")).to_be_visible()
    expect(working.get_by_text("on-peak", exact=True)).to_be_visible()
    clause = line.get_by_role("link")
    expect(clause).to_have_text("Sheet 54, in force 2025-06-01, Evening/Morning, summer, on-peak")
    clause.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Evening/Morning Savers, summer")
    entry = page.locator(":target")
    expect(entry).to_be_in_viewport()
    expect(entry).to_contain_text("June 1, 2025")
    expect(entry).to_contain_text("$0.1581 per kWh")
    expect(entry).to_contain_text("ER-2024-0319")


def test_the_same_walk_needs_no_mouse(page: Page, site: str) -> None:
    page.goto(site)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Account number")
    page.keyboard.type(ACCOUNT)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/accounts/{ACCOUNT}/")
    tab_to(page, "September 4 to October 3, 2025")
    page.keyboard.press("Enter")
    page.wait_for_url("**/bills/**")
    tab_to(page, f"How this was worked out: {LINE}, Sep 4 to Sep 30, 27 days")
    page.keyboard.press("Space")
    expect(page.locator("details[open]")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator("details[open] a").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/evening_morning_summer_on_peak_usd_per_kwh/**")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called ``name`` has the focus, and see that the focus shows."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement;"
            " return e.labels?.[0]?.textContent ?? e.textContent }"
        )
        if " ".join(focused.split()) == name:
            outline = page.evaluate(
                "() => getComputedStyle(document.activeElement).outlineStyle + ' ' +"
                " getComputedStyle(document.activeElement).outlineWidth"
            )
            assert outline == "solid 3px", f"the focus on {name} does not show: {outline}"
            return
    pytest.fail(f"Tab does not reach {name}")


@pytest.mark.parametrize("name", [*PAGES, "a wrong number"])
def test_axe_finds_nothing_in_light_or_dark(
    name: str, page: Page, site: str, addresses: dict[str, str], axe: Callable[[], None]
) -> None:
    # A refusal's page has the status of one, which a browser notes as an error of its own.
    page.route("**/?account=*", lambda route: route.fulfill(response=route.fetch(), status=200))
    page.goto(site + addresses[name])
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe()
    if name == "a wrong number":
        expect(page.get_by_role("alert")).to_contain_text("'12' is not an account number.")
        expect(page.get_by_label("Account number")).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_lost_at_320_pixels(
    name: str, page: Page, site: str, addresses: dict[str, str], axe: Callable[[], None]
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(site + addresses[name])
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
    axe()


def test_a_bill_at_320_pixels_still_says_quantity_price_and_amount(
    page: Page, site: str, addresses: dict[str, str]
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(site + addresses["bill"])
    line = page.get_by_role("row").filter(has_text=LINE).first
    expect(line.get_by_text("413.576 kWh at $0.1581")).to_be_visible()
    expect(line.get_by_role("cell").last).to_be_visible()


def test_one_button_opens_and_closes_every_line(
    page: Page, site: str, addresses: dict[str, str]
) -> None:
    page.goto(site + addresses["bill"])
    lines = page.locator(".charges details")
    page.get_by_role("button", name="Open every line").click()
    expect(page.locator(".charges details[open]")).to_have_count(lines.count())
    page.get_by_role("button", name="Close every line").click()
    expect(page.locator(".charges details[open]")).to_have_count(0)


def test_a_bill_is_whole_without_scripts(
    browser: Browser, site: str, addresses: dict[str, str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + addresses["bill"])
    expect(page.get_by_role("button")).to_have_count(0)
    working = page.locator("details").filter(has_text=LINE)
    working.locator("summary").click()
    expect(working.get_by_text("kWh x $0.1581")).to_be_visible()
    context.close()


def test_a_bill_prints_on_one_sheet_with_every_clause_and_no_navigation(
    page: Page, site: str, addresses: dict[str, str], bill: Any
) -> None:
    page.emulate_media(color_scheme="dark")  # paper is white all the same
    page.goto(site + addresses["bill"])
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    said = " ".join(" ".join(one.extract_text() for one in printed.pages).split())
    assert len(printed.pages) <= 2
    assert "Total of this bill" in said
    assert "Sheet 54, in force 2025-06-01, Evening/Morning, summer, on-peak" in said
    assert "Tariff book" not in said
    assert "Skip to content" not in said


def test_the_scheme_follows_the_reader(page: Page, site: str) -> None:
    colors = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(site)
        colors[scheme] = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert colors == {"light": "rgb(255, 255, 255)", "dark": "rgb(19, 24, 28)"}


def test_pdf_and_record_are_a_click_away(page: Page, site: str, addresses: dict[str, str]) -> None:
    page.goto(site + addresses["bill"])
    for name, kind in (
        ("PDF, for printing", "application/pdf"),
        ("Record, JSON", "application/json"),
    ):
        link = page.get_by_role("link", name=name).get_attribute("href")
        answer = page.request.get(f"{site}{link}")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(kind)
