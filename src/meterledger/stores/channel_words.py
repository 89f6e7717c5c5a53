"""What both stores promise about payment channels, in the same words.

Lives here      the refusals, and what money is pending.
Lives elsewhere keeping rows (``memory/channels``, ``postgres/repository/channels``). PostgreSQL's
                constraints are what cannot be raced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from meterledger.facts.ach_orders import AchOrder, Enrollment
from meterledger.facts.checkouts import CheckoutOnFile, PendingMoney
from meterledger.facts.payments import ReceiptAct, ReceiptOnFile
from meterledger.facts.pledges import REST, PledgeAct, PledgeOnFile, PledgeReturn, PledgeState
from meterledger.facts.settlements import SettlementCase
from meterledger.stores.ledger_words import no_refund
from meterledger.usecases.ports import Conflict, NotFound


def taken(noun: str, name: str) -> Conflict:
    """A name is used once."""
    return Conflict(
        f"There is {noun} {name} already",
        where="payment channels",
        why="A name is used once, for ever, and nothing was changed",
        do="Look at what is there, or use another name",
    )


def another_unknown(account_id: str) -> Conflict:
    """While one checkout of an account is unknown, no other is begun."""
    return Conflict(
        "Another checkout of it has no known outcome",
        where=f"account {account_id}",
        do="Ask the processor with `meterledger checkout ask`",
    )


def enrolled(account_id: str) -> Conflict:
    """An account is on autopay once on a day."""
    return Conflict(
        "It is on autopay on one of the days already",
        where=f"account {account_id}",
        do="End what is there with `meterledger autopay end`, or begin on the day it ends",
    )


def not_enrolled(account_id: str) -> NotFound:
    """There is nothing to end."""
    return NotFound(
        "It is not on autopay as was believed",
        where=f"account {account_id}",
        do="Look with `meterledger autopay show`",
    )


def refuse_credit_of_no_refund(order: AchOrder, refund: SettlementCase | None) -> None:
    """Refuse to order, or send, a credit that no refund is behind. :raises Conflict:"""
    told = order.order_id, order.account_id, order.cents
    if refund is None or not refund.may_leave_as(*told):
        raise no_refund(order.order_id)


def overlaps(one: Enrollment, other: Enrollment) -> bool:
    """Whether two enrollments of an account share a day."""
    return one.account_id == other.account_id and one.days.overlaps(other.days)


BACK = (ReceiptAct.REVERSED, ReceiptAct.SENT_BACK)
"""How money of a receipt goes back."""


def with_returns(one: PledgeOnFile, receipts: Mapping[str, ReceiptOnFile]) -> PledgeOnFile:
    """A pledge with what its payments say that came back."""
    keys = (s.payment_key for s in one.steps if s.act is PledgeAct.RECEIVED)
    known = (receipts.get(name) for key in keys for name in (key, f"{key}{REST}"))
    found = (
        PledgeReturn(
            *(of.receipt.payment_key, step.on, of.receipt.cents, step.by, step.reason),
            learned_at=step.learned_at,
            is_sent_back=step.act is ReceiptAct.SENT_BACK,
        )
        for of in known
        if of is not None
        for step in of.steps
        if step.act in BACK
    )
    return replace(one, returns=what_came_back(found))


def what_came_back(gone: Iterable[PledgeReturn]) -> tuple[PledgeReturn, ...]:
    """What of a pledge did not come after all, the oldest first.

    What its debt did not need and we sent back did come, unless the rest of that money bounced.
    """
    all_of_them = sorted(gone, key=lambda one: (one.learned_at, one.payment_key))
    bounced = {one.payment_key.removesuffix(REST) for one in all_of_them if not one.is_sent_back}
    return tuple(one for one in all_of_them if one.payment_key.removesuffix(REST) in bounced)


def pending_of(
    checkouts: Iterable[CheckoutOnFile],
    pledges: Iterable[PledgeOnFile],
    account_ids: Collection[str],
    day: date,
) -> dict[str, tuple[PendingMoney, ...]]:
    """Money that is neither paid nor missed, by account; accounts without any are left out."""
    found: dict[str, list[PendingMoney]] = {}
    wanted = set(account_ids)
    for one in checkouts:
        checkout = one.checkout
        if checkout.account_id in wanted and one.may_have_come:
            found.setdefault(checkout.account_id, []).append(
                PendingMoney(
                    checkout.account_id,
                    f"checkout:{checkout.checkout_id}",
                    checkout.cents,
                    checkout.started_at.date(),
                )
            )
    for two in pledges:
        pledge = two.pledge
        if pledge.account_id in wanted and two.state_on(day) is PledgeState.PENDING:
            found.setdefault(pledge.account_id, []).append(
                PendingMoney(
                    pledge.account_id,
                    f"pledge:{pledge.pledge_id}",
                    two.pending_cents,
                    pledge.promised_day,
                    pledge.expires_day,
                    pledge.for_items,
                )
            )
    return {account: tuple(money) for account, money in found.items()}


def unknown_cents(checkouts: Iterable[CheckoutOnFile], known_at: datetime) -> dict[str, int]:
    """Cents of checkouts whose outcome was unknown at an instant, by account."""
    found: dict[str, int] = {}
    for one in checkouts:
        checkout = one.checkout
        if checkout.started_at > known_at:
            continue
        then = replace(one, steps=tuple(s for s in one.steps if s.learned_at <= known_at))
        if then.may_have_come:
            found[checkout.account_id] = found.get(checkout.account_id, 0) + checkout.cents
    return found
