"""A desk of settlements over the paper town's accounts: balances moved, refunds, write-offs.

Account 1's bills of January and February 2025 are of $165.19 each; its service ends on the second
of March. Account 3 is of the same person, account 2 of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from tests.stores.paper_town import account_id, bill_of, start_of

from meterledger.facts.money import Tender
from meterledger.facts.settlements import SettlementCase
from meterledger.rulebook.book import TariffBook
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment
from meterledger.usecases.settlements import MoneyDesk
from meterledger.usecases.take_payment import How, take_payment

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
ENDS = date(2025, 3, 2)
JULY = date(2025, 7, 1)
ONE, TWO, SAME = account_id(1), account_id(2), account_id(3)
FINDERS = {"by": "Ana", "reason": "asked by telephone"}
OTHER = {"by": "Ben", "reason": "looked at it"}


@dataclass
class Settling:
    """A desk that moves on by a second each time it is asked for."""

    store: MemoryStore
    book: TariffBook
    seconds: int = 0

    def desk(self, on: date = JULY) -> MoneyDesk:
        self.seconds += 1
        return MoneyDesk(self.store, self.book, on, AT + timedelta(seconds=self.seconds))

    def pay(self, account: str, cents: int, key: str, tender: Tender = Tender.CHECK) -> None:
        desk = self.desk()
        take_payment(
            account_id=account,
            cents=cents,
            payment_key=key,
            received_day=date(2025, 3, 10),
            learned_at=desk.now,
            view=desk.view,
            store=self.store,
            how=How(tender),
        )

    def bring_back(self, key: str) -> None:
        desk = self.desk()
        till = PaymentDesk(self.store, desk.view, desk.now)
        reverse_payment(key, on=date(2025, 3, 20), by="bank", reason="R01", desk=till)

    def refund(self, cents: int = 20_00, *, on: date = JULY) -> SettlementCase:
        asked = ask_refund(ONE, cents, desk=self.desk(on), **FINDERS)
        return approve_settlement(asked.case.settlement_id, desk=self.desk(on), **OTHER).case


def begin(store: MemoryStore) -> None:
    store.start_services([start_of(1), start_of(2)])
    third = start_of(3)
    same = replace(third.holders[0], person_id="person-1")
    store.start_service(replace(third, persons=(), holders=(same,)))
    store.stop_service("AG-1-20250101", ENDS, AT)


def billed_to_the_end(store: MemoryStore) -> None:
    """Nothing was used in the last days, and their bill says so."""
    store.record_bills([bill_of(1, 1, cents=0)])


def owes(store: MemoryStore, months: int = 2, cents: int = 165_19) -> None:
    store.record_bills([bill_of(1, month, cents=cents) for month in range(months)])
