"""Service periods: they tile for years, and no unfinished one is ever due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterledger.billing import due_windows, reading_cycle_count, reading_day
from meterledger.billing.window import NoReadingDay, UnknownReadingRule
from meterledger.facts.bills import BillKind
from meterledger.facts.places import Agreement
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan, Validity, tiles
from meterledger.rulebook.series import NoRuleInForce

STARTS = st.dates(date(2025, 6, 1), date(2026, 12, 31))


def agreement(from_day: date, until_day: date | None = None) -> Agreement:
    return Agreement(
        "A1", "1234567897", "SP1", "1M-anytime", Validity(from_day, until_day),
        datetime(2025, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def spans(windows: list[Any]) -> list[tuple[str, str, str]]:
    return [
        (window.days.from_day.isoformat(), window.days.until_day.isoformat(), window.kind.value)
        for window in windows
    ]


class TestDueWindows:
    """Cycle 15, service from 20 June 2025 unless said otherwise."""

    @pytest.mark.parametrize(
        ("on", "due"),
        [
            (date(2025, 6, 20), []),
            (date(2025, 7, 14), []),  # the last day of service is not over
            (date(2025, 7, 15), [("2025-06-20", "2025-07-15", "initial")]),
            (date(2025, 8, 14), [("2025-06-20", "2025-07-15", "initial")]),
            (
                date(2025, 8, 15),
                [
                    ("2025-06-20", "2025-07-15", "initial"),
                    ("2025-07-15", "2025-08-15", "regular"),
                ],
            ),
        ],
    )
    def test_are_due_when_their_last_day_is_over(
        self, on: date, due: list[Any], billing_book: Callable[[], Any]
    ) -> None:
        found = due_windows(
            agreement=agreement(date(2025, 6, 20)),
            cycle=15,
            billed_until=None,
            on=on,
            view=billing_book(),
        )

        assert spans(found) == due

    def test_begin_where_the_last_bill_ended(self, billing_book: Callable[[], Any]) -> None:
        found = due_windows(
            agreement=agreement(date(2025, 6, 20)),
            cycle=15,
            billed_until=date(2025, 8, 15),
            on=date(2025, 9, 15),
            view=billing_book(),
        )

        assert spans(found) == [("2025-08-15", "2025-09-15", "regular")]

    @pytest.mark.parametrize(
        ("until", "due"),
        [
            (date(2025, 7, 15), [("2025-06-20", "2025-07-15", "final")]),
            (
                date(2025, 7, 16),
                [("2025-06-20", "2025-07-15", "initial"), ("2025-07-15", "2025-07-16", "final")],
            ),
            (date(2025, 6, 21), [("2025-06-20", "2025-06-21", "final")]),  # one day of service
        ],
    )
    def test_end_with_the_agreement_and_the_last_is_final(
        self, until: date, due: list[Any], billing_book: Callable[[], Any]
    ) -> None:
        found = due_windows(
            agreement=agreement(date(2025, 6, 20), until),
            cycle=15,
            billed_until=None,
            on=date(2026, 1, 1),
            view=billing_book(),
        )

        assert spans(found) == due

    def test_a_final_window_is_due_on_the_day_service_is_over(
        self, billing_book: Callable[[], Any]
    ) -> None:
        ended = agreement(date(2025, 6, 20), date(2025, 7, 3))

        def due(on: date) -> list[Any]:
            return due_windows(
                agreement=ended, cycle=15, billed_until=None, on=on, view=billing_book()
            )

        assert due(date(2025, 7, 2)) == []
        assert spans(due(date(2025, 7, 3))) == [("2025-06-20", "2025-07-03", "final")]

    def test_nothing_is_due_once_all_is_billed(self, billing_book: Callable[[], Any]) -> None:
        ended = agreement(date(2025, 6, 20), date(2025, 7, 3))

        assert not due_windows(
            agreement=ended,
            cycle=15,
            billed_until=date(2025, 7, 3),
            on=date(2030, 1, 1),
            view=billing_book(),
        )

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        start=STARTS,
        cycle=st.integers(1, 21),
        days=st.integers(0, 1500),
        length=st.none() | st.integers(1, 1000),
    )
    def test_tile_for_years_whatever_the_start_and_cycle(
        self,
        start: date,
        cycle: int,
        days: int,
        length: int | None,
        billing_book: Callable[[], Any],
    ) -> None:
        on = start + timedelta(days=days)
        until = None if length is None else start + timedelta(days=length)

        found = due_windows(
            agreement=agreement(start, until),
            cycle=cycle,
            billed_until=None,
            on=on,
            view=billing_book(),
        )

        periods = [window.days for window in found]
        assert tiles(periods)
        for window in found:
            assert window.days.until_day <= on, "an unfinished window is never due"
            assert window.days.until_day.day == cycle or window.days.until_day == until
            assert (window.kind is BillKind.FINAL) is (window.days.until_day == until)
            if window.kind is BillKind.REGULAR:
                assert 28 <= window.days.day_count <= 31, "inside the regular band"
        if periods:
            assert periods[0].from_day == start
            waiting = (
                DaySpan(periods[-1].until_day, on).day_count if periods[-1].until_day < on else 0
            )
            assert waiting <= 30 or periods[-1].until_day == until, "nothing due is left out"

    @settings(
        max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(start=STARTS, cycle=st.integers(1, 21), days=st.integers(0, 400))
    def test_billed_day_by_day_are_those_billed_at_once(
        self, start: date, cycle: int, days: int, billing_book: Callable[[], Any]
    ) -> None:
        """A close run every night finds the same windows as one that comes a year late."""
        view, held = billing_book(), agreement(start)
        nightly: list[Any] = []
        billed_until = None
        for number in range(0, days + 1, 7):
            due = due_windows(
                agreement=held,
                cycle=cycle,
                billed_until=billed_until,
                on=start + timedelta(days=number),
                view=view,
            )
            nightly += due
            billed_until = nightly[-1].days.until_day if nightly else None
        last = start + timedelta(days=days - days % 7)

        assert nightly == due_windows(
            agreement=held, cycle=cycle, billed_until=None, on=last, view=view
        )


class TestTheReadingDay:
    def test_is_the_cycles_day_of_the_month(self, billing_book: Callable[[], Any]) -> None:
        assert reading_day(cycle=21, year=2026, month=2, view=billing_book()) == date(2026, 2, 21)

    @pytest.mark.parametrize("cycle", [0, -1])
    def test_is_of_a_cycle_counted_from_one(
        self, cycle: int, billing_book: Callable[[], Any]
    ) -> None:
        with pytest.raises(InvariantBroken, match=f"cycle {cycle} is counted from 1"):
            reading_day(cycle=cycle, year=2026, month=2, view=billing_book())

    def test_is_one_that_every_month_has(self, billing_book: Callable[[], Any]) -> None:
        book = billing_book()
        assert reading_day(cycle=28, year=2026, month=2, view=book) == date(2026, 2, 28)

        with pytest.raises(NoReadingDay) as refused:
            reading_day(cycle=29, year=2026, month=3, view=book)

        assert str(refused.value) == (
            "Cycle 29 would be read on day 29, which not every month has. Move the account to a "
            "cycle up to 28, or state another rule for reading days."
        )

    def test_needs_no_word_on_how_many_cycles_there_are(
        self, billing_book: Callable[[], Any]
    ) -> None:
        """A bill of before the book said so is still made, and made again."""
        book = billing_book()
        assert "reading_cycle_count" not in book.all

        assert due_windows(
            agreement=agreement(date(2025, 6, 20)),
            cycle=22,
            billed_until=None,
            on=date(2025, 6, 22),
            view=book,
        )


class TestTheReadingCycles:
    def test_are_as_many_as_the_book_says_on_the_day(self, billing_book: Callable[[], Any]) -> None:
        book = billing_book()
        book.put("reading_cycle_count", Fraction(21))

        assert reading_cycle_count(on=date(2026, 2, 1), view=book) == 21

    def test_by_an_unknown_rule_is_refused(self, billing_book: Callable[[], Any]) -> None:
        book = billing_book()
        del book.all["cycle_read_day_rule"]
        book.put("cycle_read_day_rule", "business_day_list")

        with pytest.raises(UnknownReadingRule) as refused:
            reading_day(cycle=1, year=2026, month=2, view=book)

        assert str(refused.value) == (
            "The reading calendar follows a rule called 'business_day_list'. "
            "Use a release that knows it, or state the rule as day_of_month."
        )

    def test_on_which_the_book_is_silent_is_refused(self, billing_book: Callable[[], Any]) -> None:
        book = billing_book()
        del book.all["cycle_read_day_rule"]
        book.put("cycle_read_day_rule", "day_of_month", from_day=date(2026, 3, 1))

        with pytest.raises(NoRuleInForce, match="'cycle_read_day_rule' is in force on 2026-02-01"):
            reading_day(cycle=1, year=2026, month=2, view=book)
