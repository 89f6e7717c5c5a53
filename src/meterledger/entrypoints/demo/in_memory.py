"""The demo town where nothing is kept: a store in memory and a lake in a temporary folder.

Lives here      living the town's months for one question, and its bills.
Lives elsewhere the town that stays (``folder``), what happens in it (``story``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from meterledger.entrypoints.demo.proofs import all_bills
from meterledger.entrypoints.demo.receiving import receiver
from meterledger.entrypoints.demo.story import Story, book_completed_at
from meterledger.entrypoints.demo.town import SIMULATED_HOMES, build_town
from meterledger.rulebook.book import TariffBook
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore, MemoryVault
from meterledger.usecases.intake_ports import Vault
from meterledger.usecases.ports import Lake, Store, StoredBill, Viewer

MONTHS = 10
"""How many months the town lives, for a progress bar."""


@dataclass(frozen=True)
class LivedTown:
    """A town after its months."""

    store: Store
    lake: Lake
    book: TariffBook
    bills: list[StoredBill]
    vault: Vault


@contextmanager
def town_in_memory(
    book: TariffBook,
    *,
    homes: int = SIMULATED_HOMES,
    advance: Callable[[int], object] = lambda _: None,
) -> Iterator[LivedTown]:
    """Live all months of the town by this book; everything is gone when the block ends.

    ``homes`` is how many of its homes are simulated; ``advance`` is told of each month.
    """
    with TemporaryDirectory(prefix="meterledger-town-") as name:
        folder = Path(name)
        store = MemoryStore()
        zone_name = book.as_known(book_completed_at(book).date()).time_zone
        lake = IntervalLake(folder / "lake", zone=zone_name, files_at=store.lake_files)
        lived = LivedTown(store, lake, book, [], MemoryVault())
        with store.viewing(Viewer("tariff try", "rate the demo town's bills"), ["the town"]):
            town = build_town(zone_name, homes)
            for _ in Story(town, lived, folder / "inbox", receiver(lived)).live():
                advance(1)
            lived.bills.extend(all_bills(lived))
            yield lived
