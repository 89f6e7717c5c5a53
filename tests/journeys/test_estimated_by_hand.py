"""A bill says by which rung a person estimated, as it was known when the bill was made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import (
    AFTER,
    BELOW_ZERO,
    DAY,
    NEXT,
    NIGHT,
    UsageTown,
    Values,
    usage_town,
    weekly,
)

from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web.bill_words import bill_words
from meterledger.entrypoints.web.statement_words import estimate_words
from meterledger.facts.bills import Bill
from meterledger.facts.statements import Statement
from meterledger.usecases.explain_bill import explain_bill
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.review_usage import day_to_review, edit_day, estimate_day

OCTOBER = date(2025, 10, 1)
WHO: dict[str, Any] = {"author": "Dana Cole", "reason": "CT reversed", "at": NIGHT}


STEP = timedelta(minutes=1)


def home(number: int) -> Values:
    """A household of which four intervals of a day cannot be; no two use the same.

    Of the third, one of the four was measured on no weekday like it before.
    """

    def values(day: date, count: int) -> list[int | None]:
        told = [None if wh is None else wh + number for wh in weekly(day, count)]
        if day == DAY:
            told[40:44] = [BELOW_ZERO] * 4
        elif number == 3 and day < DAY and day.weekday() == DAY.weekday():
            told[43] = None
        return told

    return values


def estimate(town: UsageTown, number: int, *slots: int, at: datetime = NIGHT) -> None:
    item = day_to_review(f"M{number}", DAY, store=town.store, lake=town.lake, view=town.view)
    estimate_day(item, **(WHO | {"at": at}), slots=slots, store=town.store, lake=town.lake,
                 view=town.view)  # fmt: skip


def edit(town: UsageTown, number: int, *slots: int, at: datetime = NIGHT) -> None:
    item = day_to_review(f"M{number}", DAY, store=town.store, lake=town.lake, view=town.view)
    edit_day(item, dict.fromkeys(slots, 123), **(WHO | {"at": at}), store=town.store,
             lake=town.lake, zone=town.view.time_zone)  # fmt: skip


ALL = (40, 41, 42, 43)


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> tuple[UsageTown, dict[int, Bill]]:
    """Homes whose held day a person decided, each in another way, billed for October."""
    made = usage_town(Path(tmp_path_factory.mktemp("by_hand")))
    with made.store.viewing(VIEWER, []):
        for number in range(1, 9):
            made.start(number, from_day=OCTOBER)
            made.arrive(f"M{number}", (date(2025, 9, 1), date(2025, 11, 1)), home(number))
        made.validate(DAY - timedelta(weeks=1))
        made.validate()
        estimate(made, 1, *ALL)
        estimate(made, 2, 40)
        estimate(made, 2, 41, 42, 43, at=NIGHT + STEP)
        estimate(made, 3, 40, 41, 42)
        estimate(made, 3, 43, at=NIGHT + STEP)
        edit(made, 4, *ALL)
        estimate(made, 5, *ALL)
        edit(made, 5, 43, at=NIGHT + STEP)
        estimate(made, 6, *ALL)
        edit(made, 6, 40, 42, at=NIGHT + STEP)
        edit(made, 7, *ALL)
        estimate(made, 7, 41, at=NIGHT + STEP)
        estimate(made, 8, *ALL)
        run = made.bill(*range(1, 9), on=date(2025, 11, 1), known_at=NEXT)
        assert not [one.sentence for one in run.held]
    bills = {number: one for number in range(1, 9) for one in run.issued
             if one.account_id == made.account_id(number)}  # fmt: skip
    return made, bills


@pytest.fixture
def town(billed: tuple[UsageTown, dict[int, Bill]]) -> Iterator[UsageTown]:
    with billed[0].store.viewing(VIEWER, []):
        yield billed[0]


@pytest.fixture
def bills(billed: tuple[UsageTown, dict[int, Bill]]) -> dict[int, Bill]:
    return billed[1]


def stated(town: UsageTown, bill: Bill) -> Statement:
    stored = town.store.bill(bill.bill_id)
    return statement_of(stored, store=town.store, book=town.book, known_at=AFTER)


def told(town: UsageTown, bill: Bill) -> str:
    """What the bill says of the ways in which it was estimated."""
    words = bill_words(stated(town, bill))
    return words.estimate.methods if words.estimate else ""


def by_same_day(count: int) -> str:
    intervals = "interval" if count == 1 else "intervals"
    return (
        f"{count} {intervals} estimated by a person; The person took the sheet's ladder: "
        f"{count} {intervals} estimated by same day of an earlier week"
    )


class TestByARungOfTheLadder:
    def test_it_is_told_with_its_clause_on_screen_and_paper(
        self, town: UsageTown, bills: dict[int, Bill]
    ) -> None:
        assert told(town, bills[1]) == by_same_day(4)
        made = stated(town, bills[1])
        estimated = made.usage.estimate
        assert estimated is not None
        assert estimate_words(made, estimated).startswith(
            "No reading that could be billed had arrived for 4 of 2,976 intervals. They were "
        )  # what came was below zero
        assert [one.text for one in estimated.citations][-1].endswith("GRR V.E.3.d")
        on_paper = json.loads(content_of(made))
        assert on_paper["estimate"]["methods"] == by_same_day(4)
        assert [one for one in on_paper["reasons"] if one.startswith("The person took the sheet's")]

    def test_why_says_it_and_the_record_stays(
        self, town: UsageTown, bills: dict[int, Bill]
    ) -> None:
        bill = bills[2]
        with_book = explain_bill(bill_id=bill.bill_id, store=town.store, book=town.book)
        without = explain_bill(bill_id=bill.bill_id, store=town.store)
        findings = [one["finding"] for one in with_book["reasons"]]
        at = findings.index("4 intervals estimated by a person")
        assert findings[at + 1] == (
            "the person took the sheet's ladder: 4 intervals estimated by same day of an earlier "
            "week"
        )
        assert [one["finding"] for one in without["reasons"]] == [
            *findings[: at + 1],
            *findings[at + 2 :],
        ]
        assert [one.finding for one in bill.reasons] == [
            one["finding"] for one in without["reasons"]
        ]
        assert b"ladder:" not in town.store.bill(bill.bill_id).record
        assert town.replay(bill.bill_id).same_bytes

    def test_of_several_rungs_each_is_told_with_its_count(
        self, town: UsageTown, bills: dict[int, Bill]
    ) -> None:
        """One interval was measured on no weekday like it: for it the ladder goes on."""
        assert told(town, bills[3]).split("; ") == [
            "1 interval estimated by a like day",  # a week before, by the night
            "4 intervals estimated by a person",
            "The person took the sheet's ladder: 3 intervals estimated by same day of an earlier "
            "week",
            "The person took the sheet's ladder: 1 interval estimated by a like day",
        ]


class TestByAValueOfTheirOwn:
    def test_nothing_is_called_estimated(self, town: UsageTown, bills: dict[int, Bill]) -> None:
        assert told(town, bills[4]) == ""

    @pytest.mark.parametrize(
        ("number", "left"), [(5, 3), (6, 2)], ids=["in a row", "with others between"]
    )
    def test_beside_a_rung_only_the_rung_s_intervals_are_told(
        self, town: UsageTown, bills: dict[int, Bill], number: int, left: int
    ) -> None:
        assert told(town, bills[number]) == by_same_day(left)

    def test_that_gave_way_to_the_ladder_again_is_an_estimate(
        self, town: UsageTown, bills: dict[int, Bill]
    ) -> None:
        assert told(town, bills[7]) == by_same_day(1)
        made = stated(town, bills[7])
        assert made.usage.estimate is not None
        assert "for 1 of 2,976 intervals. It was estimated:" in estimate_words(
            made, made.usage.estimate
        )


class TestChangedAfterTheBill:
    def test_the_bill_says_what_was_known_then(
        self, town: UsageTown, bills: dict[int, Bill]
    ) -> None:
        edit(town, 8, 40, 41, at=AFTER)
        assert told(town, bills[8]) == by_same_day(4)
        edit(town, 8, 42, 43, at=AFTER + STEP)
        estimate(town, 8, 40, at=AFTER + 2 * STEP)
        assert told(town, bills[8]) == by_same_day(4)
        assert town.replay(bills[8].bill_id).same_bytes

    def test_a_bill_without_such_an_estimate_says_nothing_of_a_later_one(
        self, town: UsageTown, bills: dict[int, Bill]
    ) -> None:
        estimate(town, 4, 40, at=AFTER)
        assert told(town, bills[4]) == ""
