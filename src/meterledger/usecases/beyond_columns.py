"""Bills of which no sum of a meter says all: what they have of their account goes the whole way.

Lives here      which bills may have a credit for paperless billing, or be left uncharged, by any of
                the books that are asked.
Lives elsewhere the columns (``column_prices``), the lines themselves (``bill_options``,
                ``billing.uncharged``).

A sample of each group would meet hardly one of them: they are few, and so are looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np

from meterledger.billing import (
    has_paperless_amount,
    may_be_uncharged,
    uncharged_is_asked,
)
from meterledger.facts.billing_options import Delivery
from meterledger.facts.issued import IssuedBill
from meterledger.facts.usage import BoolArray, Int64Array
from meterledger.kernel.ids import is_corrected
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.bill_options import options_of
from meterledger.usecases.calculate_bills import DueBill
from meterledger.usecases.replay_bill import ReplayStore, first_issued

ACCOUNTS_AT_ONCE = 20_000


def beyond_columns(
    bills: Sequence[IssuedBill],
    due: Sequence[DueBill | Refusal | None],
    totals: Sequence[Int64Array],
    *,
    views: Sequence[BookView],
    known_at: datetime,
    kept: ReplayStore,
) -> BoolArray:
    """Bool [N]: which of the bills columns leave to the one calculation.

    ``totals`` are what columns say of them, Int64 [N] cents by each book of ``views``.
    """
    found = np.zeros(len(bills), dtype=bool)
    found[_on_electronic_bills(bills, views, known_at, kept)] = True
    for row, (bill, one) in enumerate(zip(bills, due, strict=True)):
        if found[row] or not isinstance(one, DueBill):
            continue
        kind = one.window.kind
        if uncharged_is_asked(one.window.days, kind, bill.issued_day):
            on = _billed_on(bill, kept)
            try:
                found[row] = any(
                    may_be_uncharged(one.window.days, kind, on, int(cents[row]), view)
                    for cents, view in zip(totals, views, strict=True)
                )
            except Refusal as refusal:  # a book is silent of that day: the calculation says so
                refusal.of_one_case()
                found[row] = True
    return found


def _billed_on(bill: IssuedBill, kept: ReplayStore) -> date:
    """The day on which its period was first billed."""
    if not is_corrected(bill.bill_id):
        return bill.issued_day
    return first_issued(kept.bill(bill.bill_id), kept)


def _on_electronic_bills(
    bills: Sequence[IssuedBill], views: Sequence[BookView], known_at: datetime, kept: ReplayStore
) -> list[int]:
    """The bills of who ever chose electronic ones, rendered while a book has an amount for that."""
    known: dict[date, bool] = {}

    def has_amount(day: date) -> bool:
        if day not in known:
            known[day] = any(has_paperless_amount(view, day) for view in views)
        return known[day]

    rows = [row for row, bill in enumerate(bills) if has_amount(_billed_on(bill, kept))]
    accounts = sorted({bills[row].account_id for row in rows})
    electronic: set[str] = set()
    for first in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        some = options_of(accounts[first : first + ACCOUNTS_AT_ONCE], known_at, kept)
        electronic |= {
            name
            for name, one in some.items()
            if any(each.medium is Delivery.ELECTRONIC for each in one.deliveries)
        }
    return [row for row in rows if bills[row].account_id in electronic]
