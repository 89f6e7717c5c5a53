"""To whom a refund goes: of a credit or of a deposit, when it is asked for and when it is approved.

Lives here      the payee of a refund by its source, and an agency's terms as they are kept.
Lives elsewhere whose credit it is (``pledge_credits``), asking (``refund_credit``), approving
                (``approve_settlement``).
Read first      docs/operating/settlements.md, "To whom money goes".
"""

from __future__ import annotations

import json

from meterledger.facts.money import Tender
from meterledger.facts.settlements import Payee, SettlementCase
from meterledger.ledger import DEPOSITS
from meterledger.usecases.deposit_debts import refuse_while_owed
from meterledger.usecases.pledge_credits import (
    nobody_known,
    payee_named,
    payee_of_credit,
    payments_kept,
)
from meterledger.usecases.settlements import AGENCY_TERMS, CannotSettle, MoneyDesk


def payee_of_refund(
    account_id: str,
    cents: int,
    desk: MoneyDesk,
    *,
    source: str,
    payment_key: str = "",
    payee_id: str = "",
    agency_terms: str = "",
    approving: bool = False,
) -> Payee:
    """To whom so much of the source goes; ``approving`` where it was asked for before.

    :raises CannotSettle: if nobody is known, or it is not the money of who is named, or a deposit's
        debt is to be paid first
    """
    holders = _holders(account_id, desk)
    if source == DEPOSITS:
        refuse_while_owed(account_id, desk)
        return _of_deposit(account_id, desk, holders, payment_key, payee_id)
    return payee_of_credit(
        account_id,
        cents,
        desk,
        holders=holders,
        payment_key=payment_key,
        payee_id=payee_id,
        agency_terms=agency_terms,
        approving=approving,
    )


def agency_terms_of(case: SettlementCase) -> str:
    """The terms by which an agency leaves its money to the customer, as the record keeps them."""
    return str(json.loads(case.record).get(AGENCY_TERMS, ""))


def _of_deposit(
    account_id: str, desk: MoneyDesk, holders: str, payment_key: str, payee_id: str
) -> Payee:
    """No pledge pays a deposit: what remains of one is the customer's, and never an agency's."""
    pledged = any(
        one.payment_key == payment_key and one.tender is Tender.PLEDGE
        for one in payments_kept(account_id, desk)
    )
    if pledged:
        raise CannotSettle(
            f"Payment {payment_key} was an agency's, and no pledge pays a deposit",
            where=f"account {account_id}",
            why="What remains of a deposit is the customer's",
            do="Name a payment of the customer, or a payee who was verified",
        )
    payee = payee_named(
        account_id, desk, holders=holders, payment_key=payment_key, payee_id=payee_id
    )
    if payee is None:
        raise nobody_known(account_id, payment_key)
    return payee


def _holders(account_id: str, desk: MoneyDesk) -> str:
    services = desk.store.services_of_account(account_id, desk.now)
    names = services[-1].holders if services else ()
    return " and ".join(names) or f"the holder of account {account_id}"
