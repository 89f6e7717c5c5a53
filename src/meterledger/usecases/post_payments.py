"""What a receipt writes: step, payment, entry and applications, from what is open. Pure.

Lives here      postings of money for an account or for nobody yet, undoing, names of applications.
Lives elsewhere the order of payment and entries (``ledger``), loading and recording
                (``take_payment``, ``settle_payment``, ``payment_files``).
Read first      docs/operating/payments.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar

from meterledger.facts.money import Entry, Payment
from meterledger.facts.payments import Receipt, ReceiptAct, ReceiptState, ReceiptStep
from meterledger.facts.receivables import AccountMoney, Application, OpenItem
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import (
    Spending,
    cash_of,
    entry_for_spending,
    entry_for_unapplied,
    newest_bill_day,
    receivable_of_movements,
    reverse_entry,
    spend_payment,
)
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.payment_ports import Moved, ReceiptPosting
from meterledger.usecases.ports import Conflict

TRIES = 100
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Act:
    """Who moves a receipt on, when and why: ``number`` is the step that it makes."""

    learned_at: datetime
    today: date
    number: int = 1
    act: ReceiptAct = ReceiptAct.TAKEN
    by: str = ""
    reason: str = ""


def again_if_moved(work: Callable[[], Done]) -> Done:
    """Do it; where somebody else moved the same money first, look again and do it then."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except Moved:
            continue
    return work()


def again_if_taken(work: Callable[[], Done]) -> Done:
    """Do it; where its name was taken, look again: the same, kept by another at once, is known now.

    :raises Conflict: if it was taken with other contents
    """
    try:
        return work()
    except Conflict:
        return work()


def post_on_account(
    receipt: Receipt,
    money: AccountMoney,
    act: Act,
    *,
    view: BookView,
    asked_deposits: Sequence[OpenItem] = (),
    earmarked_to: Sequence[str] = (),
    debit: str | None = None,
) -> ReceiptPosting:
    """A payment of the account, spent in the order of the sheet over what is open today.

    It counts from the day it was received; applied it is on the day we learn of it. Where the book
    has no order for that day, nothing is applied: the money is free credit, and pays what is
    oldest.
    """
    account_id = money.account_id
    day = max(act.today, receipt.received_day)
    spending, why = _spend(
        receipt, money, day, view=view, asked_deposits=asked_deposits, earmarked_to=earmarked_to
    )
    others = {one.entry_id for one in money.movements if one.control != "142"}
    entry = entry_for_spending(
        receipt,
        account_id,
        spending.parts,
        debit=debit or cash_of(receipt.channel),
        learned_at=act.learned_at,
        others=others,
    )
    payment = Payment(
        receipt.payment_key,
        account_id,
        receipt.cents,
        receipt.tender,
        receipt.received_day,
        act.learned_at,
    )
    place = places_of(money.applications)
    applications = tuple(
        Application(
            application_id=f"{one.item_id}#{place(one.item_id)}",
            source_entry_id=entry.entry_id,
            item_id=one.item_id,
            kind=one.kind,
            account_id=account_id,
            cents=one.cents,
            applied_day=day,
            learned_at=act.learned_at,
        )
        for one in spending.parts
    )
    reason = "\n".join(filter(None, (act.reason, spending.earmarked, why)))
    step = _step(receipt, act, ReceiptState.POSTED, entry.entry_id, account_id, reason)
    return ReceiptPosting(receipt, step, payment, (entry,), applications)


def _spend(
    receipt: Receipt,
    money: AccountMoney,
    day: date,
    *,
    view: BookView,
    asked_deposits: Sequence[OpenItem],
    earmarked_to: Sequence[str],
) -> tuple[Spending, str]:
    open_now = receivable_of_movements(
        money.account_id,
        money.movements,
        money.applications,
        asked_deposits=asked_deposits,
        due_days={},
        at=day,
    )
    try:
        spending = spend_payment(
            receipt.cents,
            open_now,
            newest_bill=newest_bill_day(money.movements, day),
            earmarked_to=earmarked_to,
            terms=Terms(view, day),
        )
    except Refusal as no_order:
        # Money that is here is booked whether or not the book has an order for it.
        return Spending((), receipt.cents, ()), f"Not applied: {no_order.sentence}"
    said = (f"{one.finding} ({one.citation.text})" for one in spending.reasons)
    return spending, "\n".join(said)


def post_unapplied(receipt: Receipt, act: Act) -> ReceiptPosting:
    """Money that has no account yet."""
    entry = entry_for_unapplied(receipt)
    step = _step(receipt, act, ReceiptState.UNAPPLIED, entry.entry_id, None, act.reason)
    return ReceiptPosting(receipt, step, entries=(entry,))


def post_step(receipt: Receipt, act: Act, state: ReceiptState) -> ReceiptPosting:
    """A step that moves no money."""
    return ReceiptPosting(receipt, _step(receipt, act, state, None, None, act.reason))


def undo_posting(
    receipt: Receipt,
    entries: Iterable[Entry],
    applications: Sequence[Application],
    act: Act,
    *,
    on: date,
    money: AccountMoney | None,
) -> ReceiptPosting:
    """Take back exactly what a receipt did: its entries, newest first, and its applications."""
    cause = f"payment {receipt.payment_key} taken back: {act.reason}"
    reversals = tuple(
        reverse_entry(
            entry, on=max(on, entry.effective_day), learned_at=act.learned_at, cause=cause
        )
        for entry in entries
    )
    undone = {one.undoes for one in applications}
    place = places_of(money.applications if money else ())
    undoing = tuple(
        replace(
            one,
            application_id=f"{one.item_id}#{place(one.item_id)}",
            cents=-one.cents,
            applied_day=max(on, one.applied_day),
            learned_at=act.learned_at,
            undoes=one.application_id,
        )
        for one in applications
        if one.undoes is None and one.application_id not in undone
    )
    account = money.account_id if money else None
    step = _step(receipt, act, ReceiptState.RETURNED, reversals[0].entry_id, account, act.reason)
    return ReceiptPosting(receipt, replace(step, on=on), entries=reversals, applications=undoing)


def _step(
    receipt: Receipt,
    act: Act,
    state: ReceiptState,
    entry_id: str | None,
    account_id: str | None,
    reason: str,
) -> ReceiptStep:
    return ReceiptStep(
        payment_key=receipt.payment_key,
        number=act.number,
        act=act.act,
        state=state,
        on=max(act.today, receipt.received_day),
        by=act.by,
        reason=reason,
        learned_at=act.learned_at,
        entry_id=entry_id,
        account_id=account_id,
    )


def places_of(known: Iterable[Application]) -> Callable[[str], int]:
    """The next free place at each item: whoever wants the same one second, finds it taken."""
    taken: dict[str, int] = {}
    for one in known:
        taken[one.item_id] = taken.get(one.item_id, 0) + 1

    def place(item_id: str) -> int:
        taken[item_id] = taken.get(item_id, 0) + 1
        return taken[item_id]

    return place
