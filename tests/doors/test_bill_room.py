"""A bill on paper has room for all it says: nothing is printed over something else, or left out."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from tests.doors.statements import statement_of_town
from tests.doors.test_bill_pdf import elements

from meterledger.entrypoints.documents.composing import compose, page_count
from meterledger.entrypoints.documents.content import content_of
from meterledger.entrypoints.web.bill_words import bill_words
from meterledger.entrypoints.web.statement_words import balance_rows, short_balance_rows
from meterledger.facts.statements import (
    Change,
    StatedBalance,
    StatedEstimate,
    StatedMark,
    Statement,
)
from meterledger.kernel.money import usd_display
from meterledger.kernel.span import DaySpan, Validity

BILL = "B-3100001852-SP-CA-2-20250801-20260311-20260411"
LATE = f"Late payment charge on $86.83 of bill {BILL}, unpaid after May 2, 2026"
HEIGHT_OF_LINE = 5.0
"""Points: two lines of one column are never nearer, in the smallest type there is."""


@pytest.fixture(scope="module")
def statement() -> Statement:
    return statement_of_town()


def with_changes(statement: Statement, count: int) -> Statement:
    """As many late charges, after $53.92 that was asked on the bill before."""
    first = statement.days.from_day
    changes = tuple(
        Change(first + timedelta(days=number), "other", LATE, 1_30) for number in range(count)
    )
    balance = StatedBalance(53_92, changes, 0, 53_92 + count * 1_30)
    return replace(statement, balance=balance)


def marked(statement: Statement, count: int, methods: int = 0) -> Statement:
    """With marks and an estimate's methods, each of some lines."""
    words = "We sent this bill late, and you may pay it over two months or more. " * 2
    said = tuple(f"intervals of day {number} by the mean of like days " * 3 for number in range(9))
    estimate = StatedEstimate(40, 0, 9_000, "1.5", said[:methods], statement.lines[0].citations)
    usage = replace(statement.usage, estimate=estimate if methods else None)
    return replace(statement, usage=usage, marks=(StatedMark("late", words),) * count)


def named(statement: Statement, count: int, name: str) -> Statement:
    return replace(statement, holders=(name,) * count)


def texts(pdf: bytes) -> list[list[tuple[float, float, str]]]:
    """Every piece of text of each page: from the left, from below, what it says."""
    pages = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        found: list[tuple[float, float, str]] = []

        def look(
            text: str, at: list[float], own: list[float], *_: object, into: Any = found
        ) -> None:
            if text.strip():
                left = own[4] * at[0] + own[5] * at[2] + at[4]
                into.append((left, own[4] * at[1] + own[5] * at[3] + at[5], text.strip()))

        page.extract_text(visitor_text=look)
        pages.append(found)
    return pages


def height(page: list[tuple[float, float, str]], words: str) -> float:
    return next(y for _, y, text in page if words in text)


def lowest_above_the_slip(page: list[tuple[float, float, str]]) -> float:
    """How far the last line before the line to tear along stands above its words."""
    tear = height(page, "Tear along")
    return min(y for _, y, text in page if y > tear and "Tear along" not in text) - tear


CASES = {
    "as most": lambda one: one,
    "three late charges": lambda one: with_changes(one, 3),
    "five": lambda one: with_changes(one, 5),
    "twelve": lambda one: with_changes(one, 12),
    "a correction sent late": lambda one: marked(with_changes(one, 2), 2, methods=1),
    "estimated in many ways": lambda one: marked(with_changes(one, 4), 2, methods=4),
    "many holders": lambda one: named(with_changes(one, 4), 6, "Maximiliana Constantinopoulos"),
    "long names": lambda one: named(one, 3, "Wolfeschlegelsteinhausenbergerdorff " * 4),
}


class TestTheFront:
    @pytest.mark.parametrize("case", CASES.values(), ids=CASES)
    def test_ends_above_the_slip_and_begins_below_the_address(
        self, case: Any, statement: Statement
    ) -> None:
        made = case(statement)
        front, *_ = texts(compose(content_of(made)))
        assert lowest_above_the_slip(front) > 10
        address = min(y for _, y, text in front if made.city in text and y > 500)
        assert address > height(front, "What happened") + 8

    @pytest.mark.parametrize("case", CASES.values(), ids=CASES)
    def test_leaves_nothing_out(self, case: Any, statement: Statement) -> None:
        made = case(statement)
        words = bill_words(made)
        said = " ".join(text for page in texts(compose(content_of(made))) for _, _, text in page)
        joined = "".join(said.split())
        for row in words.balance:
            assert "".join(row.words.split()) in joined.replace("\u200b", "")
            assert row.amount in said
        assert "".join(words.comparison.sentence.split()) in joined
        assert words.chart.title in said
        for mark in words.marks:
            assert "".join(mark.split()) in joined
        for holder in made.holders:
            assert "".join(holder.split()) in joined.replace("\u200b", "")

    def test_of_many_changes_tells_one_sum_and_the_next_page_each(
        self, statement: Statement
    ) -> None:
        front, back, *_ = texts(compose(content_of(with_changes(statement, 12))))
        told = " ".join(text for _, _, text in front)
        assert "12 payments and other changes, told on page 2" in told
        assert "$15.60" in told
        assert sum("$1.30" in text for _, _, text in back) == 12
        assert not any("$1.30" in text for _, _, text in front)

    def test_that_cannot_hold_the_least_flows_on_and_the_slip_is_last(
        self, statement: Statement
    ) -> None:
        made = named(marked(with_changes(statement, 12), 9, methods=9), 8, "W" * 200)
        pages = texts(compose(content_of(made)))
        assert len(pages) >= 3
        slips = [number for number, page in enumerate(pages) if any("Tear" in t for *_, t in page)]
        assert slips == [len(pages) - 1]
        assert sum(text == "$1.30" for page in pages for _, _, text in page) >= 12

    def test_has_no_line_beyond_its_edges(self, statement: Statement) -> None:
        """A word that no line holds is cut."""
        front, *_ = texts(compose(content_of(named(statement, 1, "W" * 200))))
        longest = max(len(text) for _, _, text in front if set(text) <= {"W", "\u200b"})
        assert longest < 60

    def test_of_an_ordinary_bill_is_one_sheet(self, statement: Statement) -> None:
        assert page_count(compose(content_of(statement))) == 2


class TestShortRows:
    @pytest.mark.parametrize("count", [2, 3, 12])
    def test_sum_to_what_the_long_ones_sum_to(self, count: int, statement: Statement) -> None:
        made = with_changes(statement, count)
        short, long = short_balance_rows(made), balance_rows(made)
        assert len(short) == len(long) - count + 1
        assert short[1].amount == usd_display(count * 1_30)
        assert (short[0], *short[2:]) == (long[0], *long[1 + count :])

    @pytest.mark.parametrize("count", [0, 1])
    def test_are_none_where_they_would_be_no_shorter(
        self, count: int, statement: Statement
    ) -> None:
        assert short_balance_rows(with_changes(statement, count)) == ()

    def test_of_a_first_bill_begin_with_the_changes(self, statement: Statement) -> None:
        made = with_changes(statement, 2)
        balance = StatedBalance(None, made.balance.changes, 0, 2_60)
        assert short_balance_rows(replace(made, balance=balance))[0].amount == "$2.60"


class TestTheChart:
    def test_of_two_days_names_the_last_one_at_its_right(self, statement: Statement) -> None:
        first = statement.days.from_day
        days = DaySpan(first, first + timedelta(days=2))
        usage = replace(statement.usage, record=statement.usage.record | {"daily_wh": [1, 2]})
        told = json.loads(content_of(replace(statement, days=days, usage=usage)))["chart"]
        assert told["labels"] == ["Sep 2", "", "Sep 3"]

    def test_of_many_days_names_the_middle_one_too(self, statement: Statement) -> None:
        told = json.loads(content_of(statement))["chart"]
        assert told["labels"] == ["Sep 2", "Sep 17", "Oct 1"]


class TestWhatABillIs:
    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            ("initial", "30 days, first bill of this service"),
            ("final", "30 days, final bill of this service"),
            ("corrected", "30 days, corrected bill"),
        ],
    )
    def test_is_said_on_its_front(self, kind: str, said: str, statement: Statement) -> None:
        front, *_ = texts(compose(content_of(replace(statement, kind=kind))))
        assert said in " ".join(text for _, _, text in front)

    def test_is_not_said_of_one_of_many(self, statement: Statement) -> None:
        assert statement.kind == "regular"
        assert bill_words(statement).kind == ""


class TestTheSlip:
    def test_of_nothing_due_names_no_credit(self, statement: Statement) -> None:
        nothing = replace(statement, balance=StatedBalance(None, (), -121_43, -121_43))
        front, *_ = texts(compose(content_of(nothing)))
        said = " ".join(text for _, _, text in front)
        assert "Your credit" not in said
        assert "Amount due $0.00" in said

    def test_is_not_there_where_another_bill_of_the_day_asks_for_all(
        self, statement: Statement
    ) -> None:
        front, *_ = texts(compose(content_of(replace(statement, asked_on=BILL))))
        said = " ".join(text for _, _, text in front)
        assert f"There is no slip to return with this bill: bill {BILL} of the same day" in said
        assert "Tear along" not in said


class TestACancelledBill:
    def test_asks_for_nothing_on_paper(self, statement: Statement) -> None:
        words = "This bill is cancelled. The bill B-2 takes its place."
        made = replace(statement, marks=(StatedMark("cancelled", words, "B-2"),))
        front, *_ = texts(compose(content_of(made)))
        said = " ".join(text for _, _, text in front)
        assert "Cancelled: nothing to pay $0.00" in said
        assert f"Amount due before it was cancelled {usd_display(made.asked_cents)}" in said
        assert "it is cancelled." in said
        for gone in ("Please pay", "Tear along", "Delinquent"):
            assert gone not in said

    def test_another_is_not(self, statement: Statement) -> None:
        assert not statement.is_cancelled
        assert "no_slip" not in json.loads(content_of(statement))


class TestAutopay:
    DRAWN = (Validity(date(2025, 1, 1), date(2025, 10, 24)),)
    ENDED = (Validity(date(2025, 1, 1), date(2025, 10, 23)),)

    def test_is_told_with_the_day_on_paper_and_page(self, statement: Statement) -> None:
        drawn = replace(statement, autopay=self.DRAWN)
        front, *_ = texts(compose(content_of(drawn)))
        said = " ".join(" ".join(text for _, _, text in front).split())
        words = "There is nothing to send: what is due is drawn from your bank account on October"
        assert f"Autopay. {words} 23, 2025." in said
        assert bill_words(drawn).autopay.startswith(words)

    def test_is_not_told_where_it_has_ended_by_the_due_day(self, statement: Statement) -> None:
        assert statement.due_day == date(2025, 10, 23)
        assert bill_words(replace(statement, autopay=self.ENDED)).autopay == ""

    def test_is_not_told_where_nothing_is_to_be_paid(self, statement: Statement) -> None:
        nothing = replace(
            statement, autopay=self.DRAWN, balance=StatedBalance(None, (), -121_43, -121_43)
        )
        assert bill_words(nothing).autopay == ""
        elsewhere = replace(statement, autopay=self.DRAWN, asked_on=BILL)
        assert bill_words(elsewhere).autopay == ""


class TestWords:
    @pytest.mark.parametrize(
        ("quantity", "unit", "said"),
        [
            ("31", "day", "31 days"),
            ("1", "day", "1 day"),
            ("1", "month", "1 month"),
            ("7/30", "month", "7/30 months"),
            ("12", "unit-month", "12 unit-months"),
            ("2", "block", "2 blocks"),
            ("1.5", "kW", "1.5 kW"),
            ("700.29", "USD", "$700.29"),
        ],
    )
    def test_count_one_and_many(
        self, quantity: str, unit: str, said: str, statement: Statement
    ) -> None:
        line = replace(statement.lines[0], quantity=quantity, unit=unit)
        made = replace(statement, lines=(line, *statement.lines[1:]))
        assert bill_words(made).groups[0].lines[0].quantity == said

    def test_of_a_service_without_a_meter_say_so(self, statement: Statement) -> None:
        load = {
            "count": 12,
            "device": "lighting",
            "volt_amperes": 150,
            "hours": [["18:00", "24:00"]],
            "from": "2026-03-01",
            "to": "2026-04-01",
        }
        usage = replace(statement.usage, record=statement.usage.record | {"loads": [load]})
        words = bill_words(replace(statement, usage=usage, meter_ids=()))
        assert words.meters == "none: its energy is calculated"
        assert "by the local clock, March 1 to March 31, 2026." in words.interval_sentence

    def test_of_a_single_interval_are_of_one(self, statement: Statement) -> None:
        record = statement.usage.record | {"interval_count": 1}
        words = bill_words(replace(statement, usage=replace(statement.usage, record=record)))
        assert "adds up one such measurement, from" in words.interval_sentence


def test_names_with_their_values_are_no_tables(statement: Statement) -> None:
    """Who listens is told of columns where there are columns only, and each of them has a name."""
    root: Any = PdfReader(io.BytesIO(compose(content_of(statement)))).trailer["/Root"]
    tables = [one for one in elements(root["/StructTreeRoot"]) if one.get("/S") == "/Table"]
    assert len(tables) == 3
    assert all(any(part.get("/S") == "/TH" for part in elements(one)) for one in tables)
