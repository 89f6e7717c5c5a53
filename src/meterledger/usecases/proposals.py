"""A proposed revision: a small file of changes, written into a copy of the book's folder.

Lives here      the form of the file, where each change goes, and whose line a refusal is about.
Lives elsewhere reading and checking the changed book (``rulebook.loading``), what it changes
                (``try_change``).
Read first      docs/reference/tariff_files.md: "A proposed revision".

What is proposed is copied as it is written, line by line, so that the book's own checks speak of
it in their own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import cast

import yaml

from meterledger.kernel.ensure import ensure
from meterledger.rulebook.blocks import BLOCKS_FILE
from meterledger.rulebook.book import BookView
from meterledger.rulebook.errors import TariffFileBroken, broken
from meterledger.rulebook.yaml_nodes import Node, read_nodes
from meterledger.usecases.story_files import Story, read_stories

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CHANGE_KEYS = frozenset({"value", "entry", "file", "content", "page", "provision", "version"})
FORMS = (
    frozenset({"value", "entry"}),
    frozenset({"file", "content"}),
    frozenset({"page"}),
    frozenset({"provision", "version"}),
)
FORM_WORDS = "value and entry, file and content, page, or provision and version"
FILE_FORM = re.compile(r"[a-z0-9_]+/[a-z0-9_]+\.yaml")


@dataclass(frozen=True, slots=True)
class Inserted:
    """Lines of the proposal that now stand in a file of the book; all lines count from 1."""

    file: str
    line: int
    count: int
    proposal_line: int


@dataclass(slots=True)
class Proposal:
    """A proposed revision: its changes as they are written, and stories to go with it."""

    name: str
    text: str
    changes: list[Change]
    stories: list[Story] = field(default_factory=list)

    def placed(self, problem: TariffFileBroken, inserted: list[Inserted]) -> TariffFileBroken:
        """A refusal of the changed book with the line that its reader has before them."""
        file, _, line_text = problem.where.rpartition(", line ")
        if not file or not line_text.isascii() or not line_text.isdigit():
            return problem
        line, taken = int(line_text), 0
        for one in inserted:
            if one.file != file:
                continue
            if one.line <= line < one.line + one.count:
                return broken(
                    problem.what,
                    file=self.name,
                    line=one.proposal_line + line - one.line,
                    do=problem.do,
                )
            taken += one.count if one.line < line else 0
        return broken(problem.what, file=file, line=line - taken, do=problem.do)


@dataclass(frozen=True, slots=True)
class Change:
    """One change: which form it is of, its keys, and its body as it stands in the file."""

    keys: dict[str, Node]
    body: tuple[str, ...]
    body_line: int
    line: int


@dataclass(slots=True)
class Written:
    """What was written into the copy: where each line came from, and what it ended."""

    inserted: list[Inserted] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    """Sentences: a page or a version that was open and now ends where its successor begins."""
    ended_pages: list[str] = field(default_factory=list)


def read_proposal(data: bytes, name: str) -> Proposal:
    """Read a proposal's file.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    root = read_nodes(data, name)
    keys = root.mapping(required=frozenset({"changes"}), allowed=frozenset({"stories", "title"}))
    text = data.decode("utf-8")
    tree = _children(_composed(text))
    lines = text.splitlines()
    changes = [
        _change(node, raw, lines)
        for node, raw in zip(keys["changes"].items(), tree["changes"].value, strict=True)
    ]
    stories: list[Story] = []
    if "stories" in keys:
        keys["stories"].items()
        raw = tree["stories"]
        above = "\n" * raw.start_mark.line  # so that a story's line is its line in the proposal
        body = "\n".join(_body(raw, lines))
        stories = read_stories((above + body).encode(), name)
    return Proposal(name, text, changes, stories)


def _composed(text: str) -> yaml.Node:
    """YAML that was read and checked before, with the places of its parts."""
    node = yaml.compose(text, Loader=_LOADER)
    ensure(node is not None, "a file that was read holds something")
    return cast("yaml.Node", node)


def _children(node: yaml.Node) -> dict[str, yaml.Node]:
    return {str(key.value): value for key, value in node.value}


def _change(node: Node, raw: yaml.Node, lines: list[str]) -> Change:
    keys = node.mapping(required=frozenset(), allowed=CHANGE_KEYS)
    if frozenset(keys) not in FORMS:
        raise node.refuse(
            f"A change has the keys {', '.join(sorted(keys)) or 'none'}", f"Write {FORM_WORDS}"
        )
    name = next(key for key in ("entry", "content", "page", "version") if key in keys)
    if keys[name].kind != "map":
        raise keys[name].misplaced("keys are", "Write key: value")
    body = _children(raw)[name]
    return Change(keys, tuple(_body(body, lines)), body.start_mark.line + 1, node.line)


def _body(raw: yaml.Node, lines: list[str]) -> list[str]:
    """The lines of a node as they are written, moved to the left margin."""
    first, column = raw.start_mark.line, raw.start_mark.column
    last, last_column = raw.end_mark.line, raw.end_mark.column
    cut = lines[first : last + 1]
    if last < len(lines) and cut and len(cut) > last - first:
        cut[-1] = cut[-1][:last_column]
    cut[0] = cut[0][column:]
    for number in range(1, len(cut)):
        held = len(cut[number]) - len(cut[number].lstrip(" "))
        cut[number] = cut[number][min(column, held) :]
    while cut and not cut[-1].strip():
        cut.pop()
    return cut


def write_proposal(proposal: Proposal, folder: Path, view: BookView) -> Written:
    """Write the changes into ``folder``, a copy of the book that ``view`` is of.

    :raises TariffFileBroken: if a change names a file that is there, or is in no place of the book
    :raises NoSuchValue: if it adds to a value or a provision that the book does not have
    """
    written = Written()
    for change in proposal.changes:
        if "value" in change.keys:
            _add_entry(change, folder, view, written)
        elif "file" in change.keys:
            _add_file(change, folder, written)
        elif "page" in change.keys:
            _add_page(change, folder, written)
        else:
            _add_version(change, folder, view, written)
    return written


def _add_entry(change: Change, folder: Path, view: BookView, written: Written) -> None:
    name = view.file_of(change.keys["value"].text())
    _edit(folder, name, change, written, at=lambda root: _children(root)["values"])
    learned = change.keys["entry"].value.get("learned_on")
    if learned is not None and learned.kind == "date":
        _checked_by(folder / name, learned.value)


def _checked_by(path: Path, day: date) -> None:
    """Whoever enters a value has looked at its file that day."""
    lines = path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        found = re.fullmatch(r"last_checked_on: (\d{4}-\d{2}-\d{2})\s*(#.*)?", line)
        if found and date.fromisoformat(found.group(1)) < day:
            lines[number] = f"last_checked_on: {day}"
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _add_file(change: Change, folder: Path, written: Written) -> None:
    node = change.keys["file"]
    name = node.text()
    if not FILE_FORM.fullmatch(name):
        raise node.refuse(
            f"'{name[:80]}' is no place for a value", "Name it like grr_v_billing/the_value.yaml"
        )
    path = folder / PurePosixPath(name)
    if path.exists():
        raise node.refuse(
            f"The book has a file {name} already", "Add an entry to it: value and entry"
        )
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(change.body) + "\n", "utf-8")
    written.inserted.append(Inserted(name, 1, len(change.body), change.body_line))


def _add_page(change: Change, folder: Path, written: Written) -> None:
    page = change.keys["page"].value
    same = {
        key: page[key].text() if key in page and page[key].kind == "text" else ""
        for key in ("instrument", "sheet")
    }
    begins = page.get("from")

    def end_before(root: yaml.Node, lines: list[str]) -> None:
        if begins is None or begins.kind != "date":
            return  # the book's own check says so
        for one in _children(root)["blocks"].value:
            keys = _children(one)
            if any(keys[key].value != word for key, word in same.items()):
                continue
            if _end(keys["until"], begins.value, lines):
                written.ended_pages.append(str(keys["block"].value))
                written.ended.append(
                    f"The page {keys['block'].value} ({same['sheet']}) ends on {begins.value}, "
                    "where the proposed one begins"
                )

    _edit(
        folder,
        BLOCKS_FILE,
        change,
        written,
        at=lambda root: _children(root)["blocks"],
        before=end_before,
    )


def _add_version(change: Change, folder: Path, view: BookView, written: Written) -> None:
    provision = view.provision(change.keys["provision"].text())
    begins = change.keys["version"].value.get("from")

    def versions(root: yaml.Node) -> yaml.Node:
        for one in _children(root)["provisions"].value:
            keys = _children(one)
            if keys["provision"].value == provision.id:
                return keys["versions"]
        raise change.keys["provision"].refuse(
            f"'{provision.id}' stands in no file", "Correct the id"
        )

    def end_before(root: yaml.Node, lines: list[str]) -> None:
        if begins is None or begins.kind != "date":
            return  # the book's own check says so
        last = _children(versions(root).value[-1])
        if _end(last["until"], begins.value, lines):
            written.ended.append(
                f"The version of '{provision.id}' on the page {last['block'].value} ends on "
                f"{begins.value}, where the proposed one begins"
            )

    _edit(folder, provision.file, change, written, at=versions, before=end_before)


def _end(until: yaml.Node, day: date, lines: list[str]) -> bool:
    """Write the day in place of an open end; False where the end is stated already."""
    mark = until.start_mark
    line, rest = lines[mark.line][: mark.column], lines[mark.line][mark.column :]
    if not rest.startswith("null"):
        return False
    lines[mark.line] = f"{line}{day}{rest[len('null') :]}"
    return True


def _edit(
    folder: Path,
    name: str,
    change: Change,
    written: Written,
    *,
    at: Callable[[yaml.Node], yaml.Node],
    before: Callable[[yaml.Node, list[str]], None] = lambda root, lines: None,
) -> None:
    """Add the change's body as the last entry of the list that ``at`` finds in a file."""
    text = (folder / name).read_text("utf-8")
    root = _composed(text)
    lines = text.splitlines()
    before(root, lines)
    entries = at(root)
    column, end = entries.start_mark.column, _last_line(entries, lines)
    if _in_brackets(entries):
        raise change.keys[next(iter(change.keys))].refuse(
            f"The list in {name} is written in brackets", "Write its entries on lines of their own"
        )
    lines[end:end] = list(_as_entry(change.body, column))
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    grown = len(change.body)
    moved = [
        Inserted(one.file, one.line + grown, one.count, one.proposal_line)
        if one.file == name and one.line > end
        else one
        for one in written.inserted
    ]
    written.inserted = [*moved, Inserted(name, end + 1, grown, change.body_line)]


def _in_brackets(entries: yaml.Node) -> bool:
    return isinstance(entries, yaml.CollectionNode) and bool(entries.flow_style)


def _last_line(entries: yaml.Node, lines: list[str]) -> int:
    """How many lines of the file stand before and in a list, the blank ones after it left out."""
    end = entries.end_mark.line + (1 if entries.end_mark.column else 0)
    end = min(end, len(lines))
    if entries.end_mark.column and not _in_brackets(entries):
        end = entries.end_mark.line  # the mark stands on the key that follows
    while end > 0 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _as_entry(body: tuple[str, ...], column: int) -> Iterator[str]:
    margin = " " * column
    for number, line in enumerate(body):
        lead = "- " if number == 0 else "  "
        yield f"{margin}{lead}{line}" if line.strip() else ""
