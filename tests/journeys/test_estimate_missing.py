"""Somebody estimates what is missing of a held bill's days: signed, day by day, and no further."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import NEXT, NIGHT, UsageTown, Values, usage_town, weekly

from meterledger.facts.estimates import EstimateCause
from meterledger.kernel.span import DaySpan
from meterledger.usecases.estimate_missing import EstimatedDays, estimate_missing
from meterledger.usecases.review_usage import CannotReview

BEGIN, OCTOBER, NOVEMBER = date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1)
DAYS = DaySpan(OCTOBER, NOVEMBER)


@pytest.fixture
def town(tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
    made = usage_town(tmp_path, book=first_book)
    with made.store.viewing(VIEWER, []):
        made.start(1, from_day=OCTOBER)
        yield made


def without(first: date, until: date) -> Values:
    """A household that sends nothing on some days, in hours."""
    return lambda day, count: [None] * count if first <= day < until else weekly(day, count)


def arrive(town: UsageTown, first: date, until: date) -> None:
    town.arrive("M1", (BEGIN, NOVEMBER), without(first, until), seconds=3600)


def estimate(town: UsageTown, days: DaySpan = DAYS, **told: Any) -> EstimatedDays:
    words = {"author": "Dana Cole", "reason": "The radio has failed"} | told
    return estimate_missing(
        "M1",
        days.days(),
        cause=EstimateCause.REMOTE_DEVICE_FAILED,
        at=NIGHT,
        store=town.store,
        lake=town.lake,
        view=town.view,
        **words,
    )


def test_every_missing_day_is_estimated_and_the_bill_says_so(town: UsageTown) -> None:
    arrive(town, date(2025, 10, 8), date(2025, 10, 11))
    (held,) = town.bill(1, on=NOVEMBER, known_at=NIGHT).held
    assert held.code == "usage.gap"

    made = estimate(town)

    assert (len(made.edits), made.interval_count, made.left) == (3, 72, ())
    assert [one.day.day for one in made.edits] == [8, 9, 10]
    assert {(one.author, one.reason) for one in town.store.edits_of_meter("M1")} == {
        ("Dana Cole", "The radio has failed")
    }
    (bill,) = town.bill(1, on=NOVEMBER, known_at=NEXT).issued
    assert bill.usage.estimated is not None
    assert bill.usage.estimated.interval_count == 72
    assert town.replay(bill.bill_id).same_bytes


def test_what_came_stays_as_it_came(town: UsageTown) -> None:
    arrive(town, date(2025, 10, 8), date(2025, 10, 9))
    before = town.values_of("M1", date(2025, 10, 7))

    estimate(town)

    assert town.values_of("M1", date(2025, 10, 7)) == before
    assert [one.day.day for one in town.store.edits_of_meter("M1")] == [8]


def test_a_day_that_the_ladder_cannot_estimate_is_named(town: UsageTown) -> None:
    """After four weeks without a reading no earlier day of the ladder was measured."""
    arrive(town, OCTOBER, NOVEMBER)

    made = estimate(town)

    assert made.left[0] == date(2025, 10, 29)
    assert made.edits[-1].day == date(2025, 10, 28)
    (held,) = town.bill(1, on=NOVEMBER, known_at=NEXT).held
    assert held.code == "usage.gap"


def test_asked_again_after_it_broke_off_it_does_what_is_left(town: UsageTown) -> None:
    arrive(town, date(2025, 10, 8), date(2025, 10, 11))
    estimate(town, DaySpan(OCTOBER, date(2025, 10, 10)))
    first = town.values_of("M1", date(2025, 10, 8))

    made = estimate(town)

    assert [one.day.day for one in made.edits] == [10]
    assert town.values_of("M1", date(2025, 10, 8)) == first
    assert estimate(town).edits == ()


@pytest.mark.parametrize("name", ["author", "reason"])
def test_without_a_name_or_a_reason_nothing_is_estimated(town: UsageTown, name: str) -> None:
    arrive(town, date(2025, 10, 8), date(2025, 10, 11))
    with pytest.raises(CannotReview, match=f"The decision has no {name}"):
        estimate(town, **{name: " "})
    assert town.store.edits_of_meter("M1") == []
