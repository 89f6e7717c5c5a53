"""From a held bill to its missing days in the browser: estimated at once, or one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.doors.held_web_town import HeldTown
from tests.journeys.usage_town import NEXT, NIGHT, UsageTown, Values, usage_town, weekly

from meterledger.entrypoints.web import system
from meterledger.facts.usage_log import ReadingEffort
from meterledger.usecases.ports import Viewer

OURS = {"sec-fetch-site": "same-origin"}
WHO = {"author": "Dana Cole", "reason": "The radio has failed", "cause": "remote_device_failed"}
BEGIN, OCTOBER, NOVEMBER = date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1)


def without(first: int, last: int) -> Values:
    """A household that sends nothing from one day of October to another."""
    silent = range(first, last + 1)
    return lambda day, count: (
        [None] * count if day.month == 10 and day.day in silent else weekly(day, count)
    )


def place(folder: Path, values: Values) -> tuple[UsageTown, str]:
    """A town with one home whose October is held, and the address of its case."""
    town = usage_town(folder)
    with town.store.viewing(Viewer("test", "billing"), ["the town"]):
        town.start(1, from_day=OCTOBER)
        town.arrive("M1", (BEGIN, NOVEMBER), values, seconds=3600)
        town.bill(1, on=NOVEMBER, known_at=NIGHT)
        (case,) = town.store.held_cases()
    return town, f"/held/{case.case_id}/"


@pytest.fixture
def open_at(tmp_path: Path, watched_templates: None) -> Iterator[Any]:
    """Puts such a town behind the pages: asked with the days that are silent."""
    from django.test import Client

    before = system.provider()

    def made(first: int, last: int) -> tuple[Any, str]:
        town, address = place(tmp_path, without(first, last))
        system.provide(HeldTown(town, now=NEXT))
        return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False), address

    yield made
    system.provide(before)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_what_is_missing_is_estimated_and_the_bill_run_again(open_at: Any) -> None:
    client, case = open_at(8, 10)
    page = text_of(client.get(case))
    assert "3 of 31 days keep this bill from leaving." in page
    (address,) = re.findall(r'href="([^"]+/estimate/)"', page)
    assert "72 intervals of 3 days are missing." in text_of(client.get(address))

    answer = client.post(address, WHO, headers=OURS)

    assert answer.status_code == 302
    after = text_of(client.get(answer["Location"]))
    assert "What was missing of its days is estimated, and the bill is still held." in after
    assert "24 of 24 intervals estimated" in after
    assert "keep this bill from leaving" not in after
    assert "/estimate/" not in after
    assert client.post(case, {"act": "rerun"}, headers=OURS).status_code == 302
    assert "It has left as" in text_of(client.get(case))


def test_the_form_tells_what_was_tried_to_read_the_meter(open_at: Any) -> None:
    client, case = open_at(8, 10)
    before = text_of(client.get(f"{case}estimate/"))
    assert "No effort to read meter <code>M1</code> is on record." in before
    assert "<code>meterledger review effort</code>" in before

    behind: Any = system.provider()
    town = behind.town
    town.store.record_effort(
        ReadingEffort(
            *(town.pseudonym("M1"), "M1", date(2025, 10, 9), "on_demand_read"),
            *("no <answer>", "head-end", NIGHT),
        )
    )

    after = text_of(client.get(f"{case}estimate/"))
    assert "Tried to read meter <code>M1</code>:" in after
    assert "<li>October 9, 2025: on demand read, no &lt;answer&gt;, by head-end</li>" in after
    assert "is on record." not in after


def test_days_beyond_the_ladder_are_named_and_opened_one_by_one(open_at: Any) -> None:
    client, case = open_at(1, 31)

    answer = client.post(f"{case}estimate/", WHO, headers=OURS)

    text = text_of(answer)
    assert answer.status_code == 200
    assert "No rung of the sheet's ladder works for 3 days, from October 29, 2025." in text
    assert "<form" not in text.partition("Not all of it")[2]
    assert f'href="/usage/days/2025-10-30/M1/?case={case.split("/")[2]}"' in text


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"cause": ""}, "No cause was chosen"),
        ({"cause": "laziness"}, "No cause was chosen"),
        ({"author": " "}, "The decision has no author"),
        ({"reason": " "}, "The decision has no reason"),
    ],
)
def test_what_is_left_out_is_said_and_what_was_typed_stays(
    open_at: Any, told: dict[str, str], words: str
) -> None:
    client, case = open_at(8, 10)

    answer = client.post(f"{case}estimate/", WHO | told, headers=OURS)

    assert answer.status_code == 422
    text = text_of(answer)
    assert words in text
    assert "72 intervals of 3 days are missing." in text
    kept = "Dana Cole" if told.get("author") is None else "The radio has failed"
    assert kept in text


def test_of_a_bill_of_which_nothing_is_missing_there_is_nothing_to_estimate(open_at: Any) -> None:
    client, case = open_at(8, 10)
    client.post(f"{case}estimate/", WHO, headers=OURS)

    text = text_of(client.get(f"{case}estimate/"))
    assert "Nothing is missing of this bill's days." in text
    assert f'<a href="{case}">Back to the held bill</a>' in text
    again = client.post(f"{case}estimate/", WHO, headers=OURS)
    assert (again.status_code, "Nothing is missing" in text_of(again)) == (422, True)


def test_a_day_that_was_opened_from_a_held_bill_leads_back_to_it(open_at: Any) -> None:
    client, case = open_at(8, 8)
    name = case.split("/")[2]
    day = f"/usage/days/2025-10-08/M1/?case={name}"
    text = text_of(client.get(day))
    assert f'<a href="{case}">The held bill</a>' in text
    assert "Back to the held bill, to run it again" not in text
    assert f'action="{day}"' in text
    assert "Fill what is missing</h2>" in text

    nothing = client.post(day, {"act": "estimate", **WHO, "cause": ""}, headers=OURS)
    assert (nothing.status_code, "No cause was chosen" in text_of(nothing)) == (422, True)
    assert "selected" not in text_of(nothing), "no cause is put into anybody's mouth"

    answer = client.post(day, {"act": "estimate", "values": "", **WHO}, headers=OURS)

    assert answer["Location"] == day
    assert f'<a href="{case}">Back to the held bill, to run it again</a>' in text_of(
        client.get(day)
    )


@pytest.mark.parametrize("typed", ["", "H-1", "../accounts", "H-0123456789abcdeF", "//evil.test"])
def test_a_day_that_is_told_of_no_case_leads_to_none(open_at: Any, typed: str) -> None:
    client, _ = open_at(8, 8)
    text = text_of(client.get("/usage/days/2025-10-08/M1/", {"case": typed}))
    assert "The held bill" not in text
    assert "?case=" not in text
