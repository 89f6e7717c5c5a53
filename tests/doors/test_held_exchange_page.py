"""A held bill of a day inside which the meter was exchanged: what waits, and what is estimated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.doors.held_web_town import HeldTown
from tests.doors.test_held_estimate_page import OURS, WHO, text_of
from tests.journeys.town import CHICAGO, FIRST
from tests.journeys.usage_town import NEXT, NIGHT, usage_town, weekly

from meterledger.entrypoints.web import system
from meterledger.facts.meters import LinkSource
from meterledger.kernel.local_days import day_start_utc
from meterledger.usecases.change_meters import exchange_meter
from meterledger.usecases.meter_checks import Linked, Visit
from meterledger.usecases.ports import Viewer

SEPTEMBER, OCTOBER, NOVEMBER = date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1)
SCANNED = Linked(LinkSource.INSTALLER_SCAN, 95, "scan of the label, work order 12")
Sent = Callable[[int], bool]


@pytest.fixture
def open_at(tmp_path: Path, watched_templates: None) -> Iterator[Any]:
    """Puts a home behind the pages whose meter M1 was exchanged for M9 at two in the afternoon.

    Asked with the day, and with the intervals of that day that either does not send; answers the
    address of the case of its October.
    """
    from django.test import Client

    before = system.provider()

    def made(day: date, *, old: range = range(0), new: range = range(0), seconds: int = 900) -> Any:
        town = usage_town(tmp_path)
        noon = 14 * 3600 // seconds

        def sent(is_there: Sent) -> Any:
            def values(each: date, count: int) -> list[int | None]:
                told = weekly(each, count)
                return told if each != day else [
                    wh if is_there(slot) else None for slot, wh in enumerate(told)
                ]  # fmt: skip

            return values

        with town.store.viewing(Viewer("test", "billing"), ["the town"]):
            town.start(1, from_day=SEPTEMBER)
            at = day_start_utc(day, CHICAGO) + timedelta(hours=14)
            visit = Visit("SP1", at, "due for its test", (), ())
            exchange_meter(
                visit, "M9", SCANNED, learned_at=FIRST, zone_name=CHICAGO, store=town.store
            )
            span = (SEPTEMBER, day + timedelta(days=1))
            town.arrive("M1", span, sent(lambda slot: slot < noon and slot not in old),
                        seconds=seconds)  # fmt: skip
            town.arrive("M9", (day, NOVEMBER), sent(lambda slot: slot >= noon and slot not in new),
                        seconds=seconds)  # fmt: skip
            for first in (OCTOBER, NOVEMBER):
                town.bill(1, on=first, known_at=NIGHT)
            (case,) = town.store.held_cases()
        system.provide(HeldTown(town, now=NEXT))
        client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
        return client, f"/held/{case.case_id}/"

    yield made
    system.provide(before)


def estimate_all(client: Any, case: str) -> None:
    """The form is filled in, and the bill run again: it leaves."""
    answer = client.post(f"{case}estimate/", WHO, headers=OURS)
    assert answer.status_code == 302, text_of(answer)
    assert "keep this bill from leaving" not in text_of(client.get(case))
    assert client.post(case, {"act": "rerun"}, headers=OURS).status_code == 302
    assert "It has left as" in text_of(client.get(case))


@pytest.mark.parametrize(
    ("gap", "seconds", "words"),
    [
        (range(60, 64), 900, "4 of 40 intervals missing"),
        (range(56, 60), 900, "4 of 40 intervals missing"),
        (range(20, 22), 3600, "2 of 10 intervals missing"),
    ],
)
def test_the_time_before_the_new_meter_was_set_does_not_wait(
    open_at: Any, gap: range, seconds: int, words: str
) -> None:
    client, case = open_at(date(2025, 10, 10), new=gap, seconds=seconds)
    page = text_of(client.get(case))
    assert "1 of 32 days keeps this bill from leaving." in page  # the day of both counts twice
    assert words in page
    asked = text_of(client.get(f"{case}estimate/"))
    assert f"{len(gap)} intervals of 1 day are missing." in asked

    estimate_all(client, case)


@pytest.mark.parametrize(
    ("gap", "seconds", "words"),
    [
        (range(40, 44), 900, "4 of 56 intervals missing"),
        (range(12, 14), 3600, "2 of 14 intervals missing"),
    ],
)
def test_the_last_day_of_the_old_meter_is_one_of_the_bill(
    open_at: Any, gap: range, seconds: int, words: str
) -> None:
    client, case = open_at(date(2025, 10, 10), old=gap, seconds=seconds)
    page = text_of(client.get(case))
    assert "1 of 32 days keeps this bill from leaving." in page
    assert words in page

    estimate_all(client, case)


def test_so_it_is_where_the_bill_begins_with_that_day(open_at: Any) -> None:
    """The old meter has of this window nothing but the first hours."""
    client, case = open_at(OCTOBER, old=range(40, 44))
    page = text_of(client.get(case))
    assert "1 of 32 days keeps this bill from leaving." in page
    assert "Meter M1: its days and set-up" in page

    estimate_all(client, case)


def test_both_meters_gaps_are_estimated_at_once(open_at: Any) -> None:
    client, case = open_at(date(2025, 10, 10), old=range(52, 56), new=range(56, 58))
    asked = text_of(client.get(f"{case}estimate/"))
    assert "6 intervals of 2 days are missing." in asked
    assert "4 of 56" in asked
    assert "2 of 40" in asked

    estimate_all(client, case)


def test_what_the_ladder_cannot_estimate_is_still_named(open_at: Any) -> None:
    """The new meter measured nothing of the day, and no day before it."""
    client, case = open_at(date(2025, 10, 10), old=range(40, 44), new=range(56, 96))

    text = text_of(client.post(f"{case}estimate/", WHO, headers=OURS))

    assert "No rung of the sheet's ladder works for 1 day, from October 10, 2025." in text
    assert "40 of 40" in text
    assert "4 of 56" not in text, "what can be estimated is"


def test_the_page_of_the_day_speaks_of_the_meters_own_time(open_at: Any) -> None:
    client, case = open_at(date(2025, 10, 10), new=range(60, 64))
    name = case.split("/")[2]

    ours = text_of(client.get(f"/usage/days/2025-10-10/M9/?case={name}"))
    assert "4 of 40 intervals missing" in ours
    others = text_of(client.get(f"/usage/days/2025-10-10/M1/?case={name}"))
    assert "intervals missing" not in others
    assert "Nothing holds this day." in others
