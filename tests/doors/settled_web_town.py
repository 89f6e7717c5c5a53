"""A town with settlements behind the pages and commands: a credit, a debt, a live account.

Account 1 ended and has a credit of 30 dollars, of which Ana Rivera has asked for 20; account 2
ended and owes 165.19; account 3 is of the customer of account 2 and takes service.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from tests.stores.paper_town import ANALYST, account_id, bill_of, payment_of, start_of

from meterledger.entrypoints.web.system import Library
from meterledger.entrypoints.wiring import System, open_book
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.settlements import MoneyDesk

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
ENDED, DEBTOR, LIVE = account_id(1), account_id(2), account_id(3)


@dataclass
class SettledTown:
    """Puts the town behind the pages."""

    store: MemoryStore
    book: TariffBook
    asked: str

    def system(self) -> System:
        return System(self.store, None, self.book, NOW, None)  # type: ignore[arg-type]

    def library(self) -> Library:
        return Library(self.book, NOW)

    @contextmanager
    def open_system(self, *, viewer: Any, subjects: Any) -> Iterator[System]:
        with self.store.viewing(viewer, subjects):
            yield self.system()


@lru_cache(maxsize=1)
def the_book() -> TariffBook:
    """The first book, read once for all tests of these doors."""
    return open_book(default_book_folder())


def settled_town() -> SettledTown:
    """The town; its refund of 20 dollars waits for a second person."""
    store, book = MemoryStore(), the_book()
    with store.viewing(ANALYST, ["all"]):
        store.start_services([start_of(1), start_of(2)])
        third = start_of(3)
        same = replace(third.holders[0], person_id="person-2")
        store.start_service(replace(third, persons=(), holders=(same,)))
        store.record_bills([bill_of(1, 1, cents=0), bill_of(2)])
        for number in (1, 2):
            store.stop_service(f"AG-{number}-20250101", date(2025, 3, 2), AT)
        store.record_payment(*payment_of(1, cents=30_00))
        desk = MoneyDesk(store, book, date(2026, 11, 30), AT)
        asked = ask_refund(ENDED, 20_00, by="Ana Rivera", reason="asked by letter", desk=desk)
    return SettledTown(store, book, asked.case.settlement_id)
