"""The demo town on the store in memory, small enough for a test.

Lives here      opening such a utility, and what was found at the end of each month.
Lives elsewhere the town itself (entrypoints/demo), which knows only ports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from meterledger.entrypoints.demo.chronicle import MonthTold
from meterledger.entrypoints.demo.proofs import HomeEnergy, energy_of_homes
from meterledger.entrypoints.demo.receiving import receiver
from meterledger.entrypoints.demo.story import END_OF_TIME, Story, book_completed_at
from meterledger.entrypoints.demo.town import Town, build_town
from meterledger.entrypoints.wiring import open_book
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.lake import IntervalLake
from meterledger.stores.memory import MemoryStore, MemoryVault
from meterledger.usecases.ports import Viewer

FEW_SIMULATED = 11


@cache
def first_book() -> TariffBook:
    """The book, read once in each test process."""
    return open_book(default_book_folder())


@dataclass(frozen=True)
class MemoryUtility:
    """A system of record in memory and a lake in a folder."""

    store: MemoryStore
    lake: IntervalLake
    book: TariffBook
    folder: Path
    vault: MemoryVault = field(default_factory=MemoryVault)

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[MemoryUtility]:
        """An empty one, for a viewer who may look."""
        book = first_book()
        store = MemoryStore()
        zone_name = book.as_known(book_completed_at(book).date()).time_zone
        lake = IntervalLake(folder / "lake", zone=zone_name, files_at=store.lake_files)
        with store.viewing(Viewer("test", "live in the town"), ["the town"]):
            yield cls(store, lake, book, folder)

    @property
    def view(self) -> BookView:
        """The book as known in the story."""
        return self.book.as_known(book_completed_at(self.book).date())

    def town(self) -> Town:
        """The town with few simulated homes."""
        return build_town(self.view.time_zone, FEW_SIMULATED)

    def story(self, town: Town | None = None) -> Story:
        """A life of the town here, to be lived."""
        return Story(town or self.town(), self, self.folder / "inbox", receiver(self))

    def contents(self) -> dict[str, object]:
        """All that is stored, to compare before and after."""
        return {
            "agreements": [
                service.agreement
                for account in self.store.account_ids()
                for service in self.store.services_of_account(account, END_OF_TIME)
            ],
            "sequence": self.store.lake_sequence(),
            "lake files": self.store.lake_files(self.store.lake_sequence()),
            "bills": {
                bill.bill_id: bill.record_sha256
                for account in self.store.account_ids()
                for bill in self.store.bills_of_account(account)
            },
            "entries": {
                entry.entry_id: entry
                for account in self.store.account_ids()
                for entry in self.store.entries_of_account(account)
            },
            "trial balance": self.store.trial_balance(),
        }


@dataclass
class LivedTown:
    """The town after its months, and what was counted at the end of each."""

    town: Town
    utility: MemoryUtility
    months: list[MonthTold] = field(default_factory=list)
    energy: list[list[HomeEnergy]] = field(default_factory=list)
    trial_balances: list[int] = field(default_factory=list)


def lived_town(utility: MemoryUtility) -> LivedTown:
    """Live all months, counting at the end of each."""
    lived = LivedTown(utility.town(), utility)
    story = utility.story(lived.town)
    for month in story.live():
        on = last_day_of(month.first_day)
        lived.months.append(month)
        lived.energy.append(energy_of_homes(lived.town, utility, story.measured_wh, on))
        lived.trial_balances.append(sum(utility.store.trial_balance().values()))
    return lived


def last_day_of(first_day: date) -> date:
    """The last day of a month."""
    return (first_day + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def live_months(story: Story, count: int) -> Sequence[MonthTold]:
    """Live the first months and stop."""
    months = story.live()
    return [next(months) for _ in range(count)]
