"""Take a payment: cash for an account, once per key, for ever."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from meterledger.facts.money import Entry, Payment, Tender
from meterledger.facts.places import Account
from meterledger.kernel.local_days import local_day_of
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
    zone_name: str,
    store: PaymentStore,
) -> tuple[Payment, bool]:
    """Post a cash payment. The second value is False when it was posted before.

    ``received_day`` is a local day of the utility, whose zone is ``zone_name``.

    :raises PaymentRefused: if the amount or the key cannot be one, or the money is said to have
        been received in the future or before the account was opened
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
    today = local_day_of(learned_at, zone_name)
    if received_day > today:
        raise PaymentRefused(
            f"The payment is said to be received on {received_day}, and today is {today}",
            where=f"account {account_id}, key {key}",
            do="Give the day the money was received",
        )
    opened_day = store.account(account_id).opened_day
    if received_day < opened_day:
        raise PaymentRefused(
            f"The payment is said to be received on {received_day}, before the account was opened "
            f"on {opened_day}",
            where=f"account {account_id}, key {key}",
            do="Give the day the money was received, or the account it was paid for",
        )
    payment = Payment(key, account_id, cents, Tender.CASH, received_day, learned_at)
    return payment, store.record_payment(payment, entry_for_payment(payment))
