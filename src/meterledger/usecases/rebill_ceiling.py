"""A corrected bill above the ceiling of its class leaves only with two people, as any bill does.

A correction passes no gate of a run, by night it passes no person either: one wrong register, and
a customer would be sent a bill that no run would have let out.

Lives here      the ceiling of a correction, and asking for the second person.
Lives elsewhere the ceiling (``billing.gate_terms``), held bills of a run (``settle_held``).
Read first      docs/operating/corrections.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from meterledger.billing import gate_terms
from meterledger.facts.bills import Bill
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView


class AboveTheCeiling(Refusal):
    """A corrected bill is above the ceiling, and one person alone would let it leave."""


def refuse_alone(
    made: Iterable[tuple[int, Bill]], *, author: str, approved_by: str, on: date, view: BookView
) -> None:
    """Refuse a corrected bill above the ceiling that two people have not agreed to.

    ``made`` are bills with the cents of the one each takes the place of: what charges no more than
    that one did needs no second person. A book that holds no gate has no ceiling.

    :raises AboveTheCeiling: if nobody else approves
    :raises NoRuleInForce: if the book is silent on the class of service
    """
    other = " ".join(approved_by.split()).lower()
    if gate_terms(view, on) is None or (other and other != " ".join(author.split()).lower()):
        return
    for billed_cents, bill in made:
        if bill.total_cents <= billed_cents:
            continue
        service_class = view.service_class(bill.schedule, on).value
        ceiling = ceiling_of(bill, on, view)
        if ceiling is None or bill.total_cents <= ceiling:
            continue
        told = f"{usd_display(bill.total_cents)} is above the ceiling of "
        raise AboveTheCeiling(
            f"{told}{usd_display(ceiling)} for {service_class.replace('_', ' ')} service",
            where=bill.corrects or bill.bill_id,
            why=f"{approved_by.strip()} has decided it and cannot approve it as well"
            if other
            else "A bill above it leaves only with two different people",
            do="Look at its readings first; if it is right, name the other person who agrees "
            "(`--approved-by`)",
        )


def ceiling_of(bill: Bill, on: date, view: BookView) -> int | None:
    """The ceiling in cents of the bill's class of service on a day; None: the book has no gate.

    It is kept with the correction, and the store refuses one above it by one person alone.

    :raises NoRuleInForce: if the book is silent on the class of service
    """
    terms = gate_terms(view, on)
    if terms is None:
        return None
    _, ceiling = terms.amounts_of(view.service_class(bill.schedule, on).value)
    return ceiling.value
