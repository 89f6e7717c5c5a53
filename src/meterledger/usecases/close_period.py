"""Close an accounting period: a month that is over, by a name; what it came to stays.

Lives here      which months may be closed on a day; what a close tells.
Lives elsewhere order, totals and refusing later bookings (``stores``), the command
                (``entrypoints/cli/ledger``).
Read first      docs/operating/ledger.md; decision 0022.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.facts.periods import PeriodClose
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.at_once import looks_once_more

MONTH_FORM = re.compile(r"(199[0-9]|20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)


class PeriodRefused(Refusal):
    """This period cannot be closed as asked."""


class Periods(Protocol):
    """What this journey needs of the store."""

    def close_period(self, close: PeriodClose) -> bool:
        """Close a month; False if the same person closed it already."""

    def closed_periods(self) -> list[PeriodClose]:
        """Closed months with their totals, oldest first."""


def period_from(text: str) -> date:
    """The first day of a month written like 2025-03.

    :raises PeriodRefused: if it is not written so
    """
    found = MONTH_FORM.fullmatch(text)
    if found is None:
        raise PeriodRefused(
            f"'{text[:40]}' is not a month between 1990 and 2099",
            where="period",
            do="Write it as year-month, like 2025-03",
        )
    return date(int(found[1]), int(found[2]), 1)


@looks_once_more
def close_period(
    month: date, *, by: str, today: date, learned_at: datetime, store: Periods
) -> tuple[PeriodClose, bool]:
    """Close the month; the close with its totals, and whether it was closed now.

    :raises PeriodRefused: if it is not over, or nobody's name is given
    :raises Conflict: if another one is to be closed first, or somebody else closed it
    """
    if not by.strip():
        raise PeriodRefused(
            "A period is closed by a person", where="by", do="Name who closes it with --by"
        )
    after = (month + timedelta(days=31)).replace(day=1)
    if today < after:
        raise PeriodRefused(
            f"The period {month:%Y-%m} is not over before {after}",
            where="period",
            why="What is booked in it could still change",
            do=f"Close it on {after} or later",
        )
    newly = store.close_period(PeriodClose(month, by.strip(), learned_at))
    return next(one for one in store.closed_periods() if one.month == month), newly
