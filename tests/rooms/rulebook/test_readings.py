"""Readings: the option chosen as known on a day, options that are supposed, and the book's hash."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from meterledger.rulebook.book import NoSuchValue
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.rulebook.readings import Changes, NoSuchReading

SOUND = Path(__file__).parents[2] / "data" / "book_with_pages"
BOOK = load_book(SOUND)
VIEW = BOOK.as_known(date.max)


class TestTheChosenOption:
    @pytest.mark.parametrize(
        ("known_on", "option"),
        [
            ("2020-01-01", "manual_review"),
            ("2021-01-31", "manual_review"),
            ("2021-02-01", "carry_forward"),
            ("2030-01-01", "carry_forward"),
        ],
    )
    def test_is_the_last_one_known_on_the_day(self, known_on: str, option: str) -> None:
        view = BOOK.as_known(date.fromisoformat(known_on))

        assert view.reading_option("visit.after_2021") == option

    def test_before_the_first_choice_is_none(self) -> None:
        with pytest.raises(NoSuchReading) as refused:
            BOOK.as_known(date(2019, 12, 31)).reading_option("visit.after_2021")

        assert str(refused.value) == (
            "readings/c_visit_gap.yaml: No reading of 'visit.after_2021' was chosen by 2019-12-31. "
            "C-VISIT-GAP: The fee after the last text. Ask for a later day, or leave the case in "
            "the review queue."
        )

    def test_that_is_a_day_is_written_as_one(self) -> None:
        assert list(VIEW.reading("visit.cap_start").options) == ["2020-01-01", "2019-06-01"]
        assert VIEW.reading_option("visit.cap_start") == "2020-01-01"


class TestSupposingAnotherOption:
    def test_leaves_every_other_reading_and_the_book_itself_alone(self) -> None:
        supposed = VIEW.with_readings({"visit.door": "back"})

        assert supposed.reading_option("visit.door") == "back"
        assert supposed.reading_option("visit.after_2021") == "carry_forward"
        assert VIEW.reading_option("visit.door") == "front"

    def test_adds_to_what_was_supposed_before(self) -> None:
        both = VIEW.with_readings({"visit.door": "back"}).with_readings({"visit.name": "old_name"})

        assert both.reading_option("visit.door") == "back"
        assert both.reading_option("visit.name") == "old_name"

    def test_that_the_reading_does_not_have_is_refused(self) -> None:
        with pytest.raises(NoSuchReading) as refused:
            VIEW.with_readings({"visit.door": "side"})

        assert str(refused.value) == (
            "readings/c_visit_door.yaml: The reading 'visit.door' has no option 'side'. "
            "Use one of front, back."
        )

    def test_of_a_reading_there_is_not_names_those_like_it(self) -> None:
        with pytest.raises(NoSuchReading, match=r"no reading 'visit\.dor'\. .*visit\.door"):
            VIEW.with_readings({"visit.dor": "front"})

    def test_is_listed_from_the_day_on_which_its_first_choice_was_known(self) -> None:
        book = load_book(default_book_folder())
        before, since = (
            {one.key for one in book.as_known(day).readings()}
            for day in (date(2026, 11, 28), date(2026, 11, 29))
        )

        assert "taxes.sales_tax_base" not in before
        assert "taxes.sales_tax_base" in since
        assert "taxes.gross_receipts_gross_up" in before & since

    def test_switches_the_value_that_carries_it_and_no_other(self) -> None:
        supposed = VIEW.with_readings({"visit.counting": "working_days"})
        changed = [
            name
            for name in VIEW.names()
            if supposed.series(name).values != VIEW.series(name).values
        ]

        assert changed == ["visit_counting"]
        assert supposed.text("visit_counting").on(date(2019, 1, 1)).value == "working_days"

    def test_moves_the_first_day_of_a_limit_and_nothing_else(self) -> None:
        supposed = VIEW.with_readings({"visit.cap_start": "2019-06-01"})
        changed = [
            name
            for name in VIEW.names()
            if supposed.series(name).values != VIEW.series(name).values
        ]

        assert changed == ["statute_cap_usd"]
        assert supposed.series("statute_cap_usd").values[0].days.from_day == date(2019, 6, 1)


class TestTheHash:
    def test_changes_with_a_choice_learned_by_the_day(self, tmp_path: Path) -> None:
        folder = shutil.copytree(SOUND, tmp_path / "book")
        path = folder / "readings" / "c_visit_door.yaml"
        path.write_text(
            path.read_text().replace(
                "changes:", "  - option: back\n    learned_on: 2022-05-01\nchanges:"
            )
        )
        later = load_book(folder)

        before, after = date(2022, 4, 30), date(2022, 5, 1)
        assert later.as_known(before).sha256 == BOOK.as_known(before).sha256
        assert later.as_known(after).sha256 != BOOK.as_known(after).sha256

    def test_of_a_supposed_book_is_refused(self) -> None:
        with pytest.raises(NoSuchValue, match=r"has no hash\. It was asked with visit\.door"):
            _ = VIEW.with_readings({"visit.door": "back"}).sha256


class TestARecord:
    def test_keeps_positions_reasoning_and_who_must_confirm(self) -> None:
        record = VIEW.reading("visit.counting")

        assert (record.conflict, record.changes) == ("C-VISIT-COUNTING", Changes.VALUE)
        assert (record.confidence, record.confirm_with) == ("medium", "legal")
        assert [one.dates for one in record.positions] == ["2018 to 2021"]
        assert VIEW.reading("visit.door").positions[0].dates == ""

    def test_that_changes_nothing_says_why(self) -> None:
        assert VIEW.reading("visit.name").why_nothing == "Both names lead to the same words."
