"""Stories of rules: the facts of a case, the day that counts, and what must come out and why.

Lives here      the form of such a story, deciding it by the same call as ``decide``, differences.
Lives elsewhere stories of prices and values (``story_files``, ``stories``), the rules (rooms).
Read first      docs/reference/tariff_files.md: "Stories".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from meterledger.kernel.citation import Citation
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.forms import FactsRefused, fields_of, plain_form, read_value
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.yaml_nodes import Node
from meterledger.usecases.decide import Ruling, decide
from meterledger.usecases.rule_registry import NoSuchRule, rule_named

STORY_KEYS = frozenset({"story", "rule", "today", "given", "then"})
STORY_MAY = frozenset({"readings", "as_known"})
ABOUT_REASONS = ("says", "cites", "standing", "reads", "refused")
"""Keys of ``then`` that are no field of an outcome."""


@dataclass(frozen=True, slots=True)
class RuleQuestion:
    """What does ``rule`` decide on these facts, if ``today`` is the day that counts?

    ``readings`` are options that the story supposes in place of the chosen ones.
    """

    rule: Rule
    today: date
    facts: Mapping[str, Any]
    readings: Mapping[str, str]
    as_known: date


def rule_question(keys: dict[str, Node]) -> RuleQuestion:
    """The question of a story whose keys name a rule.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    readings = keys.get("readings")
    return RuleQuestion(
        rule=story_rule(keys["rule"]),
        today=keys["today"].day(),
        facts=json_of(keys["given"]) if keys["given"].kind != "null" else {},
        readings={}
        if readings is None
        else {key: _option(node) for key, node in _map(readings).items()},
        as_known=keys["as_known"].day() if "as_known" in keys else date.max,
    )


def story_rule(node: Node) -> Rule:
    """The rule that a story names.

    :raises TariffFileBroken: if there is none of that id
    """
    try:
        return rule_named(node.text())
    except NoSuchRule as refusal:
        raise node.refuse(refusal.what, refusal.do) from None


def _map(node: Node) -> dict[str, Node]:
    if node.kind != "map" or not node.value:
        raise node.refuse("Readings are given by key", "Write key: option")
    found: dict[str, Node] = node.value
    return found


def _option(node: Node) -> str:
    return node.day().isoformat() if node.kind == "date" else node.text()


def json_of(node: Node) -> Any:
    """A node as the JSON facts that ``decide`` reads; days as texts."""
    if node.kind == "map":
        return {key: json_of(one) for key, one in node.value.items()}
    if node.kind == "list":
        return [json_of(one) for one in node.value]
    if node.kind == "date":
        return node.value.isoformat()
    if node.kind == "integer":
        return int(node.value)
    if node.kind == "boolean":
        return node.flag()
    return node.value


def expected_outcome(rule: Rule, then: dict[str, Node]) -> dict[str, Any]:
    """The outcome's fields that a story expects, by their JSON names, each of the field's type.

    :raises TariffFileBroken: if a key is no field of the outcome, or a value not of its type
    """
    known = {one.key: one for one in fields_of(rule.outcome)}
    expected = {}
    for key, node in then.items():
        if key in ABOUT_REASONS:
            continue
        if key not in known:
            raise node.refuse(
                f"'{key}' is nothing that the rule '{rule.id}' decides",
                f"Use one of {', '.join([*known, *ABOUT_REASONS])}",
            )
        try:
            expected[known[key].name] = read_value(known[key].hint, json_of(node), where=key)
        except FactsRefused as refusal:
            raise node.refuse(refusal.what, refusal.do) from None
    return expected


def decide_story(question: RuleQuestion, book: TariffBook) -> Ruling:
    """Ask the book what the story asks.

    :raises Refusal: as the rule or the book refuses
    """
    view = book.as_known(question.as_known)
    if question.readings:
        view = view.with_readings(question.readings)
    return decide(rule=question.rule, facts=question.facts, day=question.today, view=view)


def outcome_differences(
    ruling: Ruling, outcome: Mapping[str, Any], says: tuple[str, ...], reads: tuple[str, ...] | None
) -> list[tuple[str, str, str, tuple[Citation, ...]]]:
    """What differs: its name, expected, got, and the citations of the decision."""
    decision = ruling.decision
    citations = tuple(dict.fromkeys(reason.citation for reason in decision.reasons))
    got = plain_form(decision.outcome)
    found = []
    for one in fields_of(ruling.rule.outcome):
        if one.name in outcome and outcome[one.name] != getattr(decision.outcome, one.name):
            wanted = plain_form_value(ruling.rule, one.name, outcome)
            found.append((one.key, _words(wanted), _words(got[one.key]), citations))
    findings = "; ".join(reason.finding for reason in decision.reasons)
    found += [("says", words, findings, citations) for words in says if words not in findings]
    if reads is not None and tuple(sorted(reads)) != ruling.reading_keys:
        found.append(
            (
                "reads",
                ", ".join(sorted(reads)) or "no reading",
                ", ".join(ruling.reading_keys) or "no reading",
                citations,
            )
        )
    return found


def plain_form_value(rule: Rule, name: str, outcome: Mapping[str, Any]) -> Any:
    """An expected field in its JSON form, as a failure prints it."""
    from meterledger.kernel.money import usd_text
    from meterledger.rulebook.forms import plain_value

    key = next(one.key for one in fields_of(rule.outcome) if one.name == name)
    value = outcome[name]
    if key != name and isinstance(value, int):
        return usd_text(value)
    if key != name and isinstance(value, tuple):
        return [usd_text(one) for one in value]
    return plain_value(value)


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(one)}" for key, one in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    return "nothing" if value is None else str(value)
