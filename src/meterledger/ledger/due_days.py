"""Until when items of an account are to be paid: late charges and fees with the bill they are on.

Lives here      the due day of what has none of its own.
Lives elsewhere due days of bills (``billing``), of deposits (``arrears``), open items
                (``open_items``).
Read first      docs/operating/finance_reports.md: "Aging".

A late charge or a fee is asked for by the first statement that is made after it: it is due with
that bill. Until there is one nobody has asked for it, and it is not due.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from meterledger.facts.receivables import AccountMoney, BillShown, Movement, bill_order
from meterledger.ledger.chart import RECEIVABLE


def due_days_of(money: AccountMoney, *, at: date, known_at: datetime) -> dict[str, date]:
    """The due day of each item that has one on the evening of ``at``; ``money`` is asked for with
    its due days.

    A bill that was canceled after that day still asks for what it showed: a report of a past day
    stays what it was. It was canceled on the day of its reversal; a bill of zero has none, and was
    canceled when the bill that took its place was issued. What stands on other receivables (143)
    is on no statement, and gets none. A bill of a combined statement is due on the Company's day
    from the statement's day on, whatever day it had by itself. That a bill went out late counts
    once its document was made: what was made after ``known_at`` moves no due day.
    """
    found = dict(money.due_days)
    for each in money.bills:
        found[f"bill:{each.bill_id}"] = each.due_on(at, known_at)
    back = {one.reverses: one.effective_day for one in money.movements if one.reverses}
    bills = sorted(
        (
            one
            for one in money.bills
            if one.cancelled_on is None or back.get(f"bill:{one.bill_id}", one.cancelled_on) > at
        ),
        key=bill_order,
    )
    for one in money.movements:
        if one.entry_id in found or one.cents <= 0 or one.control != RECEIVABLE:
            continue
        first = first_that_shows(one, bills)
        if first is not None:
            found[one.entry_id] = first.due_on(at, known_at)
    return found


def first_that_shows(charge: Movement, bills: Sequence[BillShown]) -> BillShown | None:
    """The first bill, of bills in order, in whose balance a charge stands: it was charged by the
    bill's day, and known when the bill was made.
    """
    for bill in bills:
        if charge.effective_day <= bill.issued_day and charge.learned_at <= bill.known_at:
            return bill
    return None
