"""Decide a settlement again from what was known when it was asked for: the same bytes, or not.

Lives here      which journey gathers the facts of which kind.
Lives elsewhere the comparison (``settlements.decide_again``), the journeys.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from meterledger.facts.settlements import SettlementCase, SettlementKind
from meterledger.ledger import DUE_TO_DEPOSITORS
from meterledger.usecases.depositor_refunds import decide_depositor_again
from meterledger.usecases.refund_credit import decide_goodwill_again, decide_refund_again
from meterledger.usecases.returned_payment import decide_return_again
from meterledger.usecases.settlements import Decided, MoneyDesk, decide_again
from meterledger.usecases.special_charges import decide_special_again
from meterledger.usecases.transfer_balance import decide_transfer_again
from meterledger.usecases.write_off import (
    DueBy,
    decide_provision_again,
    decide_recovery_again,
    decide_write_off_again,
)

AGAIN = {
    SettlementKind.REFUND: decide_refund_again,
    SettlementKind.CREDIT: decide_goodwill_again,
    SettlementKind.WRITE_OFF: decide_write_off_again,
    SettlementKind.FEE: decide_return_again,
    SettlementKind.RECOVERY: decide_recovery_again,
    SettlementKind.PROVISION: decide_provision_again,
    SettlementKind.SPECIAL: decide_special_again,
}


def replay_settlement(case: SettlementCase, desk: MoneyDesk) -> bool:
    """Whether its record comes out the same to the byte.

    What people told (a dispute, an error of ours) is taken from the record; what the books, the
    places and the tariff book said is asked anew, as known then. Until 2026-11-29 two accounts were
    one customer's if they had one person in common, and a write-off took a bill to be due on its
    own due day, also where the customer was asked for it by another; until the next day it knew no
    day that the law names for a government. What was decided so comes out so.
    """
    told: dict[str, Any] = json.loads(case.record)["facts"]

    def decide(one: SettlementCase, then: MoneyDesk) -> Decided:
        if one.source == DUE_TO_DEPOSITORS:
            return decide_depositor_again(one, then)
        if one.kind is SettlementKind.TRANSFER:
            moves_credit = one.takes_credit
            return (decide_refund_again if moves_credit else decide_transfer_again)(one, told, then)
        return AGAIN[one.kind](one, told, then)

    def due_by(by: DueBy) -> Callable[[SettlementCase, MoneyDesk], Decided]:
        return lambda one, then: decide_write_off_again(one, told, then, by=by)

    return (
        decide_again(case, desk, decide)
        or decide_again(case, replace(desk, any_person=True), decide)
        or (
            case.kind is SettlementKind.WRITE_OFF
            and any(decide_again(case, desk, due_by(one)) for one in (DueBy.ASKED, DueBy.OWN))
        )
    )
