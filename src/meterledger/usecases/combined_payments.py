"""One check for a combined statement: split over what its bills have open, in one transaction.

Lives here      the split, taking the check once, finding its parts again.
Lives elsewhere what a part writes (``post_payments``), a check that waited for its account, and
                taking all parts back (``settle_payment``),
                lines of files (``payment_files``), the statement (``combined_statements``).
Read first      GRR V.B; docs/operating/combination_bills.md: "Money".

The statement asks for one sum; what is owed stays each account's. A part is a payment of its
account like any other. The first has the check's own key, the others ``KEY:ACCOUNT``; all of them
have that where the check waited for its account under its own key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.combination import CombinedKind, CombinedStatement
from meterledger.facts.entry_names import PAYMENT, entry_name
from meterledger.facts.payments import Receipt, ReceiptOnFile
from meterledger.facts.receivables import AccountMoney, OpenItem
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import usd_display
from meterledger.ledger import receivable_of_movements
from meterledger.rulebook.book import BookView
from meterledger.usecases.payment_keys import key_rule, payment_key_of
from meterledger.usecases.payment_ports import PaymentLog, ReceiptPosting
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.post_payments import (
    Act,
    again_if_moved,
    again_if_taken,
    post_on_account,
)
from meterledger.usecases.take_payment import (
    AT_THE_DESK,
    AskedDeposits,
    How,
    PaymentRefused,
    no_deposits,
    receipt_of,
    refuse_before_opening,
)

OF_A_PART = ":" + "0" * 10
"""As long as what we put behind a key that was chosen."""
PRINTED = "CB-"
"""A lockbox has twenty columns for an account: the statement's number stands there without this."""


class StatementsAsked(Protocol):
    """What is asked of the store about combined statements."""

    def combined_statement(self, statement_id: str) -> CombinedStatement | None:
        """A combined statement by its number; None where nobody knows it."""


class PartsAsked(StatementsAsked, Protocol):
    """What is asked of the store to find a check's parts."""

    def receipt(self, payment_key: str) -> ReceiptOnFile:
        """A receipt with its steps. :raises NotFound:"""

    def known_receipts(self, keys: Collection[str]) -> frozenset[str]:
        """Which of the keys are known."""


class PartsStore(PaymentLog, StatementsAsked, Protocol):
    """What these journeys need of the store."""


@dataclass(frozen=True, slots=True)
class CombinedPayment:
    """One check that was split: the statement that it was told for, and its parts in order."""

    payment_key: str
    statement: CombinedStatement
    parts: tuple[ReceiptOnFile, ...]
    whole: ReceiptOnFile | None = None
    """The receipt that waited for its account, and was divided; None where it never waited."""

    @property
    def cents(self) -> int:
        """The whole check."""
        return sum(one.receipt.cents for one in self.parts)

    @property
    def on_file(self) -> tuple[ReceiptOnFile, ...]:
        """All receipts of it: what goes back goes back with all of them."""
        return self.parts if self.whole is None else (self.whole, *self.parts)

    @property
    def is_split(self) -> bool:
        """Whether it stands in parts; else it waits, or is on one account alone."""
        return len(self.on_file) > 1


def take_combined_payment(
    *,
    statement_id: str,
    cents: int,
    payment_key: str,
    received_day: date,
    learned_at: datetime,
    view: BookView,
    store: PartsStore,
    how: How = AT_THE_DESK,
    asked_deposits: AskedDeposits = no_deposits,
    combination_id: str = "",
    by: str = "",
) -> tuple[CombinedPayment, bool]:
    """Post one check for a combined statement. The second value is False if it was posted before.

    It goes, in the order of the statement, to what the statement's bills have open; then to what
    else its accounts have open; what is over is credit of its first account. Each part is spent
    in the order of the sheet as its account has it.

    :raises PaymentRefused: if the amount, the key or a detail cannot be one, or the money is said
        to have been received in the future or before one of the accounts was opened
    :raises NotFound: if there is no such statement, or it is not of the combination that is named
    :raises Conflict: if the key was used with other contents
    """
    statement = statement_named(statement_id, store, combination_id=combination_id)
    _refuse_long_key(payment_key, statement)
    whole = receipt_of(
        account_id=statement.statement_id,
        cents=cents,
        payment_key=payment_key,
        received_day=received_day,
        learned_at=learned_at,
        view=view,
        how=how,
    )

    def take() -> bool:
        known = combined_payment(whole.payment_key, store)
        if known is not None:
            _refuse_other(known, whole)
            return False
        act = Act(learned_at, local_day_of(learned_at, view.time_zone), by=by)
        accounts = accounts_of(statement)
        money = store.account_money(accounts)
        parts = split_receipt(whole, statement, money, act.today)
        for one, account in parts:
            refuse_before_opening(one, money[account].opened_day)
        deposits = asked_deposits(accounts)
        postings = [
            post_part(one, whole, statement, money[account], act, view, deposits.get(account, ()))
            for one, account in parts
        ]
        return bool(store.post_receipts(postings, whole=True))

    newly = again_if_moved(lambda: again_if_taken(take))
    done = combined_payment(whole.payment_key, store)
    if done is None:
        raise NotFound.of("payment", whole.payment_key)
    return done, newly


def post_part(
    part: Receipt,
    whole: Receipt,
    statement: CombinedStatement,
    money: AccountMoney,
    act: Act,
    view: BookView,
    asked_deposits: Collection[OpenItem],
    *,
    debit: str | None = None,
) -> ReceiptPosting:
    """A part of a check as a payment of its account; from ``debit``, where it was here before."""
    why = (
        f"{usd_display(part.cents)} of {usd_display(whole.cents)}, payment {whole.payment_key} for "
        f"combined statement {statement.statement_id}"
    )
    told = replace(act, reason="\n".join(filter(None, (why, act.reason))))
    return post_on_account(
        part, money, told, view=view, asked_deposits=tuple(asked_deposits), debit=debit
    )


def split_receipt(
    whole: Receipt,
    statement: CombinedStatement,
    money: Mapping[str, AccountMoney],
    at: date,
) -> tuple[tuple[Receipt, str], ...]:
    """A check's parts as receipts, each with its account, in the order of the statement."""
    (first, account), *others = split_known(whole, statement, money, at)
    return ((replace(first, payment_key=whole.payment_key), account), *others)


def split_known(
    whole: Receipt,
    statement: CombinedStatement,
    money: Mapping[str, AccountMoney],
    at: date,
) -> tuple[tuple[Receipt, str], ...]:
    """The same of a check whose key is a receipt's already: each part has its account behind it."""
    return tuple(
        (replace(whole, payment_key=f"{whole.payment_key}:{account}", cents=cents), account)
        for account, cents in split_cents(whole.cents, statement, money, at).items()
    )


def split_cents(
    cents: int, statement: CombinedStatement, money: Mapping[str, AccountMoney], at: date
) -> dict[str, int]:
    """What each account gets of a check, in the order of the statement; the sum is the check."""
    accounts = accounts_of(statement)
    stated = {f"bill:{one.bill_id}" for one in statement.bills if one.kind is CombinedKind.CHARGED}
    of_bills, of_all = {}, {}
    for account in accounts:
        found = money[account]
        items = receivable_of_movements(
            account, found.movements, found.applications, due_days={}, at=at
        ).items
        of_all[account] = sum(one.open_cents for one in items)
        of_bills[account] = sum(one.open_cents for one in items if one.item_id in stated)
    parts = dict.fromkeys(accounts, 0)
    left = cents
    for wanted in (of_bills, of_all):
        for account in accounts:
            given = min(left, max(0, wanted[account] - parts[account]))
            parts[account] += given
            left -= given
    parts[accounts[0]] += left
    return {account: part for account, part in parts.items() if part}


def accounts_of(statement: CombinedStatement) -> tuple[str, ...]:
    """The accounts of a statement, in its order."""
    return tuple(dict.fromkeys(one.account_id for one in statement.bills))


def statement_told(told: str, store: StatementsAsked) -> CombinedStatement | None:
    """The statement that somebody names, with what its number begins with or without it."""
    text = told.strip()
    if not text:
        return None
    found = store.combined_statement(text)
    return found if found is not None else store.combined_statement(f"{PRINTED}{text}")


def statement_named(
    statement_id: str, store: StatementsAsked, *, combination_id: str = ""
) -> CombinedStatement:
    """The statement that money is for.

    :raises NotFound: if there is none, or it is not of the combination that is named
    """
    statement = statement_told(statement_id, store)
    if statement is None or combination_id not in ("", statement.combination_id):
        whose = f"Combination {combination_id[:80]} has" if combination_id else "There is"
        raise NotFound(
            f"{whose} no combined statement {statement_id[:80]}",
            do="List them with `meterledger combination show NAME`",
        )
    return statement


def combined_payment(payment_key: str, store: PartsAsked) -> CombinedPayment | None:
    """A check by its key or a part's; None where there is none, or it is of one account alone."""
    try:
        known = store.receipt(payment_key)
    except NotFound:
        return None
    if known.divided is not None and known.divided.entry_id is not None:
        known = store.receipt(known.divided.entry_id.removeprefix(entry_name(PAYMENT, "")))
    statement = statement_told(known.receipt.account_told, store)
    if statement is None:
        return None
    accounts = accounts_of(statement)
    head, _, account = known.receipt.payment_key.rpartition(":")
    if account not in accounts or not store.known_receipts([head]):
        head = known.receipt.payment_key
    keys = [head, *(f"{head}:{one}" for one in accounts)]
    there = store.known_receipts(keys)
    found = [store.receipt(one) for one in keys if one in there]
    return CombinedPayment(
        head,
        statement,
        tuple(one for one in found if not one.is_divided),
        next((one for one in found if one.is_divided), None),
    )


def is_too_long(payment_key: str) -> bool:
    """Whether a key leaves no place for the account that a part's key ends with."""
    return payment_key_of(payment_key, prefix=OF_A_PART) is None


def _refuse_long_key(payment_key: str, statement: CombinedStatement) -> None:
    if is_too_long(payment_key):
        raise PaymentRefused(
            f"'{payment_key[:70]}' is not the key of a check for several accounts",
            where=f"statement {statement.statement_id}",
            do=f"Give the receipt's own number, {key_rule(OF_A_PART)}",
        )


def _refuse_other(known: CombinedPayment, whole: Receipt) -> None:
    first = known.parts[0].receipt
    same = replace(
        first, cents=known.cents, learned_at=whole.learned_at, account_told=whole.account_told
    )
    if same != whole or known.statement.statement_id != whole.account_told:
        raise Conflict(
            f"Payment key {whole.payment_key} is used already, for {usd_display(known.cents)} of "
            f"combined statement {known.statement.statement_id} received on {first.received_day}",
            where="payment",
            why="A key posts once, for ever; nothing was changed",
            do="Use the key of this payment, or correct what was told",
        )
