"""A rule's facts as a plain form: fields from its dataclass, and JSON facts from what was filled.

Lives here      one field for each fact, groups and lists of groups; the query of given facts.
Lives elsewhere reading the JSON into the dataclass, and its words of refusal (``rulebook.forms``).

Nothing is guessed: an empty field is left out, and the rule's form says what it misses.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from django.http import QueryDict

from meterledger.entrypoints.web.words import label_words
from meterledger.kernel.exact_json import NotExactJson, read_exact_json
from meterledger.kernel.money import Cents, whole_from_text
from meterledger.rulebook.forms import FactsRefused, FormField, fields_of

ROOT = "f"
MOST_ROWS = 100
BLANKS = " \t\r\n"
"""What may stand around a typed text."""
_MISSING = re.compile(r"The fact '(\w+)' is missing")


@dataclass(slots=True)
class FormRow:
    """One field as the page draws it.

    ``kind`` is text, usd, whole, number, day, choice, several, lines, json, group or list.
    """

    kind: str
    name: str
    label: str
    meaning: str
    must: bool
    """Whether it must be given, once its group is."""
    value: str = ""
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    """Value, words and whether it is chosen."""
    rows: list[FormRow] = field(default_factory=list)
    """The fields of a group."""
    items: list[FormRow] = field(default_factory=list)
    """The groups of a list."""
    optional_group: bool = False
    given: bool = True
    insists: bool = False
    """Whether a browser may refuse to send the form without it."""
    problem: str = ""

    @property
    def hint(self) -> str:
        """How it is written, where a label does not say."""
        return {
            "usd": "Dollars and cents, like 12.34.",
            "number": "A number, like 4.25 or 1/6.",
            "lines": "One on a line.",
            "json": "As JSON.",
        }.get(self.kind, "")


def form_rows(form: type[Any], query: QueryDict, prefix: str = ROOT) -> list[FormRow]:
    """Every field of a form, filled with what the query holds."""
    return [_row(one, query, f"{prefix}.{one.key}") for one in fields_of(form)]


def facts_of(form: type[Any], query: QueryDict, prefix: str = ROOT) -> dict[str, Any]:
    """The JSON facts that were filled in; what was left empty is left out, or null where it may."""
    found: dict[str, Any] = {}
    for one in fields_of(form):
        given, value = _value(one.hint, query, f"{prefix}.{one.key}", must=one.required)
        if given:
            found[one.key] = value
    return found


def query_of(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """JSON facts as the fields of a query: what ``facts_of`` reads back."""
    return [pair for key, value in facts.items() for pair in _pairs(f"{ROOT}.{key}", value)]


def put_problem(rows: Iterable[FormRow], refusal: FactsRefused) -> FormRow | None:
    """Write a refusal beside the field it is about, if it is about one."""
    name = re.sub(r"\[(\d+)\]", r".\1", refusal.where).replace("facts", ROOT, 1)
    missing = _MISSING.search(refusal.what)
    if missing:
        name = f"{name}.{missing.group(1)}"
    for row in _all(rows):
        if row.name == name:
            row.problem = f"{refusal.what}. {refusal.do}"
            return row
    return None


def _all(rows: Iterable[FormRow]) -> Iterator[FormRow]:
    for row in rows:
        yield row
        yield from _all(row.rows)
        yield from _all(row.items)


def _row(one: FormField, query: QueryDict, name: str) -> FormRow:
    hint, inside = _inner(one.hint), None
    row = FormRow(
        kind=_kind(hint),
        name=name,
        label=label_words(one.key).capitalize().replace(", usd", ", USD"),
        meaning=one.meaning,
        must=one.required and _optional(one.hint) is None,
        value=query.get(name, ""),
    )
    row.insists = row.must
    if row.kind == "choice":
        row.options = [(value, words, value == row.value) for value, words in _choices(hint)]
    elif row.kind == "lines":
        row.value = _lines(query, name)
    elif row.kind == "several":
        chosen = query.getlist(name)
        item = typing.get_args(hint)[0]
        row.options = [(value, words, value in chosen) for value, words in _choices(item)]
    elif row.kind == "group":
        row.optional_group = not row.must
        row.given = row.must or bool(query.get(f"given.{name}"))
        row.rows = form_rows(typing.cast(type[Any], hint), query, name)
        if row.optional_group:
            _soften(row.rows)
    elif row.kind == "list":
        inside = typing.get_args(hint)[0]
        row.items = [
            _item(row, inside, query, number) for number in range(_row_count(query, name) + 1)
        ]
    return row


def _item(row: FormRow, form: type[Any], query: QueryDict, number: int) -> FormRow:
    name = f"{row.name}.{number}"
    item = FormRow(
        kind="group", name=name, label=f"{row.label} {number + 1}", meaning="", must=False
    )
    item.rows = form_rows(form, query, name)
    _soften(item.rows)
    return item


def _soften(rows: Iterable[FormRow]) -> None:
    """A group that may stay empty has no field that a browser must insist on."""
    for row in _all(rows):
        row.insists = False


def _row_count(query: QueryDict, name: str) -> int:
    """How many groups of a list the query holds: one more than the highest number."""
    pattern = re.compile(rf"(?:given\.)?{re.escape(name)}\.([0-9]{{1,3}})(?:\.|$)")
    numbers = [int(found.group(1)) for key in query if (found := pattern.match(key))]
    return min(max(numbers, default=-1) + 1, MOST_ROWS)


def _value(hint: Any, query: QueryDict, name: str, *, must: bool) -> tuple[bool, Any]:
    """Whether something is given under a name, and what."""
    inner = _inner(hint)
    kind = _kind(inner)
    may_be_null = _optional(hint) is not None and must
    if kind == "group":
        if (_optional(hint) is not None or not must) and not query.get(f"given.{name}"):
            return may_be_null, None
        return True, facts_of(typing.cast(type[Any], inner), query, name)
    if kind == "list":
        item = typing.get_args(inner)[0]
        found = [
            facts_of(item, query, f"{name}.{number}")
            for number in range(_row_count(query, name))
            if query.get(f"given.{name}.{number}") or _anything(query, f"{name}.{number}.")
        ]
        return bool(found) or must, found
    if kind == "several":
        chosen = query.getlist(name)
        return bool(chosen) or must, chosen
    text = query.get(name, "").strip(BLANKS)
    if kind == "lines":
        item, text = typing.get_args(inner)[0], _lines(query, name)
        lines = [
            typed_scalar(item, one.strip(BLANKS)) for one in text.split("\n") if one.strip(BLANKS)
        ]
        return bool(lines) or must, lines
    if not text:
        return may_be_null, None
    return True, _from_json(text) if kind == "json" else typed_scalar(inner, text)


def _lines(query: QueryDict, name: str) -> str:
    """A list as it was typed into one field, or as an address gives it, each on its own."""
    return "\n".join(query.getlist(name))


def _anything(query: QueryDict, prefix: str) -> bool:
    """Whether some field of a group was filled in."""
    return any(
        key.removeprefix("given.").startswith(prefix) and any(one.strip() for one in values)
        for key, values in query.lists()
    )


def typed_scalar(hint: Any, text: str) -> Any:
    """A typed text as JSON; what is no such thing goes on as it was typed, to be refused."""
    if hint is bool:
        return {"true": True, "false": False}.get(text, text)
    if hint is int:
        number = whole_from_text(text)
        return text if number is None else number
    if hint is Cents:
        return text.removeprefix("$")
    return text


def _from_json(text: str) -> Any:
    try:
        return read_exact_json(text.encode(), where="facts", do="Write JSON")
    except (NotExactJson, UnicodeEncodeError):
        return text


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        yield f"given.{name}", "yes"
        for key, one in value.items():
            yield from _pairs(f"{name}.{key}", one)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, one in enumerate(value):
            yield from _pairs(f"{name}.{number}", one)
    elif isinstance(value, list):
        for one in value:
            yield name, _typed(one)
    elif value is not None:
        yield name, _typed(value)


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _kind(hint: Any) -> str:
    if typing.get_origin(hint) is tuple:
        item = _inner(typing.get_args(hint)[0])
        if dataclasses.is_dataclass(item):
            return "list"
        if isinstance(item, type) and issubclass(item, Enum):
            return "several"
        return "json" if typing.get_origin(item) is tuple else "lines"
    if dataclasses.is_dataclass(hint):
        return "group"
    if hint is bool or (isinstance(hint, type) and issubclass(hint, Enum)):
        return "choice"
    if hint is Cents:
        return "usd"
    return {int: "whole", date: "day", str: "text"}.get(hint, "number")


def _choices(hint: Any) -> list[tuple[str, str]]:
    if hint is bool:
        return [("true", "yes"), ("false", "no")]
    return [(one.value, str(one.value).replace("_", " ")) for one in hint]


def _inner(hint: Any) -> Any:
    optional = _optional(hint)
    return hint if optional is None else _inner(optional)


def _optional(hint: Any) -> Any:
    """X of ``X | None``, or None if the hint is no such union."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return None
    return next(one for one in typing.get_args(hint) if one is not type(None))
