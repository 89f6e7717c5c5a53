"""Sums of the journal and of bills: the same on both stores, to the cent and the day."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from tests.journeys.desk_of_payments import view
from tests.journeys.slow_aging import slow_aging
from tests.stores.paper_town import (
    ANALYST,
    CLAUSE,
    LATER,
    account_id,
    agreement_of,
    bill_of,
    month_of,
    rebill_of,
    start_of,
)
from tests.stores.test_promises_of_documents import document_of

from meterledger.facts.documents import Channel, DocumentKind
from meterledger.facts.finance import AccountBalance
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.facts.receivables import AccountMoney
from meterledger.facts.unbilled import Accrual, UnbilledLine, UnbilledMethod
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan, Validity
from meterledger.ledger import entry_for_payment, reverse_entry
from meterledger.stores.memory import MemoryStore
from meterledger.stores.postgres import PostgresStore
from meterledger.usecases.finance_aging import aging
from meterledger.usecases.ports import Conflict, NotViewing, Store
from meterledger.usecases.unbilled_revenue import entries_of

DAY = LATER.date()
FAR = date(2030, 1, 1)


@pytest.fixture
def town(store: Store) -> Iterator[Store]:
    """Two accounts with two bills each, a payment, and a payment that was taken back."""
    store.start_services([start_of(1), start_of(2)])
    for month in range(2):
        store.record_bills([bill_of(1, month), bill_of(2, month)])
    for key, number in (("K1", 1), ("K2", 2)):
        payment = Payment(key, account_id(number), 5_00, Tender.CASH, DAY, LATER)
        store.record_payment(payment, entry_for_payment(payment))
    with store.viewing(ANALYST, ["all"]):
        yield store


def test_rows_of_the_journal_sum_to_zero_and_to_the_trial_balance(town: Store) -> None:
    rows = town.ledger_rows(None, FAR)
    sums: dict[str, int] = {}
    for row in rows:
        moved = row.debit_cents - row.credit_cents
        sums[row.ledger_account] = sums.get(row.ledger_account, 0) + moved
    assert sums == town.trial_balance()
    assert {(row.kind, row.schedule) for row in rows} == {("bill", "1M-anytime"), ("payment", "")}
    assert [row.month for row in rows] == sorted(row.month for row in rows)
    assert not town.ledger_rows(FAR, FAR + timedelta(days=1))
    halves = [*town.ledger_rows(None, DAY), *town.ledger_rows(DAY, FAR)]
    assert sum(row.legs for row in halves) == sum(row.legs for row in rows)


def test_lines_of_bills_are_revenue_on_the_day_of_issue(town: Store) -> None:
    bills = [bill_of(number, month)[0] for number in (1, 2) for month in range(2)]
    rows = town.revenue_rows(date(2000, 1, 1), FAR)
    assert sum(row.cents for row in rows) == sum(bill.total_cents for bill in bills)
    assert sum(row.lines for row in rows) == sum(len(bill.lines) for bill in bills)
    first = min(bill.issued_day for bill in bills)
    of_first = town.revenue_rows(first, first + timedelta(days=1))
    assert sum(row.cents for row in of_first) == sum(
        bill.total_cents for bill in bills if bill.issued_day == first
    )


def test_balances_are_of_an_evening(town: Store) -> None:
    owed = {number: sum(bill_of(number, m)[0].total_cents for m in range(2)) for number in (1, 2)}
    assert town.receivable_balances(FAR) == [
        AccountBalance(account_id(number), "1M-anytime", owed[number] - 5_00) for number in (1, 2)
    ]
    assert not town.receivable_balances(date(2000, 1, 1))


def test_balances_are_of_the_rate_option_of_the_evening(town: Store) -> None:
    """Account 1 goes over to another option on a day, and its service ends a month later."""
    old = agreement_of(1)
    day, stop = month_of(3).from_day, month_of(4).from_day
    then = replace(old, agreement_id="AG-2", schedule="2M-single-phase", days=Validity(day))
    town.change_agreement(old.agreement_id, day, then, [Reason("asked for", CLAUSE)])
    town.stop_service("AG-2", stop, LATER + timedelta(days=1))

    told = [
        (town.receivable_balances(at)[0].schedule, *each_schedule(town, at))
        for at in (day - timedelta(days=1), day, stop - timedelta(days=1), stop, FAR)
    ]

    assert told == [(name, name, "1M-anytime") for name in (
        "1M-anytime", *["2M-single-phase"] * 4
    )]  # fmt: skip


def each_schedule(town: Store, at: date) -> list[str]:
    return town.each_owing(at, lambda one, _: one.schedule)


def test_who_owes_is_told_with_all_that_open_items_follow_from(town: Store) -> None:
    owed = sum(bill_of(1, month)[0].total_cents for month in range(2))
    payment = Payment("K3", account_id(1), owed - 5_00, Tender.CASH, DAY, LATER)
    town.record_payment(payment, entry_for_payment(payment))

    def told(one: AccountBalance, mine: AccountMoney) -> tuple[AccountBalance, AccountMoney]:
        return one, in_order(mine)

    both = [account_id(number) for number in (1, 2)]
    money = town.account_money(both, with_due_days=True)
    before = DAY - timedelta(days=1)
    assert town.each_owing(before, told) == [
        (one, in_order(money[one.account_id])) for one in town.receivable_balances(before)
    ]
    settled, other = town.receivable_balances(FAR)
    assert settled.cents == 0
    assert town.each_owing(FAR, told) == [(other, in_order(money[both[1]]))]
    assert town.each_owing(date(2000, 1, 1), told) == []

    correction, day = rebill_of(2, 1), DAY + timedelta(days=30)
    assert correction.entry is not None
    bill = replace(correction.bill, issued_day=day, due_day=day + timedelta(days=21))
    entry = replace(correction.entry, effective_day=day)
    town.record_rebills([replace(correction, bill=bill, entry=entry)])
    ((_, mine),) = town.each_owing(FAR, told)
    assert mine == in_order(town.account_money(both, with_due_days=True)[both[1]])
    assert [one.cancelled_on for one in mine.bills if one.cancelled_on] == [day]


def test_who_owes_is_told_with_the_documents_that_went_out_late(town: Store) -> None:
    """So that aging of a day knows which of them had been made by it. A copy moves nothing."""
    made, due = LATER + timedelta(days=3), bill_of(1)[0].due_day + timedelta(days=14)
    by_mail = document_of(1, channel=Channel.ELECTRONIC, made_at=LATER, due_day=None)
    late = document_of(1, made_at=made, due_day=due)
    copy = replace(late, kind=DocumentKind.DUPLICATE, due_day=due + timedelta(days=9))
    town.record_documents([by_mail, late, copy])

    whole = town.account_money([account_id(1)], with_due_days=True)[account_id(1)]
    ((owing, _), _) = town.each_owing(FAR, lambda _, mine: (in_order(mine), mine))

    assert owing == in_order(whole)
    assert [one.later for one in whole.bills] == [((made, due),), ()]
    assert [one.due_day for one in whole.bills] == [bill_of(1, m)[0].due_day for m in (0, 1)]


def in_order(one: AccountMoney) -> AccountMoney:
    """Stores tell movements and due days in an order of their own."""
    moved = sorted(one.movements, key=lambda each: each.entry_id)
    given = sorted(one.applications, key=lambda each: each.application_id)
    return replace(
        one,
        movements=tuple(moved),
        applications=tuple(given),
        due_days=tuple(sorted(one.due_days)),
    )


@pytest.mark.postgres
def test_aging_asks_the_same_statements_however_many_accounts_owe(
    postgres: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def counting(name: str) -> None:
        plain = getattr(psycopg.Cursor, name)

        def count(self: Any, query: Any, *more: Any, **how: Any) -> Any:
            asked.append(query)
            return plain(self, query, *more, **how)

        monkeypatch.setattr(psycopg.Cursor, name, count)

    def statements(accounts: int) -> int:
        asked.clear()
        assert len(aging(FAR, view=view(), store=postgres).accounts) == accounts
        return len(asked)

    counting("execute")
    counting("stream")
    with postgres.viewing(ANALYST, ["all"]):
        counts = []
        for number in range(1, 7):
            postgres.start_service(start_of(number))
            postgres.record_bills([bill_of(number, month) for month in range(2)])
            counts.append(statements(number))
    assert counts == [2] * 6  # who looks, and the question


def test_entries_of_an_account_of_the_ledger_are_found_by_day(town: Store) -> None:
    found = town.entries_booked("131", DAY, DAY + timedelta(days=1))
    assert [one.entry_id for one in found] == ["payment:K1", "payment:K2"]
    assert not town.entries_booked("131", DAY + timedelta(days=1), FAR)
    assert len(town.entries_booked("131", DAY, FAR, limit=1)) == 1


def test_balances_are_those_of_every_leg_on_any_day(store: Store) -> None:
    draw, names = Random(20_260_711), [account_id(number) for number in (1, 2, 3)]
    store.start_services([start_of(number) for number in (1, 2, 3, 4)])
    legs: list[tuple[date, Leg]] = []
    for number in range(60):
        day = DAY + timedelta(days=draw.randint(-400, 40))
        mine = [
            Leg(draw.choice(("142", "142.budget", "143", "143.other")), cents, draw.choice(names))
            for cents in draw.sample(range(-9_00, 9_00), draw.randint(1, 4))
            if cents
        ]
        rest = -sum(leg.cents for leg in mine)
        mine.append(Leg(draw.choice(("131", "131.card")), rest or 1))
        mine += [] if rest else [Leg("253.unapplied", -1)]
        payment = Payment(f"K{number}", names[0], 1_00, Tender.CASH, day, LATER)
        entry = Entry(f"payment:K{number}", day, LATER, tuple(mine), "a payment")
        assert store.record_payment(payment, entry)
        legs += [(day, leg) for leg in mine]
    with store.viewing(ANALYST, ["all"]):
        for at in (DAY - timedelta(days=500), DAY - timedelta(days=200), DAY, FAR):
            whole: dict[str, int] = {}
            for day, leg in legs:
                name = leg.customer_account_id
                if name is not None and leg.ledger_account != "142.budget" and day <= at:
                    whole[name] = whole.get(name, 0) + leg.cents
            told = [(one.account_id, one.cents) for one in store.receivable_balances(at)]
            assert told == sorted(whole.items())
            owing = store.each_owing(at, lambda one, mine: (one, mine, one.account_id))
            assert [(name, one.cents) for one, _, name in owing] == [
                each for each in told if each[1]
            ]
            for one, mine, _ in owing:
                until = [each.cents for each in mine.movements if each.effective_day <= at]
                assert sum(until) == one.cents
            found = aging(at, view=view(), store=store)
            assert found == slow_aging(at, view=view(), store=store)
            assert not found.apart
        owed = dict.fromkeys(names, 0)
        sums: dict[str, int] = {}
        for _, leg in legs:
            sums[leg.ledger_account] = sums.get(leg.ledger_account, 0) + leg.cents
            if leg.customer_account_id is not None:
                owed[leg.customer_account_id] += leg.cents
        assert store.accounts_in_credit() == {
            one: -cents for one, cents in owed.items() if cents < 0
        }
        assert store.trial_balance() == sums
        cash = sum(cents for name, cents in sums.items() if name.startswith("131"))
        assert store.bank_totals().expected_cents == cash


def test_balances_are_right_however_many_post_at_once(store: Store) -> None:
    store.start_services([start_of(1), start_of(2)])

    def pay(number: int) -> None:
        one, other = (1, 2) if number % 2 else (2, 1)
        payment = Payment(f"K{number}", account_id(one), 3_00, Tender.CASH, DAY, LATER)
        legs = (
            *(Leg("131", 3_00), Leg("142", -1_00, account_id(one))),
            Leg("142", -2_00, account_id(other)),
        )
        assert store.record_payment(payment, Entry(f"payment:K{number}", DAY, LATER, legs, "both"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pay, range(40)))
    with store.viewing(ANALYST, ["all"]):
        assert store.accounts_in_credit() == {account_id(1): 60_00, account_id(2): 60_00}
        assert store.trial_balance() == {"131": 120_00, "142": -120_00}


def test_sums_are_read_by_viewers(store: Store) -> None:
    for ask in (
        lambda: store.ledger_rows(None, FAR),
        lambda: store.revenue_rows(DAY, FAR),
        lambda: store.payment_cash(DAY, FAR),
        lambda: store.receivable_balances(DAY),
        lambda: store.entries_booked("131", DAY, FAR),
        lambda: store.each_owing(FAR, lambda one, mine: one),
    ):
        with pytest.raises(NotViewing):
            ask()


def test_what_was_taken_back_is_told_apart() -> None:
    store = MemoryStore()
    store.start_services([start_of(1)])
    bill, entry = bill_of(1, 0)
    store.record_bills([(bill, entry)])
    assert entry is not None
    back = reverse_entry(entry, on=DAY, learned_at=LATER, cause="a test")
    store._keep_entry(back)
    with store.viewing(ANALYST, ["all"]):
        kinds = {row.kind: row.schedule for row in store.ledger_rows(None, FAR)}
        assert kinds == {"bill": "1M-anytime", "reversal of bill": "1M-anytime"}
        assert sum(row.cents for row in store.revenue_rows(date(2000, 1, 1), FAR)) == 0


def test_a_month_end_is_accrued_once_and_taken_back(town: Store) -> None:
    line = UnbilledLine(
        *("A-1", account_id(1), "1M-anytime", "residential", DaySpan(DAY, DAY + timedelta(days=9))),
        *(9, 12_345, 10_00, UnbilledMethod.PRICED),
    )
    no_energy = replace(
        line, agreement_id="A-2", energy_wh=None, cents=0, method=UnbilledMethod.NOT_KNOWN, why="?"
    )
    accrual = Accrual(date(2025, 8, 31), (line, no_energy), b"{}", LATER)
    entries = entries_of(accrual)
    before = town.trial_balance()
    assert town.record_accrual(accrual, entries)
    assert not town.record_accrual(accrual, entries)
    assert town.accruals() == [accrual]
    after = {name: cents for name, cents in town.trial_balance().items() if cents}
    assert after == {name: cents for name, cents in before.items() if cents}
    sums = {row.ledger_account: row.debit_cents for row in town.ledger_rows(None, date(2025, 9, 1))}
    assert sums["173"] == 10_00
    with pytest.raises(Conflict, match=r"2025-08-31 is accrued already, with \$10\.00"):
        town.record_accrual(replace(accrual, lines=(line,)), entries)
