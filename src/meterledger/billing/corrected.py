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

from meterledger.facts.bills import Bill, BillKind
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.kernel.standing import weakest
from meterledger.rulebook.terms import Terms

CORRECTED = "psc.13_015.corrected_bill"
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


def corrected_bill(
    right: Bill,
    *,
    bill_id: str,
    billed: Billed,
    adjusted: bool,
    reasons: Sequence[Reason],
    terms: Terms,
) -> Bill:
    """The bill that takes the place of ``billed``; where it is not adjusted, of the same total.

    ``right`` is the period's bill as it comes out now; ``terms`` and ``reasons`` are those of the
    decision on the limits: a line that leaves a difference stands on them.
    """
    clause = terms.clause(CORRECTED)
    corrects = Reason(
        f"corrects bill {billed.bill_id} of {billed.issued_day} on its own service period",
        clause.citation,
    )
    lines = right.lines
    if not adjusted:
        lines = (*lines, *_left(right, billed, reasons, terms))
    made = replace(
        right,
        bill_id=bill_id,
        kind=BillKind.CORRECTED,
        corrects=billed.bill_id,
        lines=lines,
        reasons=(corrects, *reasons, *right.reasons),
    )
    ensure(adjusted or made.total_cents == billed.total_cents, "what is not adjusted stays")
    return made


def _left(
    right: Bill, billed: Billed, reasons: Sequence[Reason], terms: Terms
) -> tuple[ChargeLine, ...]:
    """Lines that bring the right charges, and each tax, back to what was billed."""
    charges = sum(line.cents for line in right.lines if line.group is not ChargeGroup.TAX)
    taxes: dict[str, int] = {}
    labels: dict[str, str] = dict(billed.tax_labels)
    for line in right.lines:
        if line.group is ChargeGroup.TAX:
            taxes[line.code] = taxes.get(line.code, 0) + line.cents
            labels.setdefault(line.code, line.label)
    found = []
    if billed.charges_cents != charges:
        found.append(
            _line(
                *(right, NOT_ADJUSTED, "Difference that is not adjusted", ChargeGroup.BASE),
                *(billed.charges_cents, charges, reasons, terms),
            )
        )
    for code in dict.fromkeys((*billed.tax_cents, *taxes)):
        was, now = billed.tax_cents.get(code, 0), taxes.get(code, 0)
        if was != now:
            label = f"{labels[code]}, on what is not adjusted"
            found.append(_line(right, code, label, ChargeGroup.TAX, was, now, reasons, terms))
    return tuple(found)


def _line(
    right: Bill,
    code: str,
    label: str,
    group: ChargeGroup,
    was_cents: int,
    now_cents: int,
    reasons: Sequence[Reason],
    terms: Terms,
) -> ChargeLine:
    was, now, left = usd_text(was_cents), usd_text(now_cents), usd_text(was_cents - now_cents)
    return ChargeLine(
        code=code,
        label=label,
        group=group,
        days=right.days,
        quantity="1",
        unit=ADJUSTMENT,
        price_usd="",
        cents=was_cents - now_cents,
        standing=weakest(terms.memory.standings),
        citations=tuple(dict.fromkeys(reason.citation for reason in reasons)),
        arithmetic=f"billed {was} less right {now} = {left}",
        inputs=(("billed_usd", was), ("right_usd", now)),
    )
