"""What the billing tests share: a book of the few numbers that billing asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from meterledger.kernel.citation import Citation
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.series import DatedValue, Series

LONG_AGO = date(2013, 6, 30)


@dataclass(eq=False)  # a book is itself, as the real one is
class BillingBook:
    """Answers what bills and terms ask of a book from what a test put in; it has no pages."""

    all: dict[str, Series[Any]] = field(default_factory=dict)

    def put(
        self,
        name: str,
        value: Any,
        *,
        from_day: date = LONG_AGO,
        until_day: date | None = None,
        standing: Standing = Standing.FILED,
    ) -> BillingBook:
        before = self.all[name].values if name in self.all else ()
        entry = DatedValue(
            value,
            Validity(from_day, until_day),
            standing,
            Citation("Paper", f"Sheet of {name}", None, f"from {from_day}", from_day),
            from_day,
        )
        self.all[name] = Series(name, name, "", f"{name}.yaml", (*before, entry))
        return self

    def number(self, name: str) -> Series[Any]:
        return self.all[name]

    text = number

    def of_kind(self, name: str, kind: str) -> Series[Any]:
        return self.all[name]

    def limits_over(self, name: str) -> tuple[str, ...]:
        return ()

    def provision_of(self, name: str) -> str:
        return ""


@pytest.fixture
def billing_book() -> Callable[[], BillingBook]:
    """A fresh book with the readings of the first tariff book."""

    def make() -> BillingBook:
        book = BillingBook()
        book.put("cycle_read_day_rule", "day_of_month", standing=Standing.ASSUMED)
        book.put("regular_period_days_min", Fraction(26))
        book.put("regular_period_days_max", Fraction(35))
        book.put("normal_period_days", Fraction(30), standing=Standing.CARRIED_FORWARD)
        book.put("due_days_after_rendition", Fraction(21))
        book.put("gross_receipts_gross_up", "r/(1-r)", standing=Standing.ASSUMED)
        book.put("gross_receipts_governing_day", "last_service_day", standing=Standing.ASSUMED)
        book.put("municipal_gross_receipts_university_city", Fraction(9, 100))
        book.put("municipal_gross_receipts_pagedale", Fraction(6, 100))
        return book

    return make
