"""The monthly credit for paperless billing: a line of the bill, where the book has its amount.

Lives here      the line, and whether the book has an amount at all.
Lives elsewhere who earns it (``bill_form``), how bills are sent (``facts.billing_options``).
Read first      GRR V.N. The amount stands on a sheet that is not held (M-01).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meterledger.billing.bill_form import PaperlessFacts, decide_paperless
from meterledger.facts.billing_options import Delivery, DeliveryPreference
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.kernel.months import months_after
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import weakest
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

CODE = "paperless_credit"
AMOUNT = "billing_paperless_credit_term_amount_usd"
TERM_MONTHS = "billing_paperless_credit_term_max_term_months"


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
) -> ChargeLine | None:
    """The credit on a bill; None where it is not earned, over, or the book has no amount.

    The account's first electronic preference earns it, for the months that the sheet gives.
    """
    electronic = [one for one in deliveries if one.medium is Delivery.ELECTRONIC]
    if not electronic or not has_paperless_amount(view, issued_day):
        return None
    first = min(electronic, key=lambda one: one.days.from_day)
    if issued_day not in first.days:  # paper again, or a later enrollment
        return None
    earned = decide_paperless(
        PaperlessFacts(residential=residential, enrolled_now=False, ever_enrolled=False),
        Terms(view, first.days.from_day),
    )
    if not earned.outcome.earns_credit:
        return None
    terms = Terms(view, issued_day)
    most, amount = terms.whole(TERM_MONTHS), terms.cents(AMOUNT)
    if issued_day >= months_after(first.days.from_day, most.value):
        return None
    return ChargeLine(
        code=CODE,
        label="Credit for paperless billing",
        group=ChargeGroup.BASE,
        days=window,
        quantity="1",
        unit="bill",
        price_usd="",
        cents=-amount.value,
        standing=weakest(terms.memory.standings),
        citations=(amount.citation, most.citation),
        arithmetic=f"paperless from {first.days.from_day}, for at most {most.value} months",
        inputs=(("since", first.days.from_day.isoformat()),),
    )
