"""Move what is owed after service has ended to another account of the same customer (GRR V.F).

Lives here      the parts of what moves, one for each age and kind, the facts of each, its entry.
Lives elsewhere the rule (``ledger.balance_transfer``), what a statement shows (``make_statement``).
Read first      docs/operating/settlements.md: "A balance that moves".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from meterledger.facts.places import BillableService
from meterledger.facts.receivables import AccountMoney, Application, ItemKind
from meterledger.facts.settlements import (
    Act,
    SettlementCase,
    SettlementKind,
    key_of_moved,
    kind_of_moved,
)
from meterledger.kernel.money import usd_display
from meterledger.ledger import (
    OTHER_RECEIVABLE,
    TRANSFER_RULE,
    AgedTransferFacts,
    AnyTransferFacts,
    ServiceClass,
    TransferFacts,
    WholeTransferFacts,
    due_days_of,
    free_order,
    receivable_of_movements,
)
from meterledger.rulebook.terms import Terms
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.late_charge_base import late_by_us_cents
from meterledger.usecases.post_payments import places_of
from meterledger.usecases.settlements import (
    CannotSettle,
    Decided,
    MoneyDesk,
    Settled,
    accounts_of_customer,
    in_service,
    moved_beside,
    named,
    new_settlement,
    owed_cents,
    refused,
    service_class_of,
)

COMPARABLE = {
    "residential": ServiceClass.RESIDENTIAL,
    "small_general": ServiceClass.SMALL_GENERAL,
    "large_general": ServiceClass.LARGE_GENERAL,
    "small_primary": ServiceClass.PRIMARY,
    "large_primary": ServiceClass.PRIMARY,
    "lighting": ServiceClass.LIGHTING,
}


@dataclass(frozen=True, slots=True)
class MovedPart:
    """What moves of one kind and one due day, and late by us or not; None where no bill has asked
    for it yet."""

    key: str
    kind: ItemKind
    due_day: date | None
    cents: int
    items: tuple[tuple[str, int], ...] = ()
    """The items that it is of, by name, and the cents of each."""
    late_by_us: bool = False
    """Whether no late charge is put on it."""


AT_ONCE = timedelta(hours=1)
"""So much later may be what another keeps while a balance moves: ours, longer than a journey."""


@looks_once_more
def transfer_balance(
    from_account: str,
    to_account: str,
    *,
    by: str,
    reason: str,
    desk: MoneyDesk,
    disputed: bool = False,
) -> Settled:
    """Move all that the first account owes to the second: a settlement for each age and kind.

    They are posted together. The same two accounts on one day move once; what was taken back, or
    is owed anew since, moves under the next number.

    :raises CannotSettle: if the sheet does not allow it, nothing is owed, or service goes on
    :raises Conflict: if less is owed by now
    :raises NotFound: if there is no such account
    """
    where = f"account {from_account}"
    who, why = named(by, reason, where)
    for account in (from_account, to_account):
        desk.store.account(account)
    if from_account == to_account:
        raise CannotSettle(
            "An account's balance is its own already",
            where=where,
            do="Name another account of the customer",
        )
    desk = _after_what_is_kept(from_account, desk)
    key, known = _next_name(from_account, to_account, desk)
    if known:
        first, *others = known
        return Settled(first, is_new=False, beside=tuple(others))
    parts = parts_of(from_account, key, desk)
    if not parts:
        owed = usd_display(owed_cents(from_account, desk))
        raise CannotSettle(
            f"Account {from_account} owes nothing: its balance is {owed}",
            where=where,
            do="Look at the account's entries",
        )
    services = desk.store.services_of_account(from_account, desk.now)
    if in_service(services, desk.on):
        raise CannotSettle(
            f"Account {from_account} takes service",
            where=where,
            why="A balance moves when service has ended or was cut off",
            do="Collect it on that account, or stop its service first",
        )
    writes = []
    known_applications = desk.store.account_money([from_account])[from_account].applications
    place = places_of(known_applications)
    for part in parts:
        decided = _decided(from_account, to_account, part, disputed, desk)
        outcome = decided.decision.outcome
        if not outcome.may_be_transferred:
            raise refused(
                decided,
                f"The balance of account {from_account} may not be moved to account {to_account}",
                where,
                "Collect it where it is, or name an account of the same customer and class",
            )
        write = new_settlement(
            SettlementKind.TRANSFER,
            part.key,
            decided,
            account_id=from_account,
            to_account_id=to_account,
            cents=part.cents,
            by=who,
            reason=why,
            desk=desk,
            approved=True,
            by_day=outcome.aged_from,
        )
        writes.append(replace(write, applications=_paid_by(write.case, part, place, desk)))
    are_new = desk.store.record_settlements(writes)
    first, *others = (
        write.case if is_new else desk.store.settlement(write.case.settlement_id)
        for write, is_new in zip(writes, are_new, strict=True)
    )
    return Settled(first, any(are_new), tuple(others))


def _after_what_is_kept(account_id: str, desk: MoneyDesk) -> MoneyDesk:
    """The desk at an instant that knows all that the account has: what another learned a moment
    later may be kept a moment sooner.
    """
    last = max((one.learned_at for one in desk.store.entries_of_account(account_id)), default=None)
    if last is None or not desk.now < last <= desk.now + AT_ONCE:
        return desk
    return replace(desk, now=last)


def _next_name(
    from_account: str, to_account: str, desk: MoneyDesk
) -> tuple[str, list[SettlementCase]]:
    """The key under which the balance moves, and its parts if it has moved and nothing is owed.

    What was taken back is over, and what is owed beside what moved is another balance.
    """
    whole = f"{from_account}-{to_account}-{desk.on:%Y%m%d}"
    moved: dict[str, list[SettlementCase]] = {}
    for one in desk.store.settlements(account_id=from_account, kind=SettlementKind.TRANSFER):
        if one.account_id == from_account:
            moved.setdefault(one.moved_as, []).append(one)
    key, number, last = whole, 1, ""
    while key in moved:
        if all(one.last.act is not Act.REVERSED for one in moved[key]):
            last = key
        number += 1
        key = f"{whole}-{number}"
    if not last or owed_cents(from_account, desk) > 0:
        return key, []
    return last, sorted(moved[last], key=lambda one: one.settlement_id)


def parts_of(
    account_id: str, moved: str, desk: MoneyDesk, *, late_by_us_apart: bool = True
) -> list[MovedPart]:
    """What the account's plain receivable is made of, as known at the desk's instant, by kind, the
    oldest first; ``moved`` is the key that the parts share. What of a bill is late by us is a part
    of its own: the late charge leaves it out on the other account, too.

    The credits that the parts leave behind are applied to the same items.

    :raises NoRuleInForce: if the book is silent on whether a bill was late by us
    """
    money = _money_known(account_id, desk)
    at = max([desk.on, *(one.effective_day for one in money.movements)])
    found = receivable_of_movements(
        account_id,
        money.movements,
        money.applications,
        due_days=due_days_of(money, at=at, known_at=desk.now),
        at=at,
    )
    left = owed_cents(account_id, desk)
    history = desk.store.late_histories([account_id], desk.now)[account_id]
    moves: dict[tuple[ItemKind, bool, date | None], list[tuple[str, int]]] = {}
    # What stands on other receivables, as what left a deposit and never was in it, does not move.
    others = {one.entry_id for one in money.movements if one.control == OTHER_RECEIVABLE}
    for item in sorted(found.items, key=free_order):
        if item.item_id in others:
            continue
        cents = min(item.open_cents, max(left, 0))
        left -= cents
        ours = late_by_us_cents(item, history, desk.view) if late_by_us_apart and cents else 0
        ours = min(cents, ours)
        for is_ours, part in ((False, cents - ours), (True, ours)):
            if part:
                of = (item.kind, is_ours, item.due_day)
                moves.setdefault(of, []).append((item.item_id, part))
    order = list(ItemKind)
    numbers: Counter[tuple[ItemKind, bool]] = Counter()
    parts = []
    for of in sorted(moves, key=lambda of: (order.index(of[0]), of[1], of[2] or date.max)):
        kind, is_ours, due = of
        numbers[kind, is_ours] += 1
        key = key_of_moved(moved, kind, numbers[kind, is_ours], late_by_us=is_ours)
        items = tuple(moves[of])
        parts.append(MovedPart(key, kind, due, sum(cents for _, cents in items), items, is_ours))
    return parts


def _paid_by(
    case: SettlementCase, part: MovedPart, place: Callable[[str], int], desk: MoneyDesk
) -> tuple[Application, ...]:
    """What the credit that a part leaves behind pays for good: the items that moved.

    Otherwise it would be free, and pay others once a charge or a payment of them came back.
    """
    return tuple(
        Application(
            application_id=f"{item_id}#{place(item_id)}",
            source_entry_id=case.settlement_id,
            item_id=item_id,
            kind=part.kind,
            account_id=case.account_id,
            cents=cents,
            applied_day=desk.on,
            learned_at=desk.now,
        )
        for item_id, cents in part.items
    )


def _money_known(account_id: str, desk: MoneyDesk) -> AccountMoney:
    """What the account's open items follow from, as known at the desk's instant."""
    told = desk.store.account_money([account_id], with_due_days=True)
    money = told.get(account_id, AccountMoney(account_id, desk.on))
    movements = tuple(
        one
        for one in money.movements
        if one.learned_at <= desk.now and one.entry_id not in desk.unseen
    )
    posted = {one.entry_id for one in movements}
    back = {one.reverses for one in movements}
    bills = []
    for bill in money.bills:
        entry_id = f"bill:{bill.bill_id}"
        if entry_id in posted and entry_id not in back:  # it was not corrected yet
            bill = replace(bill, cancelled_on=None)
        bills += [bill] if bill.known_at <= desk.now else []
    return replace(
        money,
        movements=movements,
        applications=tuple(
            one
            for one in money.applications
            if one.learned_at <= desk.now and one.source_entry_id not in desk.unseen
        ),
        bills=tuple(bills),
    )


def decide_transfer_again(case: SettlementCase, told: dict[str, Any], desk: MoneyDesk) -> Decided:
    """The decision of a transfer from what was known at the desk's instant.

    Records of balances that moved as a whole do not say of which kind they are, and those of
    parts of an age and kind not yet whether they were late by us.
    """
    disputed = bool(told["disputed"])
    if "kind" not in told:
        return _decided_as_whole(case.account_id, case.to_account_id, disputed, desk)
    others = moved_beside(case, desk.store)
    unseen = {step.entry_id for one in others for step in one.steps}
    desk = replace(desk, unseen=desk.unseen | unseen)
    # Where it comes out otherwise by now it is of another age, and so of other bytes.
    other = MovedPart(case.key, kind_of_moved(case.key), None if case.by_day else desk.on, 0)
    same = (case.key, case.cents)
    apart = "late_by_us" in told
    parts = parts_of(case.account_id, case.moved_as, desk, late_by_us_apart=apart)
    part = next((one for one in parts if (one.key, one.cents) == same), other)
    if apart:
        return _decided(case.account_id, case.to_account_id, part, disputed, desk)
    both = _both(case.account_id, case.to_account_id, disputed, desk)
    return _ruled(AgedTransferFacts(delinquent_since=part.due_day, kind=part.kind, **both), desk)


def _decided(
    from_account: str, to_account: str, part: MovedPart, disputed: bool, desk: MoneyDesk
) -> Decided:
    facts = TransferFacts(
        delinquent_since=part.due_day,
        kind=part.kind,
        late_by_us=part.late_by_us,
        **_both(from_account, to_account, disputed, desk),
    )
    return _ruled(facts, desk)


def _decided_as_whole(
    from_account: str, to_account: str, disputed: bool, desk: MoneyDesk
) -> Decided:
    facts = WholeTransferFacts(
        delinquent_since=overdue_since(from_account, desk),
        **_both(from_account, to_account, disputed, desk),
    )
    return _ruled(facts, desk)


def overdue_since(account_id: str, desk: MoneyDesk) -> date:
    """The due day of the oldest bill of which something is open: what all of it was taken to be
    overdue since, until 2026-11-29, but no day to come.
    """
    money = _money_known(account_id, desk)
    found = receivable_of_movements(
        account_id,
        money.movements,
        money.applications,
        due_days=dict(money.due_days),
        at=desk.on,
    )
    days = [one.due_day for one in found.items if one.open_cents and one.due_day is not None]
    return min([*days, desk.on])


def _both(from_account: str, to_account: str, disputed: bool, desk: MoneyDesk) -> dict[str, Any]:
    """The facts of both accounts."""
    mine = desk.store.services_of_account(from_account, desk.now)
    theirs = desk.store.services_of_account(to_account, desk.now)
    same = to_account in accounts_of_customer(from_account, desk)
    return {
        "service_ended": _ended(mine, desk.on),
        "same_customer": same,
        "from_class": COMPARABLE[service_class_of(mine, desk)],
        "to_class": COMPARABLE[service_class_of(theirs, desk)],
        "disputed": disputed,
    }


def _ruled(facts: AnyTransferFacts, desk: MoneyDesk) -> Decided:
    terms = Terms(desk.view, desk.on, rule=TRANSFER_RULE)
    return Decided(TRANSFER_RULE.id, facts, TRANSFER_RULE.decide(facts, terms), terms)


def _ended(services: list[BillableService], on: date) -> date:
    ends = [one.agreement.days.until_day for one in services]
    return max((one for one in ends if one is not None), default=on)
