"""The page of taxes: what a month's bills were taxed on, by jurisdiction, tied to the ledger.

Lives here      which month, and what the page shows.
Lives elsewhere the report (``usecases/tax_report``), the command of the same (``tax report``).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meterledger.entrypoints.web.finance_pages import month_of_page, months_to_go_to
from meterledger.entrypoints.web.policy import personal
from meterledger.entrypoints.wiring import System
from meterledger.facts.taxes import TaxTotal
from meterledger.usecases.finance_reports import Tie
from meterledger.usecases.tax_report import account_of, tax_report


@dataclass(frozen=True, slots=True)
class TaxRow:
    """A tax of a jurisdiction, and the ledger account on which it was posted."""

    total: TaxTotal
    ledger_account: str


@personal("finance: what was taxed in a month", subjects=lambda: ["all accounts"])
def taxes_page(request: HttpRequest, system: System) -> HttpResponse:
    """One month: each tax by jurisdiction, and what the ledger has of the same days."""
    days, is_newest = month_of_page(request, system)
    report = tax_report(days, store=system.store)
    context = {
        "part": "taxes",
        "month": days.from_day,
        "this_month": system.today.replace(day=1),
        "is_newest": is_newest,
        "months": months_to_go_to(system.today, days.from_day),
        "report": report,
        "rows": [TaxRow(one, account_of(one)) for one in report.totals],
        "ties": [
            Tie(
                "Taxes on the bills, and taxes posted",
                report.tax_cents,
                report.posted_cents,
            )
        ],
    }
    return render(request, "web/finance_taxes.html", context)
