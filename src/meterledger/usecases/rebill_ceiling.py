"""A corrected bill above the ceiling, or of doubtful kvar, leaves only with two people.

A correction passes no gate of a run, by night it passes no person either: one wrong register, and
a customer would be sent a bill that no run would have let out.

Lives here      the ceiling of a correction, its doubtful kvar, and asking for the second person.
Lives elsewhere the ceiling (``billing.gate_terms``), held bills of a run (``settle_held``).
Read first      docs/operating/corrections.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from meterledger.billing import gate_terms
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.places import BillableService
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import usd_display
from meterledger.kernel.people import same_person
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.beside_usage import HIGHEST_KVAR
from meterledger.usecases.doubted_reactive import reactive_doubts
from meterledger.usecases.due_bills import due_bill, window_of
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill_states import Now


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
    if gate_terms(view, on) is None or _are_two(author, approved_by):
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
            if approved_by.strip()
            else "A bill above it leaves only with two different people",
            do="Look at its readings first; if it is right, name the other person who agrees "
            "(`--approved-by`)",
        )


def refuse_taken_back(
    cents: int, bill: Bill, *, author: str, approved_by: str, on: date, view: BookView
) -> None:
    """Refuse to take back more than the ceiling of bills past an end of service by one person.

    ``cents`` are those of all of them; ``bill`` is the final one.

    :raises AboveTheCeiling: if nobody else approves
    :raises NoRuleInForce: if the book is silent on the class of service
    """
    ceiling = None if _are_two(author, approved_by) else ceiling_of(bill, on, view)
    if ceiling is None or cents <= ceiling:
        return
    raise AboveTheCeiling(
        f"Bills past the end of service come to {usd_display(cents)}, above the ceiling of "
        f"{usd_display(ceiling)}",
        where=bill.corrects or bill.bill_id,
        why="More is taken back only with two different people",
        do="Look at what the customer has told first; if it is right, name the other person who "
        "agrees (`--approved-by`)",
    )


class DoubtedKvar(Refusal):
    """A corrected bill stands on doubtful reactive energy, and one person alone would send it."""


def refuse_doubted(
    made: Iterable[tuple[StoredBill, BillableService, Bill]],
    *,
    author: str,
    approved_by: str,
    now: Now,
) -> None:
    """Refuse a corrected bill of doubtful kvar that two people have not agreed to.

    ``made`` are bills as issued, their service as known now, and what takes their place. Reactive
    demand that was billed before is not looked at again.

    :raises DoubtedKvar: if nobody else approves
    :raises Refusal: if the book has no thresholds for what it charges for
    """
    if _are_two(author, approved_by):
        return
    for stored, service, bill in made:
        view = now.view
        due = due_bill(service, window_of(service, stored.days, view), view)
        found = reactive_doubts(
            [due], [bill], on=now.on, sequence=now.sequence, lake=now.lake, view=view
        ).get(bill.agreement_id, ())
        if isinstance(found, Refusal):
            raise found
        if not found or _kvar_told(bill.reasons) <= _kvar_told_before(stored):
            continue
        raise DoubtedKvar(
            "; ".join(one.sentence for one in found),
            where=stored.bill_id,
            why="A doubtful reading is billed anew only with two different people",
            do="Send the meter's channel of kVArh again as it is right; if it is right already, "
            "name the other person who agrees (`--approved-by`)",
        )


def _kvar_told(reasons: Iterable[Reason]) -> set[str]:
    return {one.finding for one in reasons if one.finding.startswith(HIGHEST_KVAR)}


def _kvar_told_before(stored: StoredBill) -> set[str]:
    told = [str(one["finding"]) for one in read_record(stored.record)["reasons"]]
    return {one for one in told if one.startswith(HIGHEST_KVAR)}


def _are_two(author: str, approved_by: str) -> bool:
    return bool(approved_by.strip()) and not same_person(author, approved_by)


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
