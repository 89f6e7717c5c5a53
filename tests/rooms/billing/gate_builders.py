"""Bills and histories on paper for the gate's checks; everything not named is ordinary."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from meterledger.billing import BillFacts, GateBill, GateTerms, gate_terms
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.bills import BillKind
from meterledger.facts.held import PastBill
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import default_book_folder

ON = date(2025, 8, 1)
JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
JUNE = DaySpan(date(2025, 6, 1), date(2025, 7, 1))
JULY_BEFORE = DaySpan(date(2024, 7, 1), date(2024, 8, 1))
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
VIEW = open_book(default_book_folder()).as_known(NOW.date())
FOUND = gate_terms(VIEW, ON)
assert FOUND is not None
TERMS: GateTerms = FOUND


def bill(kwh: int = 900, cents: int = 140_00, **changed: Any) -> GateBill:
    made = GateBill(
        bill_id="B-now",
        kind=BillKind.REGULAR,
        days=JULY,
        schedule="1M-anytime",
        total_cents=cents,
        energy_wh=kwh * 1000,
        line_codes=frozenset({"customer_charge", "energy_summer"}),
        interval_count=2976,
    )
    return replace(made, **changed)


def past(kwh: int, days: DaySpan = JUNE, bill_id: str = "B-before") -> PastBill:
    return PastBill(bill_id, days, kwh * 1000, 100_00)


def facts(made: GateBill, *history: PastBill, service_class: str = "residential") -> BillFacts:
    return BillFacts(
        made,
        service_class,
        history,
        frozenset({"customer_charge"}),
        frozenset({"energy_summer", "energy_winter_first"}),
    )


def days_of(count: int) -> DaySpan:
    from datetime import timedelta

    return DaySpan(JULY.from_day, JULY.from_day + timedelta(days=count))
