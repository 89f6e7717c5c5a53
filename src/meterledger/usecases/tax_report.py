"""The tax report: what each jurisdiction's tax was asked on, what was exempt, and what was billed.

Lives here      the rows over a span of days, tied to the ledger's sub-accounts to the cent.
Lives elsewhere adding up lines and postings (``stores``), posting (``ledger``), paying what was
                collected (nobody's yet).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from meterledger.facts.taxes import TaxTotal
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import DaySpan
from meterledger.ledger import TAX_COLLECTIONS, tax_account


class TaxReportStore(Protocol):
    """What the report needs of the store."""

    def tax_totals(self, since: date, until: date) -> list[TaxTotal]:
        """What was taxed on bills posted on the days, by tax."""

    def relief_taxes(self, since: date, until: date) -> list[TaxTotal]:
        """By how much relief lowered what was taxed, exempt and billed on the days, by tax."""

    def tax_postings(self, since: date, until: date) -> dict[str, int]:
        """Sums of taxes' ledger accounts over postings of the days."""


@dataclass(frozen=True, slots=True)
class TaxReport:
    """Rows by tax and jurisdiction, and what the ledger says of the same days.

    ``apart`` names ledger accounts whose postings are not what was billed, with the cents between.
    """

    days: DaySpan
    totals: tuple[TaxTotal, ...]
    posted_cents: int
    apart: dict[str, int]

    @property
    def tax_cents(self) -> int:
        """All taxes billed."""
        return sum(one.tax_cents for one in self.totals)

    def as_json(self) -> dict[str, Any]:
        """As the command answers it."""
        return {
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            "taxes": [
                {
                    "tax": one.of.tax,
                    "jurisdiction": one.of.jurisdiction,
                    "ledger_account": account_of(one),
                    "bills": one.bill_count,
                    "taxable_usd": usd_text(one.taxable_cents),
                    "exempt_usd": usd_text(one.exempt_cents),
                    "tax_usd": usd_text(one.tax_cents),
                }
                for one in self.totals
            ],
            "tax_usd": usd_text(self.tax_cents),
            "control_account": TAX_COLLECTIONS,
            "posted_usd": usd_text(self.posted_cents),
            "ties": not self.apart,
            "apart": [
                {"ledger_account": account, "usd": usd_text(cents)}
                for account, cents in self.apart.items()
            ],
        }


def account_of(total: TaxTotal) -> str:
    """The ledger account of a row; the control account where nobody can tell the tax."""
    return tax_account(None if total.of.tax == "other" else total.of)


def tax_report(days: DaySpan, *, store: TaxReportStore) -> TaxReport:
    """What was taxed on bills posted on the days, beside the ledger's postings of the same days.

    A corrected bill counts on its day, and what it cancels is taken off on the day of the reversal,
    so that the report of a month that was told already stays as it is. What agreements take off
    bills (GRR V.H.4) lowers what was taxed.
    """
    totals = _less(
        store.tax_totals(days.from_day, days.until_day),
        store.relief_taxes(days.from_day, days.until_day),
    )
    posted = {
        account: -cents
        for account, cents in store.tax_postings(days.from_day, days.until_day).items()
    }
    billed: dict[str, int] = {}
    for one in totals:
        account = account_of(one)
        billed[account] = billed.get(account, 0) + one.tax_cents
    between = {
        account: posted.get(account, 0) - billed.get(account, 0)
        for account in sorted(posted.keys() | billed.keys())
    }
    return TaxReport(
        days=days,
        totals=tuple(totals),
        posted_cents=sum(posted.values()),
        apart={account: cents for account, cents in between.items() if cents},
    )


def _less(totals: Sequence[TaxTotal], off: Sequence[TaxTotal]) -> list[TaxTotal]:
    """What was taxed, less what was taken off; a bill stays one that was taxed."""
    by_tax = {one.of: one for one in totals}
    for one in off:
        was = by_tax.get(one.of, TaxTotal(one.of, 0, 0, 0, 0))
        by_tax[one.of] = TaxTotal(
            one.of,
            was.taxable_cents - one.taxable_cents,
            was.exempt_cents - one.exempt_cents,
            was.tax_cents - one.tax_cents,
            was.bill_count,
        )
    return [by_tax[of] for of in sorted(by_tax)]
