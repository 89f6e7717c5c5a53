"""What came back of a deposit that another party gave goes to that party: asked for, then approved.

Lives here      how much a depositor is due, asking for it, deciding it again.
Lives elsewhere earning it back (``extension_refunds``), approving and sending it, as any refund
                (``approve_settlement``, ``refund_credit``).
Read first      GRR III.O; docs/operating/extensions.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile
from meterledger.facts.settlements import Payee, SettlementCase, SettlementKind
from meterledger.kernel.money import Cents
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import DUE_TO_DEPOSITORS, CreditFacts, decide_refund
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.deposit_remainders import OVER, next_name
from meterledger.usecases.refund_credit import REFUND_RULE
from meterledger.usecases.settlements import (
    CannotSettle,
    Decided,
    MoneyDesk,
    Settled,
    kept,
    named,
    new_settlement,
)


def due_to_depositor(on_file: ExtensionOnFile, refunds: Iterable[SettlementCase]) -> int:
    """What came back of the deposit, less what was asked for to go to the depositor."""
    back = sum(one.cents for one in on_file.of(ExtensionAct.REFUNDED))
    return back - sum(
        one.cents
        for one in refunds
        if (one.source, one.about) == (DUE_TO_DEPOSITORS, on_file.contract.contract_id)
        and one.last.act not in OVER
    )


@looks_once_more
def ask_depositor_refund(contract_id: str, *, by: str, reason: str, desk: MoneyDesk) -> Settled:
    """Ask that all that a depositor is due goes to them; another person approves it.

    The same of one day is asked for once.

    :raises CannotSettle: if the contract names no other depositor, or nothing is due
    :raises NotFound: if there is no such contract
    """
    where = f"extension {contract_id[:80]}"
    who, why = named(by, reason, where)
    contract = desk.store.extension(contract_id).contract
    if not contract.depositor:
        raise CannotSettle(
            "What comes back of it is a credit of its account",
            where=where,
            why="The contract names no other party as depositor",
            do=f"Ask for the credit with `meterledger refund ask {contract.account_id}`",
        )
    cents = _due(contract_id, desk)
    if cents <= 0:
        known = _asked_today(contract_id, contract.account_id, desk)
        if known is not None:
            return Settled(known, is_new=False)
        raise CannotSettle(
            "Nothing is due to its depositor now",
            where=where,
            do="Look at it with `meterledger extension show`: what came back may be asked for "
            "already",
        )
    key = f"{contract_id}-{desk.on:%Y%m%d}-{cents}"
    key, _ = next_name(key, contract.account_id, desk, is_other=lambda one: not one.awaits_approval)
    decided = _decided(cents, cents, desk)
    payee = desk.store.payee(contract.depositor)
    write = new_settlement(
        SettlementKind.REFUND,
        key,
        decided,
        account_id=contract.account_id,
        cents=cents,
        by=who,
        reason=why,
        desk=desk,
        approved=False,
        needs_two=True,
        source=DUE_TO_DEPOSITORS,
        payee=Payee(payee.name, payee.means, payee_id=payee.payee_id),
        about=contract_id,
        by_day=decided.decision.outcome.by_day,
    )
    return Settled(*kept(write, desk))


def ask_depositor_refunds(
    *, by: str, desk: MoneyDesk, refused: list[tuple[str, str]]
) -> list[SettlementCase]:
    """Ask for all that depositors are due, contract by contract; ``refused`` is added to."""
    asked = []
    for on_file in desk.store.extensions():
        contract = on_file.contract
        if not contract.depositor or _due(contract.contract_id, desk) <= 0:
            continue
        try:
            done = ask_depositor_refund(
                contract.contract_id, by=by, reason="came back of its deposit", desk=desk
            )
        except Refusal as refusal:
            if refusal.is_passing:
                raise
            refused.append((f"extension {contract.contract_id}", refusal.sentence))
        else:
            asked.append(done.case)
    return asked


def decide_depositor_again(case: SettlementCase, desk: MoneyDesk) -> Decided:
    """The decision of such a refund from what was known at the desk's instant."""
    return _decided(_due(case.about, desk), int(case.cents), desk)


def _due(contract_id: str, desk: MoneyDesk) -> int:
    """What the depositor is due on the desk's day, as known at its instant."""
    on_file = desk.store.extension(contract_id).as_known(desk.now)
    until = replace(on_file, events=tuple(one for one in on_file.events if one.on <= desk.on))
    refunds = desk.store.settlements(
        account_id=on_file.contract.account_id, kind=SettlementKind.REFUND
    )
    before = (
        replace(one, steps=tuple(step for step in one.steps if step.learned_at <= desk.now))
        for one in refunds
        if one.asked.learned_at < desk.now
    )
    return due_to_depositor(until, before)


def _asked_today(contract_id: str, account_id: str, desk: MoneyDesk) -> SettlementCase | None:
    """The refund that waits since the desk's day: it was asked for before."""
    return next(
        (
            one
            for one in desk.store.settlements(account_id=account_id, kind=SettlementKind.REFUND)
            if one.about == contract_id
            and one.source == DUE_TO_DEPOSITORS
            and one.awaits_approval
            and one.asked.on == desk.on
        ),
        None,
    )


def _decided(due_cents: int, cents: int, desk: MoneyDesk) -> Decided:
    facts = CreditFacts(
        credit_cents=Cents(due_cents),
        asked_cents=Cents(cents),
        in_service=False,
        live_account=False,
        final_bill_to_come=False,
    )
    terms = desk.terms
    return Decided(REFUND_RULE, facts, decide_refund(facts, terms), terms)
