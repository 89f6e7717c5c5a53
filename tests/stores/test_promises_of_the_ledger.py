"""Periods and balances: booked when the books are open, summed on either clock; on both stores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.stores.paper_town import (
    ANALYST,
    LATER,
    account_id,
    bill_of,
    entry_of,
    payment_of,
    rebill_of,
    start_of,
)

from meterledger.facts.money import Entry, Leg
from meterledger.facts.periods import PeriodClose, PeriodTotal
from meterledger.kernel.ensure import InvariantBroken
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ports import Conflict, NotViewing, Store

JANUARY, FEBRUARY, MARCH = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)
CLOSED_AT = datetime(2025, 6, 1, 12, tzinfo=UTC)


def close_of(month: date, by: str = "Ana") -> PeriodClose:
    return PeriodClose(month, by, CLOSED_AT)


def entries(store: Store, number: int = 1) -> dict[str, Entry]:
    with store.viewing(ANALYST, [account_id(number)]):
        return {one.entry_id: one for one in store.entries_of_account(account_id(number))}


@pytest.fixture
def billed(store: Store) -> Store:
    """Bills of 16519 cents on 31 January and 2 March, and 5000 cents paid on 20 February."""
    store.start_service(start_of(1))
    store.record_bills([bill_of(1, 0), bill_of(1, 1)])
    store.record_payment(*payment_of(1))
    return store


class TestAPeriod:
    def test_that_is_closed_keeps_what_it_came_to(self, billed: Store) -> None:
        assert billed.close_period(close_of(JANUARY)) is True
        assert billed.close_period(close_of(FEBRUARY)) is True

        january, february = billed.closed_periods()
        assert january.closed_by == "Ana"
        assert january.totals == (PeriodTotal("142", 16519, 0, 1), PeriodTotal("440", 0, 16519, 1))
        assert PeriodTotal("131", 5_000, 0, 1) in february.totals
        assert sum(one.debit_cents - one.credit_cents for one in february.totals) == 0

    def test_is_closed_once_and_by_one_name(self, billed: Store) -> None:
        billed.close_period(close_of(JANUARY))

        assert billed.close_period(close_of(JANUARY)) is False
        with pytest.raises(Conflict, match="2025-01 is closed already, by Ana"):
            billed.close_period(close_of(JANUARY, "Ben"))
        assert [one.month for one in billed.closed_periods()] == [JANUARY]

    @pytest.mark.parametrize("month", [date(2024, 12, 1), MARCH])
    def test_is_closed_in_order(self, billed: Store, month: date) -> None:
        billed.close_period(close_of(JANUARY))

        with pytest.raises(Conflict, match="closed next is 2025-02, not"):
            billed.close_period(close_of(month))

    def test_takes_an_entry_of_its_days_on_the_first_open_day(self, billed: Store) -> None:
        billed.close_period(close_of(FEBRUARY))
        payment, entry = payment_of(1, "R-late", cents=700)
        assert entry.effective_day == date(2025, 2, 20)

        billed.record_payment(payment, entry)

        late = entries(billed)["payment:R-late"]
        assert (late.effective_day, late.booked_day) == (date(2025, 2, 20), MARCH)
        assert entries(billed)["payment:R-1"].booked_day is None

    def test_leaves_its_last_day_closed_and_the_next_open(self, billed: Store) -> None:
        billed.close_period(close_of(FEBRUARY))
        for key, day in (("R-last", date(2025, 2, 28)), ("R-next", MARCH)):
            payment, entry = payment_of(1, key)
            billed.record_payment(
                replace(payment, received_day=day), replace(entry, effective_day=day)
            )

        found = entries(billed)
        assert found["payment:R-last"].booked_day == MARCH
        assert found["payment:R-next"].booked_day is None
        assert billed.booking_opens() == MARCH

    def test_is_not_closed_before_anything_is(self, store: Store) -> None:
        assert store.booking_opens() is None
        assert store.closed_periods() == []

    def test_books_what_is_billed_again_in_the_open_one(self, billed: Store) -> None:
        billed.close_period(close_of(FEBRUARY))
        before = billed.closed_periods()
        rebill = rebill_of(1, 0)
        billed.record_rebills([rebill])

        found = entries(billed)
        assert found[f"bill:{rebill.bill.bill_id}"].booked_day == MARCH
        assert billed.closed_periods() == before

    def test_keeps_the_booked_day_that_is_later_anyway(self, billed: Store) -> None:
        payment, entry = payment_of(1, "R-later")
        billed.record_payment(payment, replace(entry, booked_day=date(2025, 4, 2)))
        billed.close_period(close_of(FEBRUARY))

        assert entries(billed)["payment:R-later"].booked_day == date(2025, 4, 2)
        assert billed.ledger_balances(booked_until=MARCH)["131"] == 5_000

    def test_that_closes_while_payments_come_has_each_of_them_inside_or_after(
        self, billed: Store
    ) -> None:
        """Forty payments of February and its close at once: what it came to stays what it says."""
        billed.close_period(close_of(JANUARY))

        def act(number: int) -> None:
            if number == 20:
                billed.close_period(close_of(FEBRUARY))
            else:
                billed.record_payment(*payment_of(1, f"R-{number + 10}", cents=number + 1))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(act, range(41)))

        _, february = billed.closed_periods()
        inside = [
            one
            for name, one in entries(billed).items()
            if name.startswith("payment:") and one.booked_day is None
        ]
        cash = sum(leg.cents for one in inside for leg in one.legs if leg.ledger_account == "131")
        assert PeriodTotal("131", cash, 0, len(inside)) in february.totals
        assert billed.ledger_balances(booked_until=MARCH)["131"] == cash
        assert billed.trial_balance()["131"] == 5_000 + 41 * 42 // 2 - 21


class TestBalances:
    def test_of_a_customer_on_an_effective_day(self, billed: Store) -> None:
        one = account_id(1)
        with billed.viewing(ANALYST, [one]):
            assert billed.account_balances(one, at=date(2025, 1, 30)) == {}
            assert billed.account_balances(one, at=date(2025, 1, 31)) == {"142": 16519}
            assert billed.account_balances(one, at=date(2025, 2, 19)) == {"142": 16519}
            assert billed.account_balances(one, at=date(2025, 2, 20)) == {"142": 11519}
            assert billed.account_balances(one) == {"142": 2 * 16519 - 5_000}
            assert billed.account_balances(one)["142"] == billed.balance_cents(one)

    def test_of_a_customer_as_known_then(self, billed: Store) -> None:
        """A payment of February that we learn of a month later is not in what we knew before."""
        one, learned = account_id(1), LATER + timedelta(days=30)
        billed.record_payment(*payment_of(1, "R-2", learned_at=learned))
        with billed.viewing(ANALYST, [one]):
            before = billed.account_balances(
                one, at=date(2025, 2, 20), known_at=learned - timedelta(microseconds=1)
            )
            after = billed.account_balances(one, at=date(2025, 2, 20), known_at=learned)
        assert (before["142"], after["142"]) == (11519, 6519)

    def test_of_a_customer_need_a_viewer(self, billed: Store) -> None:
        for look in (
            lambda: billed.account_balances(account_id(1)),
            billed.entry_months,
            lambda: billed.entries_of_month(JANUARY),
            lambda: billed.entry_named("bill:none", JANUARY),
        ):
            with pytest.raises(NotViewing):
                look()

    def test_of_the_ledger_are_zero_together(self, billed: Store) -> None:
        assert billed.ledger_balances(at=date(2025, 1, 31)) == {"142": 16519, "440": -16519}
        assert billed.ledger_balances() == billed.trial_balance()
        assert billed.ledger_balances(at=date(2025, 1, 30)) == {}

    def test_are_the_same_before_and_after_periods_close(self, billed: Store) -> None:
        days = [date(2025, 1, 30) + timedelta(days=step) for step in range(0, 70, 3)]
        before = [billed.ledger_balances(at=day) for day in days]
        billed.close_period(close_of(JANUARY))
        billed.close_period(close_of(FEBRUARY))

        assert [billed.ledger_balances(at=day) for day in days] == before

    def test_by_booked_day_and_by_effective_day_differ_by_what_was_late(
        self, billed: Store
    ) -> None:
        billed.close_period(close_of(FEBRUARY))
        booked = billed.ledger_balances(booked_until=MARCH)
        billed.record_payment(*payment_of(1, "R-late", cents=700))

        assert billed.ledger_balances(booked_until=MARCH) == booked
        assert billed.ledger_balances(at=date(2025, 2, 28))["131"] == 5_700
        assert billed.ledger_balances(booked_until=date(2025, 4, 1))["131"] == 5_700


class TestTheJournalByMonth:
    def test_is_read_in_pages(self, billed: Store) -> None:
        billed.record_payment(*payment_of(1, "R-2"))
        with billed.viewing(ANALYST, ["journal"]):
            assert billed.entry_months() == [JANUARY, FEBRUARY, MARCH]
            first = billed.entries_of_month(FEBRUARY, limit=1)
            rest = billed.entries_of_month(FEBRUARY, after=first[0].entry_id)
            assert billed.entries_of_month(FEBRUARY) == first + rest
            assert len(rest) == 1

    def test_has_each_entry_by_its_name_and_day(self, billed: Store) -> None:
        with billed.viewing(ANALYST, ["journal"]):
            for one in billed.entries_of_month(FEBRUARY):
                assert billed.entry_named(one.entry_id, one.effective_day) == one
                assert billed.entry_named(one.entry_id, MARCH) is None
            assert billed.entry_named("bill:none", JANUARY) is None


class TestAnEntryWithoutItsCause:
    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("payment:R-8", "there is no R-8"),
            ("bill:B-none", "there is no B-none"),
            ("gift:R-9", "nothing is registered for 'gift'"),
        ],
    )
    def test_is_refused_and_nothing_is_kept(self, billed: Store, name: str, why: str) -> None:
        payment, entry = payment_of(1, "R-9")
        before = billed.trial_balance()

        with pytest.raises(Conflict, match=f"Entry {name} has no cause: {why}"):
            billed.record_payment(payment, replace(entry, entry_id=name))

        assert billed.trial_balance() == before
        assert billed.record_payment(payment, entry) is True

    def test_names_a_customer_if_and_only_if_there_is_a_sub_ledger(self) -> None:
        entry_of("E", JANUARY, account_id(1), 5)
        for legs in (
            (Leg("142", 5), Leg("440", -5)),
            (Leg("131", 5, account_id(1)), Leg("142", -5, account_id(1))),
        ):
            with pytest.raises(InvariantBroken, match="names a customer where the account has"):
                Entry("E", JANUARY, LATER, legs, "c")


DAYS = st.integers(0, 150).map(lambda step: JANUARY + timedelta(days=step))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    posted=st.lists(st.tuples(DAYS, st.integers(1, 90_000)), max_size=12),
    closings=st.integers(0, 4),
    asked=DAYS,
)
def test_what_closes_in_between_changes_no_sum_by_effective_day(
    posted: list[tuple[date, int]], closings: int, asked: date
) -> None:
    """The same payments, with and without periods that close after each third of them."""
    plain, closing = MemoryStore(), MemoryStore()
    for store in (plain, closing):
        store.start_service(start_of(1))
    months = iter([JANUARY, FEBRUARY, MARCH, date(2025, 4, 1)][:closings])
    for number, (day, cents) in enumerate(posted):
        payment, entry = payment_of(1, f"R-{number}", cents=cents)
        for store in (plain, closing):
            store.record_payment(
                replace(payment, received_day=day), replace(entry, effective_day=day)
            )
        if number % 3 == 2 and (month := next(months, None)):
            closing.close_period(close_of(month))

    assert closing.ledger_balances(at=asked) == plain.ledger_balances(at=asked)
    kept = [one for close in closing.closed_periods() for one in close.totals]
    opens = closing.booking_opens()
    if opens is not None:
        told: dict[str, int] = {}
        for one in kept:
            told[one.ledger_account] = (
                told.get(one.ledger_account, 0) + one.debit_cents - one.credit_cents
            )
        assert {k: v for k, v in told.items() if v} == closing.ledger_balances(booked_until=opens)
