"""What of an account's deposits may be refunded: what remains of those that have ended.

Lives here      the sum, as known at the desk's instant.
Lives elsewhere ending a deposit (``deposit_back``), the refund itself (``refund_credit``), handing
                remainders out by night (``deposit_hand_out``).
Read first      GRR VI.C; docs/operating/deposits.md, "Giving it back".
"""

from __future__ import annotations

from meterledger.facts.deposits import DepositAct
from meterledger.facts.settlements import Act, SettlementKind
from meterledger.ledger import DEPOSITS
from meterledger.usecases.deposit_money import money_of_deposits
from meterledger.usecases.settlements import MoneyDesk, entries_known


def remainder_cents(account_id: str, desk: MoneyDesk) -> int:
    """What of the account's deposits has ended and is the customer's, less what is asked for.

    A deposit that is held as security is no credit.
    """
    deposits = desk.store.deposits_of_accounts([account_id]).get(account_id, ())
    money = desk.store.account_money([account_id]).get(account_id)
    found = money_of_deposits(
        deposits,
        entries_known(account_id, desk),
        money.applications if money else (),
        account_id,
        known_at=desk.now,
    )
    over = sum(
        max(0, one.held_cents)
        for one in found.values()
        if any(step.cents for step in one.deposit.of(DepositAct.GIVEN_BACK))
    )
    return max(0, over - _awaiting(account_id, desk))


def _awaiting(account_id: str, desk: MoneyDesk) -> int:
    """What of deposits was asked for before, and nobody had decided at the desk's instant."""
    return sum(
        one.cents
        for one in desk.store.settlements(account_id=account_id, kind=SettlementKind.REFUND)
        if one.source == DEPOSITS
        and one.asked.learned_at < desk.now
        and [step.act for step in one.steps if step.learned_at <= desk.now] == [Act.ASKED]
    )
