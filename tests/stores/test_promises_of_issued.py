"""Many live bills at once, in short rows: amounts by line, without records and words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.stores.paper_town import ANALYST, bill_of, month_of, rebill_of, start_of

from meterledger.facts.issued import read_layout
from meterledger.usecases.ports import NotViewing, Store

CYCLE = start_of(1).account.cycle
EARLY, LATE = month_of(0).from_day, month_of(1).until_day + timedelta(days=60)


@pytest.fixture
def billed(store: Store) -> Store:
    """One account, billed for two months."""
    store.start_service(start_of(1))
    store.record_bills([bill_of(1, 0), bill_of(1, 1)])
    return store


def test_says_of_each_bill_what_its_lines_come_to(billed: Store) -> None:
    made = bill_of(1, 0)[0]
    with billed.viewing(ANALYST, []):
        first, second = billed.issued_bills(CYCLE, EARLY, LATE)

    assert (first.bill_id, first.days, first.total_cents) == (
        made.bill_id,
        made.days,
        made.total_cents,
    )
    assert second.bill_id == bill_of(1, 1)[0].bill_id
    assert (first.schedule, first.tax_place) == (made.schedule, made.tax_place)
    assert (first.known_at, first.lake_sequence) == (made.pins.known_at, made.pins.lake_sequence)
    assert first.energy_wh == made.usage.energy_wh
    assert first.lines() == tuple(
        (line.code, line.days.from_day, line.cents) for line in made.lines
    )
    assert len(read_layout(first.layout)) == len(made.lines)


def test_days_of_rendition_are_from_until(billed: Store) -> None:
    day = bill_of(1, 0)[0].issued_day
    with billed.viewing(ANALYST, []):
        on_it = billed.issued_bills(CYCLE, day, day + timedelta(days=1))
        before = billed.issued_bills(CYCLE, EARLY - timedelta(days=365), day)

    assert [one.bill_id for one in on_it] == [bill_of(1, 0)[0].bill_id]
    assert before == []


def test_other_cycles_are_left_out(billed: Store) -> None:
    with billed.viewing(ANALYST, []):
        assert billed.issued_bills(CYCLE + 1, EARLY, LATE) == []


def test_a_cancelled_bill_is_left_out_for_the_one_in_its_place(billed: Store) -> None:
    one = rebill_of(1, 0, cents=20_000)
    billed.record_rebills([one])

    with billed.viewing(ANALYST, []):
        names = {each.bill_id for each in billed.issued_bills(CYCLE, EARLY, LATE + timedelta(900))}
    assert names == {one.bill.bill_id, bill_of(1, 1)[0].bill_id}


def test_a_cancelled_bill_stood_until_the_evening_before_another_took_its_place(
    billed: Store,
) -> None:
    one = rebill_of(1, 0, cents=20_000)
    billed.record_rebills([one])
    day, until = one.bill.issued_day, LATE + timedelta(900)
    both = {bill_of(1, 0)[0].bill_id, one.bill.bill_id, bill_of(1, 1)[0].bill_id}

    with billed.viewing(ANALYST, []):
        before = billed.issued_bills(CYCLE, EARLY, until, stood_on=day - timedelta(days=1))
        after = billed.issued_bills(CYCLE, EARLY, until, stood_on=day)
    assert {each.bill_id for each in before} == both
    assert {each.bill_id for each in after} == both - {bill_of(1, 0)[0].bill_id}


def test_a_corrected_bill_counts_on_the_day_of_the_one_that_was_issued_first(
    billed: Store,
) -> None:
    """Its period is of that day's months: it is missing there else, and comes twice later."""
    made = rebill_of(1, 0, cents=20_000)
    first = bill_of(1, 0)[0].issued_day
    day, after = first + timedelta(days=70), first + timedelta(days=1)
    later = replace(made.bill, issued_day=day, due_day=day + timedelta(days=21))
    entry = replace(made.entry, effective_day=day) if made.entry else None
    one = replace(made, bill=later, entry=entry)
    billed.record_rebills([one])

    def names(since: date, until: date) -> list[str]:
        found = billed.issued_bills(CYCLE, since, until, first_billed=True)
        return [each.bill_id for each in found]

    with billed.viewing(ANALYST, []):
        assert names(first, after) == [one.bill.bill_id]
        assert names(first - timedelta(days=40), first) == []
        assert one.bill.bill_id not in names(after, day + timedelta(days=1))
        (short,) = billed.issued_bills(CYCLE, first, after, first_billed=True)
    assert short.total_cents == one.bill.total_cents
    assert len(short.cents) == len(one.bill.lines)


def test_they_are_personal(billed: Store) -> None:
    with pytest.raises(NotViewing):
        billed.issued_bills(CYCLE, EARLY, LATE)


def test_the_books_of_all_bills_are_told_by_day(billed: Store) -> None:
    """The one of the corrected bill too: it is replayed as the others are."""
    first, second = bill_of(1, 0)[0], bill_of(1, 1)[0]
    assert first.pins.book_sha256 == second.pins.book_sha256
    with billed.viewing(ANALYST, []):
        (pin,) = billed.book_pins()
    assert (pin.day, pin.sha256) == (first.pins.known_at.date(), first.pins.book_sha256)
    assert pin.bill_count == 2
    with pytest.raises(NotViewing):
        billed.book_pins()
