"""What follows when a payment came back: its charge, and a recovery that was none.

Lives here      the journey; everything in one transaction, once for each payment.
Lives elsewhere taking the payment itself back (payments), what a return code means (channels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meterledger.facts.settlements import Act, SettlementCase, SettlementKind
from meterledger.kernel.decision import Reason
from meterledger.ledger import RETURNED_CHARGE, ReturnFacts, decide_returned_charge
from meterledger.usecases.combined_payments import combined_payment
from meterledger.usecases.deposit_remainders import next_of_payment
from meterledger.usecases.settlement_ports import SettlementWrite
from meterledger.usecases.settlements import (
    CannotSettle,
    Decided,
    MoneyDesk,
    named,
    new_settlement,
    step_on,
)

RETURN_RULE = "ledger.returned_payment"


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of a return: the charge, None where none is made; the recovery taken back."""

    charge: SettlementCase | None
    recovery: SettlementCase | None
    reasons: tuple[Reason, ...]
    is_new: bool


def settle_returned_payment(
    payment_key: str,
    account_id: str,
    *,
    by: str,
    reason: str,
    desk: MoneyDesk,
    our_error: bool = False,
    forbidden_by: str = "",
) -> Returned:
    """Charge for a payment that came back, once, and take back what it had recovered; a charge
    that was taken back is made anew.

    The payment was reversed before.

    :raises CannotSettle: if the payment stands, or is not one of the account
    :raises ChargeNotHeld: if a charge is due whose amount the book does not hold; nothing is done
    """
    check = combined_payment(payment_key, desk.store)
    if check is not None and payment_key == check.payment_key:
        payment_key = check.parts[0].receipt.payment_key  # another one where the check was divided
    where = f"payment {payment_key[:64]}"
    who, why = named(by, reason, where)
    paid = [one.payment_key for one in desk.store.payments_of_account(account_id)]
    reversed_now = {one.reverses for one in desk.store.entries_of_account(account_id)}
    if payment_key not in paid or f"payment:{payment_key}" not in reversed_now:
        raise CannotSettle(
            f"It is no payment of account {account_id} that came back",
            where=where,
            do="Reverse the payment first",
        )
    mine = desk.store.settlements(account_id=account_id)
    name, known = next_of_payment(SettlementKind.FEE, payment_key, account_id, desk)
    recovery = _recovery_of(mine, payment_key)
    if check is not None and check.parts[0].receipt.payment_key != payment_key:
        forbidden_by = f"it is a part of payment {check.payment_key}, which has the one charge"
    facts = ReturnFacts(our_error=our_error, forbidden_by=" ".join(forbidden_by.split()))
    writes: list[SettlementWrite] = []
    charge: SettlementCase | None = known
    reasons: tuple[Reason, ...] = ()
    if known is None:
        decided = _decided(facts, desk)
        reasons = decided.decision.reasons
        cents = int(decided.decision.outcome.amount_cents)
        if cents:
            fee = new_settlement(
                SettlementKind.FEE,
                name,
                decided,
                account_id=account_id,
                cents=cents,
                by=who,
                reason=why,
                desk=desk,
                approved=True,
                about=payment_key,
            )
            charge = fee.case
            writes.append(fee)
    if recovery is not None and recovery.last.act is Act.APPROVED:
        begun = SettlementWrite(recovery, (), ())
        back = step_on(begun, Act.REVERSED, who, f"payment {payment_key} came back", desk)
        recovery = back.case
        writes.append(back)
    if writes:
        desk.store.record_settlements(writes)
    return Returned(charge, recovery, reasons, bool(writes))


def decide_return_again(case: SettlementCase, told: dict[str, Any], desk: MoneyDesk) -> Decided:
    """The decision of a charge on the day of the return."""
    return _decided(ReturnFacts(bool(told["our_error"]), str(told["forbidden_by"])), desk)


def _decided(facts: ReturnFacts, desk: MoneyDesk) -> Decided:
    terms = desk.terms
    is_held = RETURNED_CHARGE in desk.view.names()
    decision = decide_returned_charge(facts, terms, amount_is_held=is_held)
    return Decided(RETURN_RULE, facts, decision, terms)


def _recovery_of(cases: list[SettlementCase], payment_key: str) -> SettlementCase | None:
    """The recovery of a payment that stands, else one that stood."""
    kind = SettlementKind.RECOVERY
    mine = [one for one in cases if one.kind is kind and one.about == payment_key]
    return max(
        mine, key=lambda one: (one.last.act is Act.APPROVED, one.asked.learned_at), default=None
    )
