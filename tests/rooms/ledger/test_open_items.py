"""What is open of an account, and what paid the rest: always the balance of its receivable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.money import Entry, Leg
from meterledger.facts.receivables import Application, ItemKind, OpenItem
from meterledger.ledger import open_items, receivable, reverse_entry
from meterledger.ledger.open_items import movement_of

FIRST = date(2025, 1, 1)
LAST = FIRST + timedelta(days=400)
NOW = datetime(2025, 1, 1, 12, tzinfo=UTC)


def charge(name: str, cents: int, day: date = FIRST, account: str = "142") -> Entry:
    legs = (Leg(account, cents, "A-1"), Leg("440", -cents))
    return Entry(name, day, NOW, legs, name)


def credit(name: str, cents: int, day: date = FIRST) -> Entry:
    legs = (Leg("131", cents), Leg("142", -cents, "A-1"))
    return Entry(name, day, NOW, legs, name)


def applied(source: Entry, item_id: str, cents: int, day: date = FIRST) -> Application:
    name = f"{source.entry_id}/{item_id}"
    kind = ItemKind.DEPOSIT if item_id.startswith("deposit:") else ItemKind.UTILITY
    return Application(name, source.entry_id, item_id, kind, "A-1", cents, day, NOW)


def undone(one: Application, day: date) -> Application:
    return replace(
        one,
        application_id=f"undo/{one.application_id}",
        cents=-one.cents,
        applied_day=day,
        undoes=one.application_id,
    )


def opened(*entries: Entry, given: tuple[Application, ...] = (), at: date = LAST):
    items, free = open_items("A-1", entries, given, due_days={}, at=at)
    return {item.item_id: item.open_cents for item in items}, free


def test_a_bill_is_open_until_it_is_paid() -> None:
    bill = charge("bill:1", 10_000)
    assert opened(bill) == ({"bill:1": 10_000}, 0)
    assert opened(bill, credit("payment:1", 9_999)) == ({"bill:1": 1}, 0)
    assert opened(bill, credit("payment:1", 10_000)) == ({}, 0)
    assert opened(bill, credit("payment:1", 10_001)) == ({}, 1)


def test_credit_of_the_account_pays_the_next_bill_on_its_day() -> None:
    early = credit("payment:1", 5_000, FIRST)
    bill = charge("bill:1", 7_000, FIRST + timedelta(days=10))
    assert opened(early, bill, at=FIRST + timedelta(days=9)) == ({}, 5_000)
    assert opened(early, bill, at=FIRST + timedelta(days=10)) == ({"bill:1": 2_000}, 0)


def test_an_application_says_which_bill_is_paid_and_free_credit_pays_the_oldest() -> None:
    old, new = charge("bill:1", 1_000), charge("bill:2", 1_000, FIRST + timedelta(days=30))
    money = credit("payment:1", 600, FIRST + timedelta(days=40))
    assert opened(old, new, money) == ({"bill:1": 400, "bill:2": 1_000}, 0)
    given = (applied(money, "bill:2", 600, money.effective_day),)
    assert opened(old, new, money, given=given) == ({"bill:1": 1_000, "bill:2": 400}, 0)


def test_a_reversed_bill_asks_nothing_and_frees_what_was_paid_on_it() -> None:
    bill, money = charge("bill:1", 1_000), credit("payment:1", 1_000)
    given = (applied(money, "bill:1", 1_000),)
    back = reverse_entry(bill, on=FIRST + timedelta(days=5), learned_at=NOW, cause="wrong")
    again = charge("bill:2", 1_200, FIRST + timedelta(days=5))
    assert opened(bill, money, back, given=given) == ({}, 1_000)
    assert opened(bill, money, back, again, given=given) == ({"bill:2": 200}, 0)


def test_a_reversed_payment_opens_again_what_it_paid_also_after_later_money() -> None:
    one, two = charge("bill:1", 1_000), charge("bill:2", 1_000, FIRST + timedelta(days=30))
    first, second = credit("payment:1", 1_000), credit("payment:2", 1_500, LAST)
    given = (applied(first, "bill:1", 1_000), applied(second, "bill:2", 1_000, LAST))
    back = reverse_entry(first, on=LAST, learned_at=NOW, cause="returned")
    undo = (*given, undone(given[0], LAST))
    assert opened(one, two, first, second, given=given) == ({}, 500)
    assert opened(one, two, first, second, back, given=undo) == ({"bill:1": 500}, 0)


def test_a_refund_takes_the_credit_before_a_bill_does() -> None:
    over, paid_back = credit("payment:1", 900), charge("refund:1", 900, FIRST + timedelta(days=1))
    bill = charge("bill:0", 400)
    given = (applied(over, "bill:0", 400),)
    assert opened(over, paid_back, given=given) == ({}, 0)
    assert opened(over, paid_back, bill) == ({"bill:0": 400}, 0)


def test_kinds_come_from_the_names_of_entries_and_a_deferred_part_is_no_item() -> None:
    budget = Entry(
        "bill:2",
        FIRST,
        NOW,
        (Leg("142", 800, "A-1"), Leg("142.budget", 200, "A-1"), Leg("440", -1_000)),
        "bill 2",
    )
    entries = (
        charge("bill:1", 1),
        charge("late:1", 2),
        charge("fee:1", 3),
        charge("special:1", 4, account="143"),
        charge("recovery:1", 5, account="143.other"),
        budget,
    )
    items, free = open_items("A-1", entries, (), due_days={"bill:2": LAST}, at=LAST)
    assert free == 0
    assert {item.item_id: (item.kind, item.open_cents, item.due_day) for item in items} == {
        "bill:1": (ItemKind.UTILITY, 1, None),
        "late:1": (ItemKind.LATE_CHARGE, 2, None),
        "fee:1": (ItemKind.SERVICE_FEE, 3, None),
        "special:1": (ItemKind.SPECIAL, 4, None),
        "recovery:1": (ItemKind.SPECIAL, 5, None),
        "bill:2": (ItemKind.UTILITY, 800, LAST),
    }


def test_free_credit_pays_special_charges_last() -> None:
    special = charge("special:1", 500, account="143")
    bill = charge("bill:1", 500, FIRST + timedelta(days=9))
    assert opened(special, bill, credit("payment:1", 600)) == ({"special:1": 400}, 0)


def test_a_deposit_is_paid_by_an_application_only() -> None:
    asked = OpenItem("deposit:R-1", ItemKind.DEPOSIT, "A-1", FIRST, None, 2_000, 2_000)
    money = Entry(
        "payment:1",
        FIRST,
        NOW,
        (Leg("131", 900), Leg("142", -400, "A-1"), Leg("235", -500, "A-1")),
        "check payment 1",
    )
    given = (applied(money, "deposit:R-1", 500),)
    items, free = open_items("A-1", (money,), given, asked_deposits=(asked,), due_days={}, at=LAST)
    assert [(item.item_id, item.open_cents) for item in items] == [("deposit:R-1", 1_500)]
    assert free == 400


CENTS = st.integers(1, 50)
DAYS = st.integers(0, 20).map(lambda days: FIRST + timedelta(days=days))


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Entry], list[Application]]:
    """Charges and credits, some reversed, with any applications, right or not."""
    prefixes = st.sampled_from(["bill", "late", "fee", "special", "refund"])
    accounts = st.sampled_from(["142", "143"])
    charges = [
        charge(f"{draw(prefixes)}:{number}", draw(CENTS), draw(DAYS), draw(accounts))
        for number in range(draw(st.integers(0, 5)))
    ]
    credits_ = [
        credit(f"payment:{number}", draw(CENTS), draw(DAYS))
        for number in range(draw(st.integers(0, 5)))
    ]
    made = [*charges, *credits_]
    reversals = [
        reverse_entry(entry, on=max(entry.effective_day, draw(DAYS)), learned_at=NOW, cause="back")
        for entry in made
        if draw(st.integers(0, 3)) == 0
    ]
    given = []
    for source in credits_:
        for item in charges:
            if draw(st.booleans()):
                one = applied(source, item.entry_id, draw(CENTS), draw(DAYS))
                given.append(one)
                if draw(st.booleans()):
                    given.append(undone(one, one.applied_day))
    return [*made, *reversals], given


@given(lives(), DAYS)
def test_items_less_free_credit_are_the_balance(life, at: date) -> None:
    entries, given = life
    balance = sum(movement_of(one, "A-1").cents for one in entries if one.effective_day <= at)
    items, free = open_items("A-1", entries, given, due_days={}, at=at)
    assert sum(item.open_cents for item in items) - free == balance
    assert free >= 0
    assert not (items and free), "credit is free only where nothing is open"


@given(lives(), DAYS)
def test_nothing_is_paid_more_than_it_asks_and_no_credit_spent_beyond_itself(
    life, at: date
) -> None:
    entries, given = life
    found = receivable("A-1", entries, given, due_days={}, at=at)
    brought = {one.entry_id: -movement_of(one, "A-1").cents for one in entries}
    spent: dict[str, int] = {}
    settled: dict[str, int] = {}
    for one in found.settlements:
        spent[one.source_entry_id] = spent.get(one.source_entry_id, 0) + one.cents
        settled[one.item_id] = settled.get(one.item_id, 0) + one.cents
    for item in found.items:
        assert settled.get(item.item_id, 0) + item.open_cents <= item.charged_cents
    for source, cents in spent.items():
        assert cents <= brought[source]


@given(lives())
def test_the_order_in_which_entries_are_told_does_not_matter(life) -> None:
    entries, given = life
    told = open_items("A-1", entries, given, due_days={}, at=LAST)
    assert told == open_items("A-1", entries[::-1], given[::-1], due_days={}, at=LAST)


@given(lives())
def test_free_credit_leaves_no_older_item_open_where_a_newer_one_is_settled(life) -> None:
    entries, _ = life
    items = receivable("A-1", entries, (), due_days={}, at=LAST).items
    same = [item for item in items if item.kind is ItemKind.LATE_CHARGE]
    opened_ = [item.open_cents for item in same]
    settled_late = [
        later
        for older, later in pairwise(same)
        if older.open_cents and later.open_cents < later.charged_cents
    ]
    reversed_ids = {one.reverses for one in entries}
    assert all(one.item_id in reversed_ids for one in settled_late), opened_
