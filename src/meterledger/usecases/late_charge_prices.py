"""Prices of late charges for many accounts: the rule asked once for each part and each class.

Lives here      what other chapters say as columns, prices of parts, cents and reasons by account.
Lives elsewhere what is unpaid (``late_charge_columns``), the rule (``arrears``).
Read first      docs/decisions/0023-late-charges-in-columns.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.arrears import (
    AGREEMENT_CHARGE,
    LATE_CHARGE,
    AgreementFacts,
    AgreementKind,
    CustomerSide,
    LateChargeFacts,
)
from meterledger.facts.late_charges import BIT, LateReason
from meterledger.facts.late_columns import Column, LateColumns
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents
from meterledger.rulebook.book import BookView
from meterledger.usecases.decide import decide_filled
from meterledger.usecases.late_charge_base import RESIDENTIAL, SaidElsewhere

PROBE_CENTS = 10**9
"""What the rule is asked about to learn the price of a part: exact to seven decimals of percent."""
LARGEST_CENTS = 10**10
"""Beyond it an account is decided one by one, so that products stay inside 64 bits."""
KINDS = tuple(AgreementKind)
Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Parts:
    """By account, what is unpaid of each part."""

    new: Column
    arrears: Column
    late: Column
    deposit: Column
    special: Column
    our_delay: Column


@dataclass(frozen=True, slots=True)
class Said:
    """What other chapters say, by account."""

    waits: Mask
    one_by_one: Mask
    kind: Column
    """0 without an agreement, else the place of its kind, from 1."""
    ended: Mask
    balance: Column
    missed: Column

    @classmethod
    def of(cls, columns: LateColumns, said: Mapping[str, SaidElsewhere]) -> Said:
        count = len(columns.accounts)
        waits = columns.unknown_payment_cents != 0
        rare, ended = np.zeros(count, bool), np.zeros(count, bool)
        kind, balance, missed = (np.zeros(count, np.int64) for _ in range(3))
        places = {account: place for place, account in enumerate(columns.accounts)} if said else {}
        for account, one in said.items():
            place = places.get(account)
            if place is None:
                continue
            waits[place] |= one.unknown_payment_cents != 0
            rare[place] = bool(one.missing_report_bills)
            if one.agreement is not None:
                kind[place] = 1 + KINDS.index(AgreementKind(one.agreement.kind))
                ended[place] = one.agreement.ended_by_default
                balance[place] = one.agreement.balance_not_due_cents
                missed[place] = one.agreement.missed_instalment_cents
                rare[place] |= bool(one.agreement.paid_as_agreed)
        return cls(waits, rare, kind, ended, balance, missed)


def price_parts(
    places: Column,
    parts: Parts,
    told: Said,
    on: date,
    view: BookView,
    into: tuple[Column, Column, Column],
) -> None:
    """Cents, base and reasons of the accounts at ``places``."""
    reasons, cents, base = into
    new, arrears, late = parts.new[places], parts.arrears[places], parts.late[places]
    deposit = parts.deposit[places]
    kind = told.kind[places]
    kept, charged_on, own = _agreements(places, told, on, view)
    left = kept.copy()
    taken = np.minimum(left, arrears)
    arrears, left = arrears - taken, left - taken
    taken = np.minimum(left, late)
    late, left = late - taken, left - taken
    taken = np.minimum(left, new)
    new, left = new - taken, left - taken
    under = kept - left
    prices = {part: _price_of(part, on, view) for part in ("new", "arrears", "late")}
    amount = new * prices["new"] + arrears * prices["arrears"] + late * prices["late"]
    charge = (2 * amount + PROBE_CENTS) // (2 * PROBE_CENTS)
    total = charge + own
    cents[places] = total
    in_base = new + arrears + (late if prices["late"] else 0)
    base[places] = in_base + charged_on
    found = np.zeros(len(places), np.int64)
    for part, reason in (
        (new, LateReason.NEW),
        (arrears, LateReason.AGAIN),
        (late, LateReason.COMPOUND),
    ):
        found[part > 0] |= BIT[reason]
    is_under = (kind > 0) & (under > 0)
    found[is_under & (charged_on > 0)] |= BIT[LateReason.AGREEMENT_MISSED]
    found[is_under & (charged_on == 0)] |= BIT[LateReason.AGREEMENT_KEPT]
    found[(total == 0) & ~is_under] |= BIT[LateReason.TOO_SMALL]
    reasons[places] |= found
    _ask_again(new, arrears, late, deposit, charge, on, view)


def _price_of(part: str, on: date, view: BookView) -> int:
    """What the rule charges on a billion cents of one part, and so on each cent of it."""
    facts = _facts(**{part: PROBE_CENTS})
    ruling = decide_filled(rule=LATE_CHARGE, facts=facts, day=on, view=view)
    return int(ruling.decision.outcome.late_charge_cents)


def _facts(new: int = 0, arrears: int = 0, late: int = 0, deposit: int = 0) -> LateChargeFacts:
    return LateChargeFacts(
        unpaid_cents=Cents(new + arrears + late + deposit),
        deposit_arrears_cents=Cents(deposit),
        arrears_cents=Cents(arrears),
        earlier_late_charges_cents=Cents(late),
    )


def _ask_again(
    new: Column,
    arrears: Column,
    late: Column,
    deposit: Column,
    charge: Column,
    on: date,
    view: BookView,
) -> None:
    """One account of each class is asked of the rule itself: the prices add up as it says."""
    classes = (new > 0) * 1 + (arrears > 0) * 2 + (late > 0) * 4 + (deposit > 0) * 8
    for _, place in zip(*np.unique(classes, return_index=True), strict=True):
        amounts = [int(part[place]) for part in (new, arrears, late, deposit)]
        facts = _facts(*amounts)
        ruling = decide_filled(rule=LATE_CHARGE, facts=facts, day=on, view=view)
        ensure(
            ruling.decision.outcome.late_charge_cents == charge[place],
            "the rule charges what its prices add up to",
        )


def _agreements(
    places: Column, told: Said, on: date, view: BookView
) -> tuple[Column, Column, Column]:
    """What agreements keep out of the base, what of it was missed, and the charge on that.

    Each distinct agreement is asked of the rule once; all are of residential customers.
    """
    kind, ended = told.kind[places], told.ended[places]
    balance, missed = told.balance[places], told.missed[places]
    kept, charged_on, own = (np.zeros(len(places), np.int64) for _ in range(3))
    some = np.flatnonzero(kind > 0)
    if not len(some):
        return kept, charged_on, own
    told_of = np.stack([kind[some], ended[some], balance[some], missed[some]], axis=1)
    classes, place = np.unique(told_of, axis=0, return_inverse=True)
    answers = np.zeros((len(classes), 3), np.int64)
    for number, (of_kind, has_ended, later, late) in enumerate(classes.tolist()):
        facts = AgreementFacts(
            kind=KINDS[of_kind - 1],
            customer=CustomerSide.RESIDENTIAL,
            balance_not_due_cents=Cents(later),
            missed_instalment_cents=Cents(late),
            ended_by_default=bool(has_ended),
        )
        ruling = decide_filled(rule=AGREEMENT_CHARGE, facts=facts, day=on, view=view)
        outcome: Any = ruling.decision.outcome
        answers[number] = (
            outcome.spared_cents + outcome.charged_on_cents,
            outcome.charged_on_cents,
            outcome.late_charge_cents,
        )
    kept[some], charged_on[some], own[some] = answers[place.reshape(-1)].T
    return kept, charged_on, own


def other_sides(columns: LateColumns, with_agreement: Mask, view: BookView) -> Mask:
    """Accounts with an agreement that are not served as residential: decided one by one."""
    bills = columns.bills
    found = np.zeros(len(columns.accounts), bool)
    rows = np.flatnonzero(with_agreement[bills.account])
    if not len(rows):
        return found
    pairs = np.stack([bills.schedule[rows], bills.until[rows]], axis=1)
    classes, place = np.unique(pairs, axis=0, return_inverse=True)
    other = np.array(
        [
            view.service_class(
                columns.schedules[schedule], date.fromordinal(until) - timedelta(days=1)
            ).value
            != RESIDENTIAL
            for schedule, until in classes.tolist()
        ]
    )
    found[bills.account[rows[other[place.reshape(-1)]]]] = True
    return found
