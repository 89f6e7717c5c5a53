"""Somebody new finds the right room within a minute."""

from __future__ import annotations

import ast

import pytest
from tests.tidy.house import PACKAGE, ROOMS, ROOT, listing, modules, name, project_files, tree

LABELS = ("Decided here", "Not decided here", "Chapters", "Read first")
HEADER = ("Lives here", "Lives elsewhere")

LONGEST_README_LINES = 20
LONGEST_FILE_LINES = 500
LONGEST_TEST_LINES = 800  # tables on both sides of every number

LONG_ALREADY: dict[str, int] = {}
"""A ratchet: files that were longer when this rule came, with their length. Only to shrink."""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_decides(room: str) -> None:
    readme = PACKAGE / room / "README.md"
    assert readme.is_file(), f"{name(readme)} is missing. Ten lines: {', '.join(LABELS)}."
    text = readme.read_text(encoding="utf-8")
    missing = [label for label in LABELS if f"**{label}:**" not in text]
    assert not missing, f"{name(readme)} does not say: {', '.join(missing)}."
    assert text.startswith(f"# {room}\n"), f"{name(readme)} begins with '# {room}'."
    lines = text.count("\n")
    assert lines <= LONGEST_README_LINES, (
        f"{name(readme)} has {lines} lines. Ten are read, {LONGEST_README_LINES} are allowed; the "
        "rest belongs beside the code it explains or into docs/."
    )


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_lists_what_others_may_call(room: str) -> None:
    path = PACKAGE / room / "__init__.py"
    module = tree(path)
    assert "Others may call" in (ast.get_docstring(module) or ""), (
        f"{name(path)} tells in its docstring what others may call ('Others may call …')."
    )
    listed = any(
        isinstance(target, ast.Name) and target.id == "__all__"
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    )
    assert listed, f"{name(path)} has no __all__: the list of what others may call."


SIDE_DOORS: set[tuple[str, str]] = set()
"""A ratchet: who came in by a side door when this rule came. Only to shrink."""


def test_rooms_are_entered_by_the_front_door() -> None:
    offences = []
    still_used = set()
    for path in modules():
        home = path.relative_to(PACKAGE).parts[0]
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            words = node.module.split(".")
            if words[0] != "meterledger" or len(words) < 3:
                continue
            if words[1] not in ROOMS or words[1] == home:
                continue
            if (name(path), node.module) in SIDE_DOORS:
                still_used.add((name(path), node.module))
            else:
                offences.append(f"{name(path)}:{node.lineno} imports {node.module}")
    assert not offences, (
        "A room's __init__ lists what others may call; what lies behind it may move any day. "
        "Import from the room, or ask for the name to be listed.\n" + listing(offences)
    )
    closed = [f"{path}: {module}" for path, module in sorted(SIDE_DOORS - still_used)]
    assert not closed, "No longer used: take them off SIDE_DOORS.\n" + listing(closed)


def test_every_module_says_what_it_is_for() -> None:
    offences = [name(path) for path in modules() if not ast.get_docstring(tree(path))]
    assert not offences, "A module begins with a sentence on what it is for.\n" + listing(offences)


def test_a_header_that_begins_is_complete() -> None:
    offences = []
    for path in modules():
        text = ast.get_docstring(tree(path)) or ""
        said = [label for label in HEADER if label in text]
        if said and len(said) < len(HEADER):
            offences.append(f"{name(path)} says only: {', '.join(said)}")
    assert not offences, f"A header that says one says both: {', '.join(HEADER)}.\n" + listing(
        offences
    )


def most_lines(known_as: str) -> int:
    return LONGEST_TEST_LINES if known_as.startswith("tests/") else LONGEST_FILE_LINES


def test_no_file_of_code_is_too_long_to_read() -> None:
    offences = []
    for path in project_files():
        if path.suffix not in {".py", ".sh", ".js", ".css", ".html", ".typ", ".sql"}:
            continue
        lines = path.read_bytes().count(b"\n")
        allowed = LONG_ALREADY.get(name(path), most_lines(name(path)))
        if lines > allowed:
            offences.append(f"{name(path)} has {lines} lines, {allowed} are allowed")
    assert not offences, (
        "A file is read in one sitting. Cut it where a clause, a stage or a noun ends.\n"
        + listing(offences)
    )


def test_the_list_of_long_files_only_shrinks() -> None:
    stale = [
        known
        for known in LONG_ALREADY
        if not (ROOT / known).is_file()
        or (ROOT / known).read_bytes().count(b"\n") <= most_lines(known)
    ]
    assert not stale, "Short enough now, or gone: take them off LONG_ALREADY.\n" + listing(stale)
