"""The tax lines of a bill: a city's on its receipts, the state's and the place's on sales.

Lives here      rates of the last day of service, by class of service. No certificates.
Lives elsewhere the lines that are taxed (``bill``).
Read first      tariffs/union_electric_mo6/taxes/README.md, decision 0005.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from tests.second_rater.quantities import Part, half_up
from tests.second_rater.sheets import Sheets, Silent
from tests.second_rater.usage import Line


class Taxes:
    """Taxes of one schedule and window."""

    def __init__(self, sheets: Sheets, schedule: str, window: Part) -> None:
        self.sheets, self.schedule, self.window = sheets, schedule, window
        self.last = window[1] - timedelta(days=1)

    def lines(self, charges_cents: int, city: str, sales_place: str | None) -> Iterator[Line]:
        """All on the charges without any tax, each rounded once; what comes to nothing is none."""
        if city != "none":
            rate = self._city_rate(city)
            yield from self._line("municipal_gross_receipts_tax", charges_cents, rate / (1 - rate))
        if sales_place is not None and self._sales_taxed():
            state = self.sheets.number("sales_tax_state_mo", self.last)
            yield from self._line("state_sales_tax", charges_cents, state)
            if sales_place != "none":
                local = self.sheets.number(f"sales_tax_local_{sales_place}", self.last)
                yield from self._line("local_sales_tax", charges_cents, local)

    def _line(self, code: str, charges_cents: int, share: Fraction) -> Iterator[Line]:
        if share:
            cents = half_up(charges_cents * share)
            yield Line(code, *self.window, cents, "tax", Fraction(charges_cents, 100), "tax")

    def _city_rate(self, city: str) -> Fraction:
        residential = f"residential_gross_receipts_{city}"
        if residential in self.sheets.kinds and self.service_class(self.last) == "residential":
            return self.sheets.number(residential, self.last)
        return self.sheets.number(f"municipal_gross_receipts_{city}", self.last)

    def _sales_taxed(self) -> bool:
        if "sales_tax_classes" not in self.sheets.kinds:
            return False
        classes = self.sheets.entry("sales_tax_classes", self.last).value
        return self.service_class(self.last) in classes

    def service_class(self, day: date) -> str:
        for name in self.sheets.named("service_class"):
            for entry in self.sheets.entries[name]:
                if entry.covers(day) and self.schedule in entry.value["schedules"]:
                    return str(entry.value["class"])
        raise Silent(f"class of {self.schedule} on {day}")
