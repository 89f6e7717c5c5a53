"""What a book says of itself: which sheets it holds, how well they are known, what is missing.

Lives here      reading ``coverage.yaml``, and comparing what it claims with what the files hold.
Lives elsewhere the values (``book``); provisions by rule and story, which come with their chapters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path

from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView
from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.yaml_nodes import Node, read_nodes

FILE = "coverage.yaml"
PARAGRAPH_KEYS = frozenset({"provision", "paragraph", "from", "until", "state"})
PARAGRAPH_MAY = frozenset({"room", "why", "rules", "values", "stories"})
TEXT_HELD = ("none", "part", "whole")


@dataclass(frozen=True, slots=True)
class CoveredSheet:
    """One folder of the book. ``text_held`` says how much of the sheet's own text was read."""

    folder: str
    sheet: str
    covers: str
    text_held: str
    standings: frozenset[Standing]
    missing: str
    line: int


class State(Enum):
    """What the system does about a paragraph, the weakest first."""

    TEXT_MISSING = "text_missing"
    PLANNED = "planned"
    INFORMATION = "information"
    CARRIED = "carried"

    @property
    def strength(self) -> int:
        """0 for the weakest; a provision is in the weakest state of its versions."""
        return list(State).index(self)


@dataclass(frozen=True, slots=True)
class CoveredParagraph:
    """One paragraph of one printed page: the provision it states, and what carries it."""

    block: str
    provision: str
    paragraph: str
    days: Validity
    state: State
    room: str
    why: str
    rules: tuple[str, ...]
    values: tuple[str, ...]
    stories: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole statement, and the sheets a bill would need that the book does not hold."""

    sheets: tuple[CoveredSheet, ...]
    not_held: tuple[tuple[str, str], ...]
    last_checked_on: date
    paragraphs: tuple[CoveredParagraph, ...] = field(default=())


def read_coverage(folder: Path) -> Coverage:
    """Read a book's ``coverage.yaml``.

    :raises TariffFileBroken: if it is missing, or naming the line, what is wrong and what to do
    """
    path = folder / FILE
    if not path.is_file():
        raise TariffFileBroken(
            f"The book has no {FILE}",
            where=folder.name,
            do="State for each folder which sheet it is, how well it is known and what is missing",
        )
    keys = read_nodes(path.read_bytes(), FILE).mapping(
        required=frozenset({"sheets", "not_held", "last_checked_on"}),
        allowed=frozenset({"paragraphs"}),
    )
    return Coverage(
        sheets=tuple(_sheet(node) for node in keys["sheets"].items()),
        not_held=tuple(_not_held(node) for node in keys["not_held"].items()),
        last_checked_on=keys["last_checked_on"].day(),
        paragraphs=_paragraphs(keys["paragraphs"]) if "paragraphs" in keys else (),
    )


def _paragraphs(node: Node) -> tuple[CoveredParagraph, ...]:
    if node.kind != "map":
        raise node.misplaced("pages with their paragraphs are", "Write BLOCK: and a list under it")
    return tuple(
        _paragraph(block, one) for block, each in node.value.items() for one in each.items()
    )


def _paragraph(block: str, node: Node) -> CoveredParagraph:
    keys = node.mapping(required=PARAGRAPH_KEYS, allowed=PARAGRAPH_MAY)
    word = keys["state"].text()
    states = {one.value: one for one in State}
    if word not in states:
        raise keys["state"].refuse(f"'{word}' is not a state", f"Use one of {', '.join(states)}")
    state = states[word]
    why = keys["why"].text_or_none() or "" if "why" in keys else ""
    room = keys["room"].text_or_none() or "" if "room" in keys else ""
    if state in (State.INFORMATION, State.TEXT_MISSING) and not why:
        raise node.refuse(
            f"The paragraph is in the state '{word}' and does not say why",
            "Add 'why:' with a sentence",
        )
    if state is State.PLANNED and not room:
        raise node.refuse(
            "The paragraph is planned and names no room that will own it", "Add 'room:'"
        )
    from_day, until_day = keys["from"].day(), keys["until"].day_or_none()
    if until_day is not None and until_day <= from_day:
        raise keys["until"].refuse(
            f"The paragraph ends on {until_day}, not after it begins on {from_day}",
            "until is the first day on which it is no longer in force",
        )
    return CoveredParagraph(
        block=block,
        provision=keys["provision"].text(),
        paragraph=keys["paragraph"].text(),
        days=Validity(from_day, until_day),
        state=state,
        room=room,
        why=why,
        rules=_names(keys, "rules"),
        values=_names(keys, "values"),
        stories=_names(keys, "stories"),
        line=node.line,
    )


def _names(keys: dict[str, Node], key: str) -> tuple[str, ...]:
    if key not in keys or not keys[key].value:
        return ()
    return tuple(one.text() for one in keys[key].items())


def _sheet(node: Node) -> CoveredSheet:
    keys = node.mapping(
        required=frozenset({"folder", "sheet", "covers", "text_held", "standings", "missing"}),
        allowed=frozenset(),
    )
    held = keys["text_held"].text()
    if held not in TEXT_HELD:
        raise keys["text_held"].refuse(
            f"'{held}' does not say how much of the text is held",
            f"Use one of {', '.join(TEXT_HELD)}",
        )
    known = {one.value: one for one in Standing}
    standings = []
    for one in keys["standings"].items():
        if one.text() not in known:
            raise one.refuse(f"'{one.text()}' is not a standing", f"Use one of {', '.join(known)}")
        standings.append(known[one.text()])
    return CoveredSheet(
        folder=keys["folder"].text(),
        sheet=keys["sheet"].text(),
        covers=keys["covers"].text(),
        text_held=held,
        standings=frozenset(standings),
        missing=keys["missing"].text(),
        line=node.line,
    )


def _not_held(node: Node) -> tuple[str, str]:
    keys = node.mapping(required=frozenset({"sheet", "why"}), allowed=frozenset())
    return keys["sheet"].text(), keys["why"].text()


def coverage_problems(coverage: Coverage, view: BookView) -> list[str]:
    """Where the statement and the files differ, each as one sentence; nothing if they agree."""
    found: dict[str, set[Standing]] = {}
    for name in view.names():
        folder = view.file_of(name).partition("/")[0]
        found.setdefault(folder, set())
        found[folder] |= {dated.standing for dated in view.series(name).values}
    problems: list[str] = []
    stated = [sheet.folder for sheet in coverage.sheets]
    for sheet in coverage.sheets:
        where = f"{FILE}, line {sheet.line}"
        if stated.count(sheet.folder) > 1:
            problems.append(f"{where}: '{sheet.folder}' stands twice. Keep one of the two.")
        if sheet.folder not in found:
            problems.append(
                f"{where}: there is no folder '{sheet.folder}' with values. Correct its name, or "
                "move the entry to not_held."
            )
        elif found[sheet.folder] != sheet.standings:
            problems.append(
                f"{where}: '{sheet.folder}' is said to stand on {_words(sheet.standings)}, and its "
                f"files on {_words(found[sheet.folder])}. State what the files do."
            )
        if Standing.FILED in sheet.standings and sheet.text_held == "none":
            problems.append(
                f"{where}: '{sheet.folder}' has filed values though none of its text is held. "
                "State what was read, or the standing the values really have."
            )
    for folder in sorted(found.keys() - set(stated)):
        problems.append(
            f"{FILE}: the folder '{folder}' is not in it. Say which sheet it is, how well it is "
            "known and what is missing."
        )
    return problems


def _words(standings: set[Standing] | frozenset[Standing]) -> str:
    ordered = sorted(standings, key=lambda one: one.weakness)
    return ", ".join(one.value for one in ordered) or "nothing"
