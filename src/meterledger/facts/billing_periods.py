"""A billing period: one of the twelve of a year that a reading cycle has.

Which period a day lies in is decided by ``billing``; what its number says of prices, by ``rating``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from meterledger.kernel.span import DaySpan


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """From one reading day of a cycle to the next.

    ``number``    1 to 12, in ``year``
    ``named_on``  the day by which it has its number and its year
    """

    days: DaySpan
    number: int
    year: int
    named_on: date

    def __str__(self) -> str:
        return f"billing period {self.number} of {self.year}"


PeriodOf = Callable[[date], BillingPeriod]
"""The billing period in which a day lies."""
