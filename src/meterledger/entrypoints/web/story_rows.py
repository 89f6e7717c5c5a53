"""Stories of rules for reading: the facts and what must come out, in words, and the way to try it.

Lives here      a story as rows of a page.
Lives elsewhere deciding stories (``shelf``), their form (``usecases.rule_stories``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from meterledger.entrypoints.web.addresses import rule_address
from meterledger.entrypoints.web.facts_form import query_of
from meterledger.entrypoints.web.shelf import ToldStory
from meterledger.entrypoints.web.words import label_words
from meterledger.rulebook.forms import fields_of
from meterledger.rulebook.rules import Rule
from meterledger.usecases.rule_stories import plain_form_value


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A story with the facts in words and the address that puts them into the form."""

    told: ToldStory
    facts: list[tuple[str, str]]
    expected: list[tuple[str, str]]
    try_address: str


def story_row(told: ToldStory) -> StoryRow:
    """A story of a rule for reading."""
    rule, question = told.question.rule, told.question
    query = [
        ("today", question.today.isoformat()),
        *query_of(question.facts),
        *((f"reading.{key}", option) for key, option in question.readings.items()),
    ]
    expected = told.story.expected
    outcome = dict(expected.outcome)
    return StoryRow(
        told=told,
        facts=[(label_words(key), value_text(value)) for key, value in question.facts.items()],
        expected=[
            *(
                (label_words(_key(rule, name)), value_text(plain_form_value(rule, name, outcome)))
                for name in outcome
            ),
            *(("says", words) for words in expected.says),
            *(("cites", words) for words in expected.cites),
            *(("refused", words) for words in expected.refused),
        ],
        try_address=f"{rule_address(rule.id)}?{urlencode(query)}#decision",
    )


def value_text(value: Any) -> str:
    """A JSON value for reading: yes and no, lists with commas, groups with their names."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        separator = "; " if value and isinstance(value[0], dict) else ", "
        return separator.join(map(value_text, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{label_words(key)} {value_text(one)}" for key, one in value.items())
    return "nothing" if value is None else str(value).replace("_", " ")


def _key(rule: Rule, name: str) -> str:
    return next(one.key for one in fields_of(rule.outcome) if one.name == name)
