"""A store in memory with accounts that owe money, and a processor that behaves badly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.rooms.rulebook_on import the_book
from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.checkouts import CheckoutDesk

NOW = datetime(2025, 6, 2, 15, tzinfo=UTC)
ACCOUNT = account_id(1)
OWED = 165_19


def town(accounts: int = 3) -> MemoryStore:
    """A store whose accounts each owe one bill of 165.19 USD, with a viewer looking."""
    store = MemoryStore()
    store.start_services([start_of(n) for n in range(1, accounts + 1)])
    store.record_bills([bill_of(n) for n in range(1, accounts + 1)])
    looking = store.viewing(ANALYST, ["everything"])
    looking.__enter__()
    store.__dict__["looking"] = looking  # as long as the store
    return store


def desk_of(store: MemoryStore, processor: BadProcessor, *, minutes: int = 0) -> CheckoutDesk:
    """A desk so many minutes after the start."""
    return CheckoutDesk(store, processor, the_book(), NOW + timedelta(minutes=minutes))
