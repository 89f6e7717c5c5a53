"""Relief in words and JSON: what commands and pages share.

Lives here      reading what is taken off a charge; an agreement and its bills as they are answered.
Lives elsewhere what may be done (``usecases/relief``), commands (``cli/relief``), pages
                (``web/relief_pages``, ``web/relief_forms``).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from meterledger.entrypoints.wiring import System
from meterledger.facts.relief import BillRelief, ReliefAgreement, ReliefTerm
from meterledger.kernel.money import amount_from_text, shown, whole_from_decimal_text
from meterledger.usecases.relief import ReliefDesk, ReliefRefused, term_json


def desk_of(system: System) -> ReliefDesk:
    """Where relief is decided now."""
    return ReliefDesk(system.store, system.book, system.today, system.now)


def term_from(text: str, *, where: str) -> ReliefTerm:
    """``demand_summer=50%`` or ``customer_charge=10.00``.

    :raises ReliefRefused: if it is neither
    :raises NotMoney: if it is no share and no amount
    """
    code, parted, told = text.partition("=")
    if not parted or not code.strip() or not told.strip():
        raise ReliefRefused(
            f"{shown(text)} does not say what is taken off which charge",
            where=where,
            do="Write it like demand_summer=50% or customer_charge=10.00",
        )
    code = code.strip()
    if not told.endswith("%"):
        return ReliefTerm(code, cents=amount_from_text(told, where=where))
    millionths = whole_from_decimal_text(told[:-1], decimals=6)
    if millionths is None or not 0 < millionths <= 100 * 10**6:
        raise ReliefRefused(
            f"{shown(told)} is no share of a charge",
            where=where,
            do="Give a percentage above 0 and at most 100, like 12.5%",
        )
    return ReliefTerm(code, share=Fraction(millionths, 100 * 10**6))


def agreement_json(one: ReliefAgreement) -> dict[str, Any]:
    """An agreement as commands answer it."""
    return {
        "relief": one.relief_id,
        "account": one.account_id,
        "service_point": one.service_point_id,
        "schedule": one.schedule,
        "cause": one.cause,
        "state": one.state.value,
        "months": [
            {
                "from": each.from_day.isoformat(),
                "to": each.until_day.isoformat(),
                "adjusted": one.approved is not None and each in one.live_months,
            }
            for each in one.months
        ],
        "less": [term_json(each) for each in one.terms],
        "steps": [
            {
                "act": each.act.value,
                "on": each.on.isoformat(),
                "by": each.by,
                "reason": each.reason,
                "from": None if each.from_day is None else each.from_day.isoformat(),
            }
            for each in one.steps
        ],
    }


def bills_of(one: ReliefAgreement, system: System) -> list[BillRelief]:
    """What an agreement took off bills, cancelled ones too, oldest first."""
    issued = [each.bill_id for each in system.store.issued_bills_of_account(one.account_id)]
    known = system.store.relief_of_bills(issued)
    return [
        known[name] for name in issued if name in known and known[name].relief_id == one.relief_id
    ]
