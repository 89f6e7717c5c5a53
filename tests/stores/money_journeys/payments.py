"""Payments at the desk and by file: taken, told, settled, assigned, taken back, and combined."""

from __future__ import annotations

from typing import Any

from tests.journeys.desk_of_payments import (
    BY_CHECK,
    NOW,
    RECEIVED,
    TODAY,
    bill_item,
    desk_of,
    pay,
    view,
)
from tests.journeys.test_combined_payments import ASKED, STATEMENT, take_check
from tests.journeys.test_payment_files import file_of
from tests.stores.combined_paper import keep_combinations
from tests.stores.money_journeys.journey import journey
from tests.stores.paper_town import account_id, bill_of, start_of

from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, ReceiptState
from meterledger.usecases.payment_files import take_payment_file
from meterledger.usecases.settle_payment import (
    ask_to_send_back,
    assign_to_statement,
    assign_unapplied,
    confirm_payment,
    reverse_payment,
    send_back,
    tell_outcome,
)
from meterledger.usecases.take_payment import How, receipt_of, tell_receipt

WHO = {"by": "Ana", "reason": "it is so"}


def billed(store: Any) -> None:
    """Two accounts with two bills each."""
    store.start_services([start_of(1), start_of(2)])
    store.record_bills([bill_of(number, month) for number in (1, 2) for month in (0, 1)])


def paid(store: Any) -> None:
    """The first account paid more than a bill."""
    billed(store)
    pay(store, 200_00)


def unknown(store: Any) -> None:
    """A payment of the first account whose outcome is unknown."""
    billed(store)
    told(store, ReceiptState.UNKNOWN)


def told(store: Any, state: ReceiptState) -> bool:
    """Tell of a card payment of the first account."""
    receipt = receipt_of(
        account_id=account_id(1),
        cents=165_19,
        payment_key="R-1",
        received_day=RECEIVED,
        learned_at=NOW,
        view=view(),
        how=How(Tender.CARD, Channel.CARD),
    )
    return tell_receipt(receipt, state, reason="no answer", view=view(), store=store)


def waiting(store: Any) -> None:
    """A line of a file that names nobody's account."""
    billed(store)
    take_payment_file(
        file_of([("77", 50_00)]), sha256="a" * 64, name="box", by="Ana", desk=desk_of(store)
    )


def asked_back(store: Any) -> None:
    """Ana asked to send it back."""
    waiting(store)
    ask_to_send_back("lockbox:7:4", desk=desk_of(store, minutes=1), **WHO)


def combined(store: Any) -> None:
    """Two accounts with two bills each, the first of them on one statement."""
    billed(store)
    keep_combinations(store)


def waiting_combined(store: Any) -> None:
    """And a check of more than the statement, of which nobody knows whose it is."""
    combined(store)
    lines = file_of([("77", ASKED + 7_00)])
    take_payment_file(lines, sha256="a" * 64, name="box", by="Ana", desk=desk_of(store))


def divided(store: Any) -> None:
    """It was put on the statement."""
    waiting_combined(store)
    assign_to_statement("lockbox:7:4", STATEMENT, desk=desk_of(store, minutes=1), **WHO)


def paid_combined(store: Any) -> None:
    """And one check paid more than the statement."""
    combined(store)
    take_check(store, ASKED + 7_00)


for _tender in Tender:

    @journey(f"pay {_tender.value}", billed)
    def _(store: Any, _: Any, tender: Tender = _tender) -> Any:
        return pay(store, 200_00, how=How(tender), received_day=RECEIVED)


@journey("pay to an earmark", billed)
def _(store: Any, _: Any) -> Any:
    return pay(store, 100_00, how=BY_CHECK, earmarked_to=[bill_item(1)])


@journey("tell an unknown outcome", billed)
def _(store: Any, _: Any) -> Any:
    return told(store, ReceiptState.UNKNOWN)


@journey("confirm", unknown)
def _(store: Any, _: Any) -> Any:
    return confirm_payment("R-1", reason="it came", desk=desk_of(store, minutes=1))


@journey("outcome refused", unknown)
def _(store: Any, _: Any) -> Any:
    desk = desk_of(store, minutes=1)
    return tell_outcome("R-1", ReceiptState.REFUSED, reason="no money", desk=desk)


@journey("assign", waiting)
def _(store: Any, _: Any) -> Any:
    desk = desk_of(store, minutes=1)
    return assign_unapplied("lockbox:7:4", account_id(2), desk=desk, **WHO)


@journey("reverse a payment", paid)
def _(store: Any, _: Any) -> Any:
    return reverse_payment("R-1", on=TODAY, desk=desk_of(store, minutes=1), **WHO)


@journey("ask to send back", waiting)
def _(store: Any, _: Any) -> Any:
    return ask_to_send_back("lockbox:7:4", desk=desk_of(store, minutes=1), **WHO)


@journey("send back", asked_back)
def _(store: Any, _: Any) -> Any:
    return send_back("lockbox:7:4", by="Ben", reason="nobody's", desk=desk_of(store, minutes=2))


@journey("payment file", billed)
def _(store: Any, _: Any) -> Any:
    lines = [(account_id(1), 165_19), ("77", 1_00), (account_id(2), 2_00), (account_id(1), 300_00)]
    return take_payment_file(
        file_of(lines), sha256="b" * 64, name="box", by="Ana", desk=desk_of(store)
    )


@journey("pay a combined statement", combined)
def _(store: Any, _: Any) -> Any:
    return take_check(store, ASKED + 7_00)


@journey("a combined check comes back", paid_combined)
def _(store: Any, _: Any) -> Any:
    return reverse_payment("R-1", on=TODAY, desk=desk_of(store, minutes=1), **WHO)


@journey("assign to a combined statement", waiting_combined)
def _(store: Any, _: Any) -> Any:
    return assign_to_statement("lockbox:7:4", STATEMENT, desk=desk_of(store, minutes=1), **WHO)


@journey("a divided check comes back", divided)
def _(store: Any, _: Any) -> Any:
    return reverse_payment("lockbox:7:4", on=TODAY, desk=desk_of(store, minutes=2), **WHO)


@journey("payment file for a combined statement", combined)
def _(store: Any, _: Any) -> Any:
    lines = [(STATEMENT, ASKED), ("77", 1_00), (STATEMENT, 2_00)]
    return take_payment_file(
        file_of(lines), sha256="b" * 64, name="box", by="Ana", desk=desk_of(store)
    )
