"""What of a payment recovers a write-off: what of it came to the account and pays nothing else.

Lives here      which payments count, and how much of each; the credit of an evening.
Lives elsewhere booking it, and how much is written off (``write_off``).
Read first      docs/operating/settlements.md, "What a recovery is".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from meterledger.facts.money import Entry, Payment
from meterledger.facts.receivables import ItemKind
from meterledger.facts.settlements import Act, SettlementKind, Step
from meterledger.ledger import control_of
from meterledger.usecases.settlements import MoneyDesk, credit_cents, entries_known


@dataclass(frozen=True, slots=True)
class Recoverable:
    """Cents of one payment that recover what was written off; why not, where it is none."""

    cents: int = 0
    why_not: str = ""


def _approvals(account_id: str, kind: SettlementKind, desk: MoneyDesk) -> list[tuple[Step, int]]:
    """Approvals of one kind that stand as known at the desk's instant, oldest first, with cents."""
    found = []
    for one in desk.store.settlements(account_id=account_id, kind=kind):
        known = [step for step in one.steps if step.learned_at <= desk.now]
        if known and known[-1].act is Act.APPROVED:
            found.append((known[-1], one.cents))
    return sorted(found, key=lambda one: one[0].learned_at)


def recoverable(payment: Payment, desk: MoneyDesk) -> Recoverable:
    """What of a payment recovers a write-off, at most: its credit on 142 and 143 of the account,
    less what it pays of charges that were made since, and no more than the account has left.
    """
    account_id, entry_id = payment.account_id, f"payment:{payment.payment_key}"
    entries = entries_known(account_id, desk)
    if entry_id in {one.reverses for one in entries}:
        return Recoverable(why_not="It came back, and is no money of the account")
    if payment.received_day > desk.on:
        return Recoverable(why_not=f"It came on {payment.received_day}, and the day is {desk.on}")
    mine = next((one for one in entries if one.entry_id == entry_id), None)
    came = 0 if mine is None else -_on_account([mine], account_id)
    if mine is None or came <= 0:
        return Recoverable(why_not="Nothing of it came to what the account owes")
    offs = _approvals(account_id, SettlementKind.WRITE_OFF, desk)
    stand = [(step, cents) for step, cents in offs if step.on <= desk.on]
    before = [step for step, _ in stand if step.learned_at < mine.learned_at]
    if not before:
        off = f" of {offs[0][0].on}" if offs else ""
        why = f"It came before the write-off{off}, which is of what it left unpaid"
        return Recoverable(why_not=why)
    recovered = _approvals(account_id, SettlementKind.RECOVERY, desk)
    lost = sum(cents for _, cents in stand) - sum(cents for _, cents in recovered)
    if lost <= 0:
        return Recoverable(why_not=f"What was written off by {desk.on} is recovered")
    charged_since = {one.entry_id for one in entries if one.learned_at > before[-1].learned_at}
    left = came - _spent_on(charged_since, entry_id, account_id, desk)
    cents = max(0, min(left, credit_by_evening(account_id, desk), lost))
    return Recoverable(cents, "" if cents else "It pays what the account was charged since")


def credit_by_evening(account_id: str, desk: MoneyDesk) -> int:
    """What the account has more than it owes on the desk's evening, and still has as known now.

    A night may be closed late: what came after its day is of the next night.
    """
    evening = [one for one in entries_known(account_id, desk) if one.effective_day <= desk.on]
    return min(credit_cents(account_id, desk), -_on_account(evening, account_id))


def _on_account(entries: list[Entry], account_id: str) -> int:
    """What entries moved on 142 and 143 of the account: debits above zero."""
    return sum(
        leg.cents
        for entry in entries
        for leg in entry.legs
        if leg.customer_account_id == account_id
        and control_of(leg.ledger_account) in ("142", "143")
    )


def _spent_on(items: Collection[str], source: str, account_id: str, desk: MoneyDesk) -> int:
    """Cents of a payment that are applied to some items. A deposit's never came to 142."""
    money = desk.store.account_money([account_id]).get(account_id)
    return sum(
        one.cents
        for one in (money.applications if money else ())
        if one.source_entry_id == source
        and one.item_id in items
        and one.kind is not ItemKind.DEPOSIT
        and one.learned_at <= desk.now
    )
