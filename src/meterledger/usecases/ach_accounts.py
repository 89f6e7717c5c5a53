"""Bank accounts and orders: entering an account sealed, and asking for one movement.

Lives here      ``new_bank_account``, ``stop_of`` (why one is not drawn from) and ``order_credit``,
                which refunds call.
Lives elsewhere autopay (``autopay``), files (``ach_out``).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.ach import (
    CENTS_MAX_OF_ENTRY,
    AchStandard,
    BankAccountKind,
    routing_holds,
)
from meterledger.facts.ach_orders import (
    AchOrder,
    BankAccount,
    BankStop,
    OrderKind,
    StopKind,
    ways_written,
)
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.channel_ports import BankNumbers, ChannelChange
from meterledger.usecases.ports import NotFound

NUMBER_FORM = re.compile(r"[0-9A-Za-z-]{4,17}")
REFUND = "REFUND"


class BankAccountRefused(Refusal):
    """What was given is not a bank account that money can be moved to or from."""


class OrderStore(Protocol):
    """What is asked of the store."""

    def bank_accounts(self, account_ids: Collection[str]) -> list[BankAccount]:
        """Bank accounts of customers, the oldest first."""

    def ach_orders(self, order_ids: Collection[str]) -> dict[str, AchOrder]:
        """Orders by their id."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


def new_bank_account(
    *,
    account_id: str,
    holder: str,
    routing_number: str,
    number: str,
    kind: BankAccountKind,
    numbers: BankNumbers,
    now: datetime,
) -> BankAccount:
    """A bank account as it is kept: its number sealed, its last four digits to be seen.

    :raises BankAccountRefused: if routing number, account number or holder cannot be one
    """
    where = f"account {account_id}"
    if not routing_holds(routing_number):
        raise BankAccountRefused(
            "The routing number is not one",
            where=where,
            do="Give nine digits as they stand on a check; the last is a check digit",
        )
    if not NUMBER_FORM.fullmatch(number):
        raise BankAccountRefused(
            "The bank account number is not one",
            where=where,
            do="Give 4 to 17 digits, letters and hyphens, as they stand on a check",
        )
    name = holder.strip()
    if not 0 < len(name) <= 60 or not name.isprintable():
        raise BankAccountRefused(
            "The bank account has no holder", where=where, do="Give the holder's name"
        )
    fingerprint = numbers.fingerprint(routing_number, number)
    return BankAccount(
        bank_id=f"BA-{sha256_hex(f'{account_id}:{fingerprint}:{now.isoformat()}'.encode())[:12]}",
        account_id=account_id,
        holder=name,
        routing_number=routing_number,
        kind=kind,
        last_four=number[-4:],
        fingerprint=fingerprint,
        sealed=numbers.seal(number),
        learned_at=now,
    )


def order_credit(
    cause: str,
    *,
    account_id: str,
    bank_id: str,
    cents: int,
    on: date,
    now: datetime,
    store: OrderStore,
) -> AchOrder:
    """Ask for a credit to a customer's bank account, once for a cause like ``refund:KEY``.

    Whoever asks has decided with two people that money leaves; the next file takes the order. A
    later day asks for the same order. Stores refuse an order that is no refund about to be sent.

    :raises NotFound: if the customer has no such bank account
    :raises BankAccountRefused: if the amount cannot be moved
    :raises Conflict: if another credit was asked for the cause, or no such refund is to be sent
    """
    known = store.ach_orders([cause]).get(cause)
    order = AchOrder(
        *(cause, OrderKind.CREDIT, account_id, bank_id, _in_bounds(cents, cause)),
        known.on if known else on,
        *(AchStandard.PPD, REFUND, cause, 1, known.learned_at if known else now),
    )
    if known == order:
        return known
    if bank_id not in {one.bank_id for one in store.bank_accounts([account_id])}:
        raise NotFound.of("bank account of this customer:", bank_id)
    store.keep_channel(ChannelChange("credit ordered", account_id, now, orders=(order,)))
    return order


def _in_bounds(cents: int, cause: str) -> int:
    if not 0 < cents <= CENTS_MAX_OF_ENTRY:
        raise BankAccountRefused(
            f"{usd_display(cents)} cannot be moved by one entry",
            where=cause,
            do=f"Give an amount above zero, at most {usd_text(CENTS_MAX_OF_ENTRY)}",
        )
    return cents


def stop_of(
    bank: BankAccount | None, banks: Collection[BankAccount], stops: Collection[BankStop]
) -> str:
    """Why a version of a bank account is not drawn from; empty if nothing stops it.

    A debit that was not authorized stops it in every way it was ever written (``banks``).
    """
    if bank is None:
        return "the bank account is not known"
    written = ways_written(bank.fingerprint, banks)
    for one in stops:
        entered_again = one.kind is StopKind.CHANGED and bank.learned_at > one.learned_at
        is_same = one.fingerprint in (
            written if one.kind is StopKind.NEVER else (bank.fingerprint,)
        )
        if is_same and not entered_again:
            return f"the bank account ending in {bank.last_four} is {one.kind.value}: {one.code}"
    return ""
