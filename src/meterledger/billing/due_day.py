"""The day by which a bill is to be paid.

Lives here      rendition plus the days the book gives.
Lives elsewhere preferred due dates and mail grace (GRR V.J to V.O, with their chapter).
Read first      20 CSR 4240-13.015; GRR V.J.
"""

from __future__ import annotations

from datetime import date, timedelta

from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.book import BookView


def decide_due_day(*, issued_day: date, view: BookView) -> Decision[date]:
    """The due day of a bill rendered on ``issued_day``.

    :raises NoRuleInForce: if the book gives no number of days for that day
    """
    days = view.number("due_days_after_rendition").on(issued_day)
    due = issued_day + timedelta(days=int(days.value))
    return Decision(
        due, (Reason(f"due {days.value} days after rendition on {issued_day}", days.citation),)
    )
