"""A meter that the reader cannot reach: when the customer may have it moved, and who pays.

Lives here      repeated inaccessibility and the offer to relocate.
Lives elsewhere disconnection for want of access (``arrears``), estimates meanwhile (``usage``).
Read first      GRR V.C.
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

RELOCATION = "meters.access.relocation"
COST_BEARER = "meters_access_relocation_cost_bearer"


class OccasionsNotCounted(Refusal):
    """A number of missed readings below zero was given."""


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """A meter, and how often its reader could not reach it."""

    read_remotely: bool = fact("Whether readings come without a visit.")
    missed_in_working_hours: int = fact("How often a scheduled visit could not reach the meter.")
    appointments_needed: bool = fact(
        "Whether the customer must book readings to avoid being cut off."
    )
    relocation_feasible: bool = fact("Whether the meter can be moved to a reachable place.")


@dataclass(frozen=True, slots=True)
class Relocation:
    """Whether the meter may be moved, at whose cost."""

    offered: bool = fact("Whether the customer may have the meter moved.")
    cost_bearer: str | None = fact("Who pays; null if nothing is offered.")
    appointments_go_on: bool = fact("Whether readings by appointment go on.")


def decide_relocation(facts: AccessFacts, terms: Terms) -> Decision[Relocation]:
    """Whether the customer may pay to have the meter moved (GRR V.C). Once is not repeatedly.

    :raises OccasionsNotCounted: if the count of missed visits is below zero
    """
    if facts.missed_in_working_hours < 0:
        raise OccasionsNotCounted(
            f"{facts.missed_in_working_hours} missed visits cannot be",
            where="facts.missed_in_working_hours",
            do="Count the visits that could not reach the meter, zero or more",
        )
    clause = terms.clause(RELOCATION)
    if facts.read_remotely:
        found = "the meter is read remotely: nobody needs to reach it"
        return Decision(Relocation(False, None, False), (Reason(found, clause.citation),))
    if facts.missed_in_working_hours < 2 or not facts.appointments_needed:
        found = (
            f"{facts.missed_in_working_hours} missed visits"
            f"{'' if facts.appointments_needed else ', and no appointment needed'}: "
            "not repeatedly out of reach so that readings must be booked"
        )
        outcome = Relocation(False, None, facts.appointments_needed)
        return Decision(outcome, (Reason(found, clause.citation),))
    repeated = Reason(
        f"out of reach on {facts.missed_in_working_hours} scheduled visits, and readings must be "
        "booked",
        clause.citation,
    )
    if not facts.relocation_feasible:
        found = "moving the meter is not feasible: appointments go on"
        return Decision(Relocation(False, None, True), (repeated, Reason(found, clause.citation)))
    payer = terms.text(COST_BEARER)
    found = f"it may be moved, and the {payer.value} pays"
    return Decision(Relocation(True, payer.value, True), (repeated, Reason(found, payer.citation)))


RULES = (
    Rule(
        id="meters.relocation",
        title="Moving a meter that cannot be reached",
        room="field",
        kind="eligibility",
        chapter="grr_iv_meters",
        provisions=(RELOCATION,),
        governing_day="the day on which the customer asks, or the company offers",
        facts=AccessFacts,
        outcome=Relocation,
        values=(COST_BEARER,),
        decide=decide_relocation,
    ),
)
