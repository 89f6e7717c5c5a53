"""Live bills in short rows, for questions over a whole population: amounts by line, no words.

Read in bulk from ``stores``; compared by ``usecases``. The bill itself is ``facts/bills``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from meterledger.kernel.span import DaySpan


class IssuedBill(NamedTuple):
    """One live bill. Lines are in the order in which they are printed.

    ``layout``  the lines' codes and first days, ``code day`` joined by commas
    ``cents``   of each line
    """

    bill_id: str
    account_id: str
    agreement_id: str
    schedule: str
    tax_place: str
    from_day: date
    until_day: date
    issued_day: date
    known_at: datetime
    lake_sequence: int
    book_sha256: str
    energy_wh: int
    total_cents: int
    layout: str
    cents: tuple[int, ...]

    @property
    def days(self) -> DaySpan:
        """The service period."""
        return DaySpan(self.from_day, self.until_day)

    def lines(self) -> tuple[tuple[str, date, int], ...]:
        """Code, first day and cents of each line."""
        return tuple(
            (*where, cents)
            for where, cents in zip(read_layout(self.layout), self.cents, strict=True)
        )


def read_layout(layout: str) -> tuple[tuple[str, date], ...]:
    """Code and first day of each line of a layout."""
    found = []
    for one in layout.split(",") if layout else ():
        code, _, day = one.rpartition(" ")
        found.append((code, date.fromisoformat(day)))
    return tuple(found)


def layout_of(lines: list[tuple[str, date]]) -> str:
    """The layout of lines given by code and first day."""
    return ",".join(f"{code} {day.isoformat()}" for code, day in lines)
