"""Agree to a settlement: another person looks at it, and to whom money goes is decided again.

Lives here      the approval of a settlement of any kind.
Lives elsewhere its steps (``settlements``), to whom a refund goes (``refund_payees``), that what is
                taken is still there (``stores``).
Read first      docs/operating/settlements.md, "To whom money goes".

Between the asking and the approval a payment may come back, or a bill may be corrected: whose money
the credit is is asked anew, by what is known now.
"""

from __future__ import annotations

from meterledger.facts.settlements import Act, SettlementCase
from meterledger.ledger import DUE_TO_DEPOSITORS
from meterledger.usecases.refund_payees import agency_terms_of, payee_of_refund
from meterledger.usecases.settlements import CannotSettle, MoneyDesk, Settled, one_step


def approve_settlement(settlement_id: str, *, by: str, reason: str, desk: MoneyDesk) -> Settled:
    """Agree, as another person than who asked; its money is posted.

    :raises CannotSettle: if a refund would go to somebody whose money it is not any more
    :raises Conflict: if who asked approves, or what is taken is not there any more
    """
    case = desk.store.settlement(settlement_id)
    if case.awaits_approval and case.payee is not None:
        _refuse_another_payee(case, desk)
    return one_step(settlement_id, Act.APPROVED, by=by, reason=reason, desk=desk)


def _refuse_another_payee(case: SettlementCase, desk: MoneyDesk) -> None:
    payee = case.payee
    if payee is None or case.source == DUE_TO_DEPOSITORS:  # whose that is the contract says
        return
    try:
        payee_of_refund(
            case.account_id,
            case.cents,
            desk,
            source=case.source,
            payment_key=payee.payment_key,
            payee_id=payee.payee_id,
            agency_terms=agency_terms_of(case),
            approving=True,
        )
    except CannotSettle as now:
        raise CannotSettle(
            f"It cannot go to {payee.name} any more: {now.what[:1].lower()}{now.what[1:]}",
            where=f"settlement {case.settlement_id}",
            why="Whose money it is is decided again when it is approved",
            do=f"Refuse it with `meterledger settlement refuse {case.settlement_id}`, and ask anew",
        ) from now
