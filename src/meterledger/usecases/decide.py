"""Decide: one rule on given facts and a day, with its outcome, reasons, standing and readings.

Lives here      facts into the rule's form, the rule on the book of the day, the answer's shape.
Lives elsewhere the rules (rooms), the book (``rulebook``), the list of rules (``rule_registry``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from meterledger.kernel.decision import Decision
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import plain_form, read_form
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with the day it is of and what it rests on, as the rule asked for it."""

    rule: Rule
    day: date
    decision: Decision[Any]
    standing: Standing
    """The weakest standing of the values and clauses that the rule asked for."""
    reading_keys: tuple[str, ...]
    values: tuple[str, ...]
    provisions: tuple[tuple[str, str], ...]
    """Each provision asked for that was in force, with the printed page of its version."""
    carried: tuple[tuple[str, str], ...] = ()
    """Each provision asked for that is carried forward past its last text."""

    def as_json(self) -> dict[str, Any]:
        """The shape of ``decide --json`` (DESIGN.md section 6)."""
        return {
            "rule": self.rule.id,
            "on": self.day.isoformat(),
            "outcome": plain_form(self.decision.outcome),
            "standing": self.standing.value,
            "reading_keys": list(self.reading_keys),
            "reasons": [
                {"finding": reason.finding, "citation": reason.citation.as_json()}
                for reason in self.decision.reasons
            ],
            "values": list(self.values),
            "provisions": [
                {"provision": provision, "block": block, "carried_forward": carried}
                for carried, clauses in ((False, self.provisions), (True, self.carried))
                for provision, block in clauses
            ],
        }


def decide(*, rule: Rule, facts: object, day: date, view: BookView) -> Ruling:
    """Run a rule on plain JSON facts.

    :raises FactsRefused: if the facts are not in the rule's form
    :raises NoRuleInForce: if the book is silent on the day
    :raises Refusal: if the facts contradict each other, in the rule's own words
    """
    return decide_filled(
        rule=rule, facts=read_form(rule.facts, facts, where="facts"), day=day, view=view
    )


def decide_filled(*, rule: Rule, facts: Any, day: date, view: BookView) -> Ruling:
    """Run a rule on facts that are in its form already."""
    terms = Terms(view, day, rule=rule)
    decision = rule.decide(facts, terms)
    memory = terms.memory
    return Ruling(
        rule=rule,
        day=day,
        decision=decision,
        standing=weakest(memory.standings),
        reading_keys=tuple(sorted({*memory.readings, *decision.reading_keys})),
        values=tuple(memory.values),
        provisions=tuple(memory.provisions),
        carried=tuple(memory.carried),
    )
