"""Take a payment of any tender: once per key, for ever; spent over what is open, in one store call.

Lives here      what cannot be taken, money of one account, status of money that is not certain yet.
Lives elsewhere what it writes (``post_payments``), ways on (``settle_payment``), files
                (``payment_files``).
Read first      docs/operating/payments.md, docs/walks/one_payment.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.money import Payment, Tender
from meterledger.facts.payments import (
    Channel,
    Receipt,
    ReceiptAct,
    ReceiptOnFile,
    ReceiptState,
)
from meterledger.facts.receivables import OpenItem
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import CENTS_MAX, usd_display, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.payment_keys import KEY_MOST, key_rule, payment_key_of
from meterledger.usecases.payment_ports import PaymentLog
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.post_payments import (
    Act,
    again_if_moved,
    post_on_account,
    post_step,
)

AskedDeposits = Callable[[Collection[str]], Mapping[str, Sequence[OpenItem]]]
"""Deposits asked for, by account: what is asked less what was called off, before payments."""

CARD_DIGITS = re.compile(r"(?:\d[ -]?){13,}")


def no_deposits(account_ids: Collection[str]) -> Mapping[str, Sequence[OpenItem]]:
    """Nothing is asked for."""
    return {}


class PaymentStore(PaymentLog, Protocol):
    """What this journey needs of the store."""

    def payments_of_account(self, account_id: str) -> list[Payment]:
        """Payments of the account, oldest first."""


class PaymentRefused(Refusal):
    """The payment as given cannot be taken."""


@dataclass(frozen=True, slots=True)
class How:
    """How money was handed over and reached us."""

    tender: Tender = Tender.CASH
    channel: Channel = Channel.OFFICE
    is_mailed: bool = False
    reference: str = ""
    check_number: str = ""


AT_THE_DESK = How()


def take_payment(
    *,
    account_id: str,
    cents: int,
    payment_key: str,
    received_day: date,
    learned_at: datetime,
    view: BookView,
    store: PaymentStore,
    how: How = AT_THE_DESK,
    earmarked_to: Sequence[str] = (),
    asked_deposits: AskedDeposits = no_deposits,
    by: str = "",
) -> tuple[Payment, bool]:
    """Post a payment and spend it over what is open. The second value is False if it was posted.

    ``received_day`` is a local day of the utility; ``earmarked_to`` names items that the money was
    given for, which are paid first.

    :raises PaymentRefused: if the amount, the key or a detail cannot be one, or the money is said
        to have been received in the future or before the account was opened
    :raises NotFound: if there is no such account
    :raises Conflict: if the key was used with other contents
    """
    receipt = receipt_of(
        account_id=account_id,
        cents=cents,
        payment_key=payment_key,
        received_day=received_day,
        learned_at=learned_at,
        view=view,
        how=how,
    )
    today = local_day_of(learned_at, view.time_zone)

    def post() -> bool:
        money = store.account_money([account_id]).get(account_id)
        if money is None:
            raise NotFound.of("account", account_id)
        refuse_before_opening(receipt, money.opened_day)
        posting = post_on_account(
            receipt,
            money,
            Act(learned_at, today, by=by),
            view=view,
            asked_deposits=asked_deposits([account_id]).get(account_id, ()),
            earmarked_to=earmarked_to,
        )
        return bool(store.post_receipts([posting]))

    newly = again_if_moved(post)
    known = store.receipt(receipt.payment_key)
    if known.account_id is None or known.state is ReceiptState.REFUSED:
        raise _not_posted(known)
    return _payment(known), newly


def tell_receipt(
    receipt: Receipt, state: ReceiptState, *, reason: str, view: BookView, store: PaymentLog
) -> bool:
    """Keep that money is on its way, or that nobody knows whether it is; nothing is posted.

    :raises PaymentRefused: if the state says more than that
    :raises Conflict: if the key was used with other contents
    """
    if state not in (ReceiptState.RECEIVED, ReceiptState.UNKNOWN, ReceiptState.REFUSED):
        raise PaymentRefused(
            f"Money cannot be told of as {state.value}",
            where=f"payment {receipt.payment_key}",
            do="Tell of it as received, unknown or refused; what posts it is another call",
        )
    today = local_day_of(receipt.learned_at, view.time_zone)
    act = Act(receipt.learned_at, today, act=ReceiptAct.TOLD, reason=reason)
    return bool(store.post_receipts([post_step(receipt, act, state)]))


def receipt_of(
    *,
    account_id: str,
    cents: int,
    payment_key: str,
    received_day: date,
    learned_at: datetime,
    view: BookView,
    how: How,
) -> Receipt:
    """A receipt, if all of it can be one.

    :raises PaymentRefused: if not
    """
    if not 0 < cents <= CENTS_MAX:
        raise PaymentRefused(
            f"A payment of {usd_display(cents)} cannot be taken",
            where=f"account {account_id}",
            do=f"Give an amount above zero, at most {usd_text(CENTS_MAX)}",
        )
    key = payment_key_of(payment_key)
    if key is None:
        raise PaymentRefused(
            f"'{payment_key[:70]}' is not a payment key",
            where=f"account {account_id}",
            do=f"Give the receipt's own number, {key_rule()}",
        )
    where = f"account {account_id}, key {key}"
    today = local_day_of(learned_at, view.time_zone)
    if received_day > today:
        raise PaymentRefused(
            f"The payment is said to be received on {received_day}, and today is {today}",
            where=where,
            do="Give the day the money was received",
        )
    _refuse_details(how, where)
    return Receipt(
        payment_key=key,
        account_told=account_id,
        cents=cents,
        tender=how.tender,
        channel=how.channel,
        received_day=received_day,
        learned_at=learned_at,
        is_mailed=how.is_mailed or how.channel is Channel.LOCKBOX,  # all of a lockbox is mail
        reference=how.reference.strip(),
        check_number=how.check_number.strip(),
    )


def _refuse_details(how: How, where: str) -> None:
    for name, text in (("reference", how.reference), ("check number", how.check_number)):
        if text and not _is_plain(text):
            raise PaymentRefused(
                f"The {name} '{text[:70]!a}' is not up to {KEY_MOST} plain characters",
                where=where,
                do=f"Give the {name} as it is printed, or leave it out",
            )
    is_card = how.tender in (Tender.CARD, Tender.WALLET)
    if is_card and (CARD_DIGITS.search(how.reference) or how.check_number):
        raise PaymentRefused(
            "The details of a card payment hold what may be a card's number",
            where=where,
            why="A card's number never comes here: the processor takes it, and gives a reference",
            do="Give the processor's own reference, or leave it out",
        )


def _is_plain(text: str) -> bool:
    return len(text) <= KEY_MOST and text.isprintable() and text.isascii()


def refuse_before_opening(receipt: Receipt, opened_day: date) -> None:
    """Money is not of an account that was not there.

    :raises PaymentRefused: if it is said to be
    """
    if receipt.received_day < opened_day:
        raise PaymentRefused(
            f"The payment is said to be received on {receipt.received_day}, before the account was "
            f"opened on {opened_day}",
            where=f"account {receipt.account_told}, key {receipt.payment_key}",
            do="Give the day the money was received, or the account it was paid for",
        )


def _payment(known: ReceiptOnFile) -> Payment:
    receipt = known.receipt
    posted = next(one for one in known.steps if one.state is ReceiptState.POSTED)
    account = posted.account_id or receipt.account_told
    return Payment(
        receipt.payment_key,
        account,
        receipt.cents,
        receipt.tender,
        receipt.received_day,
        posted.learned_at,
    )


def _not_posted(known: ReceiptOnFile) -> Conflict:
    return Conflict(
        f"Payment key {known.receipt.payment_key} is known, and it is {known.state.value}",
        where="payment",
        why="It was told of before, and nothing was changed",
        do="Settle it with what became of it; a second payment has a key of its own",
    )
