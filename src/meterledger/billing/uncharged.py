"""What a bill does not charge: a final bill of a few cents, service billed too late, a period left.

Lives here      which bill is left uncharged, and its lines that bring it to nothing, each cited.
Lives elsewhere the rules (``final_floor``, ``our_delay``), corrections that are not made
                (``corrected``).
Read first      GRR V.E.2; 20 CSR 4240-13.025; docs/decisions/0028.

Final is the last bill of an agreement, whatever else the account has. The bill is made all the
same: its days are billed, and whoever looks sees what was used and why nothing is asked for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from meterledger.billing.corrected import lines_back_to
from meterledger.billing.final_floor import FLOOR_USD, FinalBillFacts, decide_final_bill
from meterledger.billing.our_delay import LONGEST, DelayFacts, decide_our_delay
from meterledger.facts.bills import Bill, BillKind
from meterledger.facts.charges import ChargeGroup
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import Cents
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

LEAVES = "billing_leaves_uncharged"
PERIOD_LEFT = "gate_period_left_uncharged"
RESIDENTIAL = "residential"


def without_uncharged(
    bill: Bill,
    *,
    first_issued: date,
    view: BookView,
    deposit_refunded: bool = False,
    left_on: date | None = None,
) -> Bill:
    """The bill, brought to zero where nothing of it may be charged.

    A final bill through which a deposit goes back (``deposit_refunded``) is charged, however small.
    One that we send late and may charge says what follows: no late charge, and time to pay.
    ``first_issued`` is the day on which the period was first billed: a correction is no delay. A
    book that was known before runs acted by these clauses leaves the bill as it is. ``left_on`` is
    the day on which two people left the period uncharged.
    """
    if left_on is not None:
        return _left(bill, left_on, view)
    late = (first_issued - bill.days.until_day).days
    final = bill.kind is BillKind.FINAL
    if not uncharged_is_asked(bill.days, bill.kind, first_issued):
        return bill
    if not _acts(view, first_issued):
        return bill
    terms = Terms(view, first_issued)
    charges = sum(line.cents for line in bill.lines if line.group is not ChargeGroup.TAX)
    if charges < 0:  # a credit is the customer's, however small and however late
        return bill
    if final:
        facts = FinalBillFacts(Cents(charges), deposit_refunded)
        decision = decide_final_bill(facts, terms)
        if not decision.outcome.issued:
            return _at_zero(bill, decision.reasons, terms)
        if charges < terms.cents(FLOOR_USD).value:  # issued all the same, and it says why
            bill = replace(bill, reasons=(*decision.reasons, *bill.reasons))
    if late > terms.whole(LONGEST).value and _residential(bill, view):
        delay = decide_our_delay(DelayFacts(bill.days.until_day), terms)
        if not delay.outcome.charged:
            return _at_zero(bill, delay.reasons, terms)
        return replace(bill, reasons=(*delay.reasons, *bill.reasons))
    return bill


def uncharged_is_asked(days: DaySpan, kind: BillKind, on: date) -> bool:
    """Whether the book is asked at all of a bill issued on a day; of nearly every one it is not."""
    return kind is BillKind.FINAL or (on - days.until_day).days > FEW_DAYS


def may_be_uncharged(
    days: DaySpan, kind: BillKind, first_issued: date, total_cents: int, view: BookView
) -> bool:
    """Whether a bill of that total may be left uncharged, or is by its delay told otherwise.

    For those who have no lines of it: without its taxes it may be as little as half of its total.
    """
    if not uncharged_is_asked(days, kind, first_issued) or not _acts(view, first_issued):
        return False
    terms = Terms(view, first_issued)
    if kind is BillKind.FINAL and total_cents < 2 * terms.cents(FLOOR_USD).value:
        return True
    return (first_issued - days.until_day).days > terms.whole(LONGEST).value


def may_leave_period(view: BookView, day: date) -> bool:
    """Whether two people may leave a held period uncharged, decided on the day."""
    if PERIOD_LEFT not in view.names():
        return False
    found = view.of_kind(PERIOD_LEFT, "flag").covering(day)
    return found is not None and bool(found.value)


def _left(bill: Bill, left_on: date, view: BookView) -> Bill:
    """What two people left uncharged; a credit is the customer's all the same."""
    if sum(line.cents for line in bill.lines if line.group is not ChargeGroup.TAX) < 0:
        return bill
    terms = Terms(view, left_on)
    found = f"two people left this period uncharged on {left_on}"
    return _at_zero(bill, (Reason(found, terms.flag(PERIOD_LEFT).citation),), terms)


def _at_zero(bill: Bill, reasons: tuple[Reason, ...], terms: Terms) -> Bill:
    left = lines_back_to(
        bill.lines,
        bill.days,
        charges_cents=0,
        tax_cents={},
        tax_labels={},
        label="Not charged",
        reasons=reasons,
        terms=terms,
    )
    return replace(bill, lines=(*bill.lines, *left), reasons=(*reasons, *bill.reasons))


FEW_DAYS = 26
"""Fewer than any billing period at its longest has: such a bill is never late."""


def _acts(view: BookView, day: date) -> bool:
    if LEAVES not in view.names():
        return False
    found = view.of_kind(LEAVES, "flag").covering(day)
    return found is not None and bool(found.value)


def _residential(bill: Bill, view: BookView) -> bool:
    return view.service_class(bill.schedule, bill.days.last_day).value == RESIDENTIAL
