"""One season for a bill by the number of its period, and what decides where the method changes."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from tests.rooms.rating.written_book import MONTHS, WrittenBook

from meterledger.billing import periods_of
from meterledger.kernel.span import DaySpan
from meterledger.rating import Proration, RatePlan, plan_window
from meterledger.rating.plan import UnknownReading
from meterledger.rating.season_choice import PeriodNeeded
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import load_book
from meterledger.rulebook.series import NoRuleInForce

TWELVE = ["summer" if number in (6, 7, 8, 9) else "winter" for number in range(1, 13)]
BY_MONTH = dict(zip(MONTHS, TWELVE, strict=True))
SWITCH = date(2025, 6, 20)
"""A method that changes in the middle of a year, so that it decides cents."""


def book_of(folder: Path, *, read_as: str = "calendar_year_of_the_period") -> BookView:
    book = WrittenBook(folder)
    book.seasons_by_period(TWELVE, [(SWITCH, BY_MONTH)])
    book.value("season_method_switch", "text", read_as, unit="rule")
    charges = [
        {"code": "rider", "label": "Rider", "kind": "rider", "price": book.price("r", "0.01")}
    ]
    charges += [
        {
            "code": season,
            "label": season,
            "kind": "energy",
            "price": book.price(season, usd),
            "season": season,
        }
        for season, usd in (("summer", "0.20"), ("winter", "0.10"))
    ]
    book.schedule("X", charges)
    return load_book(folder).as_known(date.max)


@pytest.fixture
def view(tmp_path: Path) -> BookView:
    return book_of(tmp_path / "book")


def plan(view: BookView, begin: date, until: date, cycle: int | None) -> RatePlan:
    window = DaySpan(begin, until)
    return plan_window(
        view=view,
        schedule_code="X",
        window=window,
        proration=Proration(Fraction(1)),
        period_of=periods_of(view, cycle, window),
    )


def lines(found: RatePlan) -> list[tuple[str, date, date]]:
    return [
        (line.rule.code, line.days.from_day, line.days.until_day)
        for line in found.lines
        if line.rule.season
    ]


class TestAWindow:
    def test_under_the_old_method_is_of_one_season(self, view: BookView) -> None:
        begin, until = date(2025, 4, 20), date(2025, 5, 20)
        assert lines(plan(view, begin, until, 20)) == [("winter", begin, until)]

    def test_whose_period_belongs_to_the_new_method_goes_by_its_days(self, view: BookView) -> None:
        """Cycle 25: from 25 May to 25 June, named on 15 June, before the change."""
        begin, until = date(2025, 5, 25), date(2025, 6, 25)
        assert lines(plan(view, begin, until, 25)) == [("summer", begin, until)]

    def test_that_begins_before_the_change_and_is_named_after_it(self, view: BookView) -> None:
        """Cycle 16: from 16 June to 16 July, named on 15 July. All its days are summer by date."""
        begin, until = date(2025, 6, 16), date(2025, 7, 16)
        found = plan(view, begin, until, 16)
        assert lines(found) == [("summer", begin, until)]
        (line,) = [one for one in found.lines if one.rule.season]
        assert "billing.season_method_switch" in line.reading_keys
        assert found.seasons is not None
        said = [reason.finding for reason in found.seasons.reasons()]
        assert said[-1] == "the season of billing period 7 of 2025: each day by its date"

    def test_of_two_months_goes_by_the_period_in_which_it_ends(self, view: BookView) -> None:
        begin, until = date(2025, 4, 10), date(2025, 6, 10)
        assert lines(plan(view, begin, until, 10)) == [("winter", begin, until)]
        assert lines(plan(view, begin, until, 20)) == [("summer", begin, until)]

    def test_long_across_the_change_has_days_of_the_old_method_by_their_date(
        self, view: BookView
    ) -> None:
        """It ends in a period of the new method: its days of May are winter by their date."""
        begin, until = date(2025, 5, 20), date(2025, 7, 20)
        assert lines(plan(view, begin, until, 20)) == [
            ("summer", date(2025, 6, 1), until),
            ("winter", begin, date(2025, 6, 1)),
        ]

    def test_after_the_change_asks_for_no_cycle(self, view: BookView) -> None:
        begin, until = date(2025, 9, 20), date(2025, 10, 12)
        assert {code for code, _, _ in lines(plan(view, begin, until, None))} == {
            "summer",
            "winter",
        }

    @pytest.mark.parametrize(("days", "needs"), [(0, True), (26, True), (60, False)])
    def test_near_the_change_needs_a_cycle_while_its_period_may_be_of_the_old_method(
        self, view: BookView, days: int, needs: bool
    ) -> None:
        begin = SWITCH + timedelta(days=days)
        window = DaySpan(begin, begin + timedelta(days=10))

        def planned() -> RatePlan:
            return plan_window(
                view=view, schedule_code="X", window=window, proration=Proration(Fraction(1))
            )

        if needs:
            with pytest.raises(PeriodNeeded, match="Give the reading cycle"):
                planned()
        else:
            assert lines(planned())


class TestRefusals:
    def test_a_reading_that_is_not_carried_out_is_refused(self, tmp_path: Path) -> None:
        view = book_of(tmp_path / "book", read_as="service_date_from_2021")
        with pytest.raises(UnknownReading, match="reads 'season_method_switch' as"):
            plan(view, date(2025, 6, 16), date(2025, 7, 16), 16)
        assert lines(plan(view, date(2025, 4, 20), date(2025, 5, 20), 20))

    def test_a_book_that_does_not_number_periods_is_silent(self, tmp_path: Path) -> None:
        view = book_of(tmp_path / "book")
        book = WrittenBook(tmp_path / "other")
        book.seasons_by_period(TWELVE, [])
        late = [(date(2025, 3, 1), "by_the_fifteenth")]
        book.value("billing_period_number_rule", "text", revisions=late, unit="rule")
        book.schedule(
            "X",
            [{"code": "e", "label": "e", "kind": "energy", "price": book.price("p", "0.1")}],
        )
        silent = load_book(book.folder).as_known(date.max)
        assert lines(plan(view, date(2025, 1, 20), date(2025, 2, 20), 20))
        with pytest.raises(NoRuleInForce, match="billing_period_number_rule"):
            plan(silent, date(2025, 1, 20), date(2025, 2, 20), 20)
