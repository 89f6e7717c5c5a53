"""Correcting other customers' bills after a meter's error: the bounds that are held.

The windows for non-residential customers (V.G.2.a to e) stand on a sheet that is not held: such a
case goes to a person, within these bounds.

Lives here      the two bounds, and where the case goes.
Lives elsewhere residential customers (``adjust_residential``).
Read first      GRR V.G.2.f; conflict C-ADJ-NONRES-GAP; missing text M-02.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.billing.adjust_residential import CHAPTER, ROOM, AdjustmentContradicts
from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

BOUNDS = "adjustments.nonresidential.meter_error_bounds"
NEVER_BEFORE = "adjustments_nonresidential_meter_error_bounds_earliest_bound_1"
NOT_OWED_BEFORE = "adjustments_nonresidential_meter_error_bounds_earliest_bound_2"
MODE = "adjustments.nonres_mode"
RESIDENTIAL_LIMITS = "residential_limits"


class NextStep(Enum):
    """Who says how far back the correction goes within the bounds."""

    A_PERSON = "a person decides"
    RESIDENTIAL_LIMITS = "the limits of residential customers"


@dataclass(frozen=True, slots=True)
class MeterErrorFacts:
    """A meter of a non-residential customer that measured wrongly."""

    error_began: date = fact("The day on which the error probably began.")
    meter_in_service_since: date = fact("The day on which the faulty meter went into service.")
    first_occupancy: date = fact(
        "The day on which the present customer first occupied the premises, whatever came between."
    )


@dataclass(frozen=True, slots=True)
class MeterErrorBounds:
    """From when metering data may be corrected, and what comes next."""

    corrected_from: date = fact("The earliest day from which it is corrected.")
    next_step: NextStep = fact("Who says how far back within it.")


def decide_meter_error_bounds(facts: MeterErrorFacts, terms: Terms) -> Decision[MeterErrorBounds]:
    """From which day metering data is corrected (GRR V.G.2.f): the latest of three.

    :raises AdjustmentContradicts: if the error began after the day that counts
    """
    if facts.error_began > terms.day:
        raise AdjustmentContradicts(
            f"The error began on {facts.error_began}, after the day that counts, {terms.day}",
            where="facts.error_began",
            do="Correct the day, or decide on a later one",
        )
    never, not_owed = terms.text(NEVER_BEFORE), terms.text(NOT_OWED_BEFORE)
    start = max(facts.error_began, facts.meter_in_service_since, facts.first_occupancy)
    reasons = (
        Reason(f"never before the {never.value}: {facts.meter_in_service_since}", never.citation),
        Reason(f"not before the {not_owed.value}: {facts.first_occupancy}", not_owed.citation),
        Reason(f"the error began on {facts.error_began}: from {start}", not_owed.citation),
    )
    clause = terms.clause(BOUNDS)
    if terms.reading(MODE) == RESIDENTIAL_LIMITS:
        found = "the periods of residential customers are used within these bounds"
        step = NextStep.RESIDENTIAL_LIMITS
    else:
        found = "the windows for such customers are not held: a person decides within these bounds"
        step = NextStep.A_PERSON
    return Decision(MeterErrorBounds(start, step), (*reasons, Reason(found, clause.citation)))


RULES = (
    Rule(
        id="adjustments.meter_error_bounds",
        title="How far back a non-residential meter's error may be corrected",
        room=ROOM,
        kind="limit",
        chapter=CHAPTER,
        provisions=(BOUNDS,),
        governing_day="the day on which the adjusted bill is issued",
        facts=MeterErrorFacts,
        outcome=MeterErrorBounds,
        values=(NEVER_BEFORE, NOT_OWED_BEFORE),
        readings=(MODE,),
        decide=decide_meter_error_bounds,
    ),
)
