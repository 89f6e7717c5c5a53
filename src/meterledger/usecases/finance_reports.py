"""Trial balance, revenue, cash: each with its tie to the journal.

A report says its figure twice: as it was added up, and as the journal has it. ``Tie`` keeps both;
a report whose ties do not hold says so and by how much.

Lives here      the reports over spans of days.
Lives elsewhere adding up (``stores``), aging (``finance_aging``), the journal for export
                (``general_ledger``), what is not billed yet (``unbilled_revenue``), the bank
                (``reconcile_bank``).
Read first      docs/operating/finance_reports.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from meterledger.billing import RESIDENTIAL, names_classes
from meterledger.facts.finance import PaymentCash, RevenueRow
from meterledger.facts.payments import ReceiptState, ReceiptTotals, Totals
from meterledger.facts.periods import PeriodClose
from meterledger.facts.relief import ReliefTotal
from meterledger.facts.taxes import TaxTotal
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.span import DaySpan
from meterledger.ledger import (
    PROVISION,
    REVENUE_OF_CLASS,
    TAX_COLLECTIONS,
    account_name,
    control_of,
)
from meterledger.rulebook.book import BookView
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.finance_ports import FinanceReads
from meterledger.usecases.tax_report import TaxReport, TaxReportStore, tax_report


@dataclass(frozen=True, slots=True)
class Tie:
    """One figure said twice, in cents; with ``counts``, in things."""

    says: str
    left_cents: int
    right_cents: int
    counts: bool = False

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return self.left_cents == self.right_cents

    def words(self, figure: int) -> str:
        """One side for people, as dollars or as a count."""
        return str(figure) if self.counts else usd_display(figure)

    def text(self, figure: int) -> str:
        """One side as it stands in JSON."""
        return str(figure) if self.counts else usd_text(figure)

    def as_json(self) -> dict[str, Any]:
        """A row of ``tie`` in every report."""
        return {
            "says": self.says,
            "left": self.text(self.left_cents),
            "right": self.text(self.right_cents),
            "holds": self.holds,
        }


class TrialBalanceStore(FinanceReads, Protocol):
    """What the trial balance needs of the store."""

    def closed_periods(self) -> list[PeriodClose]:
        """Closed months with their totals, oldest first."""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One ledger account over the days."""

    ledger_account: str
    opening_cents: int
    debit_cents: int
    credit_cents: int

    @property
    def name(self) -> str:
        """What the account is called."""
        return account_name(self.ledger_account)

    @property
    def closing_cents(self) -> int:
        """What stands at the end."""
        return self.opening_cents + self.debit_cents - self.credit_cents


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account that ever moved, with its sums and ties."""

    days: DaySpan
    rows: tuple[TrialRow, ...]
    ties: tuple[Tie, ...]

    def as_json(self) -> dict[str, Any]:
        """The answer of ``report trial-balance --json``."""
        return {
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            "accounts": [
                {
                    "ledger_account": one.ledger_account,
                    "name": one.name,
                    "opening_usd": usd_text(one.opening_cents),
                    "debits_usd": usd_text(one.debit_cents),
                    "credits_usd": usd_text(one.credit_cents),
                    "closing_usd": usd_text(one.closing_cents),
                }
                for one in self.rows
            ],
            "tie": [one.as_json() for one in self.ties],
            "ties": all(one.holds for one in self.ties),
        }


def trial_balance(days: DaySpan, *, store: TrialBalanceStore) -> TrialBalance:
    """What stood, moved and stands on each account, by booked days.

    Months before the days that are closed are taken as their close kept them: nothing is booked in
    them any more, and ten years need not be added up again. Ties: debits are credits, balances sum
    to zero, and a month of the days that is closed comes to what the close kept of it.
    """
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    closed = store.closed_periods()
    before = [one for one in closed if _next_month(one.month) <= days.from_day]
    for close in before:
        for total in close.totals:
            sums[total.ledger_account][0] += total.debit_cents - total.credit_cents
    begin = _next_month(before[-1].month) if before else None
    for row in store.ledger_rows(begin, days.from_day) if begin != days.from_day else ():
        sums[row.ledger_account][0] += row.debit_cents - row.credit_cents
    moved = store.ledger_rows(days.from_day, days.until_day)
    for row in moved:
        sums[row.ledger_account][1] += row.debit_cents
        sums[row.ledger_account][2] += row.credit_cents
    rows = tuple(TrialRow(name, *found) for name, found in sorted(sums.items()))
    ties = [
        Tie(
            "debits = credits",
            sum(one.debit_cents for one in rows),
            sum(one.credit_cents for one in rows),
        ),
        Tie("closing balances sum to zero", sum(one.closing_cents for one in rows), 0),
    ]
    for close in closed[1:]:  # the first is of everything before it
        if close.month in days and _next_month(close.month) <= days.until_day:
            ties.append(
                Tie(
                    f"debits of {close.month:%Y-%m} = debits that its close kept",
                    sum(one.debit_cents for one in moved if one.month == close.month),
                    sum(one.debit_cents for one in close.totals),
                )
            )
    return TrialBalance(days, rows, tuple(ties))


def class_of(schedule: str, day: date, view: BookView) -> str:
    """The class of service of a schedule; empty for none, ``not told`` where the book is silent.

    A book that named no class of any schedule, as known, was of residential service alone.
    """
    if not schedule:
        return ""
    if not names_classes(view):
        return RESIDENTIAL
    try:
        return view.service_class(schedule, day).value
    except NoRuleInForce:
        return "not told"


class RevenueStore(FinanceReads, TaxReportStore, Protocol):
    """What the revenue report needs of the store."""

    def relief_totals(self, since: date, until: date) -> list[ReliefTotal]:
        """What relief took off bills on the days, less what was taken back, by schedule."""


@dataclass(frozen=True, slots=True)
class Revenue:
    """What was billed on the days by schedule and line, taxes by jurisdiction, and the ties."""

    days: DaySpan
    rows: tuple[RevenueRow, ...]
    taxes: TaxReport
    ties: tuple[Tie, ...]

    @property
    def by_schedule(self) -> Mapping[str, int]:
        """Revenue without taxes, by schedule."""
        return _sums((one.schedule, one.cents) for one in self.rows if one.group != "tax")

    @property
    def by_code(self) -> Mapping[str, int]:
        """Revenue without taxes, by what was charged for: riders and base charges alike."""
        return _sums((one.code, one.cents) for one in self.rows if one.group != "tax")

    @property
    def revenue_cents(self) -> int:
        """All of it without taxes."""
        return sum(self.by_schedule.values())

    def as_json(self) -> dict[str, Any]:
        """The answer of ``report revenue --json``."""
        return {
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            "lines": [
                {
                    "schedule": one.schedule,
                    "code": one.code,
                    "group": one.group,
                    "lines": one.lines,
                    "usd": usd_text(one.cents),
                }
                for one in self.rows
            ],
            "by_schedule": {name: usd_text(cents) for name, cents in self.by_schedule.items()},
            "by_code": {name: usd_text(cents) for name, cents in self.by_code.items()},
            "taxes": self.taxes.as_json()["taxes"],
            "revenue_usd": usd_text(self.revenue_cents),
            "tie": [one.as_json() for one in self.ties],
            "ties": all(one.holds for one in self.ties),
        }


REVENUE_ACCOUNTS = tuple(sorted(set(REVENUE_OF_CLASS.values())))
OF_BILLS = ("bill", "reversal of bill")
OF_RELIEF = ("relief", "reversal of relief")
RELIEF_CODE, RELIEF_GROUP = "relief", "adjustment"
"""How the report names what agreements take off bills (GRR V.H.4)."""


def revenue(days: DaySpan, *, view: BookView, store: RevenueStore) -> Revenue:
    """What bills of the days charged, from their lines, beside what the journal has of them.

    Days are those on which bills were issued, or taken back. Ties: revenue by account of class, and
    taxes by sub-account. A bill that is booked later than it was issued, because its period was
    closed, is told of by a tie of its own kind: it does not hold, and says by how much.
    """
    rows = store.revenue_rows(days.from_day, days.until_day) + _relief_rows(days, store)
    taxes = tax_report(days, store=store)
    billed = _sums(
        (REVENUE_OF_CLASS.get(class_of(one.schedule, days.last_day, view), "not told"), one.cents)
        for one in rows
        if one.group != "tax"
    )
    posted: dict[str, int] = defaultdict(int)
    for row in store.ledger_rows(days.from_day, days.until_day):
        if row.kind in (*OF_BILLS, *OF_RELIEF):
            posted[control_of(row.ledger_account)] += row.credit_cents - row.debit_cents
        if row.kind in OF_BILLS and row.ledger_account == PROVISION:
            # What a final bill under the floor wrote off is revenue that its lines do not ask for.
            of = REVENUE_OF_CLASS.get(class_of(row.schedule, days.last_day, view), "not told")
            billed[of] = billed.get(of, 0) + row.debit_cents - row.credit_cents
    ties = [
        Tie(
            f"revenue of lines = {name} {account_name(name)}",
            billed.get(name, 0),
            posted.get(name, 0),
        )
        for name in sorted({*REVENUE_ACCOUNTS, *billed})
        if billed.get(name, 0) or posted.get(name, 0)
    ]
    in_lines = sum(one.cents for one in rows if one.group == "tax")
    ties.append(Tie("taxes of lines = taxes by jurisdiction", in_lines, taxes.tax_cents))
    ties.append(Tie("taxes of lines = 241 of bills", in_lines, posted.get(TAX_COLLECTIONS, 0)))
    return Revenue(days, tuple(rows), taxes, tuple(ties))


def _relief_rows(days: DaySpan, store: RevenueStore) -> list[RevenueRow]:
    """What agreements took off bills of the days, as lines of their schedules."""
    return [
        row
        for one in store.relief_totals(days.from_day, days.until_day)
        for row in (
            RevenueRow(one.schedule, RELIEF_CODE, RELIEF_GROUP, -one.charge_cents, one.bill_count),
            RevenueRow(one.schedule, RELIEF_CODE, "tax", -one.tax_cents, one.bill_count),
        )
        if row.cents
    ]


def taxes_of(found: Revenue) -> Sequence[TaxTotal]:
    """Rows by tax and jurisdiction."""
    return found.taxes.totals


EXTENSION_CHANNEL = "extension"
"""How the report names money of contracts of extensions, which comes without a receipt."""
ON_CASH = (ReceiptState.POSTED.value, ReceiptState.UNAPPLIED.value)


class CashStore(FinanceReads, Protocol):
    """What the report of cash needs of the store."""

    def receipt_totals(self, from_day: date, until_day: date) -> list[ReceiptTotals]:
        """Receipts by day received, channel and file, as they stand now."""


@dataclass(frozen=True, slots=True)
class CashRow:
    """Money of one day, channel and file: received, and what became of it, in cents."""

    day: date
    channel: str
    file: str
    received: Totals
    states: Mapping[str, Totals]

    @property
    def tie(self) -> Tie:
        """Received is the sum of the rest."""
        return Tie(
            f"received = posted + unapplied + returned + refused, {self.day} {self.channel}",
            self.received.cents,
            sum(one.cents for one in self.states.values()),
        )


@dataclass(frozen=True, slots=True)
class Cash:
    """Money that reached us on the days, and what became of it."""

    days: DaySpan
    rows: tuple[CashRow, ...]
    ties: tuple[Tie, ...]

    def total(self, state: ReceiptState) -> Totals:
        """What stands so, of all rows."""
        return sum((one.states.get(state.value, Totals()) for one in self.rows), Totals())

    @property
    def received(self) -> Totals:
        """All that was received."""
        return sum((one.received for one in self.rows), Totals())

    def as_json(self) -> dict[str, Any]:
        """The answer of ``report cash --json``."""
        return {
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            "received": {"count": self.received.count, "usd": usd_text(self.received.cents)},
            "rows": [
                {
                    "day": one.day.isoformat(),
                    "channel": one.channel,
                    "file": one.file,
                    "received": {"count": one.received.count, "usd": usd_text(one.received.cents)},
                    **{
                        name: {"count": found.count, "usd": usd_text(found.cents)}
                        for name, found in one.states.items()
                    },
                }
                for one in self.rows
            ],
            "tie": [one.as_json() for one in self.ties],
            "ties": all(one.holds for one in self.ties),
        }


def cash(days: DaySpan, *, store: CashStore) -> Cash:
    """Received = posted + unapplied + returned + refused, by day and file; open ones apart.

    What is received and undecided, or of an unknown outcome, is a state of its own and no money
    yet. Money of extensions has no receipt: its rows are what the journal has of it, by day. Ties
    by row, in all, in count, and what came and did not go back beside the journal's debits of cash.
    """
    journal = store.payment_cash(days.from_day, days.until_day)
    receipts = tuple(
        CashRow(
            one.day,
            one.channel.value,
            one.file_sha256 or "",
            one.received,
            {state.value: found for state, found in one.by_state if found.count},
        )
        for one in store.receipt_totals(days.from_day, days.until_day)
    )
    of_extensions = (_extension_row(one) for one in journal if not one.has_receipt)
    rows = tuple(
        sorted((*receipts, *of_extensions), key=lambda one: (one.day, one.channel, one.file))
    )
    every = sum((one.received for one in rows), Totals())
    became = sum((found for one in rows for found in one.states.values()), Totals())
    ties = [
        *(one.tie for one in rows if not one.tie.holds),
        Tie("received = posted + unapplied + returned + refused + open", every.cents, became.cents),
        Tie("the same, in payments", every.count, became.count, counts=True),
        Tie(
            "posted + unapplied = debits of 131 by payments less what was taken back",
            sum(one.states.get(name, Totals()).cents for one in rows for name in ON_CASH),
            sum(one.cents - one.back_cents for one in journal),
        ),
    ]
    return Cash(days, rows, tuple(ties))


def _extension_row(one: PaymentCash) -> CashRow:
    """A day's money of contracts of extensions: what is posted still, and what bounced."""
    became = {
        ReceiptState.POSTED.value: Totals(
            one.payment_count - one.back_count, one.cents - one.back_cents
        ),
        ReceiptState.RETURNED.value: Totals(one.back_count, one.back_cents),
    }
    return CashRow(
        one.day,
        EXTENSION_CHANNEL,
        "",
        Totals(one.payment_count, one.cents),
        {name: found for name, found in became.items() if found.count},
    )


def month_of(day: date) -> DaySpan:
    """The calendar month of a day."""
    first = day.replace(day=1)
    return DaySpan(first, _next_month(first))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, cents in pairs:
        found[name] = found.get(name, 0) + cents
    return dict(sorted(found.items()))
