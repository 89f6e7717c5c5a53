"""What is compared is what is billed: also for whoever takes part in a programme."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.journeys.programs_town import BEGINS, KNOWN, ProgramTown
from tests.journeys.town import VIEWER, even

from meterledger.kernel.span import DaySpan
from meterledger.usecases.compare_schedules import Compared, compare_schedules

UNTIL = date(2026, 8, 1)
ASKED = date(2026, 8, 1)
NETS = (
    "The service takes part in Net metering from 2026-02-01 on and is billed what was delivered "
    "less what was received."
)

FIVE_MONTHS = "This is 5 of the 12 billing periods of a year: the others may tell otherwise."


@pytest.fixture
def home(first_book: Any) -> Any:
    """A home of which much is received, on the book of the first utility."""
    town = ProgramTown()
    town.book = first_book
    with town.store.viewing(VIEWER, []):
        town.begin(1, "1M-anytime")
        town.read("M1", (BEGINS, UNTIL), even(200))
        town.received(1, (BEGINS, UNTIL), 150)
        yield town


def billed(town: ProgramTown) -> list[int]:
    run = town.bill(1, on=date(2026, 7, 2), known_at=KNOWN)
    assert run.held == []
    return [one.total_cents for one in run.issued]


def compared(town: ProgramTown, span: DaySpan | None = None) -> Compared:
    return compare_schedules(
        account_id=town.account_id(1), span=span, known_at=KNOWN, asked=ASKED,
        store=town.store, lake=town.lake, book=town.book,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("program", "how", "told"),
    [
        ("net_metering", {}, NETS),
        (
            "community_solar_residential",
            {"blocks": 2},
            "The service takes part in Community Solar with 2 Solar Blocks from 2026-02-01 on.",
        ),
    ],
)
def test_the_present_option_is_the_bills_to_the_cent(
    home: ProgramTown, program: str, how: dict[str, Any], told: str
) -> None:
    home.join(1, program, **how)
    bills = billed(home)

    found = compared(home)

    by_code = {one.schedule: one for one in found.answers}
    assert list(by_code["1M-anytime"].windows_cents or ()) == bills
    assert by_code["1M-anytime"].total_cents == sum(bills)
    assert found.beside == (told, FIVE_MONTHS)
    assert found.as_json()["beside"] == [told, FIVE_MONTHS]


def test_an_option_that_the_programme_is_not_open_to_says_so(home: ProgramTown) -> None:
    home.join(1, "net_metering")
    billed(home)

    by_code = {one.schedule: one for one in compared(home).answers}

    assert (by_code["1M-evening-morning"].refusal, by_code["1M-ultimate"].total_cents) == (
        None,
        None,
    )
    refusal = by_code["1M-ultimate"].refusal or ""
    assert "The programme 'net_metering' is not open to schedule 1M-ultimate." in refusal


def test_without_a_programme_what_was_received_changes_nothing(home: ProgramTown) -> None:
    bills = billed(home)

    found = compared(home)

    assert found.beside == (FIVE_MONTHS,)
    assert {one.refusal for one in found.answers} == {None}
    (now,) = [one for one in found.answers if one.schedule == "1M-anytime"]
    assert now.total_cents == sum(bills)
    assert home.lake.asked_back == []


def test_a_programme_counts_from_the_first_period_that_begins_in_it(home: ProgramTown) -> None:
    """In it from the middle of a period: that one is as without, the next one nets."""
    home.join(1, "net_metering", on=date(2026, 3, 15))
    bills = billed(home)

    found = compared(home)

    (now,) = [one for one in found.answers if one.schedule == "1M-anytime"]
    assert list(now.windows_cents or ()) == bills
    assert bills[1] > bills[2]


def test_what_was_received_and_is_not_known_is_no_zero(home: ProgramTown) -> None:
    """The channel of energy received was never sent for these days: no option has an answer."""
    home.read("M1", (UNTIL, date(2026, 9, 1)), even(200))
    home.join(1, "net_metering")

    found = compared(home, DaySpan(UNTIL, date(2026, 9, 1)))

    assert {one.total_cents for one in found.answers} == {None}
    (now,) = [one for one in found.answers if one.schedule == "1M-anytime"]
    assert "What nobody measured is never taken for zero" in (now.refusal or "")
