"""Send approved refunds to bank accounts: an order for the next ACH file, then its number.

Lives here      which bank account a refund goes to, and telling refunds that their file was made.
Lives elsewhere orders and files (``ach_accounts``, ``ach_out``), the refund (``refund_credit``).
Read first      docs/operating/settlements.md, "By ACH".

Two steps with a file between them: an order is asked for once for each sending of a refund, the
file is made of orders, and what is in a file is marked as sent. Each may be run again at any time:
a refund that is in a file and was not marked yet is marked then, and is never ordered twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from meterledger.facts.ach_orders import AchOrder, BankAccount, SentFile
from meterledger.facts.settlements import Means, SettlementCase, SettlementKind
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.ach_accounts import OrderStore, order_credit
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.refund_credit import send_refunds_on_their_days
from meterledger.usecases.refund_left import refuse_to_leave
from meterledger.usecases.settlements import CannotSettle, MoneyDesk, SettlementStore


class AchRefundStore(OrderStore, SettlementStore, Protocol):
    """What sending refunds by ACH needs of the store."""

    def ach_files(self, *, limit: int = 100) -> list[SentFile]:
        """Files that were made, the newest first."""

    def orders_to_send(self, until: date) -> list[AchOrder]:
        """Orders that are in no file and not dropped."""


@dataclass(slots=True)
class Ordered:
    """What came of it: each refund to be sent by ACH is ordered or has a sentence why not."""

    ordered: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def order_refunds(*, desk: MoneyDesk, store: AchRefundStore) -> Ordered:
    """Ask for a credit for every refund that is to go to a bank account; once for each sending."""
    made = Ordered()
    waiting = _to_be_sent(desk)
    waiting_orders = {one.order_id for one in store.orders_to_send(date.max)}
    banks = _by_account(store.bank_accounts(sorted({one.account_id for one in waiting})))
    for case in waiting:
        try:
            _refuse_dropped(case, waiting_orders, store)
            refuse_to_leave(case, desk.store)
            bank_id = _bank_of(case, banks.get(case.account_id, ()), desk)
            order = looks_once_more(order_credit)  # another may ask for it at once
            order(
                case.next_order_id,
                account_id=case.account_id,
                bank_id=bank_id,
                cents=case.cents,
                on=desk.on,
                now=desk.now,
                store=store,
            )
        except Refusal as no:
            made.refused.append((case.settlement_id, no.of_one_case().sentence))
        else:
            made.ordered.append(case.settlement_id)
    return made


@looks_once_more
def mark_refunds_in_files(*, by: str, desk: MoneyDesk, store: AchRefundStore) -> list[str]:
    """Mark as sent every refund whose order is in a file that was made; its number is the file's.

    It was sent on the day of its file, whatever day the desk closes, and never before it was
    approved. All of one run or nothing; what is marked already is left.
    """
    orders = {one.next_order_id: one for one in _to_be_sent(desk)}
    sent = [
        (case.settlement_id, file.file_id, max(file.created_day, case.last.on))
        for file in store.ach_files()
        for entry in file.entries
        if (case := orders.get(entry.order_id)) is not None
    ]
    if sent:
        send_refunds_on_their_days(sent, by=by, desk=desk)
    return [name for name, _, _ in sent]


def _refuse_dropped(case: SettlementCase, waiting: set[str], store: AchRefundStore) -> None:
    """Refuse to wait for an order that will never leave.

    :raises CannotSettle: if the order of this sending was dropped
    """
    name = case.next_order_id
    if name in waiting or name not in store.ach_orders([name]):
        return
    if name in {one.order_id for one in store.orders_to_send(date.max)}:
        return  # another asked for it since
    if not any(one.order_id == name for file in store.ach_files() for one in file.entries):
        raise CannotSettle(
            "Its order was dropped, and will not leave",
            where=f"settlement {case.settlement_id}",
            why="Its bank account was stopped",
            do="Reverse the refund, and ask for it anew to a payee that was verified",
        )


def _to_be_sent(desk: MoneyDesk) -> list[SettlementCase]:
    return [
        one
        for one in desk.store.settlements(kind=SettlementKind.REFUND, open_only=True)
        if one.is_open_refund and one.payee is not None and one.payee.means is Means.ACH
    ]


def _by_account(banks: Sequence[BankAccount]) -> dict[str, list[BankAccount]]:
    found: dict[str, list[BankAccount]] = {}
    for one in banks:
        found.setdefault(one.account_id, []).append(one)
    return found


def _bank_of(case: SettlementCase, banks: Sequence[BankAccount], desk: MoneyDesk) -> str:
    """The bank account that the payee was verified for, or the one that a payment came from.

    :raises CannotSettle: if the account has none, or several and nobody said which
    """
    payee, replaced = case.payee, {one.replaces for one in banks}
    newest = [one for one in banks if one.bank_id not in replaced]
    if payee is not None and payee.payee_id:
        named = desk.store.payee(payee.payee_id).details
        if named in {one.bank_id for one in banks}:
            return named
    elif len(newest) == 1:
        return newest[0].bank_id
    raise CannotSettle(
        "No bank account is known to which it goes",
        where=f"settlement {case.settlement_id}",
        why=f"The account has {len(newest)} bank accounts",
        do="Verify a payee whose details are the id of its bank account (BA-…), and ask anew",
    )
