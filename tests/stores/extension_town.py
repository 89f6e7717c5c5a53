"""Contracts of extensions on paper, and a desk that does with them what people do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tests.stores.paper_town import ANALYST, account_id, start_of

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.extensions import ExtensionOnFile
from meterledger.facts.money import Tender
from meterledger.facts.settlements import Means
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.forms import read_form
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.extension_contracts import (
    ContractAsked,
    ContractGiven,
    open_contract,
)
from meterledger.usecases.extension_money import take_extension_payment
from meterledger.usecases.extension_records import Moment
from meterledger.usecases.extension_run import ExtensionRun, run_extensions
from meterledger.usecases.extension_tellings import Told, settle_connection, tell_connection
from meterledger.usecases.refund_credit import verify_payee
from meterledger.usecases.settlements import MoneyDesk

NOON = datetime(2026, 11, 28, 18, tzinfo=UTC)
REFUNDS_TOLD = datetime(2026, 11, 30, 18, tzinfo=UTC)
REQUESTED = date(2018, 2, 1)
CONTRACT = "EXT-1"

DEPOSIT: dict[str, Any] = {
    "deposit": {
        "asked": {
            "section_calls_for_it": True,
            "depositor": "customer",
            "guarantee_asked": False,
            "deposit_usd": "6000.00",
            "guarantee_usd": "0.00",
            "extension_cost_usd": "6000.00",
        },
        "key": "customers",
        "expected_units": "12",
    }
}
OTHERS_DEPOSIT = {
    "deposit": DEPOSIT["deposit"]
    | {"asked": DEPOSIT["deposit"]["asked"] | {"depositor": "other_responsible_party"}}
}
"""A deposit that a developer gives."""
GUARANTEE = {
    "guarantee": {
        "need": {
            "estimated_cost_usd": "1800.00",
            "estimated_net_annual_revenue_usd": "1000.00",
            "revenue_can_be_projected": True,
            "credit_acceptable": True,
        },
        "amount": {
            "total_cost_usd": "1800.00",
            "free_part_usd": "0.00",
            "advance_deposit_usd": "500.00",
        },
    }
}
SPECIAL = {
    "special": {
        "request": {
            "facility": "duplicate or additional service",
            "standard_schedules_have_it": False,
            "company_agrees": True,
        },
        "cost": {"additional_cost_usd": "10000.00", "standard_charge_usd": "0.00"},
    }
}


def facility(**changes: object) -> dict[str, Any]:
    """A facility of 1991 that costs 90 dollars a month."""
    told: dict[str, object] = {
        "facility": "SF-1",
        "installed_on": "1991-06-01",
        "installed_cost_usd": "12000.00",
        "option": None,
        "same_customer": True,
        "charges_from": "2019-02-01",
    }
    return {"facility": told | changes}


@lru_cache(maxsize=1)
def the_book() -> TariffBook:
    """The book, read once."""
    return open_book(default_book_folder())


@dataclass
class Desk:
    """A store, and the instant at which things are done there; each act a minute later."""

    store: Any
    now: datetime = NOON
    opened: list[int] = field(default_factory=list)

    @property
    def moment(self) -> Moment:
        """The instant, with the book of then."""
        self.now += timedelta(minutes=1)
        return Moment.at(self.now, the_book())

    def look(self, work: Callable[[], Any]) -> Any:
        """Do it as an analyst."""
        with self.store.viewing(ANALYST, ["a test"]):
            return work()

    def open(
        self,
        *parts: dict[str, Any],
        contract: str = CONTRACT,
        number: int = 1,
        requested: date = REQUESTED,
        account_is_the_depositors: bool = False,
        depositor: str = "",
    ) -> bool:
        """Open a contract of the number-th account."""
        self.start(number)
        given = read_form(
            ContractGiven, {k: v for part in parts for k, v in part.items()}, where="given"
        )
        asked = ContractAsked(
            *(contract, account_id(number), requested, "Ana", given),
            account_is_the_depositors=account_is_the_depositors,
            depositor=depositor,
        )
        self.now += timedelta(minutes=1)
        _, newly = self.look(
            lambda: open_contract(asked, store=self.store, book=the_book(), now=self.now)
        )
        return bool(newly)

    def start(self, number: int = 1) -> None:
        """Service of the number-th account, once."""
        if number not in self.opened:
            self.store.start_service(start_of(number))
            self.opened.append(number)

    def money(self, on: date) -> MoneyDesk:
        """Where refunds are decided, a minute later and when the book tells of them."""
        self.now = max(self.now, REFUNDS_TOLD) + timedelta(minutes=1)
        return MoneyDesk(self.store, the_book(), on, self.now)

    def developer(self, number: int = 1, payee: str = "DEV-1") -> str:
        """The party that gives a deposit for the account, a verified payee of it."""
        self.start(number)
        self.look(
            lambda: verify_payee(
                payee,
                account_id=account_id(number),
                name="Oak Homes LLC",
                means=Means.CHECK,
                details="1 Oak Street",
                by="Ana",
                evidence="the signed agreement",
                desk=self.money(REQUESTED),
            )
        )
        return payee

    def pay(
        self, cents: int, key: str = "R-1", *, on: date = REQUESTED, contract: str = CONTRACT
    ) -> bool:
        """Take money for a contract."""
        told = Told(on, "Ana")
        _, newly = self.look(
            lambda: take_extension_payment(
                contract,
                key,
                cents,
                told,
                tender=Tender.CHECK,
                store=self.store,
                moment=self.moment,
            )
        )
        return bool(newly)

    def connect(
        self,
        name: str,
        on: date,
        *,
        units: int = 1,
        permanent: bool = True,
        verified: bool = True,
        contract: str = CONTRACT,
    ) -> None:
        """Tell of a connection, and verify it the same day."""
        self.look(
            lambda: tell_connection(
                contract,
                name,
                Told(on, "Ana"),
                connected_on=on,
                units=Fraction(units),
                is_permanent=permanent,
                store=self.store,
                moment=self.moment,
            )
        )
        if verified:
            self.verify(name, on, contract=contract)

    def verify(
        self, name: str, on: date, *, is_there: bool = True, contract: str = CONTRACT
    ) -> None:
        """Verify a connection, or reject it."""
        self.look(
            lambda: settle_connection(
                contract,
                name,
                Told(on, "Ben"),
                is_there=is_there,
                store=self.store,
                moment=self.moment,
            )
        )

    def run(self, on: date, **how: Any) -> ExtensionRun:
        """A night."""
        found: ExtensionRun = self.look(
            lambda: run_extensions(on, store=self.store, moment=self.moment, **how)
        )
        return found

    def on_file(self, contract: str = CONTRACT) -> ExtensionOnFile:
        """The contract."""
        found: ExtensionOnFile = self.look(lambda: self.store.extension(contract))
        return found

    def sums(self) -> dict[str, int]:
        """The trial balance."""
        found: dict[str, int] = self.store.trial_balance()
        assert sum(found.values()) == 0
        return found


def keep_extensions(store: Any) -> None:
    """A contract of the first account, of which money came in and a connection was told; one of the
    second, of which something came back that a developer is due.
    """
    desk = Desk(store, opened=[1, 2])
    desk.open(DEPOSIT)
    desk.pay(6_000_00, "EXT-R-1")
    desk.connect("lot 1", date(2018, 8, 1))
    named = desk.developer(2, "DEV-D")
    desk.open(OTHERS_DEPOSIT, contract="EXT-D", number=2, depositor=named)
    desk.pay(6_000_00, "EXT-R-D", contract="EXT-D")
    desk.connect("lot D", date(2018, 8, 1), contract="EXT-D")
    desk.run(date(2018, 8, 1), contract_id="EXT-D")
