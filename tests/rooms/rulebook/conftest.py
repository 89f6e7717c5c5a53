"""What the rulebook tests share: the made-up book that is sound, and the first real one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.loading import default_book_folder, load_book

BROKEN_TARIFFS = Path(__file__).parents[2] / "data" / "broken_tariffs"
KNOWN = date(2026, 11, 29)


@pytest.fixture
def book_folder(tmp_path: Path) -> Path:
    """A copy of the sound book, to be changed."""
    return Path(shutil.copytree(BROKEN_TARIFFS / "sound_book", tmp_path / "book"))


@pytest.fixture
def with_price(book_folder: Path) -> Callable[..., TariffBook]:
    """The sound book with other entries in its ``price``: (from, until, value, learned, more)."""

    def load(*entries: tuple[str, str, str, str] | tuple[str, str, str, str, str]) -> TariffBook:
        text = 'kind: price\nmeaning: "A made-up value."\nunit: "USD per kWh"\nvalues:\n'
        for from_day, until_day, value, learned_on, *more in entries:
            text += (
                f"  - effective_from: {from_day}\n    effective_until: {until_day}\n"
                f'    value: "{value}"\n    standing: assumed\n    learned_on: {learned_on}\n'
                + "".join(f"    {line}\n" for line in more)
                + f'    cite: {{instrument: "E.L.P. Schedule 1", sheet: "Sheet 1", revision: null,'
                f' paragraph: "A.1", effective: {from_day}, order: null}}\n'
            )
        text += "last_checked_on: 2030-01-01\n"
        (book_folder / "sheet_001" / "price.yaml").write_text(text, encoding="utf-8")
        return load_book(book_folder)

    return load


@pytest.fixture(scope="session")
def view() -> BookView:
    """The first book as known on the day of its newest entries."""
    return load_book(default_book_folder()).as_known(KNOWN)
