"""Off-length periods count by days over thirty; a bill is due twenty-one days after rendition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from meterledger.billing import decide_due_day, prorate
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.rulebook.series import NoRuleInForce


def window(days: int) -> DaySpan:
    return DaySpan(date(2025, 7, 1), date(2025, 7, 1) + timedelta(days=days))


class TestProration:
    @pytest.mark.parametrize(
        ("days", "months"),
        [
            (1, Fraction(1, 30)),
            (8, Fraction(8, 30)),  # an outside case: eight days of thirty
            (22, Fraction(22, 30)),  # and twenty-two
            (25, Fraction(25, 30)),  # one day short of the band
            (26, Fraction(1)),
            (30, Fraction(1)),
            (35, Fraction(1)),
            (36, Fraction(36, 30)),  # one day beyond it
            (45, Fraction(45, 30)),
        ],
    )
    def test_counts_a_regular_period_as_a_month(
        self, days: int, months: Fraction, billing_book: Callable[[], Any]
    ) -> None:
        decision, _ = prorate(window(days), billing_book())

        assert decision.outcome == months

    def test_says_why_a_period_is_regular(self, billing_book: Callable[[], Any]) -> None:
        decision, standing = prorate(window(31), billing_book())

        assert {reason.finding for reason in decision.reasons} == {
            "31 days are within 26 to 35: a regular period, no proration"
        }
        assert {reason.citation.sheet for reason in decision.reasons} == {
            "Sheet of regular_period_days_min",
            "Sheet of regular_period_days_max",
        }
        assert decision.reading_keys == ()
        assert standing is Standing.FILED

    def test_says_why_a_period_is_prorated_and_by_which_reading(
        self, billing_book: Callable[[], Any]
    ) -> None:
        decision, standing = prorate(window(36), billing_book())

        assert decision.reasons[0].finding == (
            "36 days are outside 26 to 35: every component is prorated by 36/30"
        )
        assert decision.reasons[0].citation.sheet == "Sheet of normal_period_days"
        assert decision.reading_keys == ("gaps.carry_forward",)
        assert standing is Standing.CARRIED_FORWARD

    def test_follows_the_band_of_the_last_day(self, billing_book: Callable[[], Any]) -> None:
        book = billing_book()
        del book.all["regular_period_days_max"]
        book.put("regular_period_days_max", Fraction(35), until_day=date(2025, 8, 5))
        book.put("regular_period_days_max", Fraction(40), from_day=date(2025, 8, 5))

        assert prorate(window(35), book)[0].outcome == 1  # ends on 4 August
        assert prorate(window(36), book)[0].outcome == 1  # ends on 5 August: the wider band
        assert prorate(window(41), book)[0].outcome == Fraction(41, 30)

    def test_is_refused_where_the_book_is_silent(self, billing_book: Callable[[], Any]) -> None:
        book = billing_book()
        del book.all["regular_period_days_min"]
        book.put("regular_period_days_min", Fraction(26), until_day=date(2025, 7, 31))

        with pytest.raises(
            NoRuleInForce, match="'regular_period_days_min' is in force on 2025-07-31"
        ):
            prorate(window(31), book)


class TestTheDueDay:
    @pytest.mark.parametrize(
        ("issued", "due"),
        [
            (date(2025, 8, 1), date(2025, 8, 22)),
            (date(2025, 12, 15), date(2026, 1, 5)),
            (date(2024, 2, 9), date(2024, 3, 1)),  # through a leap day
        ],
    )
    def test_is_twenty_one_days_after_rendition(
        self, issued: date, due: date, billing_book: Callable[[], Any]
    ) -> None:
        decision = decide_due_day(issued_day=issued, view=billing_book())

        assert decision.outcome == due
        assert decision.reasons[0].finding == f"due 21 days after rendition on {issued}"
        assert decision.reasons[0].citation.sheet == "Sheet of due_days_after_rendition"

    def test_changes_with_the_book(self, billing_book: Callable[[], Any]) -> None:
        book = billing_book()
        del book.all["due_days_after_rendition"]
        book.put("due_days_after_rendition", Fraction(21), until_day=date(2026, 1, 1))
        book.put("due_days_after_rendition", Fraction(14), from_day=date(2026, 1, 1))

        assert decide_due_day(issued_day=date(2025, 12, 31), view=book).outcome == date(2026, 1, 21)
        assert decide_due_day(issued_day=date(2026, 1, 1), view=book).outcome == date(2026, 1, 15)
