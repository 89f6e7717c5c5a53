"""Chosen readings: where the texts conflict or are silent, what was chosen, and instead of what.

Lives here      ``readings/*.yaml``: positions, options, choices with the day each was learned.
Lives elsewhere the rules that ask for a reading (rooms), the series that carry one (``parsing``).
Read first      docs/glossary.md: "reading", "conflict".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.yaml_nodes import Node

READING_KEYS = frozenset(
    {
        "conflict",
        "key",
        "title",
        "kind",
        "positions",
        "reasoning",
        "confidence",
        "confirm_with",
        "provisions",
        "options",
        "choices",
        "changes",
    }
)


CARRY_FORWARD = "carry_forward"
"""The option by which a cancelled text is applied until its successor is found."""


class NoSuchReading(Refusal):
    """The book has no reading of that key, the reading no such option, or no choice is known."""


class Changes(Enum):
    """What a reading switches: decisions of rules, a value that bills use, or nothing."""

    RULES = "rules"
    VALUE = "value"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Position:
    """What one text says."""

    source: str
    dates: str
    says: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The option chosen, from the day on which the book learned of the choice."""

    option: str
    learned_on: date
    note: str


@dataclass(frozen=True, slots=True)
class ReadingRecord:
    """A conflict, the ways to read it, and the choices made."""

    conflict: str
    key: str
    title: str
    kind: str
    positions: tuple[Position, ...]
    reasoning: str
    confidence: str
    confirm_with: str
    provisions: tuple[str, ...]
    options: dict[str, str]
    """Each option's word and what it says, the recommended first."""
    choices: tuple[Choice, ...]
    changes: Changes
    value: str
    """The series that carries the choice, only where ``changes`` is VALUE."""
    why_nothing: str
    file: str

    def chosen(self, known_on: date) -> str:
        """The option in use as known on a day.

        :raises NoSuchReading: if no choice was known yet
        """
        for choice in reversed(self.choices):
            if choice.learned_on <= known_on:
                return choice.option
        raise NoSuchReading(
            f"No reading of '{self.key}' was chosen by {known_on}",
            where=self.file,
            why=f"{self.conflict}: {self.title}",
            do="Ask for a later day, or leave the case in the review queue",
        )

    def must_have(self, option: str) -> str:
        """The option, if the reading has it.

        :raises NoSuchReading: naming those it has
        """
        if option not in self.options:
            raise NoSuchReading(
                f"The reading '{self.key}' has no option '{option[:60]}'",
                where=self.file,
                do=f"Use one of {', '.join(self.options)}",
            )
        return option


def parse_reading(root: Node) -> ReadingRecord:
    """Read one file of ``readings/``.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    keys = root.mapping(required=READING_KEYS, allowed=frozenset({"value", "why_nothing"}))
    options: dict[str, str] = {}
    for node in keys["options"].items():
        one = node.mapping(required=frozenset({"option", "says"}), allowed=frozenset())
        word = _option(one["option"])
        if word in options:
            raise node.refuse(f"The option '{word}' stands twice", "Keep one of the two")
        options[word] = one["says"].text()
    changes = _changes(keys)
    return ReadingRecord(
        conflict=keys["conflict"].text(),
        key=keys["key"].text(),
        title=keys["title"].text(),
        kind=keys["kind"].text(),
        positions=tuple(_position(node) for node in keys["positions"].items()),
        reasoning=keys["reasoning"].text(),
        confidence=keys["confidence"].confidence(),
        confirm_with=keys["confirm_with"].text(),
        provisions=tuple(one.text() for one in keys["provisions"].items())
        if keys["provisions"].value
        else (),
        options=options,
        choices=_choices(keys["choices"], options),
        changes=changes,
        value=keys["value"].text() if changes is Changes.VALUE else "",
        why_nothing=keys["why_nothing"].text() if changes is Changes.NOTHING else "",
        file=root.file,
    )


def _option(node: Node) -> str:
    return node.day().isoformat() if node.kind == "date" else node.text()


def _changes(keys: dict[str, Node]) -> Changes:
    node = keys["changes"]
    known = {one.value: one for one in Changes}
    if node.text() not in known:
        raise node.refuse(
            f"'{node.text()}' is nothing a reading changes", "Use rules, value or nothing"
        )
    changes = known[node.text()]
    for key, of in (("value", Changes.VALUE), ("why_nothing", Changes.NOTHING)):
        if (key in keys) != (changes is of):
            do = f"Add '{key}:'" if changes is of else f"Take '{key}:' out"
            raise node.refuse(
                f"The reading changes {changes.value}, and '{key}' does not fit that", do
            )
    return changes


def _position(node: Node) -> Position:
    one = node.mapping(required=frozenset({"source", "says"}), allowed=frozenset({"dates"}))
    dates = one["dates"].text_or_none() if "dates" in one else None
    return Position(one["source"].text(), dates or "", one["says"].text())


def _choices(node: Node, options: dict[str, str]) -> tuple[Choice, ...]:
    found: list[Choice] = []
    for entry in node.items():
        one = entry.mapping(
            required=frozenset({"option", "learned_on"}), allowed=frozenset({"note"})
        )
        word = _option(one["option"])
        if word not in options:
            raise one["option"].refuse(
                f"'{word}' is chosen and is none of the options", f"Use one of {', '.join(options)}"
            )
        choice = Choice(word, one["learned_on"].day(), one["note"].text() if "note" in one else "")
        if found and choice.learned_on <= found[-1].learned_on:
            raise entry.refuse(
                f"A choice learned on {choice.learned_on} follows one of {found[-1].learned_on}",
                "Leave the earlier choice as it stands and add the new one below, with its own day",
            )
        found.append(choice)
    return tuple(found)
