"""Bills: a service period is billed once, whoever races; records to the byte; on both stores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

import pytest
from tests.stores.paper_town import (
    ANALYST,
    LATER,
    account_id,
    bill_of,
    held_of,
    month_of,
    payment_of,
    start_of,
)

from meterledger.facts.bills import Bill
from meterledger.facts.money import Entry
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.span import DaySpan
from meterledger.usecases.ports import Conflict, NotFound, Store, StoredBill

Pair: TypeAlias = tuple[Bill, Entry | None]


def bills_of(store: Store, number: int) -> list[StoredBill]:
    with store.viewing(ANALYST, [account_id(number)]):
        return store.bills_of_account(account_id(number))


def moved(pair: Pair, days: DaySpan, name: str) -> Pair:
    """The same bill for other days, under another name."""
    bill, entry = pair
    lines = tuple(replace(line, days=days) for line in bill.lines)
    changed = replace(bill, bill_id=name, days=days, lines=lines)
    return changed, replace(entry, entry_id=f"bill:{name}") if entry else None


class TestRecordingBills:
    def test_keeps_the_record_to_the_byte(self, store: Store) -> None:
        store.start_service(start_of(1))
        bill, entry = bill_of(1)

        assert store.record_bills([(bill, entry)]) == {bill.bill_id}

        with store.viewing(ANALYST, [account_id(1)]):
            stored = store.bill(bill.bill_id)
        assert stored == StoredBill(
            bill_id=bill.bill_id,
            account_id=account_id(1),
            agreement_id="AG-1-20250101",
            days=month_of(0),
            issued_day=bill.issued_day,
            due_day=bill.due_day,
            total_cents=16519,
            record=bill.record(),
            record_sha256=sha256_hex(bill.record()),
            known_at=LATER,
            lake_sequence=1,
            previous_balance_cents=0,
            book_sha256=bill.pins.book_sha256,
        )

    def test_bills_a_period_once(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1)])

        assert store.record_bills([bill_of(1), bill_of(2)]) == {bill_of(2)[0].bill_id}
        assert store.record_bills([bill_of(1), bill_of(2)]) == set()

        assert [len(bills_of(store, number)) for number in (1, 2)] == [1, 1]
        assert store.trial_balance() == {"142": 2 * 16519, "440": -2 * 16519}

    @pytest.mark.parametrize(
        ("from_shift", "until_shift", "is_billed"),
        [
            (-30, -30, True),  # ends on the day the bill begins
            (-30, -29, False),  # one day into it
            (29, 30, False),  # its last day
            (30, 30, True),  # the day after
            (5, -5, False),  # inside
        ],
    )
    def test_lets_no_day_of_a_service_point_be_billed_twice(
        self, store: Store, from_shift: int, until_shift: int, is_billed: bool
    ) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1, 1)])
        days = month_of(1)
        other = DaySpan(
            days.from_day + timedelta(days=from_shift), days.until_day + timedelta(days=until_shift)
        )

        newly = store.record_bills([moved(bill_of(1, 1), other, "B-other")])

        assert newly == ({"B-other"} if is_billed else set())

    def test_takes_one_of_two_bills_for_one_period_in_one_call(self, store: Store) -> None:
        store.start_service(start_of(1))

        newly = store.record_bills([bill_of(1), moved(bill_of(1), month_of(0), "B-other")])

        assert len(newly) == 1
        assert store.trial_balance()["142"] == 16519

    def test_records_a_bill_of_zero_without_an_entry(self, store: Store) -> None:
        store.start_service(start_of(1))

        assert len(store.record_bills([bill_of(1, cents=0)])) == 1

        assert bills_of(store, 1)[0].total_cents == 0
        assert store.trial_balance() == {}

    def test_refuses_money_without_an_entry_and_changes_nothing(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])

        with pytest.raises(Conflict, match="comes without its entry"):
            store.record_bills([bill_of(1), (bill_of(2)[0], None)])

        assert bills_of(store, 1) == []
        assert len(store.record_bills([bill_of(1), bill_of(2)])) == 2

    def test_refuses_a_bill_of_an_account_nobody_knows(self, store: Store) -> None:
        store.start_service(start_of(1))

        with pytest.raises(Conflict, match=f"There is no account {account_id(2)}"):
            store.record_bills([bill_of(1), bill_of(2)])

        assert bills_of(store, 1) == []
        assert store.trial_balance() == {}

    def test_refuses_an_entry_that_is_posted_and_changes_nothing(self, store: Store) -> None:
        store.start_services([start_of(1), start_of(2)])
        store.record_bills([bill_of(1)])
        taken = bill_of(1)[1]

        with pytest.raises(Conflict, match=r"Entry bill:B-AG-1-.* is posted already"):
            store.record_bills([(bill_of(2)[0], taken)])

        assert bills_of(store, 2) == []

    def test_carries_the_balance_of_before(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1, 0)])
        store.record_payment(*payment_of(1, cents=5_000))

        store.record_bills([bill_of(1, 1), bill_of(1, 2)])

        carried = [one.previous_balance_cents for one in bills_of(store, 1)]
        assert carried == [0, 16519 - 5_000, 2 * 16519 - 5_000]

    def test_gives_bills_oldest_first(self, store: Store) -> None:
        store.start_service(start_of(1))
        store.record_bills([bill_of(1, 2), bill_of(1, 0)])
        store.record_bills([bill_of(1, 1)])

        assert [one.days for one in bills_of(store, 1)] == [month_of(month) for month in range(3)]

    def test_refuses_a_bill_that_is_not_there(self, store: Store) -> None:
        with store.viewing(ANALYST, []), pytest.raises(NotFound, match="There is no bill B-none"):
            store.bill("B-none")

    def test_records_nothing_for_nothing(self, store: Store) -> None:
        assert store.record_bills([]) == set()

    def test_keeps_what_was_held(self, store: Store) -> None:
        store.start_service(start_of(1))

        store.record_held([held_of(1)], on=month_of(0).until_day, learned_at=LATER)
        store.record_held([], on=month_of(0).until_day, learned_at=LATER)

        assert bills_of(store, 1) == []


class TestTwoRunsAtOnce:
    def test_bill_every_account_once(self, store: Store) -> None:
        numbers = range(1, 41)
        store.start_services([start_of(number) for number in numbers])
        bills = [bill_of(number) for number in numbers]
        batches = [bills, bills[::-1], bills[10:] + bills[:10], bills[::2] + bills[1::2]]

        with ThreadPoolExecutor(4) as pool:
            newly = list(pool.map(store.record_bills, batches))

        assert sorted(one for ids in newly for one in ids) == sorted(b.bill_id for b, _ in bills)
        assert all(len(bills_of(store, number)) == 1 for number in numbers)
        assert store.trial_balance() == {"142": 40 * 16519, "440": -40 * 16519}

    def test_bill_in_small_overlapping_batches_once(self, store: Store) -> None:
        numbers = list(range(1, 25))
        store.start_services([start_of(number) for number in numbers])
        batches = [
            [bill_of(n, month) for n in numbers[start : start + 8]]
            for month in range(2)
            for start in range(0, 24, 4)
        ]

        with ThreadPoolExecutor(6) as pool:
            newly = list(pool.map(store.record_bills, batches * 2))

        assert sum(map(len, newly)) == 48
        assert store.trial_balance()["142"] == 48 * 16519
