"""An account that paid too much by card, and desks at a processor that behaves badly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.channel_town import ACCOUNT, OWED, town
from tests.rooms.rulebook_on import the_book

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.money import Tender
from meterledger.facts.settlements import Act
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.card_refunds import CardDesk, send_to_card, take_answer
from meterledger.usecases.checkouts import CheckoutDesk, ask_checkout, start_checkout
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.settlements import MoneyDesk

NOW = datetime(2026, 12, 1, 15, tzinfo=UTC)
PAID = OWED + 50_00
KEY = "pay-0001"


class Place:
    """An account that paid $50.00 too much by card, and a desk that moves on by minutes."""

    def __init__(self, store: Any = None, account: str = ACCOUNT, key: str = KEY) -> None:
        self.store: Any = store or town()
        self.account, self.key = account, key
        self.processor = BadProcessor()
        self.minutes = 0
        self.pay(key, PAID)

    def pay(self, key: str, cents: int, tender: Tender = Tender.CARD) -> None:
        desk = self.checkouts()
        start_checkout(key, account_id=self.account, cents=cents, tender=tender, desk=desk)
        self.processor.pay(key, cents)
        ask_checkout(key, desk=self.checkouts())

    def checkouts(self) -> CheckoutDesk:
        self.minutes += 1
        now = NOW + timedelta(minutes=self.minutes)
        return CheckoutDesk(self.store, self.processor, the_book(), now)

    def money(self) -> MoneyDesk:
        self.minutes += 1
        now = NOW + timedelta(minutes=self.minutes)
        return MoneyDesk(self.store, open_book(), NOW.date(), now)

    def desk(self) -> CardDesk:
        return CardDesk(self.money(), self.store, self.processor)

    def approved(self, cents: int = 20_00) -> str:
        asked = ask_refund(
            *(self.account, cents),
            by="Ana",
            reason="paid too much",
            payment_key=f"checkout:{self.key}",
            desk=self.money(),
        )
        name = asked.case.settlement_id
        approve_settlement(name, by="Ben", reason="it is there", desk=self.money())
        return name

    def send(self, name: str) -> Any:
        return send_to_card(name, by="Cleo", desk=self.desk())

    def deliver(self, one: int = -1) -> Any:
        told = self.processor.callbacks[one]
        return take_answer(
            told.body, told.signature, checkouts=self.checkouts(), refunds=self.desk()
        )

    def acts(self, name: str) -> list[Act]:
        return [one.act for one in self.store.settlement(name).steps]

    def sums(self) -> tuple[int, int]:
        found = self.store.trial_balance()
        return found.get("131.card", 0), found.get("232.refunds", 0)


def keep_card_refunds(store: Any, account: str) -> None:
    """A refund that went back to the card of a checkout of the account."""
    place = Place(store, account, "pay-card")
    place.send(place.approved())
