"""One moment of the town's money: the day, the instant, and desks whose day is the story's.

Lives here      what acts of money have at hand.
Lives elsewhere the acts (``channels``, ``deposits``, ``books``), their days (``money``).

The story has a clock of its own (``story``): what is learned is learned then, and the day of
business is the story's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from meterledger.entrypoints.demo.chronicle import ActTold
from meterledger.entrypoints.demo.nights import Utility
from meterledger.entrypoints.demo.town import Stay, Town
from meterledger.rulebook.book import BookView
from meterledger.usecases.ach_out import AchOutDesk
from meterledger.usecases.ach_returns import ReturnDesk
from meterledger.usecases.autopay import AutopayDesk
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.ports import Store, StoredBill
from meterledger.usecases.settle_payment import PaymentDesk
from meterledger.usecases.settlements import MoneyDesk
from meterledger.usecases.take_payment import AskedDeposits


@dataclass(frozen=True, slots=True)
class _AutopayDesk(AutopayDesk):
    day: date = field(kw_only=True)

    @property
    def today(self) -> date:
        """The story's day."""
        return self.day


@dataclass(frozen=True, slots=True)
class _AchOutDesk(AchOutDesk):
    day: date = field(kw_only=True)

    @property
    def today(self) -> date:
        """The story's day."""
        return self.day


@dataclass(frozen=True, slots=True)
class _ReturnDesk(ReturnDesk):
    day: date = field(kw_only=True)

    @property
    def today(self) -> date:
        """The story's day."""
        return self.day


@dataclass(frozen=True)
class Scene:
    """Who, where, when. ``folder`` is where the town's data lies, its keys with it."""

    town: Town
    utility: Utility
    folder: Path
    day: date
    at: datetime

    @property
    def store(self) -> Store:
        """The system of record."""
        return self.utility.store

    @property
    def view(self) -> BookView:
        """The book as known at the instant."""
        return self.utility.book.as_known(self.at.date())

    @property
    def asked(self) -> AskedDeposits:
        """Deposits asked for by the day."""
        return deposits_asked_on(self.day, self.store)

    @property
    def payments(self) -> PaymentDesk:
        """Where payments are settled."""
        return PaymentDesk(self.store, self.view, self.at, self.asked)

    @property
    def autopay(self) -> AutopayDesk:
        """Where bills are drawn."""
        return _AutopayDesk(self.store, self.view, self.at, day=self.day)

    @property
    def ach_out(self) -> AchOutDesk:
        """Where files for the bank are made."""
        return _AchOutDesk(self.store, self.view, self.at, self.asked, day=self.day)

    @property
    def ach_returns(self) -> ReturnDesk:
        """Where the bank's returns are taken."""
        return _ReturnDesk(self.store, self.view, self.at, day=self.day)

    @property
    def settlements(self) -> MoneyDesk:
        """Where money that goes back is decided."""
        return MoneyDesk(self.store, self.utility.book, self.day, self.at)

    def deposits(self, by: str) -> Desk:
        """Where deposits are decided, as somebody."""
        return Desk(self.store, self.view, by, self.at)

    def stay(self, home_name: str) -> Stay:
        """Who first lived in a home."""
        return self.town.stays_at(home_name)[0]

    def bill(self, home_name: str, issued_day: date) -> StoredBill:
        """The bill that the home was sent on a day."""
        account = self.stay(home_name).account_id
        return next(
            one
            for one in self.store.issued_bills_of_account(account)
            if one.issued_day == issued_day
        )

    def told(self, word: str, sentence: str) -> ActTold:
        """Something that happened today."""
        return ActTold(self.day, word, sentence)


Acting = Callable[[Scene], list[ActTold]]


def who(stay: Stay) -> str:
    """An account with its people's names."""
    return f"Account {stay.account_id} ({' and '.join(name for _, name in stay.people)})"
