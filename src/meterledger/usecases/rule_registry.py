"""Every rule of every room, by id: what ``rules`` lists and ``decide`` runs.

Lives here      gathering the rooms' rules, and checking that the lists fit the book.
Lives elsewhere the rules (rooms), running one (``decide``).
"""

from __future__ import annotations

from typing import Any

from meterledger import (
    access,
    arrears,
    billing,
    extensions,
    field,
    grid,
    ledger,
    metering,
    programs,
    rating,
    usage,
)
from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import schema_of
from meterledger.rulebook.rules import Rule

ROOMS = (
    metering,
    usage,
    rating,
    billing,
    ledger,
    arrears,
    programs,
    field,
    grid,
    extensions,
    access,
)


class NoSuchRule(Refusal):
    """There is no rule of that id."""


def _gather() -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for room in ROOMS:
        for rule in getattr(room, "RULES", ()):  # a room without rules yet exports none
            ensure(rule.id not in found, f"only one rule is called {rule.id}")
            ensure(room.__name__.endswith(f".{rule.room}"), f"{rule.id} lives in the room it names")
            found[rule.id] = rule
    return dict(sorted(found.items()))


RULES: dict[str, Rule] = _gather()
"""Every rule, by id."""


def rule_named(rule_id: str) -> Rule:
    """The rule of that id.

    :raises NoSuchRule: naming the nearest ids
    """
    if rule_id not in RULES:
        import difflib

        near = difflib.get_close_matches(rule_id, RULES, n=5, cutoff=0.3) or list(RULES)[:5]
        raise NoSuchRule(
            f"There is no rule '{rule_id[:60]}'",
            do=f"Rules like it: {', '.join(near)}. 'meterledger rules' lists all",
        )
    return RULES[rule_id]


def rule_json(rule: Rule) -> dict[str, Any]:
    """One rule of ``rules --json`` (DESIGN.md section 6)."""
    return {
        "id": rule.id,
        "title": rule.title,
        "room": rule.room,
        "kind": rule.kind,
        "chapter": rule.chapter,
        "provisions": list(rule.provisions),
        "governing_day": rule.governing_day,
        "facts": schema_of(rule.facts),
        "outcome": schema_of(rule.outcome),
        "values": list(rule.values),
        "readings": list(rule.readings),
    }
