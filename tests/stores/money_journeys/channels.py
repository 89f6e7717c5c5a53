"""Money by the bank and by cards: autopay, files and their returns, checkouts, pledges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from tests.journeys import test_autopay as paper
from tests.journeys.desk_of_payments import view
from tests.rooms.rulebook_on import the_book
from tests.stores.money_journeys.journey import journey
from tests.stores.paper_town import account_id, bill_of, start_of

from meterledger.facts.checkouts import Checkout
from meterledger.facts.money import Tender
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.usecases import autopay
from meterledger.usecases.ach_in import AchInDesk, take_ach_credits
from meterledger.usecases.autopay import answer_question, end_autopay
from meterledger.usecases.bank_changes import tell_customer
from meterledger.usecases.checkouts import (
    CheckoutDesk,
    answer_checkout,
    ask_checkouts,
    settle_checkout,
    start_checkout,
)
from meterledger.usecases.pledges import (
    PledgeDesk,
    promise_pledge,
    receive_pledge,
    withdraw_pledge,
)
from meterledger.usecases.returns_done import mark_return_done
from meterledger.usecases.take_payment import take_payment

NOW = datetime.fromisoformat("2025-06-02T15:00:00+00:00")
LATER = NOW + timedelta(days=2)
ONE = account_id(1)
KEY = "pay-0001"


class PlainNumbers:
    """Bank numbers sealed in the same way each time."""

    def seal(self, number: str) -> bytes:
        return b"sealed " + number.encode()

    def unseal(self, sealed: bytes) -> str:
        return sealed.removeprefix(b"sealed ").decode()

    def fingerprint(self, routing_number: str, number: str) -> str:
        return f"{routing_number}{number}".rjust(32, "0")


SAYS: ContextVar[Any] = ContextVar("what the bill gate says", default=None)
_REAL = autopay.may_collect_automatically


def _as_told(*told: Any, **how: Any) -> Any:
    return SAYS.get() or _REAL(*told, **how)


autopay.may_collect_automatically = _as_told  # each caller's own, in its own thread


@contextmanager
def gate(says: Any) -> Iterator[None]:
    """The bill gate lets bills be drawn, or asks a person."""
    before = SAYS.set(says)
    try:
        yield
    finally:
        SAYS.reset(before)


class Desk(paper.Place):
    """The desk of the stories of autopay, over another store."""

    def __init__(self, store: Any) -> None:
        self.store, self.numbers, self.view = store, PlainNumbers(), the_book()  # type: ignore[assignment]


def owing(store: Any) -> None:
    """Two accounts that owe a bill each."""
    store.start_services([start_of(1), start_of(2)])
    store.record_bills([bill_of(1), bill_of(2)])


def enrolled(store: Any) -> None:
    """Both are on autopay."""
    owing(store)
    for number in (1, 2):
        Desk(store).enroll(number, number=f"12345678{number}")


def ordered(store: Any) -> None:
    """Their bills were drawn."""
    enrolled(store)
    with gate(paper.FINE):
        Desk(store).run()


def ordered_and_paid(store: Any) -> None:
    """But they paid at the desk meanwhile."""
    ordered(store)
    for number in (1, 2):
        take_payment(
            account_id=account_id(number),
            cents=165_19,
            payment_key=f"cash-{number}",
            received_day=paper.DUE,
            learned_at=Desk(store).at(paper.DUE),
            view=view(),
            store=store,
        )


def sent(store: Any) -> None:
    """And left in a file."""
    ordered(store)
    Desk(store).send()


def changed(store: Any) -> None:
    """And the bank said how one of the bank accounts is to be written."""
    sent(store)
    Desk(store).back("C01", corrected="4455667788", numbers=PlainNumbers())


def came_back(store: Any) -> None:
    """And a debit came back: its bank account is closed."""
    sent(store)
    Desk(store).back("R02")


def questioned(store: Any) -> None:
    """A person is asked whether to draw them."""
    enrolled(store)
    with gate(paper.ODD):
        Desk(store).run()


@journey("enroll in autopay", owing)
def _(store: Any, _: Any) -> Any:
    return Desk(store).enroll()


@journey("end autopay", enrolled)
def _(store: Any, _: Any) -> Any:
    return end_autopay(ONE, on=paper.DUE, desk=Desk(store).desk(paper.DUE))


@journey("autopay run", enrolled)
def _(store: Any, _: Any) -> Any:
    with gate(paper.FINE):
        return Desk(store).run()


@journey("autopay run that asks", enrolled)
def _(store: Any, _: Any) -> Any:
    with gate(paper.ODD):
        return Desk(store).run()


@journey("answer of autopay", questioned)
def _(store: Any, _: Any) -> Any:
    desk = Desk(store).desk(paper.DUE)
    return answer_question(
        bill_of(1)[0].bill_id, is_drawn=True, by="Ana", reason="it is right", desk=desk
    )


@journey("ach out", ordered)
def _(store: Any, _: Any) -> Any:
    return Desk(store).send().file


@journey("ach out that drops", ordered_and_paid)
def _(store: Any, _: Any) -> Any:
    return Desk(store).send()


@journey("ach returns", sent)
def _(store: Any, _: Any) -> Any:
    return Desk(store).back("R01")


@journey("ach change", sent)
def _(store: Any, _: Any) -> Any:
    return Desk(store).back("C01", cents=0)


@journey("deal with what came back", came_back)
def _(store: Any, _: Any) -> Any:
    (one,) = store.returned_entries()
    how: dict[str, Any] = {"by": "Ana", "reason": "she was asked", "on": LATER.date(), "now": LATER}
    return mark_return_done(one.returned_id, **how, store=store)


@journey("tell of a changed bank account", changed)
def _(store: Any, _: Any) -> Any:
    (bank, _told), *_more = store.changed_bank_accounts()
    return tell_customer(bank.bank_id, by="Ana", how="letter 7", now=LATER, store=store)


@journey("ach in", owing)
def _(store: Any, _: Any) -> Any:
    file = paper.TestIncoming()
    told = ((ONE, 165_19), ("77", 5_00), (account_id(2), 7))
    return take_ach_credits(
        file.credits(*(file.entry(*one) for one in told)),
        name="in.ach",
        sha256="c" * 64,
        by="Ana",
        desk=AchInDesk(store, the_book(), NOW),
    )


# ------------------------------------------------------------------------------------ checkouts


def desk_of(store: Any, processor: BadProcessor, *, now: datetime = LATER) -> CheckoutDesk:
    return CheckoutDesk(store, processor, the_book(), now)


def begun_processor() -> BadProcessor:
    """It has begun the checkout."""
    made = BadProcessor()
    made.start(Checkout(KEY, ONE, 165_19, Tender.CARD, NOW, made.name))
    return made


def paid_processor() -> BadProcessor:
    """It has the money."""
    made = begun_processor()
    made.pay(KEY, 165_19)
    return made


def back_processor() -> BadProcessor:
    """And had to give it back."""
    made = paid_processor()
    made.charge_back(KEY)
    return made


def begun(store: Any) -> None:
    """A checkout whose customer was sent to pay."""
    owing(store)
    start_checkout(
        KEY,
        account_id=ONE,
        cents=165_19,
        tender=Tender.CARD,
        desk=desk_of(store, BadProcessor(), now=NOW),
    )


def posted(store: Any) -> None:
    """Who paid."""
    begun(store)
    processor = paid_processor()
    told = processor.callbacks[0]
    answer_checkout(told.body, told.signature, desk=desk_of(store, processor))


@journey("start a checkout", owing, BadProcessor, ends_alike=False)
def _(store: Any, processor: Any) -> Any:
    return start_checkout(
        KEY, account_id=ONE, cents=165_19, tender=Tender.CARD, desk=desk_of(store, processor)
    )


@journey("answer of the processor", begun, paid_processor)
def _(store: Any, processor: Any) -> Any:
    told = processor.callbacks[0]
    return answer_checkout(told.body, told.signature, desk=desk_of(store, processor))


@journey("the processor takes back", posted, back_processor)
def _(store: Any, processor: Any) -> Any:
    told = processor.callbacks[1]
    desk = desk_of(store, processor, now=LATER + timedelta(hours=1))
    return answer_checkout(told.body, told.signature, desk=desk)


@journey("ask the processor", begun, paid_processor)
def _(store: Any, processor: Any) -> Any:
    return ask_checkouts(desk=desk_of(store, processor))


@journey("settle a checkout", begun, begun_processor)
def _(store: Any, processor: Any) -> Any:
    return settle_checkout(
        KEY,
        is_paid=True,
        cents=165_19,
        by="Ana",
        reason="their statement shows it",
        desk=desk_of(store, processor),
    )


@journey("a checkout brought nothing", begun, begun_processor)
def _(store: Any, processor: Any) -> Any:
    desk = desk_of(store, processor)
    return settle_checkout(KEY, is_paid=False, cents=0, by="Ana", reason="none there", desk=desk)


# -------------------------------------------------------------------------------------- pledges


def promised(store: Any) -> None:
    """An agency promised money for the first bill."""
    owing(store)
    promise(store)


def promise(store: Any) -> Any:
    return promise_pledge(
        "P-1",
        account_id=ONE,
        agency="Heartland",
        cents=100_00,
        for_items=[f"bill:{bill_of(1)[0].bill_id}"],
        by="Ana",
        desk=PledgeDesk(store, the_book(), NOW),
    )


@journey("promise a pledge", owing)
def _(store: Any, _: Any) -> Any:
    return promise(store)


@journey("receive a pledge", promised)
def _(store: Any, _: Any) -> Any:
    desk = PledgeDesk(store, the_book(), NOW + timedelta(minutes=1))
    return receive_pledge(
        "P-1", cents=180_00, payment_key="chk-1", on=NOW.date(), by="Ana", desk=desk
    )


@journey("withdraw a pledge", promised)
def _(store: Any, _: Any) -> Any:
    desk = PledgeDesk(store, the_book(), NOW + timedelta(minutes=1))
    return withdraw_pledge("P-1", by="Ana", reason="they called", desk=desk)
