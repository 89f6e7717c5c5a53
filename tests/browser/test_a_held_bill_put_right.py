"""A bill that waits for readings, put right to the end in a real browser: until it has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.serving import look, serving, watched
from tests.doors.held_web_town import HeldTown
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import NEXT, NIGHT, usage_town, weekly

pytestmark = pytest.mark.browser


MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)


def silent(day: date, count: int) -> list[int | None]:
    """A household that sends nothing for three days of April."""
    gone = day.month == APRIL.month and day.day in (8, 9, 10)
    return [None] * count if gone else weekly(day, count)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """One home, whose bill of April is held for the days of which nothing came."""
    from meterledger.entrypoints.web import system

    town = usage_town(tmp_path)
    with town.store.viewing(VIEWER, ["the town"]):
        town.start(1, from_day=APRIL)
        town.arrive("M1", (MARCH, MAY), silent, seconds=3600)
        town.bill(1, on=MAY, known_at=NIGHT)
    with serving() as address:
        before = system.provide(HeldTown(town, now=NEXT))
        yield address
        system.provide(before)


@pytest.fixture
def page(page: Page, site: str) -> Iterator[Page]:
    with watched(page, site):
        yield page


def test_an_analyst_estimates_what_is_missing_and_the_bill_leaves(
    page: Page, site: str, axe: Callable[[], None]
) -> None:
    page.goto(site)
    page.get_by_role("link", name="Held bills", exact=True).click()
    page.get_by_label("Why").select_option("usage.gap")
    page.get_by_role("button", name="Show").click()
    rows = page.get_by_role("region", name="shown, the oldest first")
    rows.get_by_role("row").filter(has_text="0000000018").get_by_role("link").first.click()

    expect(page.get_by_role("heading", name="Why it is held")).to_be_visible()
    expect(page.get_by_text("3 of 30 days keep this bill from leaving.")).to_be_visible()
    look(page, "put_right_case", axe)
    page.get_by_role("link", name="Estimate the intervals that are missing").click()

    expect(page.get_by_text("72 intervals of 3 days are missing.")).to_be_visible()
    expect(page.get_by_text("No effort to read meter M1 is on record.")).to_be_visible()
    page.get_by_label("Cause").select_option("remote_device_failed")
    page.get_by_label("Your name").fill("Dana Cole")
    page.get_by_label("Reason").fill("The radio has failed")
    page.get_by_role("button", name="Estimate what is missing").press("Enter")

    expect(page.get_by_role("status")).to_contain_text("the bill is still held")
    expect(page.get_by_role("heading", name="The bill it would be")).to_be_visible()
    total = page.get_by_role("row").filter(has_text="Total of this bill").get_by_role("cell").last
    would_be = total.inner_text()
    assert would_be not in ("", "$0.00")
    look(page, "put_right_estimated", axe)
    page.get_by_role("button", name="Run it again").press("Enter")

    left = page.get_by_text("It has left as")
    expect(left).to_be_visible()
    look(page, "put_right_left", axe)
    left.get_by_role("link").click()

    marked = page.get_by_role("region", name="This bill is based on estimated usage")
    expect(marked).to_contain_text("for 72 of 720 intervals")
    expect(marked).to_contain_text("The reason: the meter's device did not send its readings.")
    efforts = page.get_by_role("region", name="Efforts to read the meter")
    expect(efforts).to_contain_text("The record lacks every effort to obtain an actual reading.")
    expect(total).to_have_text(would_be)
    look(page, "put_right_bill", axe)
