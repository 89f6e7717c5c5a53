"""Entries of settlements: one for each step that moves money, named after the settlement.

Lives here      which ledger accounts a transfer, refund, write-off, recovery, fee, credit,
                provision and unclaimed money move; debits are positive.
Lives elsewhere the chart (``templates``), whether it may be (the rules beside this), keeping it.
Read first      docs/operating/settlements.md has the table of them.

A refund's and an unclaimed sum's legs carry the account they are of, so that each of their ledger
accounts is the sum of what is open of it.
"""

from __future__ import annotations

from meterledger.facts.entry_names import UNCLAIMED_MONEY, entry_name, reversal_name
from meterledger.facts.money import Entry, Leg
from meterledger.facts.receivables import ItemKind
from meterledger.facts.settlements import (
    CREDIT,
    Act,
    Means,
    SettlementCase,
    SettlementKind,
    Step,
    is_late_by_us,
    kind_of_moved,
)
from meterledger.kernel.ensure import ensure
from meterledger.ledger.chart import (
    CASH,
    CASH_ACH,
    CASH_CARD,
    DUE_TO_DEPOSITORS,
    MERCHANDISING,
    PROVISION,
    RECEIVABLE,
    REFUNDS_PAYABLE,
    SERVICE_REVENUE,
    UNCLAIMED,
    UNCOLLECTIBLE_EXPENSE,
    control_of,
)

CASH_OF_MEANS = {Means.CHECK: CASH, Means.ACH: CASH_ACH, Means.CARD: CASH_CARD}

Legs = tuple[tuple[str, str], tuple[str, str]]


def entry_of_step(case: SettlementCase, step: Step, *, revenue_account: str = "") -> Entry | None:
    """The entry that a step posts; None where nothing moves. ``case`` is as it was before it.

    ``revenue_account`` is what a goodwill credit takes from. Reversals name what they reverse, so
    that each step is taken back once.
    """
    if step.act is Act.APPROVED:
        return _entry(case, step, case.settlement_id, _legs(case, revenue_account))
    if step.act is Act.SENT:
        legs = _two(case, REFUNDS_PAYABLE, _cash(case))
        return _entry(case, step, f"{case.settlement_id}.sent.{case.count(Act.SENT) + 1}", legs)
    if step.act in (Act.STOPPED, Act.RETURNED):
        legs = _two(case, _cash(case), REFUNDS_PAYABLE)
        return _back(case, step, f"{case.settlement_id}.sent.{case.count(Act.SENT)}", legs)
    if step.act is Act.UNCLAIMED:
        legs = _two(case, REFUNDS_PAYABLE, UNCLAIMED)
        return _entry(case, step, _unclaimed(case, case.count(Act.UNCLAIMED) + 1), legs)
    if step.act is Act.CLAIMED:
        legs = _two(case, UNCLAIMED, REFUNDS_PAYABLE)
        return _back(case, step, _unclaimed(case, case.count(Act.UNCLAIMED)), legs)
    if step.act is Act.ESCHEATED:
        name = f"{_unclaimed(case, case.count(Act.UNCLAIMED))}.paid"
        return _entry(case, step, name, _two(case, UNCLAIMED, CASH_OF_MEANS[Means.CHECK]))
    if step.act is Act.REVERSED:
        forward = _legs(case, revenue_account)
        legs = tuple(Leg(one.ledger_account, -one.cents, one.customer_account_id)
                     for one in forward)  # fmt: skip
        return _back(case, step, case.settlement_id, legs)
    return None


def _legs(case: SettlementCase, revenue_account: str) -> tuple[Leg, ...]:
    account = case.account_id
    if case.kind is SettlementKind.TRANSFER:
        owes, pays = case.to_account_id, account
        if case.source == CREDIT:
            owes, pays = pays, owes
        return (Leg(RECEIVABLE, case.cents, owes), Leg(RECEIVABLE, -case.cents, pays))
    if case.kind is SettlementKind.REFUND:
        return _two(case, case.source, REFUNDS_PAYABLE)
    if case.kind is SettlementKind.WRITE_OFF:
        return (Leg(PROVISION, case.cents), Leg(RECEIVABLE, -case.cents, account))
    if case.kind is SettlementKind.RECOVERY:
        return (Leg(RECEIVABLE, case.cents, account), Leg(PROVISION, -case.cents))
    if case.kind is SettlementKind.FEE:
        return (Leg(RECEIVABLE, case.cents, account), Leg(SERVICE_REVENUE, -case.cents))
    if case.kind is SettlementKind.SPECIAL:
        return (Leg(RECEIVABLE, case.cents, account), Leg(MERCHANDISING, -case.cents))
    if case.kind is SettlementKind.CREDIT:
        ensure(bool(revenue_account), f"credit {case.key} says whose revenue it takes")
        return (Leg(revenue_account, case.cents), Leg(RECEIVABLE, -case.cents, account))
    return (Leg(UNCOLLECTIBLE_EXPENSE, case.cents), Leg(PROVISION, -case.cents))


def _two(case: SettlementCase, debit: str, credit: str) -> tuple[Leg, ...]:
    return tuple(
        Leg(name, cents, None if control_of(name) == CASH else case.account_id)
        for name, cents in ((debit, case.cents), (credit, -case.cents))
    )


def _cash(case: SettlementCase) -> str:
    ensure(case.payee is not None, f"refund {case.key} goes to somebody")
    return CASH_OF_MEANS[case.payee.means if case.payee else Means.CHECK]


def _unclaimed(case: SettlementCase, number: int) -> str:
    return entry_name(UNCLAIMED_MONEY, f"{case.key}.{number}")


def _entry(case: SettlementCase, step: Step, name: str, legs: tuple[Leg, ...]) -> Entry:
    return Entry(name, step.on, step.learned_at, legs, _cause(case, step))


def _back(case: SettlementCase, step: Step, name: str, legs: tuple[Leg, ...]) -> Entry:
    return Entry(
        reversal_name(name), step.on, step.learned_at, legs, _cause(case, step), reverses=name
    )


WORDS = {
    SettlementKind.TRANSFER: "balance moved from account {account_id} to {to_account_id}",
    SettlementKind.REFUND: "refund of a credit",
    SettlementKind.WRITE_OFF: "balance written off",
    SettlementKind.RECOVERY: "payment {about} of a balance that was written off",
    SettlementKind.FEE: "charge for the returned payment {about}",
    SettlementKind.CREDIT: "credit: {reason}",
    SettlementKind.PROVISION: "provision for uncollectible accounts",
    SettlementKind.SPECIAL: "{about} (no part of your electric service)",
}
TO_DEPOSITOR = "deposit of extension {about} back to its depositor"
MOVED_WORDS = {
    ItemKind.LATE_CHARGE: "late payment charges",
    ItemKind.SERVICE_FEE: "service charges",
    ItemKind.SPECIAL: "special charges",
}
OF_ACT = {
    Act.REVERSED: ", taken back",
    Act.SENT: ", sent",
    Act.STOPPED: ", stopped",
    Act.RETURNED: ", came back",
    Act.UNCLAIMED: ", not claimed",
    Act.CLAIMED: ", claimed",
    Act.ESCHEATED: ", handed to the State",
}


def _cause(case: SettlementCase, step: Step) -> str:
    if case.source == CREDIT:
        return f"credit moved from account {case.account_id} to {case.to_account_id}" + OF_ACT.get(
            step.act, ""
        )
    words = TO_DEPOSITOR if case.source == DUE_TO_DEPOSITORS else WORDS[case.kind]
    words = words.format(
        account_id=case.account_id,
        to_account_id=case.to_account_id,
        about=case.about,
        reason=case.asked.reason,
    )
    if case.kind is SettlementKind.TRANSFER and kind_of_moved(case.key) in MOVED_WORDS:
        words = MOVED_WORDS[kind_of_moved(case.key)] + words.removeprefix("balance")
    if is_late_by_us(case.settlement_id):
        words += ", late by us"
    return words + OF_ACT.get(step.act, "")
