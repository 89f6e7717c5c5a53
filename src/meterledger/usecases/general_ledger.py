"""The journal for another system's general ledger: rows with their control totals and their tie.

Lives here      the general ledger for export, as CSV.
Lives elsewhere adding up (``stores``), the other reports and classes (``finance_reports``).
Read first      docs/operating/finance_reports.md.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date

from meterledger.facts.finance import LedgerRow
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import DaySpan
from meterledger.ledger import account_name
from meterledger.rulebook.book import BookView
from meterledger.usecases.finance_ports import FinanceReads
from meterledger.usecases.finance_reports import Tie, class_of


@dataclass(frozen=True, slots=True)
class GeneralLedger:
    """Rows for another system's general ledger, with control totals."""

    days: DaySpan
    rows: tuple[tuple[LedgerRow, str], ...]
    """Each with its class of service; empty where the event is of no class."""

    @property
    def debit_cents(self) -> int:
        """Control total of debits."""
        return sum(row.debit_cents for row, _ in self.rows)

    @property
    def credit_cents(self) -> int:
        """Control total of credits."""
        return sum(row.credit_cents for row, _ in self.rows)

    @property
    def tie(self) -> Tie:
        """Debits are credits."""
        return Tie("debits = credits", self.debit_cents, self.credit_cents)

    def as_csv(self) -> str:
        """A header, a row for each period, account, event and class, and the control totals."""
        made = io.StringIO()
        out = csv.writer(made, lineterminator="\n")
        out.writerow(GL_COLUMNS)
        for row, service_class in self.rows:
            out.writerow(
                [
                    f"{row.month:%Y-%m}",
                    row.ledger_account,
                    account_name(row.ledger_account),
                    row.kind,
                    service_class,
                    usd_text(row.debit_cents),
                    usd_text(row.credit_cents),
                    row.legs,
                ]
            )
        legs = sum(row.legs for row, _ in self.rows)
        debits, credits_ = usd_text(self.debit_cents), usd_text(self.credit_cents)
        out.writerow(["control", "", f"{len(self.rows)} rows", "", "", debits, credits_, legs])
        return made.getvalue()


GL_COLUMNS = (
    "period",
    "ledger_account",
    "name",
    "event",
    "service_class",
    "debits_usd",
    "credits_usd",
    "postings",
)


def general_ledger(days: DaySpan, *, view: BookView, store: FinanceReads) -> GeneralLedger:
    """The journal by booked month, account, kind of event and class of service."""
    found: dict[tuple[date, str, str, str], list[int]] = {}
    for row in store.ledger_rows(days.from_day, days.until_day):
        name = (row.month, row.ledger_account, row.kind, class_of(row.schedule, row.month, view))
        sums = found.setdefault(name, [0, 0, 0])
        sums[0] += row.debit_cents
        sums[1] += row.credit_cents
        sums[2] += row.legs
    return GeneralLedger(
        days,
        tuple(
            (LedgerRow(month, account, kind, "", *sums), service_class)
            for (month, account, kind, service_class), sums in sorted(found.items())
        ),
    )
