"""Revenue earned and not billed at the end of a month: what each agreement had used, and how known.

Lives here      the nouns. Amounts are without taxes: a tax is owed when it is billed.
Lives elsewhere reckoning it (``usecases/unbilled_revenue``), keeping it (``stores``).
Read first      docs/operating/finance_reports.md; docs/glossary.md: "unbilled revenue".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.kernel.span import DaySpan


class UnbilledMethod(Enum):
    """How the cents of an agreement were found; the words are shown."""

    PRICED = "all days measured and priced"
    PRICED_IN_PART = "measured days priced, their daily average for the rest"
    LAST_BILL = "daily average of the last bill"
    NOT_KNOWN = "not estimated"


@dataclass(frozen=True, slots=True)
class UnbilledLine:
    """One agreement's days that no bill of the month end has, and what they come to.

    ``priced_days`` are those whose usage is known and was priced; ``why`` says what was missing.
    A line that is not estimated has zero cents and is listed, never left out.
    """

    agreement_id: str
    account_id: str
    schedule: str
    service_class: str
    days: DaySpan
    priced_days: int
    energy_wh: int | None
    cents: int
    method: UnbilledMethod
    why: str = ""


@dataclass(frozen=True, slots=True)
class Accrual:
    """All lines of a month end with the record of how they were made."""

    month_end: date
    lines: tuple[UnbilledLine, ...]
    record: bytes
    learned_at: datetime

    @property
    def key(self) -> str:
        """Its name, once for ever: the month end."""
        return self.month_end.isoformat()

    @property
    def total_cents(self) -> int:
        """What its lines come to."""
        return sum(one.cents for one in self.lines)
