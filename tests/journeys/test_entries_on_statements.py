"""What moved a balance stands on the statement of one bill, and on no other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.town import VIEWER, Town, even

from meterledger.facts.money import Entry, Leg
from meterledger.facts.statements import StatedBalance, Statement
from meterledger.kernel.span import DaySpan
from meterledger.ledger import CASH, RECEIVABLE
from meterledger.usecases.carried_balance import balance_before
from meterledger.usecases.make_statement import Beside, make_statement
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.take_payment import take_payment

FIRST_BILL, SECOND_BILL, THIRD_BILL = (
    date(2025, 9, 10),
    date(2025, 10, 10),
    date(2025, 11, 10),
)
DAY = date(2026, 11, 25)  # the town learns on this day and the next ones


def at(hour: int, *, days: int = 0) -> datetime:
    """An hour of the first day, or of one after it."""
    return datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC) + timedelta(days=days)


@pytest.fixture
def town() -> Town:
    """A home with usage for its first bills, of which nothing is billed yet."""
    made = Town()
    with made.store.viewing(VIEWER, []):
        made.start(1, from_day=date(2025, 8, 7), learned_at=at(7))
        made.read("M1", (date(2025, 8, 7), date(2025, 11, 20)), even(96), learned_at=at(7))
    return made


def bill(town: Town, on: date, known_at: datetime) -> None:
    with town.store.viewing(VIEWER, []):
        assert len(town.bill(1, on=on, known_at=known_at).issued) == 1


def pay(town: Town, cents: int, key: str, received: date, learned_at: datetime) -> None:
    with town.store.viewing(VIEWER, []):
        take_payment(
            account_id=town.account_id(1),
            cents=cents,
            payment_key=key,
            received_day=received,
            learned_at=learned_at,
            view=town.view,
            store=town.store,
        )


def statements(town: Town) -> list[Statement]:
    """Of all bills, oldest first."""
    with town.store.viewing(VIEWER, []):
        bills = town.store.issued_bills_of_account(town.account_id(1))
        return [
            make_statement(
                one,
                service=town.store.service_of_agreement(one.agreement_id, one.known_at),
                history=bills,
                entries=town.store.entries_of_account(one.account_id),
                view=town.book.as_known(one.known_at.date()),
                beside=Beside(),
            )
            for one in bills
        ]


def payments_on(town: Town) -> list[list[int]]:
    """Cents of the payments that stand on each statement; nothing stands there as a mere sum."""
    made = [one.balance for one in statements(town)]
    assert [one.unlisted_cents for one in made] == [0] * len(made)
    return [[change.cents for change in one.changes] for one in made]


class TestAPaymentOnTheDayOfABill:
    def test_that_came_before_it_stands_on_it_and_not_on_the_next(self, town: Town) -> None:
        bill(town, FIRST_BILL, at(8))
        pay(town, 20_00, "NINE", SECOND_BILL, at(9))
        bill(town, SECOND_BILL, at(15))
        bill(town, THIRD_BILL, at(15, days=1))
        assert payments_on(town) == [[], [-20_00], []]

    def test_that_came_after_it_stands_on_the_next(self, town: Town) -> None:
        bill(town, FIRST_BILL, at(8))
        bill(town, SECOND_BILL, at(15))
        pay(town, 30_00, "FOUR", SECOND_BILL, at(16))
        bill(town, THIRD_BILL, at(15, days=1))
        assert payments_on(town) == [[], [], [-30_00]]

    def test_before_and_after_it_are_told_apart(self, town: Town) -> None:
        bill(town, FIRST_BILL, at(8))
        pay(town, 20_00, "NINE", SECOND_BILL, at(9))
        bill(town, SECOND_BILL, at(15))
        pay(town, 30_00, "FOUR", SECOND_BILL, at(16))
        bill(town, THIRD_BILL, at(15, days=1))
        assert payments_on(town) == [[], [-20_00], [-30_00]]

    @pytest.mark.parametrize("before", [True, False])
    def test_at_the_very_instant_of_it_is_where_the_balance_has_it(
        self, town: Town, before: bool
    ) -> None:
        """A close posts payments and bills at one instant; the balance says which came first."""
        bill(town, FIRST_BILL, at(8))
        if before:
            pay(town, 20_00, "CLOSE", SECOND_BILL, at(15))
        bill(town, SECOND_BILL, at(15))
        if not before:
            pay(town, 20_00, "CLOSE", SECOND_BILL, at(15))
        bill(town, THIRD_BILL, at(15, days=1))
        assert payments_on(town) == ([[], [-20_00], []] if before else [[], [], [-20_00]])

    @pytest.mark.parametrize(("learned", "before"), [(16, True), (14, False)])
    def test_that_met_a_run_of_bills_is_where_the_balance_has_it(
        self, town: Town, learned: int, before: bool
    ) -> None:
        """A run knows what was known when it began, and posts a while later."""
        bill(town, FIRST_BILL, at(8))
        if before:
            pay(town, 20_00, "MET", SECOND_BILL, at(learned))
        bill(town, SECOND_BILL, at(15))
        if not before:
            pay(town, 20_00, "MET", SECOND_BILL, at(learned))
        bill(town, THIRD_BILL, at(15, days=1))
        assert payments_on(town) == ([[], [-20_00], []] if before else [[], [], [-20_00]])


class TestAFileOfPaymentsThatMeetsARun:
    """Mail of the days before, posted while a run of bills is going that knows less, or more."""

    @pytest.mark.parametrize(("hours", "before"), [(1, True), (24, True), (-1, False)])
    def test_is_told_payment_by_payment_where_the_balance_has_it(
        self, town: Town, hours: int, before: bool
    ) -> None:
        bill(town, FIRST_BILL, at(8))

        def file() -> None:
            for number, cents in enumerate((20_00, 12_34), start=1):
                day = SECOND_BILL - timedelta(days=number)
                learned_at = at(15, days=1) + timedelta(hours=hours)
                pay(town, cents, f"BOX-{number}", day, learned_at)

        if before:
            file()
        bill(town, SECOND_BILL, at(15, days=1))
        if not before:
            file()
        bill(town, THIRD_BILL, at(15, days=5))
        both = [-12_34, -20_00]
        assert payments_on(town) == ([[], both, []] if before else [[], [], both])

    def test_of_which_some_was_posted_before_is_told_on_both_bills(self, town: Town) -> None:
        bill(town, FIRST_BILL, at(8))
        pay(town, 20_00, "BOX-1", SECOND_BILL - timedelta(days=1), at(16))
        bill(town, SECOND_BILL, at(15))
        pay(town, 12_34, "BOX-2", SECOND_BILL - timedelta(days=1), at(16))
        bill(town, THIRD_BILL, at(15, days=5))
        assert payments_on(town) == [[], [-20_00], [-12_34]]

    def test_longer_than_any_run_is_one_sum(self, town: Town) -> None:
        bill(town, FIRST_BILL, at(8))
        pay(town, 20_00, "BOX-1", SECOND_BILL - timedelta(days=1), at(16, days=1))
        bill(town, SECOND_BILL, at(15))
        bill(town, THIRD_BILL, at(15, days=5))
        told = [(one.balance.changes, one.balance.unlisted_cents) for one in statements(town)]
        assert told == [((), 0), ((), -20_00), ((), 0)]


def test_a_payment_of_an_earlier_day_learned_later_stands_on_the_bill_after(town: Town) -> None:
    bill(town, FIRST_BILL, at(8))
    bill(town, SECOND_BILL, at(15))
    pay(town, 20_00, "LATE MAIL", SECOND_BILL - timedelta(days=5), at(9, days=1))
    bill(town, THIRD_BILL, at(15, days=1))
    assert payments_on(town) == [[], [], [-20_00]]


def test_a_bill_issued_for_an_earlier_day_has_what_was_posted_before_it(town: Town) -> None:
    bill(town, FIRST_BILL, at(8))
    pay(town, 20_00, "AHEAD", SECOND_BILL + timedelta(days=3), at(9))
    bill(town, SECOND_BILL, at(15))
    bill(town, THIRD_BILL, at(15, days=1))
    assert payments_on(town) == [[], [-20_00], []]


def test_what_a_bill_showed_it_shows_again_whatever_came_after(town: Town) -> None:
    bill(town, FIRST_BILL, at(8))
    pay(town, 20_00, "NINE", SECOND_BILL, at(9))
    bill(town, SECOND_BILL, at(15))
    shown = [one.balance for one in statements(town)]
    pay(town, 20_00, "NINE AGAIN", SECOND_BILL, at(16))
    pay(town, 40_00, "EARLIER", FIRST_BILL, at(17))
    bill(town, THIRD_BILL, at(15, days=1))
    assert [one.balance for one in statements(town)][:2] == shown


# ------------------------------------------------------------------------------- any order


@dataclass
class Account:
    """Bills and entries as they are posted, one after another, with the balance as it runs."""

    entries: list[Entry] = field(default_factory=list)
    bills: list[StoredBill] = field(default_factory=list)
    cents: int = 0

    def post(self, entry_id: str, cents: int, day: date, learned_at: datetime) -> None:
        legs = (Leg(RECEIVABLE, cents, "A"), Leg(CASH, -cents))
        self.entries.append(Entry(entry_id, day, learned_at, legs, "what happened"))
        self.cents += cents

    def bill(self, cents: int, day: date, known_at: datetime) -> None:
        name = f"B{len(self.bills)}"
        self.bills.append(
            StoredBill(
                bill_id=name,
                account_id="A",
                agreement_id="AG",
                days=DaySpan(day - timedelta(days=30), day),
                issued_day=day,
                due_day=day + timedelta(days=21),
                total_cents=cents,
                record=b"{}",
                record_sha256="",
                known_at=known_at,
                lake_sequence=1,
                previous_balance_cents=self.cents,
                book_sha256="",
            )
        )
        self.post(f"bill:{name}", cents, day, known_at)

    def balances(self) -> list[StatedBalance]:
        return [balance_before(one, self.bills, self.entries) for one in self.bills]


AMOUNTS = st.sampled_from((-50_00, -50_00, -20_00, 15, 30_00))
HAPPENED = st.tuples(
    st.sampled_from(("payment", "late", "fee", "transfer", "bill")),
    AMOUNTS,
    st.integers(-12, 3),  # days between the day it was learned on and the day it is effective on
    st.sampled_from((0, 0, 1, 6, 24, 200)),  # hours since the one before it
)


@settings(max_examples=150)
@given(st.lists(HAPPENED, max_size=14), st.randoms(use_true_random=False))
def test_in_any_order_each_entry_stands_on_exactly_one_statement(
    happened: list[tuple[str, int, int, int]], shuffle: Any
) -> None:
    """What is learned at the instant of a bill may be posted before it or after it; the bill of
    an instant is one."""
    account, now = Account(), at(8)
    for number, (kind, cents, days, hours) in enumerate(happened):
        now += timedelta(hours=hours)
        if kind == "bill":
            if account.bills and account.bills[-1].known_at == now:
                now += timedelta(hours=1)
            account.bill(abs(cents), now.date(), now)
        else:
            account.post(f"{kind}:{number}", cents, now.date() + timedelta(days=days), now)
    now += timedelta(days=1)
    account.bill(10_00, now.date(), now)

    in_order = [*account.bills]
    shuffle.shuffle(account.bills)
    shuffle.shuffle(account.entries)
    account.bills, given_bills = in_order, account.bills
    balances = [balance_before(one, given_bills, account.entries) for one in in_order]

    for (was, before), (one, balance) in pairwise(zip(in_order, balances, strict=True)):
        assert balance.last_asked_cents == was.previous_balance_cents + was.total_cents
        assert before.previous_cents == was.previous_balance_cents
        assert balance.previous_cents == one.previous_balance_cents
    assert [one.unlisted_cents for one in balances] == [0] * len(balances)
    stated = sorted((change.day, change.cents) for one in balances for change in one.changes)
    posted = sorted(
        (one.effective_day, one.legs[0].cents)
        for one in account.entries
        if not one.entry_id.startswith("bill:")
    )
    assert stated == posted


def test_two_bills_of_one_instant_follow_each_other_as_they_were_posted() -> None:
    """Whatever their names say: an account's second home may come first."""
    account = Account()
    account.post("payment:P", -5_00, DAY, at(7))
    account.bill(40_00, DAY, at(8))
    account.bill(60_00, DAY, at(8))
    account.bill(70_00, DAY + timedelta(days=30), at(8, days=30))
    first, second, _ = account.bills
    account.bills[:2] = [
        _renamed(account, second, "B-BARN"),
        _renamed(account, first, "B-HOUSE"),
    ]
    barn, house, last = account.balances()
    assert (house.last_asked_cents, house.previous_cents) == (None, -5_00)
    assert [one.cents for one in house.changes] == [-5_00]
    assert (barn.last_asked_cents, barn.previous_cents, barn.changes) == (35_00, 35_00, ())
    assert (last.last_asked_cents, last.unlisted_cents, last.changes) == (95_00, 0, ())


def _renamed(account: Account, bill: StoredBill, name: str) -> StoredBill:
    account.entries[:] = [
        replace(one, entry_id=f"bill:{name}") if one.entry_id == f"bill:{bill.bill_id}" else one
        for one in account.entries
    ]
    return replace(bill, bill_id=name)
