"""Checks of a bill's days: the length of a regular bill, and no day billed twice.

Lives here      one pure function for each.
Lives elsewhere which windows are due (``window``), proration (``proration``), the constraint that
                lets a day be billed once (``stores``).
Read first      20 CSR 4240-13.015: 26 to 35 days, but for initial, final and corrected bills.
"""

from __future__ import annotations

from collections.abc import Sequence

from meterledger.billing.gate_facts import BillFacts, GateBill, finding
from meterledger.billing.gate_terms import LONGEST, SHORTEST, GateTerms
from meterledger.facts.bills import BillKind
from meterledger.facts.held import GateFinding
from meterledger.kernel.written_counts import many

LENGTH, OVERLAP = "gate.window_length", "gate.overlap"


def check_length(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """A regular bill is of 26 to 35 days; an initial, a final or a corrected one is of any."""
    if facts.bill.kind is not BillKind.REGULAR:
        return None
    shortest, longest = terms[SHORTEST], terms[LONGEST]
    count = facts.days.day_count
    if shortest.value <= count <= longest.value:
        return None
    sentence = (
        f"A regular bill of {many(count, 'day')}, {facts.days}, is outside {shortest.value} to "
        f"{longest.value} days"
    )
    return finding(LENGTH, sentence, shortest if count < shortest.value else longest)


def check_overlap(
    facts: BillFacts, terms: GateTerms, beside: Sequence[GateBill] = ()
) -> GateFinding | None:
    """No day of it is billed already, nor by another bill of the same batch (``beside``).

    The very same bill is no overlap: another run made it meanwhile, and the store leaves it out.
    """
    mine = facts.bill.bill_id
    for past in facts.history:
        if past.bill_id != mine and past.days.overlap(facts.days):
            return _overlaps(facts, terms, past.bill_id)
    for other in beside:
        if other is not facts.bill and other.days.overlap(facts.days):
            return _overlaps(facts, terms, other.bill_id)
    return None


def _overlaps(facts: BillFacts, terms: GateTerms, other: str) -> GateFinding:
    sentence = f"Days of {facts.days} are on bill {other} already"
    return finding(OVERLAP, sentence, terms[SHORTEST], [("bill", other)])
