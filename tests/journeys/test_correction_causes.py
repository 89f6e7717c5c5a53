"""Every cause by itself and together: the parts are the difference, to the cent."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.billing import BillState, main_cause, split_by_cause
from meterledger.facts.corrections import CorrectionCause
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usecases.correct_multiplier import correct_multiplier
from meterledger.usecases.find_corrections import BillToCorrect, bills_to_correct, now_of
from meterledger.usecases.rebill import RebillRun, rebill

JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
DAY = date(2025, 9, 20)
BILLED = datetime(2026, 12, 1, 9, tzinfo=UTC)
FOUND = datetime(2026, 12, 3, 12, tzinfo=UTC)


@pytest.fixture
def billed(town: Any) -> Any:
    """One home in a taxing city, billed for July with a multiplier of one."""
    town.start(1, tax_place="university_city")
    town.read("M1", (JULY, AUGUST), lambda day, count: [100] * count)
    (town.july,) = town.bill(1, on=AUGUST, known_at=BILLED).issued
    return town


def queue(town: Any) -> list[BillToCorrect]:
    now = now_of(town.store, known_at=FOUND, book=town.book, lake=town.lake)
    return bills_to_correct(store=town.store, now=now)[1]


def correct(town: Any, **how: Any) -> RebillRun:
    return rebill(
        [town.july.bill_id],
        author="Ana",
        reason="found in a review",
        on=DAY,
        known_at=FOUND,
        store=town.store,
        lake=town.lake,
        book=town.book,
        **how,
    )


def times(town: Any, multiplier: int) -> None:
    """The meter's multiplier is put right for all of its time."""
    moment = datetime(2026, 12, 2, 9, tzinfo=UTC)
    correct_multiplier("M1", multiplier, reason="tested", learned_at=moment, store=town.store)


def dearer(town: Any, folder: Path) -> None:
    """The book's customer charge of 2025 is corrected to $10.00, after the bill was made."""
    shutil.copytree(default_book_folder(), folder)
    file = folder / "sheet_054" / "customer_charge_usd_per_month.yaml"
    entry = (
        '  - effective_from: 2025-06-01\n    effective_until: null\n    value: "10.00"\n'
        "    standing: assumed\n    learned_on: 2026-12-02\n    corrects: 2026-11-24\n"
        "    cite: {instrument: MO P.S.C. Schedule No. 6, sheet: Sheet 54, revision: null,"
        " paragraph: customer charge, effective: 2025-06-01, order: null}\n"
    )
    text = file.read_text(encoding="utf-8")
    checked = "last_checked_on: 2026-11-24"
    assert checked in text
    file.write_text(text.replace(checked, f"{entry}last_checked_on: 2026-12-02"), encoding="utf-8")
    town.book = load_book(folder)


def causes(parts: Any) -> dict[CorrectionCause, int]:
    return {one.cause: one.cents for one in parts}


class TestOneCause:
    def test_a_multiplier_put_right_is_the_meter(self, billed: Any) -> None:
        times(billed, 2)

        (one,) = queue(billed)

        assert set(causes(one.parts)) == {CorrectionCause.METER, CorrectionCause.TAX}
        assert one.cause is CorrectionCause.METER
        assert sum(part.cents for part in one.parts) == one.difference_cents
        (made,) = correct(billed).corrected
        assert made.bill.usage.energy_wh == 2 * billed.july.usage.energy_wh
        assert billed.replay(made.bill.bill_id).same_bytes
        assert billed.replay(billed.july.bill_id).same_bytes

    def test_a_corrected_entry_of_the_book_is_the_rate(self, billed: Any, tmp_path: Path) -> None:
        dearer(billed, tmp_path / "book")

        (one,) = queue(billed)

        assert set(causes(one.parts)) == {CorrectionCause.RATE, CorrectionCause.TAX}
        assert causes(one.parts)[CorrectionCause.RATE] == 1_00
        (made,) = correct(billed).corrected
        assert billed.replay(made.bill.bill_id).same_bytes

    def test_nothing_new_is_nothing_to_correct(self, billed: Any) -> None:
        assert queue(billed) == []

    def test_another_meters_readings_are_nothing_to_correct(self, billed: Any) -> None:
        billed.start(2)
        billed.read("M2", (JULY, AUGUST))

        assert queue(billed) == []

    def test_a_period_that_cannot_be_billed_now_says_why(self, billed: Any) -> None:
        billed.read("M1", (JULY, date(2025, 7, 2)), lambda day, count: [None] * count)

        (one,) = queue(billed)

        assert one.difference_cents is None
        assert one.cause is None
        assert "there is no bill for this period" in one.why


class TestSeveralCauses:
    def test_each_has_its_part(self, billed: Any, tmp_path: Path) -> None:
        dearer(billed, tmp_path / "book")
        times(billed, 2)
        billed.read("M1", (JULY, AUGUST), lambda day, count: [90] * count)

        (one,) = queue(billed)

        found = causes(one.parts)
        assert found[CorrectionCause.RATE] == 1_00
        assert found[CorrectionCause.METER] > 0 > found[CorrectionCause.READING]
        assert sum(found.values()) == one.difference_cents

    def test_what_is_not_adjusted_is_one_more(self, billed: Any) -> None:
        for month in range(8, 20):
            first = date(2025 + (month - 1) // 12, (month - 1) % 12 + 1, 1)
            until = date(2025 + month // 12, month % 12 + 1, 1)
            billed.read("M1", (first, until), lambda day, count: [100] * count)
        billed.bill(1, on=date(2026, 8, 1), known_at=BILLED)
        names = [one.bill_id for one in billed.store.bills_of_account(billed.account_id(1))]
        assert len(names) == 13
        times(billed, 2)

        run = rebill(
            names,
            author="Ana",
            reason="the multiplier is two",
            on=date(2026, 8, 2),
            known_at=FOUND,
            store=billed.store,
            lake=billed.lake,
            book=billed.book,
        )

        july = run.corrected[0]
        assert july.difference_cents == 0
        assert causes(july.parts)[CorrectionCause.LIMIT] < 0
        assert sum(part.cents for part in july.parts) == 0
        assert all(one.adjusted for one in run.corrected[1:])
        for one in run.corrected:
            assert sum(part.cents for part in one.parts) == one.difference_cents
            assert billed.replay(one.bill.bill_id).same_bytes
        assert queue(billed) == []


STATES = st.builds(
    BillState,
    st.sampled_from(CorrectionCause),
    st.integers(-10_000_00, 10_000_00),
    st.integers(-1_000_00, 1_000_00),
)


@given(STATES, st.lists(STATES, min_size=1, max_size=8))
def test_no_cent_is_lost_whatever_the_steps(issued: BillState, steps: list[BillState]) -> None:
    parts = split_by_cause(issued, steps)

    assert sum(one.cents for one in parts) == steps[-1].total_cents - issued.total_cents
    assert all(one.cents for one in parts)
    assert main_cause(parts) is not CorrectionCause.LIMIT
