"""Both readers of a book on its two clocks: further notice, corrections, what was known when."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.rooms.rating.two_raters import second
from tests.rooms.rating.written_book import Plain, WrittenBook
from tests.rooms.rulebook_on import the_book
from tests.second_rater.sheets import Sheets, Silent

from meterledger.rulebook.loading import load_book
from meterledger.rulebook.series import NoRuleInForce


def entry(
    start: date, until: date | None, value: str, learned: date, **more: Any
) -> dict[str, Any]:
    cite = {
        "instrument": "E.L.P. Schedule 1",
        "sheet": "Sheet 1",
        "revision": "1st",
        "paragraph": "A",
        "effective": start,
        "order": None,
    }
    return {
        "effective_from": start,
        "effective_until": until,
        "value": value,
        "standing": "filed",
        "learned_on": learned,
        "cite": cite,
        **more,
    }


OLD, NEW, FIX, LAST = date(2024, 1, 5), date(2025, 1, 5), date(2025, 3, 1), date(2025, 6, 1)
ENTRIES = [
    entry(date(2024, 1, 1), None, "0.1", OLD),
    entry(date(2025, 2, 1), date(2025, 9, 1), "0.2", NEW),  # the further notice; then silence
    entry(date(2025, 3, 1), date(2025, 4, 1), "0.25", FIX, corrects=NEW),
    entry(date(2024, 6, 1), date(2024, 7, 1), "0.05", LAST, corrects=OLD),
]
CLOCK = [OLD, NEW, FIX, LAST]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    book = WrittenBook(tmp_path / "book")
    file = {"kind": "price", "meaning": "Made up.", "unit": "USD per kWh", "values": ENTRIES}
    text = yaml.dump(file | {"last_checked_on": date(2026, 1, 5)}, sort_keys=False, Dumper=Plain)
    (book.sheet / "price.yaml").write_text(text, encoding="utf-8")
    return book.folder


@pytest.mark.parametrize("known_on", CLOCK)
def test_a_price_on_every_day_as_it_was_known(known_on: date, folder: Path) -> None:
    first = load_book(folder).as_known(known_on).price("price")
    other = Sheets(folder, known_on)
    answers = set()
    for number in range(900):
        day = date(2023, 12, 1) + timedelta(days=number)
        try:
            again = int(other.number("price", day) * 1_000_000)
        except Silent:
            with pytest.raises(NoRuleInForce):
                first.on(day)
            continue
        assert first.on(day).value == again, day
        answers.add(again)
    assert len(answers) == 1 + CLOCK.index(known_on)


def test_every_price_and_number_of_the_book_on_every_first_and_last_day() -> None:
    """Each file of the real book: the days on which an entry begins, and those before."""
    view, sheets = the_book(), second().sheets
    compared = 0
    for name in [*sheets.named("price"), *sheets.named("number")]:
        series = view.price(name) if sheets.kinds[name] == "price" else view.number(name)
        scale = 1_000_000 if sheets.kinds[name] == "price" else 1
        edges = {one.day_from for one in sheets.entries[name]}
        edges |= {one.day_until for one in sheets.entries[name] if one.day_until < date.max}
        for day in sorted(edges | {day - timedelta(days=1) for day in edges}):
            try:
                again = sheets.number(name, day) * scale
            except Silent:
                with pytest.raises(NoRuleInForce):
                    series.on(day)
                continue
            assert series.on(day).value == again, (name, day)
            compared += 1
    assert compared > 500
