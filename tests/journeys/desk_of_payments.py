"""A desk for tests of payments: two accounts on paper with three bills each, and the first book."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel
from meterledger.facts.receivables import OpenItem
from meterledger.ledger import Receivable, receivable_of_movements
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.settle_payment import PaymentDesk
from meterledger.usecases.take_payment import How, take_payment

NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)
TODAY = date(2026, 12, 1)
RECEIVED = date(2026, 11, 30)
A_BILL = 165_19
BY_CHECK = How(Tender.CHECK, Channel.OFFICE, check_number="1001")


@lru_cache(maxsize=1)
def view() -> BookView:
    return open_book(default_book_folder()).as_known(TODAY)


def new_store(bills: int = 3) -> MemoryStore:
    """Accounts 1 and 2 with so many bills each; the test may look."""
    store = MemoryStore()
    store.start_services([start_of(1), start_of(2)])
    for month in range(bills):
        store.record_bills([bill_of(1, month), bill_of(2, month)])
    door = store.viewing(ANALYST, ["all"])
    door.__enter__()
    store.door = door  # type: ignore[attr-defined]  # open as long as the store is there
    return store


def bill_item(month: int, number: int = 1) -> str:
    return f"bill:{bill_of(number, month)[0].bill_id}"


def desk_of(store: Any, *, deposits: tuple[OpenItem, ...] = (), minutes: int = 0) -> PaymentDesk:
    return PaymentDesk(
        store, view(), NOW + timedelta(minutes=minutes), lambda ids: dict.fromkeys(ids, deposits)
    )


def pay(
    store: Any, cents: int, key: str = "R-1", *, number: int = 1, minutes: int = 0, **how: Any
) -> bool:
    deposits = how.pop("deposits", ())
    asked = {
        "received_day": RECEIVED,
        "how": BY_CHECK,
        "asked_deposits": lambda ids: dict.fromkeys(ids, deposits),
        **how,
    }
    _, newly = take_payment(
        account_id=account_id(number),
        cents=cents,
        payment_key=key,
        learned_at=NOW + timedelta(minutes=minutes),
        view=view(),
        store=store,
        **asked,
    )
    return newly


def stands(store: Any, number: int = 1, *, at: date = TODAY, **how: Any) -> Receivable:
    name = account_id(number)
    money = store.account_money([name])[name]
    return receivable_of_movements(
        name, money.movements, money.applications, due_days={}, at=at, **how
    )


def opened(store: Any, number: int = 1, **how: Any) -> dict[str, int]:
    found = stands(store, number, **how)
    return {one.item_id: one.open_cents for one in found.items if one.open_cents}


def paid(store: Any, key: str) -> list[tuple[str, int]]:
    return [(one.item_id, one.cents) for one in store.applications_of(f"payment:{key}")]


def deposit_of(cents: int, day: date = RECEIVED) -> OpenItem:
    from meterledger.facts.receivables import ItemKind

    return OpenItem("deposit:D-1", ItemKind.DEPOSIT, account_id(1), day, None, cents, cents)


def later(desk: PaymentDesk, minutes: int) -> PaymentDesk:
    return replace(desk, now=NOW + timedelta(minutes=minutes))
