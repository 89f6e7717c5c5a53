"""Unbilled revenue: the days that bills leave, priced as a bill would be, and taken back after."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from meterledger.facts.unbilled import Accrual, UnbilledMethod
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ports import Conflict
from meterledger.usecases.rebill import RebillRun, rebill
from meterledger.usecases.unbilled_revenue import (
    by_method,
    entries_of,
    post_accrual,
    unbilled_revenue,
)

MONTH_END = date(2025, 8, 31)
LATER = datetime(2026, 12, 2, 12, tzinfo=UTC)
SUMMER = (date(2025, 7, 1), date(2025, 9, 1))


def accrue(town: Any, towns: Any, month_end: date = MONTH_END) -> Accrual:
    with town.store.viewing(towns.VIEWER, ["all"]):
        return unbilled_revenue(
            month_end,
            known_at=towns.NOON,
            today=date(2026, 11, 25),
            store=town.store,
            lake=town.lake,
            view=town.view,
        )


def correct(town: Any, bill_id: str, on: date) -> RebillRun:
    return rebill(
        [bill_id],
        author="Ana",
        reason="the readings were another meter's",
        on=on,
        known_at=LATER,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


@pytest.fixture
def town(towns: Any, first_book: Any) -> Any:
    made = towns.Town(book=first_book)
    made.start(1)
    made.start(2)
    made.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))
    made.read("M2", (date(2025, 7, 1), date(2025, 8, 25)))
    with made.store.viewing(towns.VIEWER, ["all"]):
        made.bill(1, 2, on=date(2025, 8, 10))
        yield made


def test_the_days_after_the_last_bill_are_priced_as_a_bill_of_them(town: Any, towns: Any) -> None:
    found = accrue(town, towns)
    first, second = found.lines
    (bill,) = town.store.bills_of_account(town.account_id(1))
    assert first.method is UnbilledMethod.PRICED
    assert (first.days.from_day, first.days.last_day) == (bill.days.until_day, MONTH_END)
    assert first.priced_days == first.days.day_count
    assert second.method is UnbilledMethod.PRICED_IN_PART
    assert second.priced_days < second.days.day_count
    assert second.why
    assert found.total_cents == first.cents + second.cents > 0


def test_a_later_bill_of_the_same_days_charges_the_same(town: Any, towns: Any) -> None:
    """The accrual is the one calculation: a final bill to the month end has the same charges."""
    first = accrue(town, towns).lines[0]
    from meterledger.usecases.calculate_bills import calculate_bills, due_bill, window_of

    (service,) = town.services(1)
    due = due_bill(service, window_of(service, first.days, town.view), town.view)
    (made,), held = calculate_bills(
        [due],
        on=first.days.until_day,
        known_at=towns.NOON,
        sequence=town.store.lake_sequence(),
        lake=town.lake,
        kept=town.store,
        view=town.view,
    )
    assert not held
    assert first.cents == sum(one.cents for one in made.lines if one.group.value != "tax")


def test_bills_issued_later_were_not_there_on_that_evening(town: Any, towns: Any) -> None:
    before = accrue(town, towns)
    town.read("M1", (date(2025, 9, 1), date(2025, 10, 20)))
    town.bill(1, on=date(2025, 10, 15))
    again = accrue(town, towns)
    assert again.lines[0].days == before.lines[0].days
    assert again.lines[0].cents == before.lines[0].cents


def test_a_bill_corrected_later_was_there_on_that_evening(town: Any, towns: Any) -> None:
    """Its month is in the books of that evening, by the bill that was canceled since."""
    before = accrue(town, towns)
    (bill,) = town.store.bills_of_account(town.account_id(1))
    town.read("M1", SUMMER, lambda day, count: [90] * count, learned_at=LATER)
    (made,) = correct(town, bill.bill_id, date(2025, 9, 2)).corrected
    assert made.bill.issued_day > MONTH_END
    again = accrue(town, towns)
    assert again.lines[0].days == before.lines[0].days
    # Months on, the correction alone lies in what is looked at, and begins nothing either.
    november = accrue(town, towns, date(2025, 11, 30))
    assert november.lines[0].days.from_day == bill.days.until_day


def test_a_correction_of_a_bill_of_long_ago_begins_nothing(town: Any, towns: Any) -> None:
    (bill,) = town.store.bills_of_account(town.account_id(1))
    before = accrue(town, towns, date(2026, 6, 30))
    town.read("M1", SUMMER, lambda day, count: [90] * count, learned_at=LATER)
    correct(town, bill.bill_id, date(2026, 7, 2))
    assert accrue(town, towns, date(2026, 6, 30)).lines[0].days == before.lines[0].days


def test_without_a_reading_the_last_bill_says_what_a_day_costs(town: Any, towns: Any) -> None:
    found = accrue(town, towns, date(2025, 10, 31))
    by_account = {one.account_id: one for one in found.lines}
    assert by_account[town.account_id(2)].method is UnbilledMethod.LAST_BILL
    assert by_account[town.account_id(2)].cents > 0


def test_who_has_neither_is_listed_and_not_zeroed_away(town: Any, towns: Any) -> None:
    town.start(3)
    line = next(one for one in accrue(town, towns).lines if one.account_id == town.account_id(3))
    assert (line.method, line.cents) == (UnbilledMethod.NOT_KNOWN, 0)
    assert line.why


def test_the_entry_is_taken_back_on_the_next_day(town: Any, towns: Any) -> None:
    found = accrue(town, towns)
    entry, back = entries_of(found)
    assert (entry.entry_id, entry.effective_day) == ("accrual:2025-08-31", MONTH_END)
    assert (back.entry_id, back.effective_day) == (
        "reversal:accrual:2025-08-31",
        date(2025, 9, 1),
    )
    assert {leg.ledger_account: leg.cents for leg in entry.legs} == {
        "173": found.total_cents,
        "440": -found.total_cents,
    }


def test_it_is_posted_once(town: Any, towns: Any) -> None:
    found = accrue(town, towns)
    before = town.store.trial_balance()
    assert post_accrual(found, store=town.store)
    assert not post_accrual(found, store=town.store)
    after = {name: cents for name, cents in town.store.trial_balance().items() if cents}
    assert after == {name: cents for name, cents in before.items() if cents}
    assert town.store.accruals()[0].total_cents == found.total_cents
    other = Accrual(MONTH_END, found.lines[:1], b"{}", datetime(2026, 12, 1, tzinfo=UTC))
    with pytest.raises(Conflict, match="is accrued already"):
        post_accrual(other, store=town.store)


def test_the_record_says_how_it_was_made(town: Any, towns: Any) -> None:
    found = accrue(town, towns)
    told = json.loads(found.record)
    assert told["standing"] == "assumed"
    assert sum(cents for _, cents in by_method(found).values()) == found.total_cents
    assert told["book_sha256"] == town.view.sha256


@pytest.mark.parametrize("day", [date(2025, 8, 30), date(2026, 11, 30)])
def test_only_a_month_that_is_over_has_an_end(day: date, town: Any, towns: Any) -> None:
    with pytest.raises(Refusal, match="is not the last day of a month that is over"):
        accrue(town, towns, day)
