"""How large a deposit may be: the bills of the customer, or of the place, as a limit rests on them.

Lives here      the estimate of a year, the largest month, the bills before; which limit is asked.
Lives elsewhere the limits (``arrears.deposit_limits``), the bills themselves (``stores``).
Read first      GRR VI.C.1; docs/operating/deposits.md, "How much".

An estimate of a year is what bills of the place in the year before cost, by the day, over the days
of that year, whoever they were for. Bills that rest on estimates are left out, and so are bills in
dispute: what is left represents actual readings. A bill cost what it charged, less what an
agreement took off it (GRR V.H.4).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Protocol

from meterledger.facts.relief import BillRelief
from meterledger.kernel.money import Cents, usd_display, usd_text
from meterledger.kernel.months import years_after
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_down
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.deposit_history import AccountHistory
from meterledger.usecases.deposit_ports import BillAtPoint
from meterledger.usecases.deposit_record import Ruled, ask

RESIDENTIAL = "deposits.limit.initial_residential"
NON_RESIDENTIAL = "deposits.limit.initial_nonresidential"
CONTINUED = "deposits.limit.continued"
ESTIMATE = "estimated_annual_bill_usd"
"""What a person may tell where no bill of the place is known: an estimate of a year."""


class NothingToGoBy(Refusal):
    """No bill is known on which a deposit's size may rest."""


class PointStore(Protocol):
    """What this needs of the store."""

    def bills_at_point(
        self, service_point_id: str, days: DaySpan, known_at: datetime
    ) -> list[BillAtPoint]:
        """Live bills at a service point."""

    def relief_of_bills(self, bill_ids: Collection[str]) -> Mapping[str, BillRelief]:
        """What agreements took off bills, by bill; others are left out."""


@dataclass(frozen=True, slots=True)
class YearOfBills:
    """Bills of the year before a day at some places, without those that do not represent it."""

    span: DaySpan
    bills: tuple[BillAtPoint, ...]

    @property
    def billed_days(self) -> int:
        """Days of the year that the bills are for."""
        return sum(one.days.day_count for one in self.bills)

    @property
    def estimated_year_cents(self) -> Cents:
        """What a whole year would cost at the daily charge of those days; rounded down."""
        cents = sum(one.total_cents for one in self.bills)
        return Cents(to_whole_down(Fraction(cents * self.span.day_count, self.billed_days)))

    @property
    def asks_for_something(self) -> bool:
        """Whether the bills come to more than nothing: else no estimate can rest on them."""
        return sum(one.total_cents for one in self.bills) > 0

    @property
    def largest(self) -> BillAtPoint:
        """The bill that cost most."""
        return max(self.bills, key=lambda one: (one.total_cents, one.issued_day))

    def as_json(self) -> list[dict[str, Any]]:
        """As it stands in a decision's record."""
        return [
            {
                "bill": one.bill_id,
                "from": one.days.from_day.isoformat(),
                "to": one.days.until_day.isoformat(),
                "total_usd": usd_text(one.total_cents),
            }
            for one in self.bills
        ]


def year_of_bills(
    service_point_ids: Sequence[str],
    *,
    on: date,
    known_at: datetime,
    store: PointStore,
    disputed: Collection[str] = (),
) -> YearOfBills:
    """The bills of the year that ends on ``on`` (out) at the places."""
    span = DaySpan(years_after(on, -1), on)
    found = [
        bill
        for point in sorted(set(service_point_ids))
        for bill in store.bills_at_point(point, span, known_at)
        if bill.days.from_day >= span.from_day
        and bill.issued_day <= on
        and not bill.estimated_counts
        and bill.bill_id not in disputed
    ]
    off = store.relief_of_bills([one.bill_id for one in found])
    return YearOfBills(
        span,
        tuple(
            one._replace(total_cents=one.total_cents - off[one.bill_id].cents)
            if one.bill_id in off
            else one
            for one in found
        ),
    )


def residential_limit(
    year: YearOfBills, told_cents: Cents | None, *, on: date, view: BookView, others_cents: int
) -> Ruled:
    """The most an initial residential deposit may be: one-sixth of the estimated year.

    ``others_cents`` are held or asked for already.

    :raises NothingToGoBy: if no bill is known that asks for something, and nobody told an estimate
    """
    cents = year.estimated_year_cents if year.asks_for_something else told_cents
    if cents is None or cents <= 0:
        raise _nothing(year, on)
    facts = {ESTIMATE: usd_text(cents), "basis": _basis(), **_others(others_cents)}
    return ask(RESIDENTIAL, facts, on=on, view=view)


def nonresidential_limit(
    year: YearOfBills, *, on: date, view: BookView, others_cents: int
) -> Ruled:
    """The most an initial non-residential deposit may be: the largest month and more days.

    :raises NothingToGoBy: if no bill of the place is known that asks for something
    """
    if not year.asks_for_something:
        raise _nothing(year, on)
    largest = year.largest
    # A long month may cost most and be cheaper by the day: no average is above the largest month.
    by_month = Fraction(largest.total_cents * year.span.day_count, largest.days.day_count)
    estimate = min(year.estimated_year_cents, to_whole_down(by_month))
    facts = {
        "largest_month_usd": usd_text(largest.total_cents),
        "largest_month_days": largest.days.day_count,
        "estimated_year_usd": usd_text(estimate),
        "year_days": year.span.day_count,
        "basis": _basis(),
        **_others(others_cents),
    }
    return ask(NON_RESIDENTIAL, facts, on=on, view=view)


def continued_limit(
    history: AccountHistory, *, on: date, view: BookView, others_cents: int
) -> Ruled:
    """The most a deposit of a customer with bills may be: twice the highest undisputed one."""
    bills = [
        {
            "billed_on": one.issued_day.isoformat(),
            "amount_usd": usd_text(one.total_cents),
            "disputed": one.disputed,
            "estimated": one.estimated,
        }
        for one in history.every_bill
        if one.issued_day < on
    ]
    return ask(CONTINUED, {"bills": bills, **_others(others_cents)}, on=on, view=view)


def _basis() -> dict[str, bool]:
    """Bills on estimates, and bills in dispute, were left out before."""
    return {"actual_readings": True, "undisputed_amounts": True}


def _others(cents: int) -> dict[str, str]:
    """Told only where there are others, so that a record without any is as it always was."""
    return {"held_or_asked_usd": usd_text(cents)} if cents else {}


def _nothing(year: YearOfBills, on: date) -> NothingToGoBy:
    if year.bills:
        cents = sum(one.total_cents for one in year.bills)
        return NothingToGoBy(
            f"The {len(year.bills)} bills of the year before {on} at the place come to "
            f"{usd_display(cents)}, and no deposit can rest on that",
            where=f"bills {', '.join(one.bill_id for one in year.bills[:3])}",
            why="A deposit is limited by what a year, or its largest month, costs",
            do=f"Tell an estimate of the year's bills above zero as {ESTIMATE}, with its reason, "
            "for a home; wait for a bill of a business that asks for something",
        )
    return NothingToGoBy(
        f"No bill of the year before {on} is known at the place, on actual readings",
        why="A deposit is limited by what a year, or its largest month, costs",
        do=f"Tell an estimate of the year's bills above zero as {ESTIMATE}, with its reason, for a "
        "home; wait for bills of a business",
    )
