"""What a reprint of a cancelled bill says: which bill has its days now, or that none has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from tests.journeys.test_end_billed_service import (
    AUGUST,
    JULY,
    OCTOBER,
    SEPTEMBER,
    billed,
    end,
)
from tests.journeys.town import VIEWER, Town, even

from meterledger.facts.statements import StatedMark
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.cancelled_bills import cancelled_words, place_taken_by
from meterledger.usecases.make_statement import Beside, make_statement
from meterledger.usecases.ports import StoredBill


@pytest.fixture
def town(first_book: TariffBook) -> Iterator[Town]:
    made = Town(book=first_book)
    with made.store.viewing(VIEWER, ["everything"]):
        made.start(1, cycle=9, from_day=JULY, tax_place="university_city")
        made.read("M1", (JULY, date(2025, 12, 1)), even(100))
        yield made


def every_bill(town: Town) -> list[StoredBill]:
    return town.store.issued_bills_of_account(town.account_id(1))


def marks(town: Town, bill_id: str) -> tuple[StatedMark, ...]:
    """The marks of a bill that is printed again."""
    stored = town.store.bill(bill_id)
    made = make_statement(
        stored,
        service=town.store.service_of_agreement(stored.agreement_id, stored.known_at),
        history=every_bill(town),
        entries=(),
        view=town.book.as_known(stored.known_at.date()),
        beside=Beside(),
    )
    return made.marks


class TestServiceThatEndedBeforeBills:
    def test_one_with_the_end_names_the_final_bill_and_its_days(self, town: Town) -> None:
        first, *_ = billed(town, AUGUST, SEPTEMBER, OCTOBER)
        final = end(town, date(2025, 8, 2)).corrected
        assert final is not None
        assert marks(town, first.bill_id) == (
            StatedMark(
                "cancelled",
                f"This bill is cancelled. The bill {final.bill.bill_id} takes its place, for "
                "July 9, 2025 to August 1, 2025.",
                final.bill.bill_id,
            ),
        )

    def test_of_one_day_names_that_day(self, town: Town) -> None:
        first, *_ = billed(town, AUGUST)
        end(town, date(2025, 7, 10))
        assert marks(town, first.bill_id)[0].sentence.endswith(", for July 9, 2025.")

    def test_of_the_same_days_names_the_bill_alone(self, town: Town) -> None:
        first, *_ = billed(town, AUGUST, SEPTEMBER)
        final = end(town, AUGUST).corrected
        assert final is not None
        said = f"This bill is cancelled. The bill {final.bill.bill_id} takes its place."
        assert [one.sentence for one in marks(town, first.bill_id)] == [said]

    @pytest.mark.parametrize("on", [date(2025, 8, 2), AUGUST])
    def test_those_after_the_end_say_that_no_bill_takes_their_place(
        self, town: Town, on: date
    ) -> None:
        _, *past = billed(town, AUGUST, SEPTEMBER, OCTOBER)
        final = end(town, on).corrected
        assert final is not None
        name = final.bill.bill_id
        for one in past:
            (mark,) = marks(town, one.bill_id)
            assert mark.sentence == (
                "This bill is cancelled, and nothing of it is owed: its days are after the end of "
                f"service. No bill takes its place; the final one is bill {name}."
            )
            assert mark.other_bill == name
            assert place_taken_by(town.store.bill(one.bill_id), every_bill(town)) == ""


def corrected_twice(town: Town) -> tuple[StoredBill, StoredBill, StoredBill]:
    """A bill, one in its place, and one in the place of that."""
    billed(town, AUGUST)
    (first,) = every_bill(town)
    return (
        replace(first, cancelled_by="second"),
        replace(first, bill_id="second", cancelled_by="third"),
        replace(first, bill_id="third"),
    )


class TestABillThatWasCorrectedMoreThanOnce:
    def test_names_the_bill_that_stands(self, town: Town) -> None:
        first, second, third = history = corrected_twice(town)
        said = ("This bill is cancelled. The bill third takes its place.", "third")
        assert cancelled_words(first, history) == said
        assert cancelled_words(second, history) == said
        assert place_taken_by(first, history) == third.bill_id

    def test_names_none_where_the_last_has_none_of_its_days(self, town: Town) -> None:
        first, second, third = corrected_twice(town)
        before = replace(third, days=DaySpan(date(2025, 6, 9), first.days.from_day))
        words, named = cancelled_words(first, [first, second, before])
        assert ("No bill takes its place; the final one is bill third" in words, named) == (
            *(True, "third"),
        )
        one_day = replace(third, days=DaySpan(date(2025, 6, 9), date(2025, 7, 10)))
        words, named = cancelled_words(first, [first, second, one_day])
        assert ("takes its place, for June 9, 2025 to July 9, 2025." in words, named) == (
            *(True, "third"),
        )

    def test_names_what_cancelled_it_where_the_others_are_not_known(self, town: Town) -> None:
        first, *_ = corrected_twice(town)
        assert cancelled_words(first, [first])[1] == "second"
        assert place_taken_by(first, [first]) == "second"
