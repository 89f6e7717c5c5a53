"""The monthly credit for paperless billing: a line of the bill, where the book has its amount.

Lives here      the line, and whether the book has an amount.
Lives elsewhere who earns it (``bill_form``), its months and amount (``paperless_term``), how bills
                are sent (``facts.billing_options``), what other bills and accounts tell
                (``usecases.paperless_history``).
Read first      GRR V.N. The amount stands on a sheet that is not held (M-01).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meterledger.billing.bill_form import PaperlessFacts, decide_paperless
from meterledger.billing.paperless_term import (
    AMOUNT,
    TERM_MONTHS,
    PaperlessAmountFacts,
    PaperlessTermFacts,
    decide_paperless_amount,
    decide_paperless_term,
)
from meterledger.facts.billing_options import Delivery, DeliveryPreference
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import weakest
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

CODE = "paperless_credit"


@dataclass(frozen=True, slots=True)
class PaperlessBefore:
    """What is known of a customer's credit besides the bill."""

    enrolled_now: bool = False
    """Whether another account of the customer is paperless on the account's first such day."""
    ever_enrolled: bool = False
    """Whether another account of the customer was paperless before."""
    has_place: bool = True
    """Whether the bill's place is the one of the account that has the credit."""
    credited: tuple[date, ...] = ()
    """The last days of the account's billing periods before that had the credit."""


NOTHING_BEFORE = PaperlessBefore()


def has_paperless_amount(view: BookView, day: date) -> bool:
    """Whether the book has an amount of the credit on a day; where it is silent none is given."""
    if AMOUNT not in view.names():
        return False
    return view.number(AMOUNT).covering(day) is not None


def paperless_line(
    *,
    deliveries: Sequence[DeliveryPreference],
    residential: bool,
    window: DaySpan,
    issued_day: date,
    view: BookView,
    before: PaperlessBefore = NOTHING_BEFORE,
) -> ChargeLine | None:
    """The credit on a bill; None where it is not earned, over, or the book has no amount.

    The customer's first electronic preference earns it, once a billing month, for the months that
    the sheet gives and on as many bills: the thirteenth bill of a year has none.
    """
    electronic = [one for one in deliveries if one.medium is Delivery.ELECTRONIC]
    if not electronic or not has_paperless_amount(view, issued_day):
        return None
    first = min(electronic, key=lambda one: one.days.from_day).days
    if not before.has_place:
        return None
    earned = decide_paperless(
        PaperlessFacts(
            residential=residential,
            enrolled_now=before.enrolled_now,
            ever_enrolled=before.ever_enrolled,
        ),
        Terms(view, first.from_day),
    )
    if not earned.outcome.earns_credit:
        return None
    month = decide_paperless_term(
        PaperlessTermFacts(
            enrolled_on=first.from_day,
            left_on=first.until_day,
            period_ends=window.last_day,
            credited_periods=before.credited,
        ),
        Terms(view, issued_day),
    )
    if not month.outcome.credited:
        return None
    terms = Terms(view, issued_day)
    most = terms.whole(TERM_MONTHS)
    amount = decide_paperless_amount(PaperlessAmountFacts(bills=1), terms)
    return ChargeLine(
        code=CODE,
        label="Credit for paperless billing",
        group=ChargeGroup.BASE,
        days=window,
        quantity="1",
        unit="bill",
        price_usd="",
        cents=-amount.outcome.monthly_cents,
        standing=weakest(terms.memory.standings),
        citations=tuple(reason.citation for reason in amount.reasons),
        arithmetic=f"paperless from {first.from_day}, for at most {most.value} months",
        inputs=(("since", first.from_day.isoformat()),),
    )
