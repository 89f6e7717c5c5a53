"""Asking the book: by name, by kind, on a day; and what it says when it does not know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.loading import load_book
from meterledger.rulebook.schedule import Block, ChargeKind
from meterledger.rulebook.series import NoRuleInForce


@pytest.fixture
def sound(book_folder: Path) -> BookView:
    return load_book(book_folder).as_known(date(2026, 1, 5))


class TestAValue:
    def test_is_answered_with_its_clause_its_standing_and_its_days(self, sound: BookView) -> None:
        dated = sound.price("price").on(date(2024, 7, 1))

        assert dated.value == 123_400  # millionths of a dollar
        assert dated.standing is Standing.FILED
        assert dated.citation.text == "Sheet 1, rev. 2nd, A.1"
        assert dated.citation.instrument == "E.L.P. Schedule 1"
        assert dated.citation.order == "U-1"
        assert str(dated.days) == "2024-01-01 until 2025-01-01"

    @pytest.mark.parametrize(
        ("day", "known"),
        [
            (date(2023, 12, 31), False),
            (date(2024, 1, 1), True),
            (date(2024, 12, 31), True),
            (date(2025, 1, 1), False),
        ],
    )
    def test_holds_from_its_first_day_until_its_last(
        self, day: date, known: bool, sound: BookView
    ) -> None:
        series = sound.price("price")
        if known:
            assert series.on(day).value == 123_400
        else:
            with pytest.raises(NoRuleInForce):
                series.on(day)

    def test_is_exact_whatever_its_kind(self, sound: BookView) -> None:
        day = date(2024, 7, 1)
        assert sound.number("block_kwh").on(day).value == Fraction(750)
        assert sound.text("basis").on(day).value == "by days"
        assert sound.seasons("seasons").on(day).value.of(day) == "summer"
        assert sound.holidays("holidays").on(day).value == {date(2024, 7, 4), date(2024, 12, 25)}

    def test_may_be_negative_and_may_be_finest(self, with_price: Callable[..., Any]) -> None:
        book = with_price(("2024-01-01", "null", "-0.000001", "2026-01-01"))

        assert book.as_known(date(2026, 1, 1)).price("price").on(date(2024, 1, 1)).value == -1


class TestSilence:
    def test_says_what_is_known_where_to_add_and_what_not_to_do(self, sound: BookView) -> None:
        with pytest.raises(NoRuleInForce) as refused:
            sound.price("price").on(date(2025, 1, 1))

        assert str(refused.value) == (
            "No value of 'price' is in force on 2025-01-01. Known: 2024-01-01 until 2025-01-01. "
            "Find the sheet revision that covers 2025-01-01 and add it to sheet_001/price.yaml, "
            "or leave the bill in the review queue. Do not extend a neighboring value."
        )

    @pytest.mark.parametrize(
        ("months", "asked", "known"),
        [
            (4, date(2023, 12, 31), "2024-01-01 until 2024-01-15, 2024-02-01 until 2024-02-15, "
             "and 2 others. "),
            (4, date(2024, 2, 20), "2024-01-01 until 2024-01-15, 2024-02-01 until 2024-02-15, "
             "2024-03-01 until 2024-03-15, 2024-04-01 until 2024-04-15. "),
            (5, date(2024, 2, 20), "2024-01-01 until 2024-01-15, 2024-02-01 until 2024-02-15, "
             "2024-03-01 until 2024-03-15, 2024-04-01 until 2024-04-15, and 1 other. "),
            (12, date(2024, 6, 30), "2024-05-01 until 2024-05-15, 2024-06-01 until 2024-06-15, "
             "2024-07-01 until 2024-07-15, 2024-08-01 until 2024-08-15, and 8 others. "),
            (12, date(2024, 12, 15), "2024-11-01 until 2024-11-15, 2024-12-01 until 2024-12-15, "
             "and 10 others. "),
        ],
    )  # fmt: skip
    def test_in_a_long_series_names_the_nearest_entries_and_counts_the_others(
        self, months: int, asked: date, known: str, with_price: Callable[..., Any]
    ) -> None:
        halves = [
            (f"2024-{month:02}-01", f"2024-{month:02}-15", "0.10", "2026-01-01")
            for month in range(1, months + 1)
        ]
        series = with_price(*halves).as_known(date(2026, 1, 5)).price("price")

        with pytest.raises(NoRuleInForce) as refused:
            series.on(asked)

        assert f"in force on {asked}. Known: {known}Find the sheet" in str(refused.value)

    def test_of_a_schedule_is_refused_alike(self, sound: BookView) -> None:
        with pytest.raises(NoRuleInForce, match="'1X-times' is in force on 2025-01-01"):
            sound.schedule("1X-times", date(2025, 1, 1))

    def test_before_anything_was_learned_is_everywhere(self, book_folder: Path) -> None:
        view = load_book(book_folder).as_known(date(2026, 1, 4))

        for name in view.names():
            with pytest.raises(NoRuleInForce) as refused:
                view.series(name).on(date(2024, 7, 1))
            assert str(refused.value) == (
                "The book knew nothing on 2026-01-04. Its first entries were learned on "
                f"2026-01-05. Ask for '{name}' as known on 2026-01-05 or later."
            )

    def test_of_a_value_learned_after_others_says_when_it_was(
        self, with_price: Callable[..., Any]
    ) -> None:
        book = with_price(("2024-01-01", "null", "0.10", "2026-01-09"))

        with pytest.raises(NoRuleInForce) as refused:
            book.as_known(date(2026, 1, 8)).price("price").on(date(2024, 7, 1))

        assert "Known: nothing on 2026-01-08; its first entry was learned on 2026-01-09. " in str(
            refused.value
        )


class TestANameThatIsWrong:
    def test_is_answered_with_names_like_it(self, sound: BookView) -> None:
        with pytest.raises(NoSuchValue) as refused:
            sound.price("demand_prise")

        assert str(refused.value).startswith(
            "The book has no value called 'demand_prise'. Names like it: demand_price"
        )

    def test_of_a_book_without_any_is_answered_so(self, sound: BookView) -> None:
        """A small book may hold no clause at all: there is nothing like it."""
        with pytest.raises(NoSuchValue) as refused:
            sound.provision("billing.final.minimum_amount")

        assert str(refused.value) == (
            "The book has no provision 'billing.final.minimum_amount'. It has none: add it, or use "
            "a book that has it."
        )

    def test_of_a_schedule_is_answered_with_the_schedules(self, sound: BookView) -> None:
        for word in ("9X", "price"):
            with pytest.raises(NoSuchValue) as refused:
                sound.schedule(word, date(2024, 7, 1))
            assert str(refused.value) == f"There is no schedule '{word}'. Name one of 1X-times."

    def test_of_another_kind_is_refused_with_its_file(self, sound: BookView) -> None:
        with pytest.raises(NoSuchValue) as refused:
            sound.price("block_kwh")

        assert str(refused.value) == (
            "sheet_001/block_kwh.yaml: 'block_kwh' is a number, and a price is needed. "
            "Name a value of that kind."
        )


class TestASchedule:
    def test_keeps_its_charges_in_the_order_of_the_bill(self, sound: BookView) -> None:
        schedule = sound.schedule("1X-times", date(2024, 7, 1))

        assert [charge.code for charge in schedule.charges] == [
            "energy_summer_on",
            "energy_summer_off",
            "energy_winter_first",
            "energy_winter_over",
            "demand",
        ]
        assert schedule.charges[2].block is Block.FIRST
        assert schedule.charges[4].kind is ChargeKind.DEMAND
        assert (schedule.code, schedule.windows, schedule.block_limit, schedule.demand_window) == (
            "1X-times",
            "hours",
            "block_kwh",
            "demand_hours",
        )


class TestWindowsOfTheDay:
    @pytest.mark.parametrize(
        ("hours", "found"),
        [
            ('on_peak: ["15:00-19:00"], off_peak: otherwise', "0 off 900 on 1140 off"),
            ('off_peak: ["22:00-06:00"], on_peak: otherwise', "0 off 360 on 1320 off"),
            ('on_peak: ["00:00-24:00"]', "0 on"),
            ('on_peak: ["00:00-12:00"], off_peak: ["12:00-24:00"]', "0 on 720 off"),
            ('on_peak: ["23:59-00:00"], off_peak: otherwise', "0 off 1439 on"),
            (
                'on_peak: ["06:00-07:00", "07:00-08:00"], off_peak: otherwise',
                "0 off 360 on 480 off",
            ),
        ],
    )
    def test_tile_the_day_past_midnight_too(
        self, hours: str, found: str, book_folder: Path
    ) -> None:
        path = book_folder / "sheet_001" / "hours.yaml"
        text = path.read_text(encoding="utf-8").replace(
            'on_peak: ["15:00-19:00"], off_peak: otherwise', hours
        )
        path.write_text(text, encoding="utf-8")

        value = load_book(book_folder).as_known(date(2026, 1, 5)).time_of_use("hours")

        windows = value.on(date(2024, 7, 1)).value.working_day["summer"].windows
        words = [f"{one.from_minute} {one.period.removesuffix('_peak')}" for one in windows]
        assert " ".join(words) == found
        assert windows[0].from_minute == 0
        assert windows[-1].until_minute == 1440
        for before, after in pairwise(windows):
            assert before.until_minute == after.from_minute
