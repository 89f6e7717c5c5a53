"""YAML with line numbers: mappings, lists and scalars that remember where they stood.

Lives here      reading a file into nodes, refusing what YAML would silently bend: repeated keys,
                floats for numbers, dates in other forms, one node standing for many (aliases).
Lives elsewhere what the keys mean (``parsing``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from meterledger.kernel.written_days import EARLIEST_YEAR, LAST_YEAR, day_from_text
from meterledger.rulebook.errors import TariffFileBroken, broken

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

CONFIDENCES = ("high", "medium", "low")
MOST_BYTES = 1_000_000
MOST_BRACKETS = 2_000
MOST_LEVELS = 20
"""A value file has seven levels at most; more is not a value file, and could exhaust a stack."""

_WITH_ARTICLE = {
    "map": "A mapping (key: value)",
    "list": "A list",
    "text": "A text",
    "date": "A day",
    "integer": "A whole number",
    "boolean": "A yes or no",
    "null": "Nothing",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML node with its place. ``kind`` is map, list, text, date, integer, boolean or null.

    ``name`` is the key it stands under, or nothing for an entry of a list.
    """

    kind: str
    value: Any
    file: str
    line: int
    name: str = ""

    def misplaced(self, wanted: str, do: str) -> TariffFileBroken:
        """A refusal that says what stands here and what should."""
        what = "An empty text" if self.kind == "text" else _WITH_ARTICLE[self.kind]
        return self.refuse(f"{what} stands{self._place()} where {wanted} expected", do)

    def _place(self) -> str:
        return f" as '{self.name}'," if self.name else ""

    def refuse(self, what: str, do: str) -> TariffFileBroken:
        """A refusal at this node's line."""
        return broken(what, file=self.file, line=self.line, do=do)

    def mapping(self, *, required: frozenset[str], allowed: frozenset[str]) -> dict[str, Node]:
        """The node's keys, every one of them known and none of the required missing."""
        if self.kind != "map":
            what = "A text" if self.kind == "text" else _WITH_ARTICLE[self.kind]
            raise self.refuse(
                f"{what} stands{self._place()} where keys are expected", "Write key: value"
            )
        keys: dict[str, Node] = self.value
        for key, node in keys.items():
            if key not in required and key not in allowed:
                known = ", ".join(sorted(required | allowed))
                raise node.refuse(f"'{key}' is not a key known here", f"Known keys: {known}")
        for key in sorted(required - keys.keys()):
            raise self.refuse(f"The key '{key}' is missing", f"Add '{key}:' here")
        return keys

    def items(self) -> list[Node]:
        """The node's list, not empty."""
        if self.kind != "list" or not self.value:
            raise self.refuse("A list with at least one entry is expected", "Write entries with -")
        found: list[Node] = self.value
        return found

    def text(self) -> str:
        """The node's text, not empty."""
        if self.kind != "text" or not self.value.strip():
            raise self.misplaced("text is", "Write it as text, numbers in quotes")
        return " ".join(str(self.value).split())

    def as_written(self) -> str:
        """The node's text with every blank it has: a number has none, nor signs nobody sees."""
        self.text()
        return str(self.value)

    def flag(self) -> bool:
        """The node's yes or no, written true or false."""
        if self.kind == "text" and self.value.strip():
            raise self.refuse(
                f"The text '{self.value[:40]}' stands{self._place()} where true or false is "
                "expected",
                "Write true or false, without quotes",
            )
        if self.kind != "boolean" or self.value not in ("true", "false"):
            raise self.misplaced("true or false is", "Write true or false, without quotes")
        return bool(self.value == "true")

    def confidence(self) -> str:
        """How sure a reading of a text is: high, medium or low."""
        if self.text() not in CONFIDENCES:
            raise self.refuse(
                f"'{self.text()[:40]}' is not a confidence", f"Use one of {', '.join(CONFIDENCES)}"
            )
        return self.text()

    def text_or_none(self) -> str | None:
        """The node's text, or None for null."""
        return None if self.kind == "null" else self.text()

    def day(self) -> date:
        """The node's day."""
        if self.kind != "date":
            do = "Write year-month-day without quotes: 2025-06-01"
            if self.kind in ("text", "integer"):
                raise self.refuse(f"'{self.value}' is not a day", do)
            raise self.misplaced("a day is", do)
        found: date = self.value
        return found

    def day_or_none(self) -> date | None:
        """The node's day, or None for null."""
        return None if self.kind == "null" else self.day()


def read_nodes(data: bytes, file: str) -> Node:
    """Read one YAML document.

    :raises TariffFileBroken: if it is too large, not UTF-8, not YAML, or not exactly one document
    """
    if len(data) > MOST_BYTES:
        raise broken(
            f"The file has {len(data)} bytes",
            file=file,
            line=1,
            do=f"A file of the book has at most {MOST_BYTES}; cut it into several values",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise broken(
            "The file is not UTF-8 text", file=file, line=line, do="Save it as UTF-8"
        ) from None
    node = _composed_plain(text)
    if node is None or _levels(node) > MOST_LEVELS:
        _refuse_deep_or_shared(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    if node is None:
        raise broken("The file is empty", file=file, line=1, do="Write a value or delete the file")
    return _node(node, file)


def _composed_plain(text: str) -> yaml.Node | None:
    """The document at once, if its characters show that it is small, shallow and shares nothing.

    Most files of a book are; the others, and all that are not YAML, are looked at event by event.
    """
    brackets = text.count("[") + text.count("{")
    if brackets > MOST_BRACKETS or "&" in text or "*" in text or "---" in text:
        return None
    if max((len(line) - len(line.lstrip(" -")) for line in text.splitlines()), default=0) > 100:
        return None
    try:
        return yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        return None  # the other way finds the line and the words


def _levels(node: yaml.Node) -> int:
    """How many collections stand inside each other."""
    deepest, waiting = 0, [(node, 1)]
    while waiting:
        one, level = waiting.pop()
        if isinstance(one, yaml.CollectionNode):
            deepest = max(deepest, level)
            for part in one.value:
                inner = part if isinstance(part, tuple) else (part,)
                waiting += [(each, level + 1) for each in inner]
    return deepest


def _refuse_deep_or_shared(text: str, file: str) -> None:
    """Look at the events first: aliases and depth are refused before anything is built."""
    level = documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            level += isinstance(event, yaml.CollectionStartEvent)
            level -= isinstance(event, yaml.CollectionEndEvent)
            documents += isinstance(event, yaml.DocumentStartEvent)
            what, do = _misuse(event, level, documents)
            if what:
                mark = event.start_mark
                raise broken(what, file=file, line=mark.line + 1 if mark else 1, do=do)
    except yaml.reader.ReaderError as problem:
        raise broken(
            "A control character stands in the file",
            file=file,
            line=text[: problem.position].count("\n") + 1,
            do="Delete it",
        ) from None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        raise broken(
            f"The file is not YAML: {problem.problem}",
            file=file,
            line=mark.line + 1 if mark else 1,
            do="Look for tabs, a missing colon, or an unclosed quote",
        ) from None


def _misuse(event: yaml.Event, level: int, documents: int) -> tuple[str, str]:
    """What is wrong with an event of the file and what to do; nothing if nothing is."""
    name = getattr(event, "anchor", None)
    if name:
        return (
            f"'{name}' names a part of the file to stand in two places",
            "Write the part out where it belongs, without & and *",
        )
    if level > MOST_LEVELS:
        return f"More than {MOST_LEVELS} levels stand inside each other", "Look for an open bracket"
    if documents > 1:
        return "A second document begins", "A file holds one value: remove the line ---"
    return "", ""


def _node(node: yaml.Node, file: str, name: str = "") -> Node:
    line = node.start_mark.line + 1
    tag = node.tag.rpartition(":")[2]
    if isinstance(node, yaml.MappingNode) and tag == "map":
        found: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise broken("A key is not a word", file=file, line=key_line, do="Write key: value")
            key = str(key_node.value)
            if key in found:
                raise broken(
                    f"The key '{key}' stands twice",
                    file=file,
                    line=key_line,
                    do="Keep one of the two",
                )
            found[key] = _node(value_node, file, key)
        return Node("map", found, file, line, name)
    if isinstance(node, yaml.SequenceNode) and tag == "seq":
        return Node("list", [_node(one, file) for one in node.value], file, line, name)
    return _scalar(node, tag, file, line, name)


_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
"""YAML reads 1_000, 0x10, 0o7, 12:30, +5 and -0 as whole numbers, and 010 as eight."""
_SCALARS = {"str": "text", "int": "integer", "bool": "boolean"}


def _scalar(node: yaml.Node, tag: str, file: str, line: int, name: str) -> Node:
    if tag == "int" and not _WHOLE.fullmatch(node.value):
        raise broken(
            f"'{node.value}' is not a whole number as a person writes it",
            file=file,
            line=line,
            do="Write digits only, or the number in quotes where it is a price",
        )
    if tag in _SCALARS:
        return Node(_SCALARS[tag], node.value, file, line, name)
    if tag == "null":
        return Node("null", None, file, line, name)
    if tag == "float":
        raise broken(
            f"{node.value} is a float, which cannot hold it exactly",
            file=file,
            line=line,
            do=f'Write the number in quotes: "{node.value}"',
        )
    if tag == "timestamp":
        day = day_from_text(node.value, first=EARLIEST_YEAR)
        if day is None:
            raise broken(
                f"'{node.value}' is not a day between {EARLIEST_YEAR} and {LAST_YEAR}",
                file=file,
                line=line,
                do="Write year-month-day, like 2025-06-01",
            )
        return Node("date", day, file, line, name)
    raise broken(f"The tag '{tag}' is not used here", file=file, line=line, do="Remove it")
