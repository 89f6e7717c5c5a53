"""The book's two clocks: when a value holds, and since when we know it. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.loading import load_book
from meterledger.rulebook.series import NoRuleInForce

WithPrice = Callable[..., TariffBook]
FIRST = ("2024-01-01", "null", "0.10", "2026-01-03")
NOTICE = ("2025-06-01", "2026-06-01", "0.20", "2026-01-09")
CORRECTION = ("2024-03-01", "2024-05-01", "0.11", "2026-01-20", "corrects: 2026-01-03")


def price_on(view: BookView, day: date) -> int | None:
    try:
        return view.price("price").on(day).value
    except NoRuleInForce:
        return None


class TestAnEntry:
    @pytest.mark.parametrize(
        ("known_on", "price"),
        [
            (date(2026, 1, 2), None),  # the day before we knew
            (date(2026, 1, 3), 100_000),  # known from the day it was learned
        ],
    )
    def test_is_seen_from_the_day_it_was_learned(
        self, known_on: date, price: int | None, with_price: WithPrice
    ) -> None:
        assert price_on(with_price(FIRST).as_known(known_on), date(2024, 7, 1)) == price


class TestFurtherNotice:
    """A value in force until further notice ends where one learned later begins."""

    @pytest.mark.parametrize(
        ("day", "price"),
        [
            (date(2025, 5, 31), 100_000),
            (date(2025, 6, 1), 200_000),
            (date(2026, 5, 31), 200_000),
            (date(2026, 6, 1), None),  # the withdrawn value does not come back to life
        ],
    )
    def test_takes_over_for_good(self, day: date, price: int | None, with_price: WithPrice) -> None:
        assert price_on(with_price(FIRST, NOTICE).as_known(date(2026, 1, 9)), day) == price

    def test_changes_nothing_for_those_who_did_not_know(self, with_price: WithPrice) -> None:
        view = with_price(FIRST, NOTICE).as_known(date(2026, 1, 8))

        assert price_on(view, date(2025, 7, 1)) == 100_000
        assert price_on(view, date(2026, 7, 1)) == 100_000

    def test_cuts_a_window_where_it_begins(self, with_price: WithPrice) -> None:
        series = with_price(FIRST, NOTICE).as_known(date(2026, 2, 1)).price("price")

        parts = series.parts(DaySpan(date(2025, 5, 15), date(2025, 6, 15)))

        assert [(part.day_count, dated.value) for part, dated in parts] == [
            (17, 100_000),
            (14, 200_000),
        ]


class TestACorrection:
    @pytest.mark.parametrize(
        ("day", "price"),
        [
            (date(2024, 2, 29), 100_000),
            (date(2024, 3, 1), 110_000),
            (date(2024, 4, 30), 110_000),
            (date(2024, 5, 1), 100_000),  # what it does not state stays as it was
            (date(2025, 6, 1), 200_000),
        ],
    )
    def test_replaces_the_days_it_states(
        self, day: date, price: int, with_price: WithPrice
    ) -> None:
        view = with_price(FIRST, NOTICE, CORRECTION).as_known(date(2026, 1, 20))

        assert price_on(view, day) == price

    def test_is_not_seen_before_it_was_learned(self, with_price: WithPrice) -> None:
        view = with_price(FIRST, NOTICE, CORRECTION).as_known(date(2026, 1, 19))

        assert price_on(view, date(2024, 4, 1)) == 100_000

    def test_of_a_correction_counts_last(self, with_price: WithPrice) -> None:
        again = ("2024-04-01", "2024-05-01", "0.12", "2026-02-01", "corrects: 2026-01-20")
        view = with_price(FIRST, CORRECTION, again).as_known(date(2026, 2, 1))

        assert [price_on(view, date(2024, month, 15)) for month in (2, 3, 4, 5)] == [
            100_000,
            110_000,
            120_000,
            100_000,
        ]


class TestTheHash:
    def test_does_not_change_when_more_is_learned(self, with_price: WithPrice) -> None:
        known_on = date(2026, 1, 5)  # the other files of the made-up book were learned that day
        before = with_price(FIRST).as_known(known_on).sha256

        later = with_price(FIRST, NOTICE, CORRECTION)

        assert later.as_known(known_on).sha256 == before
        assert len({later.as_known(date(2026, 1, day)).sha256 for day in (5, 9, 20)}) == 3
        assert later.as_known(date(2026, 1, 21)).sha256 == later.as_known(date(2026, 1, 20)).sha256

    def test_changes_with_a_value_a_note_or_a_citation(self, book_folder: Path) -> None:
        path = book_folder / "sheet_001" / "price.yaml"
        text = path.read_text(encoding="utf-8")
        hashes = set()
        for old, new in (
            ("", ""),
            ("0.1234", "0.1235"),
            ('paragraph: "A.1"', 'paragraph: "A.2"'),
            ("    standing: filed", '    note: "Read again."\n    standing: filed'),
        ):
            path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
            hashes.add(load_book(book_folder).as_known(date(2026, 1, 5)).sha256)
        assert len(hashes) == 4

    def test_is_of_the_content_and_not_of_the_layout(self, book_folder: Path) -> None:
        before = load_book(book_folder).as_known(date(2026, 1, 5)).sha256
        path = book_folder / "sheet_001" / "price.yaml"
        text = path.read_text(encoding="utf-8")
        first, rest = text.split("\n", 1)

        (book_folder / "sheet_002").mkdir()
        (book_folder / "sheet_002" / "price.yaml").write_text(
            f"# kind below\n{rest}{first}\n", encoding="utf-8"
        )
        path.unlink()

        assert load_book(book_folder).as_known(date(2026, 1, 5)).sha256 == before


DAY = st.dates(date(2024, 1, 1), date(2024, 2, 20))


@st.composite
def corrections(draw: st.DrawFn) -> list[tuple[date, date, int]]:
    count = draw(st.integers(0, 4))
    found = []
    for number in range(count):
        start = draw(DAY)
        found.append((start, start + timedelta(days=draw(st.integers(1, 30))), 200_000 + number))
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(made=corrections(), known=st.integers(0, 5))
def test_the_latest_known_word_on_a_day_counts_whatever_was_corrected_when(
    made: list[tuple[date, date, int]], known: int, with_price: WithPrice
) -> None:
    """Against a calendar painted day by day, in the order of learning."""
    entries = [("2024-01-01", "null", "0.10", "2026-01-01")]
    painted = {date(2024, 1, 1) + timedelta(days=n): 100_000 for n in range(90)}
    for number, (start, until, micro_usd) in enumerate(made, start=1):
        learned = date(2026, 1, 1) + timedelta(days=number)
        entries.append(
            (f"{start}", f"{until}", f"0.{micro_usd}", f"{learned}", "corrects: 2026-01-01")
        )
        if number <= known:
            painted |= {day: micro_usd for day in painted if start <= day < until}

    view = with_price(*entries).as_known(date(2026, 1, 1) + timedelta(days=known))

    assert {day: price_on(view, day) for day in painted} == painted
    spans = [dated.days for dated in view.price("price").values]
    assert not any(
        one.overlaps(other) for number, one in enumerate(spans) for other in spans[:number]
    )
