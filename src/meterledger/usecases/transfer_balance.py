"""Move what is owed after service has ended to another account of the same customer (GRR V.F).

Lives here      the facts of a transfer, and both accounts' entry.
Lives elsewhere the rule (``ledger.balance_transfer``), what a statement shows (``make_statement``).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from meterledger.facts.places import BillableService
from meterledger.facts.settlements import SettlementCase, SettlementKind
from meterledger.kernel.money import usd_display
from meterledger.ledger import (
    TRANSFER_RULE,
    ServiceClass,
    TransferFacts,
    receivable_of_movements,
)
from meterledger.rulebook.terms import Terms
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.settlements import (
    CannotSettle,
    Decided,
    MoneyDesk,
    Settled,
    in_service,
    kept,
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
    """Move all that the first account owes to the second. It keeps its age.

    The same two accounts on one day move once.

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
    key = f"{from_account}-{to_account}-{desk.on:%Y%m%d}"
    known = [
        one
        for one in desk.store.settlements(account_id=from_account, kind=SettlementKind.TRANSFER)
        if one.key == key
    ]
    if known:
        return Settled(known[0], is_new=False)
    cents = owed_cents(from_account, desk)
    if cents <= 0:
        raise CannotSettle(
            f"Account {from_account} owes nothing: its balance is {usd_display(cents)}",
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
    decided = _decided(from_account, to_account, cents, disputed, desk)
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
        key,
        decided,
        account_id=from_account,
        to_account_id=to_account,
        cents=cents,
        by=who,
        reason=why,
        desk=desk,
        approved=True,
        by_day=outcome.aged_from,
    )
    return Settled(*kept(write, desk))


def decide_transfer_again(case: SettlementCase, told: dict[str, Any], desk: MoneyDesk) -> Decided:
    """The decision of a transfer from what was known at the desk's instant."""
    return _decided(case.account_id, case.to_account_id, case.cents, bool(told["disputed"]), desk)


def overdue_since(account_id: str, desk: MoneyDesk) -> date:
    """The due day of the oldest bill of which something is open, as known at the desk's instant.

    Late charges and fees have no due day of their own: they make no debt older.
    """
    money = desk.store.account_money([account_id], with_due_days=True).get(account_id)
    if money is None:
        return desk.on
    found = receivable_of_movements(
        account_id,
        [
            one
            for one in money.movements
            if one.learned_at <= desk.now and one.entry_id not in desk.unseen
        ],
        [one for one in money.applications if one.learned_at <= desk.now],
        due_days=dict(money.due_days),
        at=desk.on,
    )
    days = [one.due_day for one in found.items if one.open_cents and one.due_day is not None]
    return min([*days, desk.on])


def _decided(
    from_account: str, to_account: str, cents: int, disputed: bool, desk: MoneyDesk
) -> Decided:
    mine = desk.store.services_of_account(from_account, desk.now)
    theirs = desk.store.services_of_account(to_account, desk.now)
    same = to_account in desk.store.accounts_of_same_holder(from_account, desk.now)
    facts = TransferFacts(
        service_ended=_ended(mine, desk.on),
        delinquent_since=overdue_since(from_account, desk),
        same_customer=same,
        from_class=COMPARABLE[service_class_of(mine, desk)],
        to_class=COMPARABLE[service_class_of(theirs, desk)],
        disputed=disputed,
    )
    terms = Terms(desk.view, desk.on, rule=TRANSFER_RULE)
    return Decided(TRANSFER_RULE.id, facts, TRANSFER_RULE.decide(facts, terms), terms)


def _ended(services: list[BillableService], on: date) -> date:
    ends = [one.agreement.days.until_day for one in services]
    return max((one for one in ends if one is not None), default=on)
