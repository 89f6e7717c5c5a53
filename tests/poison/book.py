"""Numbers, days and hours of the files of tariff books: one place of each kind of each file.

The files of ``tariffs/`` are walked, so a new key that holds a number is asked without being listed
here; ``NAMES`` are the keys whose digits are names. Each is asked in quotes and without.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from tests.poison.fields import SHARES, TYPED, NumericField
from tests.poison.money_files import asking
from tests.tidy.house import ROOT

from meterledger.rulebook.blocks import parse_blocks, parse_gaps, parse_instruments
from meterledger.rulebook.coverage import FILE as COVERAGE
from meterledger.rulebook.coverage import read_coverage
from meterledger.rulebook.loading import load_book
from meterledger.rulebook.parsing import parse_series
from meterledger.rulebook.provisions import FILE as PROVISIONS
from meterledger.rulebook.provisions import parse_provisions
from meterledger.rulebook.readings import parse_reading
from meterledger.rulebook.terms import Terms
from meterledger.rulebook.yaml_nodes import read_nodes
from meterledger.usecases.story_files import read_stories

NAMES = frozenset(
    {"revision", "block", "paragraph", "paragraphs", "period", "option", "dates", "says", "sheet"}
    | {"order", "cites", "choices", "readings", "story", "values_used", "quantities", "code"}
    | {"provision", "schedule", "covers", "texts"}
)
"""Keys whose digits are a name or words: a revision, a page, an option of a reading."""
_DIGITS = re.compile(r"-?[0-9]+(\.[0-9]+|/[0-9]+|-[0-9]{2}-[0-9]{2}|:[0-9]{2}-[0-9]{2}:[0-9]{2})?")
_KEYED = re.compile(r"([\w-]+):\s+[\[\"'-]{0,3}[0-9]")
PRICE = {"low": -(10**12), "high": 10**12, "places": 6, "forms": TYPED}
NUMBER = {"low": -(10**12), "high": 10**12, "places": 12, "forms": SHARES}
ANY = {"low": -(10**30), "high": 10**30, "places": 60, "forms": SHARES}
NONE: dict[str, Any] = {"low": 1, "high": 0}
ANY_VALUE = "value of any kind"
WORDS = ("value of kind text", "value of kind list")
"""What rules read in them, they ask for as such: ``counts`` and ``month_day`` below."""
WORDS_OF_YAML = {
    "quoted": frozenset({"\\u0035", "\\x35"}),
    "bare": frozenset({'"5"', "'5'", "5 #5", "#5"}),
}


@cache
def places() -> dict[tuple[str, str], tuple[Path, int, int, str]]:
    """One place of each kind: what file, what key; where the number stands and how it looks."""
    found: dict[tuple[str, str], tuple[Path, int, int, str]] = {}
    seen: dict[str, set[str]] = defaultdict(set)
    for path in sorted(_files(), key=lambda one: one.stat().st_size):
        text = path.read_text("utf-8")
        new = set(_KEYED.findall(text))
        of_its_kind = seen[_what(path, ("", "", "value"), text)]
        if new <= of_its_kind:
            continue  # nothing in it that was not in a smaller one
        of_its_kind |= new
        for keys, node in _scalars(yaml.compose(text, yaml.CSafeLoader), ()):
            what = _what(path, keys, text)
            if _DIGITS.fullmatch(node.value) and not _is_name(what, keys):
                place = (path, node.start_mark.index, node.end_mark.index, node.value)
                found.setdefault((what, "/".join(_kind_of_keys(path, keys))), place)
    return found


def _files() -> list[Path]:
    """Every book we have; where a small one has what a large one has, the small one is asked."""
    data = ROOT / "tests/data"
    folders = (ROOT / "tariffs", data / "book_with_pages", data / "poison_book")
    return [
        one for folder in folders for one in folder.rglob("*.yaml") if one.name != "utility.yaml"
    ]


def _is_name(what: str, keys: tuple[str, ...]) -> bool:
    if what == "value of kind schedule" or what in WORDS:
        return what in WORDS
    named = {one for one in keys if one != "[]"}
    if what == "story":
        return bool(named & {"quantities", "readings"}) or keys[-2:] == ("then", "value")
    return keys[-1] in NAMES or (keys[-1] == "[]" and keys[-2] in NAMES)


def _scalars(node: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(node, yaml.MappingNode):
        of_a_rule = any(key.value == "rule" for key, _ in node.value)
        for key, one in node.value:
            if not of_a_rule or key.value in ("on", "as_known"):  # the rest are the rule's facts
                yield from _scalars(one, (*keys, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _scalars(one, (*keys, "[]"))
    elif isinstance(node, yaml.ScalarNode):
        yield keys, node


def _what(path: Path, keys: tuple[str, ...], text: str) -> str:
    if "scenarios" in path.parts:
        return "story"
    if path.parent.name == "readings":
        return "reading"
    if path.name in (COVERAGE, PROVISIONS, "blocks.yaml", "instruments.yaml", "missing_texts.yaml"):
        return path.name
    if keys[2:3] != ("value",):
        return ANY_VALUE  # days of an entry are read alike, whatever its kind
    kind = re.search(r"^kind: (\w+)", text, re.MULTILINE)
    assert kind, path
    return f"value of kind {kind[1]}"


def _kind_of_keys(path: Path, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Keys with those left out that are names of somebody's."""
    if path.name == COVERAGE and len(keys) > 2:
        return (keys[0], "*", *keys[2:])
    if "scenarios" in path.parts:
        return (*keys[:2], "*" if len(keys) > 2 else "", keys[-1])[-3:]
    if "working_days" in keys or "weekends_and_holidays" in keys:
        return (*keys[:3], "*", "*", *keys[5:])
    return keys


def fields() -> Iterator[NumericField]:
    """Each place in quotes and without; and what rules read of a value's words."""
    for (what, keys), place in places().items():
        for style in ("quoted", "bare"):
            yield NumericField(
                f"{what}, {keys}, {style}",
                _in_file(place, what, style),
                also=WORDS_OF_YAML[style] | _besides(place[3], style, keys),
                **_bounds(what, keys, place[3], style),
            )
    for name, read in (("counts", Terms.counts), ("month_day", Terms.month_day)):
        yield NumericField(
            f"a value's {name}",
            _of_terms(name, read),
            high=9999 if name == "counts" else -1,
            forms=frozenset(),
            digits=4,
        )
    # A file may say 2 as 2.0 or 2/1; that it is whole, or whole cents, is asked of the number.
    yield NumericField("a value's whole number", _of_terms("whole", Terms.whole), **NUMBER)
    yield NumericField("a value's amount", _of_terms("cents", Terms.cents), **NUMBER)


NOTHING = frozenset(
    {"", " ", "   ", "\t", "\n", "null", "NULL", "~", "#NUM!", "#REF!", "#N/A", "#5"}
)
"""What stands there is null, or a remark."""


def _besides(value: str, style: str, keys: str) -> frozenset[str]:
    if style == "quoted" or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return frozenset()
    return frozenset({"2025-07-01"}) | (
        NOTHING if keys.rpartition("/")[2] in MAY_BE_NULL else set()
    )


MAY_BE_NULL = frozenset({"until", "effective_until", "cancelled", "issued", "stamped", "effective"})


def _bounds(what: str, keys: str, value: str, style: str) -> dict[str, Any]:
    if what == "story":
        of_money = keys.endswith(("usd", "*")) or "then/*" in keys
        places = 0 if keys.endswith("blocks") else 2 if of_money else 3
        return {**ANY, "places": places, "forms": TYPED} if style == "quoted" else NONE
    if keys == "values/[]/value" and what == "value of kind price":
        return PRICE
    if keys == "values/[]/value" and what == "value of kind number":
        return NUMBER
    return NONE


def _in_file(place: tuple[Path, int, int, str], what: str, style: str) -> Callable[[str], object]:
    path, begin, end, _ = place
    whole = path.read_text("utf-8")

    def read(text: str) -> object:
        written = json.dumps(text) if style == "quoted" else text
        data = (whole[:begin] + written + whole[end:]).encode("utf-8", "surrogatepass")
        return _readers()[what](data, path)

    return asking(read)


@lru_cache(maxsize=1)
def _readers() -> dict[str, Callable[[bytes, Path], object]]:
    def value(data: bytes, path: Path) -> object:
        read = parse_series(path.stem, read_nodes(data, path.name))
        return read.last_checked_on, [one.dated for one in read.entries]

    def covered(data: bytes, path: Path) -> object:
        folder = Path(_scratch().name)
        (folder / COVERAGE).write_bytes(data)
        return read_coverage(folder)

    def of(parse: Callable[..., object], *more: str) -> Callable[[bytes, Path], object]:
        return lambda data, path: parse(read_nodes(data, path.name), *more)

    readers: dict[str, Callable[[bytes, Path], object]] = {
        "story": lambda data, path: [
            (one.question, one.expected) for one in read_stories(data, path.name)
        ],
        "reading": of(parse_reading),
        COVERAGE: covered,
        PROVISIONS: of(parse_provisions, "a_chapter"),
        "blocks.yaml": of(parse_blocks),
        "instruments.yaml": of(parse_instruments),
        "missing_texts.yaml": of(parse_gaps),
    }
    kinds = {what for what, _ in places()} - readers.keys()
    return readers | dict.fromkeys(kinds, value)


@cache
def _scratch() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


TERMS = """kind: {kind}
meaning: "Poisoned."
unit: "words"
values:
  - effective_from: 2015-01-01
    effective_until: null
    value: {value}
    standing: assumed
    learned_on: 2020-01-01
    cite: {{instrument: "Ours", sheet: "none", revision: null, paragraph: "none",
           effective: 2015-01-01, order: null}}
last_checked_on: 2021-02-01
"""
KIND_OF = {"counts": "list", "month_day": "text", "whole": "number", "cents": "number"}


def _of_terms(name: str, read: Callable[[Terms, str], Any]) -> Callable[[str], object]:
    """A value as a rule asks for it: what its file may say, and the rule cannot use, is refused."""

    def ask(text: str) -> object:
        folder = Path(_scratch().name) / "book"
        if not folder.exists():  # a book of this one value: it is read for each poison
            (folder / "chapter_one").mkdir(parents=True)
            copy(ROOT / "tests/data/book_with_pages/utility.yaml", folder)
        value = json.dumps([text] if name == "counts" else text)
        path = folder / "chapter_one" / "poisoned.yaml"
        path.write_text(TERMS.format(kind=KIND_OF[name], value=value), encoding="utf-8")
        view = load_book(folder).as_known(date.max)
        return read(Terms(view, date(2020, 6, 1)), "poisoned").value

    return asking(ask)
