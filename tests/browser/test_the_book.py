"""The tariff book in a real browser: to read, to walk, to try a rule, by mouse and on a phone.

Over the small book of ``tests/doors/reading_book``, and one look at the map of the real one.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from tests.browser.serving import serving, watched
from tests.doors.reading_book import reading_book

pytestmark = pytest.mark.browser

RULE = "/book/rules/late.example/"
FACTS = "today=2019-03-20&f.kind=residential&f.earlier_charges_usd=100.00"
PAGES = {
    "contents": "/book/",
    "chapter": "/book/chapters/grr_v_late_payment/",
    "chapter of values": "/book/chapters/fees/",
    "provision": "/book/provisions/late.charge.rate/",
    "silent provision": "/book/provisions/late.charge.waiver/?on=2024-01-01",
    "sheet": "/book/sheets/sheet-136/",
    "readings": "/book/readings/",
    "reading": "/book/readings/late.compound/",
    "missing": "/book/missing/",
    "rules": "/book/rules/",
    "rule": RULE,
    "decision": f"{RULE}?{FACTS}&f.unpaid_usd=200.00",
    "one more": f"{RULE}?{FACTS}&f.payments.0.day=2019-01-01&more=yes",
    "refusal": f"{RULE}?{FACTS}&f.unpaid_usd=lots",
    "coverage": "/book/coverage/",
    "value": "/book/late_charge_rate_percent/",
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    # The server first: it sets Django up.
    with serving() as address, reading_book():
        yield address


@pytest.fixture
def page(page: Page, site: str) -> Iterator[Page]:
    """The page of conftest, on which a request to any other machine fails the test."""
    # A refusal's page has the status of one, which a browser notes as an error of its own.
    page.route(
        "**/*f.unpaid_usd=lots*", lambda route: route.fulfill(response=route.fetch(), status=200)
    )
    with watched(page, site):
        yield page


def open_all(page: Page) -> None:
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_light_or_dark(
    name: str, page: Page, site: str, axe: Callable[[], None]
) -> None:
    page.goto(site + PAGES[name])
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


def test_a_reader_walks_from_the_contents_to_a_day_of_the_past(page: Page, site: str) -> None:
    page.goto(site + "/book/")
    page.get_by_role("link", name="General rules and regulations V: late payment").click()
    page.get_by_label("As it stood on").fill("2017-03-31")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("As it stood on March 31, 2017")).to_be_visible()
    page.get_by_role("link", name="Rate of the late charge").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Rate of the late charge")
    now = page.get_by_role("region", name="On March 31, 2017")
    expect(now).to_contain_text("draws two percent.")
    now.get_by_role("link", name="Sheet 136, rev. Original, GRR V.K").click()
    expect(page.locator(":target")).to_contain_text("Sheet 136, original")


def test_the_line_of_time_is_drawn_and_said_in_a_table(page: Page, site: str) -> None:
    page.goto(site + PAGES["provision"])
    expect(page.get_by_role("img", name="A line of time.")).to_be_visible()
    page.get_by_text("The same as a table").click()
    table = page.get_by_role("region", name="Texts and values with their days")
    row = table.get_by_role("row").filter(has_text="Rate of the late charge").first
    expect(row).to_contain_text("June 30, 2013 to March 31, 2017")
    expect(row).to_contain_text("2 percent")


def test_an_analyst_tries_a_rule_from_a_story(page: Page, site: str) -> None:
    page.goto(site + RULE)
    story = "Two hundred dollars unpaid cost three at one and a half percent."
    page.get_by_text(story).first.click()
    page.get_by_role("link", name=story).click()
    decision = page.get_by_role("region", name="Decided for March 20, 2019")
    expect(decision).to_contain_text("3.00")

    page.get_by_label("Unpaid, USD").fill("400")
    page.get_by_label("Day that counts").fill("2015-03-20")
    page.get_by_role("button", name="Decide").click()
    decision = page.get_by_role("region", name="Decided for March 20, 2015")
    expect(decision).to_contain_text("8.00")
    expect(decision.get_by_role("link", name="Sheet 136, rev. Original, GRR V.K")).to_be_visible()


def test_a_list_of_facts_grows_by_one(page: Page, site: str) -> None:
    page.goto(site + RULE)
    page.get_by_label("Unpaid, USD").fill("400")
    page.get_by_label("Kind", exact=True).select_option("residential")
    first = page.get_by_role("group", name="Payments 1")
    first.get_by_label("Day").fill("2019-01-05")
    first.get_by_label("Paid, USD").fill("100.00")
    page.get_by_role("button", name="One more").click()
    second = page.get_by_role("group", name="Payments 2")
    second.get_by_label("Day").fill("2019-02-05")
    second.get_by_label("Paid, USD").fill("100.00")
    page.get_by_label("Day that counts").fill("2019-03-20")
    page.get_by_role("button", name="Decide").click()
    decision = page.get_by_role("region", name="Decided for March 20, 2019")
    expect(decision).to_contain_text("3.00")


def test_a_refused_fact_is_told_beside_its_field(page: Page, site: str) -> None:
    page.goto(site + PAGES["refusal"])
    expect(page.get_by_role("alert")).to_contain_text("'lots' stands where an amount of dollars")
    field = page.get_by_label("Unpaid, USD")
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("link", name="Go to the field Unpaid, USD").click()
    expect(field).to_be_in_viewport()


def test_the_book_is_whole_without_scripts(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + PAGES["decision"])
    expect(page.get_by_role("region", name="Decided for March 20, 2019")).to_be_visible()
    page.goto(site + PAGES["coverage"])
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("region", name="late payment, as a table")).to_be_visible()
    context.close()


def test_a_provision_prints_its_texts_and_no_forms(page: Page, site: str) -> None:
    page.emulate_media(color_scheme="dark")  # paper is white all the same
    page.goto(site + PAGES["provision"])
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    said = " ".join(" ".join(one.extract_text() for one in printed.pages).split())
    assert "moved from K to J" in said
    assert "As it stood on" not in said
    assert "Missing texts" not in said


def test_coverage_as_a_file_opens_alone_and_passes_axe(
    page: Page, tmp_path: Path, axe: Callable[[], None]
) -> None:
    from meterledger.entrypoints.coverage_page import coverage_page, stated_provisions
    from meterledger.entrypoints.web import system
    from meterledger.entrypoints.web.shelf import claims, measured

    library = system.provider().library()
    stated = stated_provisions(library.view, claims(library).coverage)
    file = tmp_path / "coverage.html"
    file.write_text(coverage_page(measured(library), stated, None), encoding="utf-8")

    page.goto(file.as_uri())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe()
    page.get_by_role("link", name="Carried: GRR V.J").click()
    expect(page.locator("tr:target")).to_be_visible()
