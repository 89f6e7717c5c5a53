"""With lines and documents hidden a bill is computed to its bytes still, whatever came since.

A reading comes late, the book is corrected, and a release has a newer revision of the calculation:
the bill as known when it was issued stays what it was, and as known now it is what it would be.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meterledger import rating
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usecases.proposals import read_proposal, write_proposal

NOVEMBER = (date(2025, 11, 1), date(2025, 12, 1))
CORRECTION = b"""
changes:
  - value: anytime_winter_first_block_usd_per_kwh
    entry:
      effective_from: 2025-11-01
      effective_until: null
      value: "0.20000"
      standing: assumed
      learned_on: 2026-11-26
      cite: {instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 54", revision: null,
             paragraph: "Anytime, winter energy, first block", effective: 2025-11-01, order: null}
      source: "made up for a test"
"""


class Hidden:
    """A store whose bills have a header only: no record, no lines, no total, no document."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        if "document" in name or "line" in name:
            raise AssertionError(f"{name} is hidden")
        return getattr(self._store, name)

    def bill(self, bill_id: str) -> Any:
        stored = self._store.bill(bill_id)
        return replace(stored, record=b"", total_cents=0, due_day=date(1970, 1, 1))


@pytest.fixture
def bill(town: Any) -> Any:
    """A home's bill for November."""
    town.start(1, schedule="1M-anytime", tax_place="university_city", from_day=NOVEMBER[0])
    town.read("M1", NOVEMBER)
    (made,) = town.bill(1, on=date(2025, 12, 1)).issued
    return made


def correct_the_book(town: Any, folder: Path) -> None:
    """Another winter price from November on, entered after the bill went out."""
    copy = folder / "book"
    shutil.copytree(default_book_folder(), copy)
    write_proposal(read_proposal(CORRECTION, "correction.yaml"), copy, town.view)
    town.book = load_book(copy)


def release(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program whose newest revision of the calculation is one after the bill's."""
    newer = str(int(rating.CALCULATION_REVISION) + 1)
    monkeypatch.setattr(rating, "CALCULATION_REVISIONS", (*rating.CALCULATION_REVISIONS, newer))
    monkeypatch.setattr(rating, "CALCULATION_REVISION", newer)


def test_after_a_late_reading(town: Any, towns: ModuleType, bill: Any) -> None:
    town.read("M1", NOVEMBER, towns.even(1), learned_at=towns.LATER)

    again = town.replay(bill.bill_id, store=Hidden(town.store))

    assert again.same_bytes
    assert again.bill.record() == bill.record()
    later = town.replay(bill.bill_id, towns.LAST, store=Hidden(town.store))
    assert not later.same_bytes
    assert later.bill.total_cents < bill.total_cents


def test_after_a_correction_of_the_book(
    town: Any, towns: ModuleType, bill: Any, tmp_path: Path
) -> None:
    correct_the_book(town, tmp_path)

    again = town.replay(bill.bill_id, store=Hidden(town.store))

    assert again.same_bytes
    assert again.bill.record() == bill.record()
    later = town.replay(bill.bill_id, towns.LAST, store=Hidden(town.store))
    assert later.bill.total_cents > bill.total_cents


def test_after_a_new_release(town: Any, bill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the record nobody says by which revision it was made: its hash tells."""
    release(monkeypatch)

    again = town.replay(bill.bill_id, store=Hidden(town.store))

    assert again.same_bytes
    assert again.bill.record() == bill.record()


def test_after_all_of_them(
    town: Any, towns: ModuleType, bill: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.read("M1", NOVEMBER, towns.even(1), learned_at=towns.LATER)
    correct_the_book(town, tmp_path)
    release(monkeypatch)

    again = town.replay(bill.bill_id, store=Hidden(town.store))

    assert again.same_bytes
    assert again.bill.record() == bill.record()
