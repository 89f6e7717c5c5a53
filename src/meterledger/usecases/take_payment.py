"""Take a payment: cash for an account, once per key, for ever."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from meterledger.facts.money import Entry, Payment, Tender
from meterledger.facts.places import Account
from meterledger.kernel.money import CENTS_MAX, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import entry_for_payment


class PaymentStore(Protocol):
    """What this journey needs of the store."""

    def account(self, account_id: str) -> Account:
        """The account, or NotFound."""

    def record_payment(self, payment: Payment, entry: Entry) -> bool:
        """Post once; False if this same payment is posted already; Conflict on other contents."""


class PaymentRefused(Refusal):
    """The payment as given cannot be taken."""


def take_payment(
    *,
    account_id: str,
    cents: int,
    payment_key: str,
    received_day: date,
    learned_at: datetime,
    store: PaymentStore,
) -> tuple[Payment, bool]:
    """Post a cash payment. The second value is False when it was posted before.

    :raises PaymentRefused: if the amount or the key cannot be one
    :raises NotFound: if there is no such account
    :raises Conflict: if the key was used with other contents
    """
    if not 0 < cents <= CENTS_MAX:
        raise PaymentRefused(
            f"A payment of {usd_text(cents)} USD cannot be taken",
            where=f"account {account_id}",
            do=f"Give an amount above zero, at most {usd_text(CENTS_MAX)}",
        )
    key = payment_key.strip()
    if not key or len(key) > 64 or not key.isprintable() or not key.isascii():
        raise PaymentRefused(
            f"'{payment_key[:70]}' is not a payment key",
            where=f"account {account_id}",
            do="Give the receipt's own number, up to 64 plain characters, unique for ever",
        )
    if received_day > learned_at.date():
        raise PaymentRefused(
            f"The payment is said to be received on {received_day}, after {learned_at.date()}",
            where=f"account {account_id}, key {key}",
            do="Give the day the money was received",
        )
    store.account(account_id)
    payment = Payment(key, account_id, cents, Tender.CASH, received_day, learned_at)
    return payment, store.record_payment(payment, entry_for_payment(payment))
