"""Where a day is closed: the stores, the instant, and what only a door can bring.

Lives here      what every step has at hand.
Lives elsewhere the steps (``close_steps``, ``close_bills``), their table (``close_day``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Protocol

from meterledger.billing import reading_cycle_count
from meterledger.kernel.local_days import local_day_of
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.channel_ports import Processor
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.deposit_run import BY
from meterledger.usecases.ports import Lake, Store
from meterledger.usecases.settlements import MoneyDesk
from meterledger.usecases.take_payment import AskedDeposits

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""A bar with a title and a total, told of steps done."""


class Received(Protocol):
    """What a landing folder brought: files taken, and those refused with their sentences."""

    @property
    def taken(self) -> int:
        """Files that were taken."""

    @property
    def refused(self) -> list[tuple[str, str]]:
        """Files that were not, each with why."""


@contextmanager
def no_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Nobody looks."""
    yield lambda steps: None


@dataclass(frozen=True)
class CloseDesk:
    """One day to close. ``now`` is the instant at which everything is known and posted (UTC).

    ``receive`` takes the files of a landing folder, None where none is named; ``processor`` is
    asked about checkouts whose end is unknown, None where none is named.
    """

    day: date
    now: datetime
    store: Store
    lake: Lake
    book: TariffBook
    receive: Callable[[], Received] | None = None
    processor: Processor | None = None
    bar: Bar = no_bar

    @cached_property
    def view(self) -> BookView:
        """The book as known now."""
        return self.book.as_known(self.now.date())

    @property
    def today(self) -> date:
        """The utility's local day now."""
        return local_day_of(self.now, self.view.time_zone)

    @property
    def cycles(self) -> range:
        """The reading cycles of the day."""
        return range(1, reading_cycle_count(on=self.day, view=self.view) + 1)

    @property
    def deposits(self) -> Desk:
        """Where deposits are decided."""
        return Desk(self.store, self.view, BY, self.now)

    @property
    def settlements(self) -> MoneyDesk:
        """Where money that goes back is decided."""
        return MoneyDesk(self.store, self.book, self.day, self.now)

    @property
    def asked_deposits(self) -> AskedDeposits:
        """What deposits ask for, for payments that are posted now."""
        return deposits_asked_on(self.today, self.store)
