"""Whether an installer may come, where the health checklist is on.

Lives here      the checklist of the company's page on advanced meters.
Lives elsewhere appointments and refusals (later modules of this room).
Read first      the company's page on advanced meters: "Installation".
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

MEASURES = "ami.install.health_measures"
DISTANCE = "ami_install_health_measures_distance_feet"
READING = "deploy.health_checklist"
OFF, ON = "off_by_default", "always_on"


class UnknownChecklistReading(Refusal):
    """The book's chosen reading is one that this rule does not know."""


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit of an installer to a home."""

    switched_on: bool = fact("Whether the checklist is switched on for now.")
    feels_well: bool = fact("Whether the installer feels well.")
    distance_feet: int = fact("The distance that can be kept from the customer, in feet.")


@dataclass(frozen=True, slots=True)
class Visit:
    """Whether the installer comes."""

    allowed: bool = fact("Whether the visit may be.")
    checklist_used: bool = fact("Whether the checklist was asked.")


def decide_visit(facts: VisitFacts, terms: Terms) -> Decision[Visit]:
    """Whether an installer may come: well, and with the distance, where the checklist is on.

    :raises UnknownChecklistReading: if the book chose a reading that is not known here
    """
    clause, feet = terms.clause(MEASURES), terms.whole(DISTANCE)
    if not facts.switched_on:  # switched on, the checklist holds under either reading
        reading = terms.reading(READING)
        if reading == OFF:
            found = "the checklist of the pandemic is switched off"
            return Decision(Visit(True, False), (Reason(found, clause.citation),))
        if reading != ON:
            raise UnknownChecklistReading(
                f"The book reads '{READING}' as '{reading}'",
                do=f"Use a release that knows this reading, or choose '{OFF}' or '{ON}'",
            )
    near = facts.distance_feet < feet.value
    reasons = (
        Reason(
            f"the installer {'feels' if facts.feels_well else 'does not feel'} well",
            clause.citation,
        ),
        Reason(
            f"{facts.distance_feet} feet are {'less than' if near else 'at least'} the "
            f"{feet.value} feet to keep",
            feet.citation,
        ),
    )
    return Decision(Visit(facts.feels_well and not near, True), reasons)


RULES = (
    Rule(
        id="field.installer_visit",
        title="Whether an installer may come to a home",
        room="field",
        kind="procedure",
        chapter="company_privacy",
        provisions=(MEASURES,),
        governing_day="the day of the works",
        facts=VisitFacts,
        outcome=Visit,
        values=(DISTANCE,),
        readings=(READING,),
        decide=decide_visit,
    ),
)
