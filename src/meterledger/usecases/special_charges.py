"""Charge an account for what is no part of electric service: two people, one entry, paid last.

Lives here      asking for the charge; another person approves it as any settlement.
Lives elsewhere what follows from it (``ledger.special_charges``), approving, refusing and taking
                back (``approve_settlement``, ``settlements``).
Read first      docs/operating/settlements.md: "A special charge"; GRR V.M.
"""

from __future__ import annotations

from typing import Any

from meterledger.facts.settlements import SettlementCase, SettlementKind
from meterledger.kernel.money import usd_display
from meterledger.ledger import SpecialChargeFacts, SpecialKind, decide_special_charge
from meterledger.usecases.settlements import CannotSettle, Decided, MoneyDesk, Settled, named
from meterledger.usecases.settlements_by_hand import ask_by_hand

SPECIAL_RULE = "ledger.special_charge"
WHAT_MAX = 60
MOST = "special_charge_most_usd"
"""The book's value, against a slip of the keys."""


def ask_special_charge(
    account_id: str,
    cents: int,
    kind: SpecialKind,
    what: str,
    *,
    by: str,
    reason: str,
    desk: MoneyDesk,
    key: str = "",
) -> Settled:
    """Ask for a charge beside electric service; it is posted when another person approves it.

    ``what`` is what the bill says that it is for; ``key`` tells two charges of one day and amount
    apart.

    The same of one day is asked for once; after it was refused or taken back it may be asked for
    anew, under the next number.

    :raises CannotSettle: if it says not what it is for, or is of no amount or too much
    :raises Conflict: if the same was asked with another meaning
    :raises NoRuleInForce: if the book does not say how much is too much
    :raises NotFound: if there is no such account
    """
    where = f"account {account_id}"
    who, why = named(by, reason, where)
    desk.store.account(account_id)
    told = " ".join(what.split())
    if not told or len(told) > WHAT_MAX or not told.isprintable():
        raise CannotSettle(
            "What the charge is for is missing, or too long",
            where=where,
            why="The bill says it to the customer",
            do=f"Say it in up to {WHAT_MAX} plain characters, like 'Repair of a water heater'",
        )
    decided = _decided(SpecialChargeFacts(kind, told), desk)
    most = desk.terms.cents(MOST).value
    if not 0 < cents <= most:
        raise CannotSettle(
            f"A special charge is of more than nothing and at most {usd_display(most)}",
            where=where,
            do="Give its amount in dollars and cents",
        )
    return ask_by_hand(
        SettlementKind.SPECIAL,
        "charges",
        decided,
        account_id=account_id,
        cents=cents,
        by=who,
        reason=why,
        desk=desk,
        key=key,
        about=told,
    )


def decide_special_again(case: SettlementCase, told: dict[str, Any], desk: MoneyDesk) -> Decided:
    """The decision of a special charge on its day."""
    return _decided(SpecialChargeFacts(SpecialKind(told["kind"]), case.about), desk)


def _decided(facts: SpecialChargeFacts, desk: MoneyDesk) -> Decided:
    terms = desk.terms
    return Decided(SPECIAL_RULE, facts, decide_special_charge(facts, terms), terms)
