"""A cause for every cent between a cancelled bill and the one that takes its place.

The bill is computed again with one thing changed after the other, in a fixed order: our program,
the book, the service, the meter, the readings, and at last what the limits leave. What a step makes
of the total is its cause's; of each step, tax that stands on other charges follows them as tax.

Lives here      the sum of steps; exact by being telescoped.
Lives elsewhere computing the steps (``usecases.rebill_states``), two bills of different days
                (``split_difference``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterledger.facts.charges import ChargeGroup
from meterledger.facts.corrections import CorrectionCause
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents


@dataclass(frozen=True, slots=True)
class BillState:
    """A bill on the way from what was issued to what is right: after which cause, and its sums."""

    cause: CorrectionCause
    charges_cents: int
    tax_cents: int

    @property
    def total_cents(self) -> int:
        """Charges and tax."""
        return self.charges_cents + self.tax_cents


@dataclass(frozen=True, slots=True)
class CausePart:
    """What one cause makes of the difference, in cents; a credit is below zero."""

    cause: CorrectionCause
    cents: Cents


def state_of(cause: CorrectionCause, lines: Sequence[tuple[str, int]]) -> BillState:
    """A bill's sums from its lines' groups and cents."""
    tax = sum(cents for group, cents in lines if group == ChargeGroup.TAX.value)
    return BillState(cause, sum(cents for _, cents in lines) - tax, tax)


def split_by_cause(issued: BillState, steps: Sequence[BillState]) -> tuple[CausePart, ...]:
    """The difference between ``issued`` and the last step, by cause; the parts sum to it exactly.

    What the limits leave is one part, tax and all: it is not charged for a reason of its own.
    """
    cents = dict.fromkeys(CorrectionCause, 0)
    before = issued
    for step in steps:
        if step.cause in (CorrectionCause.LIMIT, CorrectionCause.OURS):
            cents[step.cause] += step.total_cents - before.total_cents
        else:
            cents[step.cause] += step.charges_cents - before.charges_cents
            cents[CorrectionCause.TAX] += step.tax_cents - before.tax_cents
        before = step
    ensure(
        sum(cents.values()) == before.total_cents - issued.total_cents,
        "the causes make up the difference",
    )
    return tuple(CausePart(cause, Cents(part)) for cause, part in cents.items() if part)


def main_cause(parts: Sequence[CausePart]) -> CorrectionCause:
    """The cause of the largest part; what the limits leave is no cause while there is another."""
    causes = [one for one in parts if one.cause is not CorrectionCause.LIMIT]
    if not causes:
        return CorrectionCause.OURS
    return max(causes, key=lambda one: (abs(one.cents), one.cause.value)).cause
