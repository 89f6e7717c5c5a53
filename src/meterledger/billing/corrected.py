"""The corrected bill: what is right on its own service period, and what is left as it was billed.

Lives here      turning the right bill of a period into the one that takes a cancelled bill's place,
                with its lines for what is not adjusted.
Lives elsewhere which bills are adjusted (``correction_limits``), cancelling and recording
                (``usecases.rebill``).
Read first      20 CSR 4240-13.015: a corrected bill is any bill issued for an earlier rendered one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from meterledger.billing.budget_asked import ask_again
from meterledger.facts.bills import Bill, BillKind
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import weakest
from meterledger.rulebook.terms import Terms

CORRECTED = "psc.13_015.corrected_bill"
RESPONSIBLE_DATE = "estimation.initial_final.adjust_to_responsible_date"
NOT_ADJUSTED = "not_adjusted"
"""The code of a line that leaves a difference as it was billed; of tax, the tax's own code."""
ADJUSTMENT = "adjustment"
"""The unit of such a line: what tells it from a charge."""


@dataclass(frozen=True, slots=True)
class Billed:
    """A cancelled bill in sums: its charges, and each tax by its code and label."""

    bill_id: str
    issued_day: date
    charges_cents: int
    tax_cents: Mapping[str, int]
    tax_labels: Mapping[str, str]

    @property
    def total_cents(self) -> int:
        """Charges and taxes."""
        return self.charges_cents + sum(self.tax_cents.values())


@dataclass(frozen=True, slots=True)
class PointEnded:
    """A service point on a bill of several, of which service ended on a day (out)."""

    service_point_id: str
    until_day: date


def corrected_bill(
    right: Bill,
    *,
    bill_id: str,
    billed: Billed,
    adjusted: bool,
    reasons: Sequence[Reason],
    terms: Terms,
    was_until: date | None = None,
    point_ended: PointEnded | None = None,
) -> Bill:
    """The bill that takes the place of ``billed``; where it is not adjusted, of the same total.

    ``right`` is the period's bill as it comes out now; ``terms`` and ``reasons`` are those of the
    decision on the limits: a line that leaves a difference stands on them. ``was_until`` is given
    where it is corrected because service ended, and says until when the cancelled one went;
    ``point_ended`` where that of another point on it did.
    """
    clause = terms.clause(CORRECTED)
    of_it = f"corrects bill {billed.bill_id} of {billed.issued_day}"
    corrects = Reason(
        f"{of_it} on its own service period"
        if was_until is None
        else f"{of_it}, until {was_until}, as the last one: "
        f"service ended on {right.days.until_day}",
        clause.citation,
    )
    if was_until is not None:
        found = f"it is adjusted to {right.days.until_day}, the customer's responsible date"
        reasons = (*reasons, Reason(found, terms.clause(RESPONSIBLE_DATE).citation))
    if point_ended is not None:
        found = (
            f"service at {point_ended.service_point_id} ended on {point_ended.until_day}, the "
            "customer's responsible date: its days from then on are not on it"
        )
        reasons = (*reasons, Reason(found, terms.clause(RESPONSIBLE_DATE).citation))
    lines = right.lines
    if not adjusted:
        left = lines_back_to(
            lines,
            right.days,
            charges_cents=billed.charges_cents,
            tax_cents=billed.tax_cents,
            tax_labels=billed.tax_labels,
            label="Difference that is not adjusted",
            reasons=reasons,
            terms=terms,
        )
        lines = (*lines, *left)
    made = replace(
        right,
        bill_id=bill_id,
        kind=BillKind.CORRECTED,
        corrects=billed.bill_id,
        lines=lines,
        asked=ask_again(right.asked, sum(line.cents for line in lines)) if right.asked else None,
        reasons=(corrects, *reasons, *right.reasons),
    )
    ensure(adjusted or made.total_cents == billed.total_cents, "what is not adjusted stays")
    return made


def lines_back_to(
    lines: Sequence[ChargeLine],
    days: DaySpan,
    *,
    charges_cents: int,
    tax_cents: Mapping[str, int],
    tax_labels: Mapping[str, str],
    label: str,
    reasons: Sequence[Reason],
    terms: Terms,
) -> tuple[ChargeLine, ...]:
    """Lines that bring the charges, and each tax, to those amounts, for the reasons given."""
    charges = sum(line.cents for line in lines if line.group is not ChargeGroup.TAX)
    taxes: dict[str, int] = {}
    labels: dict[str, str] = dict(tax_labels)
    for line in lines:
        if line.group is ChargeGroup.TAX:
            taxes[line.code] = taxes.get(line.code, 0) + line.cents
            labels.setdefault(line.code, line.label)
    how = (days, reasons, terms)
    found = []
    if charges_cents != charges:
        found.append(_line(NOT_ADJUSTED, label, ChargeGroup.BASE, charges_cents, charges, *how))
    for code in dict.fromkeys((*tax_cents, *taxes)):
        was, now = tax_cents.get(code, 0), taxes.get(code, 0)
        if was != now:
            named = f"{labels[code]}: {label[:1].lower()}{label[1:]}"
            found.append(_line(code, named, ChargeGroup.TAX, was, now, *how))
    return tuple(found)


def _line(
    code: str,
    label: str,
    group: ChargeGroup,
    was_cents: int,
    now_cents: int,
    days: DaySpan,
    reasons: Sequence[Reason],
    terms: Terms,
) -> ChargeLine:
    was, now, left = usd_text(was_cents), usd_text(now_cents), usd_text(was_cents - now_cents)
    return ChargeLine(
        code=code,
        label=label,
        group=group,
        days=days,
        quantity="1",
        unit=ADJUSTMENT,
        price_usd="",
        cents=was_cents - now_cents,
        standing=weakest(terms.memory.standings),
        citations=tuple(dict.fromkeys(reason.citation for reason in reasons)),
        arithmetic=f"{was} less {now} = {left}",
        inputs=(("charged_usd", was), ("computed_usd", now)),
    )
