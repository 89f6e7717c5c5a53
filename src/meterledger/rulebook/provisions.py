"""Provisions: what each paragraph of each revision says, in our words, and the days it is in force.

Lives here      ``<chapter>/provisions.yaml``; the version in force on a day, or why there is none.
Lives elsewhere the numbers in it (values, ``parsing``), the pages (``blocks``), the rules (rooms).
Read first      docs/glossary.md: "provision", "carried forward".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import pairwise

from meterledger.kernel.citation import Citation
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.yaml_nodes import Node

FILE = "provisions.yaml"
NEW_PARAGRAPHS = frozenset({"new paragraph", "added"})
"""What ``change`` says where a revision brought what none before it had: a paragraph, or one more
row of a list that the page marks as an addition."""
PROVISION_KEYS = frozenset(
    {
        "provision",
        "title",
        "kind",
        "room",
        "applies_to",
        "rate_classes",
        "actors",
        "related",
        "text_gap",
        "gap",
        "after_last_text",
        "governing_day",
        "versions",
    }
)
VERSION_KEYS = frozenset(
    {
        "block",
        "paragraph",
        "from",
        "until",
        "confidence",
        "note",
        "change",
        "statement",
        "inputs",
        "outcome",
        "edge_cases",
    }
)


class ReviewNeeded(NoRuleInForce):
    """The last text has ended, its successor is not held, and a person must decide."""


class AfterLastText(Enum):
    """What holds after the last version that is held."""

    IN_FORCE = "in_force"
    IN_FORCE_WITH_GAP = "in_force_with_gap"
    CARRY_FORWARD = "carry_forward_flagged"
    REVIEW = "manual_review"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ProvisionVersion:
    """One revision's text of a provision, in our words."""

    block: str
    paragraph: str
    days: Validity
    confidence: str
    note: str
    change: str
    statement: str
    inputs: tuple[str, ...]
    outcome: str
    edge_cases: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A provision's version as a decision cites it."""

    provision: str
    block: str
    citation: Citation
    standing: Standing
    version: ProvisionVersion


@dataclass(frozen=True, slots=True)
class Provision:
    """One rule of the sheets through its revisions, oldest first."""

    id: str
    title: str
    kind: str
    room: str
    applies_to: str
    rate_classes: str
    actors: tuple[str, ...]
    related: tuple[str, ...]
    text_gap: str
    gap: str
    after_last_text: AfterLastText
    governing_day: str
    versions: tuple[ProvisionVersion, ...]
    chapter: str
    file: str
    line: int

    def version_on(self, day: date) -> tuple[ProvisionVersion, Standing]:
        """The version that holds on a day, and whether it was filed or is carried forward.

        :raises ReviewNeeded: after the last text, where a person must decide
        :raises NoRuleInForce: before the first text, or after a rule has left the tariff
        """
        for version in self.versions:
            if day in version.days:
                return version, Standing.FILED
        past = [one for one in self.versions if one.days.until_day and one.days.until_day <= day]
        last = past[-1] if past else self.versions[-1]
        ended = bool(past)  # a text found later does not reach back over the days of the gap
        if ended and self.after_last_text is AfterLastText.CARRY_FORWARD:
            return last, Standing.CARRIED_FORWARD
        known = ", ".join(str(version.days) for version in self.versions)
        if ended and self.after_last_text is AfterLastText.REVIEW:
            raise ReviewNeeded(
                f"'{self.id}' ({self.title}) has no text in force on {day}",
                why=f"Known: {known}. {self.text_gap}",
                do=(
                    f"Leave the case in the review queue and find the text{self._gap_words()}. "
                    "Do not extend the last one"
                ),
            )
        if ended and self.after_last_text is AfterLastText.ENDED:
            raise NoRuleInForce(
                f"'{self.id}' ({self.title}) has left the tariff by {day}",
                why=f"Known: {known}",
                do="Do not apply it to facts of that day",
            )
        raise NoRuleInForce(
            f"'{self.id}' ({self.title}) is not in force on {day}",
            why=f"Known: {known}",
            do=(
                f"Find the sheet revision that covers {day} and add it to {self.file}, "
                "or leave the case in the review queue"
            ),
        )

    def _gap_words(self) -> str:
        return f" ({self.gap})" if self.gap else ""


def parse_provisions(root: Node, chapter: str) -> list[Provision]:
    """Read one chapter's ``provisions.yaml``.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    keys = root.mapping(required=frozenset({"provisions"}), allowed=frozenset())
    return [_provision(node, chapter) for node in keys["provisions"].items()]


def _provision(node: Node, chapter: str) -> Provision:
    keys = node.mapping(required=PROVISION_KEYS, allowed=frozenset())
    after = keys["after_last_text"]
    known = {one.value: one for one in AfterLastText}
    if after.text() not in known:
        raise after.refuse(
            f"'{after.text()}' does not say what holds after the last text",
            f"Use one of {', '.join(known)}",
        )
    versions = [_version(one) for one in keys["versions"].items()]
    for before, later in pairwise(versions):
        if before.days.until_day is None or later.days.from_day < before.days.until_day:
            raise keys["versions"].refuse(
                f"'{keys['provision'].text()}' has two versions on {later.days.from_day}",
                "End the first where the second begins, in the order of their days",
            )
    return Provision(
        id=keys["provision"].text(),
        title=keys["title"].text(),
        kind=keys["kind"].text(),
        room=keys["room"].text(),
        applies_to=_words(keys["applies_to"]),
        rate_classes=_words(keys["rate_classes"]),
        actors=_texts(keys["actors"]),
        related=_texts(keys["related"]),
        text_gap=keys["text_gap"].text_or_none() or "",
        gap=keys["gap"].text_or_none() or "",
        after_last_text=known[after.text()],
        governing_day=keys["governing_day"].text(),
        versions=tuple(versions),
        chapter=chapter,
        file=node.file,
        line=node.line,
    )


def _version(node: Node) -> ProvisionVersion:
    keys = node.mapping(required=VERSION_KEYS, allowed=frozenset())
    from_day, until_day = keys["from"].day(), keys["until"].day_or_none()
    if until_day is not None and until_day <= from_day:
        raise keys["until"].refuse(
            f"The version ends on {until_day}, not after it begins on {from_day}",
            "until is the first day on which it no longer holds",
        )
    return ProvisionVersion(
        block=keys["block"].text(),
        paragraph=keys["paragraph"].text(),
        days=Validity(from_day, until_day),
        confidence=keys["confidence"].confidence(),
        note=keys["note"].text_or_none() or "",
        change=keys["change"].text_or_none() or "",
        statement=keys["statement"].text(),
        inputs=_texts(keys["inputs"]),
        outcome=keys["outcome"].text_or_none() or "",
        edge_cases=_texts(keys["edge_cases"]),
        line=node.line,
    )


def _texts(node: Node) -> tuple[str, ...]:
    """A list that may be empty."""
    return tuple(one.text() for one in node.items()) if node.value else ()


def _words(node: Node) -> str:
    return ", ".join(_texts(node)) if node.kind == "list" else node.text_or_none() or ""
