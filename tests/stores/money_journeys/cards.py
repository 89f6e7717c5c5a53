"""Refunds that go back to the card that paid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.journeys.card_place import NOW, Place
from tests.rooms.rulebook_on import the_book
from tests.stores.money_journeys.channels import owing
from tests.stores.money_journeys.journey import journey
from tests.stores.paper_town import ANALYST

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.checkouts import Said
from meterledger.stores.gateways.processor_fake import Bad, BadProcessor
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.card_refunds import (
    CardDesk,
    send_to_card,
    settle_card_refund,
    take_answer,
)
from meterledger.usecases.checkouts import CheckoutDesk
from meterledger.usecases.settlements import MoneyDesk

LAST = NOW + timedelta(hours=1)


def approved(store: Any) -> BadProcessor:
    """20 dollars that were paid too much by card are to go back."""
    owing(store)
    place = Place(store)
    place.approved()
    return place.processor


def unknown(store: Any) -> BadProcessor:
    """They were sent, and the processor did it and did not answer."""
    owing(store)
    place = Place(store)
    name = place.approved()
    place.processor.next_bad = [Bad.SILENT_AFTER_ACTING]
    place.send(name)
    place.processor.end_refund(name, Said.PAID, 20_00)
    return place.processor


def processor(town: Any) -> Any:
    """The processor as it is after a town."""

    def made() -> BadProcessor:
        store = MemoryStore()
        with store.viewing(ANALYST, ["money"]):
            found: BadProcessor = town(store)
            return found

    return made


def desk(store: Any, outside: BadProcessor) -> CardDesk:
    money = MoneyDesk(store, open_book(), NOW.date(), LAST)
    return CardDesk(money, store, outside)


def the_one(store: Any) -> str:
    (case,) = store.settlements()
    return str(case.settlement_id)


@journey("refund to a card", approved, processor(approved), ends_alike=False)
def _(store: Any, outside: Any) -> Any:
    return send_to_card(the_one(store), by="Cleo", desk=desk(store, outside))


@journey("answer of a card refund", unknown, processor(unknown))
def _(store: Any, outside: Any) -> Any:
    told = outside.callbacks[-1]
    checkouts = CheckoutDesk(store, outside, the_book(), LAST)
    return take_answer(told.body, told.signature, checkouts=checkouts, refunds=desk(store, outside))


@journey("settle a card refund", unknown, processor(unknown))
def _(store: Any, outside: Any) -> Any:
    return settle_card_refund(
        the_one(store), is_done=True, by="Ana", reason="seen", desk=desk(store, outside)
    )
