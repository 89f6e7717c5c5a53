"""Facts and outcomes as forms: a frozen dataclass to and from JSON, with a schema and clear words.

Lives here      reading facts into a rule's dataclass, writing outcomes, and JSON schemas of both.
                An amount is whole cents in Python (``unpaid_cents``) and dollars in quotes in JSON
                (``unpaid_usd: "12.34"``); a share is exact ("4.25" or "1/6"); nothing is a float.
Lives elsewhere what the facts mean to a rule (rooms), stories (``usecases.story_files``).
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping
from datetime import date
from enum import Enum
from fractions import Fraction
from typing import Any

from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, NotMoney, cents_from_text, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_days import EARLIEST_YEAR, LAST_YEAR, day_from_text

_CENTS, _USD = "_cents", "_usd"
_SIGNED_ZERO = r"(?!-[0.]+(?:/|$))"
USD_PATTERN = r"^(?!-[0.]+$)-?[0-9]{1,12}(\.[0-9]{1,2})?$"
NUMBER_PATTERN = (
    rf"^{_SIGNED_ZERO}(-?[0-9]{{1,12}}(\.[0-9]{{1,12}})?|-?[0-9]{{1,9}}/[1-9][0-9]{{0,8}})$"
)
_NUMBER = re.compile(NUMBER_PATTERN)
MOST_ITEMS = 10_000
MOST_CHARACTERS = 2_000


class FactsRefused(Refusal):
    """The facts given to a rule are not in its form."""


def fact(meaning: str, *, default: Any = dataclasses.MISSING) -> Any:
    """A field of a form, with what it means to an analyst. Without a default it must be given."""
    return dataclasses.field(default=default, metadata={"meaning": meaning})


@dataclasses.dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form: its name in Python and in JSON, its type, whether it must be given."""

    name: str
    key: str
    hint: Any
    meaning: str
    required: bool


def fields_of(form: type[Any]) -> tuple[FormField, ...]:
    """The fields of a form, in their order."""
    if form not in _FIELDS:
        _FIELDS[form] = _fields_of(form)
    return _FIELDS[form]


_FIELDS: dict[type[Any], tuple[FormField, ...]] = {}
"""Forms are few and never change; a decision reads its form often."""


def _fields_of(form: type[Any]) -> tuple[FormField, ...]:
    ensure(dataclasses.is_dataclass(form), f"{form.__name__} is a dataclass")
    hints = typing.get_type_hints(form)
    return tuple(
        FormField(
            name=one.name,
            key=_key(one.name, hints[one.name]),
            hint=hints[one.name],
            meaning=str(one.metadata.get("meaning", "")),
            required=one.default is dataclasses.MISSING,
        )
        for one in dataclasses.fields(form)
    )


def _key(name: str, hint: Any) -> str:
    if _core(hint) is not Cents:
        return name
    ensure(name.endswith(_CENTS), f"an amount in cents says so in its name: {name}")
    return name[: -len(_CENTS)] + _USD


def _core(hint: Any) -> Any:
    """The type inside ``X | None`` and ``tuple[X, ...]``."""
    inner = _optional(hint)
    if inner is not None:
        return _core(inner)
    if typing.get_origin(hint) is tuple:
        return _core(typing.get_args(hint)[0])
    return hint


def _optional(hint: Any) -> Any:
    """X of ``X | None``, or None if the hint is no such union."""
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return None
    kept = [one for one in typing.get_args(hint) if one is not type(None)]
    ensure(len(kept) == 1, "a field of a form is of one type, or of one type or nothing")
    return kept[0]


def read_form(form: type[Any], record: object, *, where: str) -> Any:
    """The form filled from plain JSON (dicts, lists, texts, whole numbers, true, false, null).

    :raises FactsRefused: naming the key, what is wrong and how it is written
    """
    if not isinstance(record, Mapping):
        raise FactsRefused(
            f"{_called(record)} stands where a group of facts is expected",
            where=where,
            do=f'Write {{"key": value}} with the keys {_keys(form)}',
        )
    known = {one.key: one for one in fields_of(form)}
    for key in record:
        if key not in known:
            raise FactsRefused(
                f"'{str(key)[:60]}' is no fact known here", where=where, do=f"Known: {_keys(form)}"
            )
    filled = {}
    for one in known.values():
        if one.key in record:
            filled[one.name] = read_value(one.hint, record[one.key], where=f"{where}.{one.key}")
        elif one.required:
            raise FactsRefused(
                f"The fact '{one.key}' is missing",
                where=where,
                why=one.meaning,
                do=f"Give it as {_written(one.hint)}",
            )
    return form(**filled)


def _keys(form: type[Any]) -> str:
    return ", ".join(one.key for one in fields_of(form)) or "none"


def read_value(hint: Any, value: object, *, where: str) -> Any:
    """One value of a form from plain JSON.

    :raises FactsRefused: saying what stands there and how it is written
    """
    inner = _optional(hint)
    if inner is not None:
        return None if value is None else read_value(inner, value, where=where)
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list) or len(value) > MOST_ITEMS:
            raise _wrong(hint, value, where)
        item = typing.get_args(hint)[0]
        return tuple(
            read_value(item, one, where=f"{where}[{number}]") for number, one in enumerate(value)
        )
    if dataclasses.is_dataclass(hint):
        return read_form(typing.cast(type[Any], hint), value, where=where)
    return _read_scalar(hint, value, where)


def _read_scalar(hint: Any, value: object, where: str) -> Any:
    if hint is bool or hint is int:
        # True is an int to Python, and no count to an analyst.
        if type(value) is not hint or (hint is int and abs(value) > 10**15):
            raise _wrong(hint, value, where)
        return value
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        raise _wrong(hint, value, where)
    if hint is Cents:
        try:
            return cents_from_text(value, where=where)
        except NotMoney:
            raise _wrong(hint, value, where) from None
    if hint is date:
        day = day_from_text(value, first=EARLIEST_YEAR)
        if day is None:
            raise _wrong(hint, value, where)
        return day
    if hint is Fraction:
        if not _NUMBER.fullmatch(value):
            raise _wrong(hint, value, where)
        return Fraction(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        for one in hint:
            if one.value == value:
                return one
        raise _wrong(hint, value, where)
    ensure(hint is str, f"a form holds no {hint}")
    if not value.strip():
        raise _wrong(hint, value, where)
    return value


def _wrong(hint: Any, value: object, where: str) -> FactsRefused:
    return FactsRefused(
        f"{_called(value)} stands where {_wanted(hint)} is expected",
        where=where,
        do=f"Write {_written(hint)}",
    )


def _called(value: object) -> str:
    if value is None:
        return "Nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "A group of facts"
    if isinstance(value, list):
        return f"A list of {len(value)}"
    if isinstance(value, str):
        return f"'{value[:60]}'" if value.strip() else "An empty text"
    return str(value)[:60]


def _wanted(hint: Any) -> str:
    if typing.get_origin(hint) is tuple:
        return "a list"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of its words"
    return {
        bool: "yes or no",
        int: "a whole number",
        Cents: "an amount of dollars",
        date: f"a day between {EARLIEST_YEAR} and {LAST_YEAR}",
        Fraction: "an exact number",
        str: "text",
    }[hint]


def _written(hint: Any) -> str:
    inner = _optional(hint)
    if inner is not None:
        return f"{_written(inner)}, or null"
    if typing.get_origin(hint) is tuple:
        return f"[...], each {_written(typing.get_args(hint)[0])}"
    if dataclasses.is_dataclass(hint):
        return f"a group of {_keys(typing.cast(type[Any], hint))}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " or ".join(f'"{one.value}"' for one in hint)
    return {
        bool: "true or false",
        int: "digits without quotes, like 12",
        Cents: 'dollars and cents in quotes, like "12.34"',
        date: 'year-month-day in quotes, like "2019-03-08"',
        Fraction: 'the number in quotes, like "4.25" or "1/6"',
        str: "text in quotes",
    }[hint]


def plain_form(filled: Any) -> dict[str, Any]:
    """A filled form as plain JSON: what ``read_form`` reads back to an equal one."""
    return {
        one.key: plain_value(getattr(filled, one.name)) if _core(one.hint) is not Cents
        else _plain_cents(getattr(filled, one.name))
        for one in fields_of(type(filled))
    }  # fmt: skip


def _plain_cents(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain_cents(one) for one in value]
    return None if value is None else usd_text(value)


def plain_value(value: Any) -> Any:
    """One value that is no amount of money, as plain JSON."""
    if isinstance(value, tuple):
        return [plain_value(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        return number_text(value)
    if dataclasses.is_dataclass(value):
        return plain_form(value)
    return value


def number_text(value: Fraction) -> str:
    """An exact number as a sheet prints it: ``4.25``; a share no decimals can hold as ``1/6``."""
    scaled = value * 10**12
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    whole, part = divmod(abs(int(scaled)), 10**12)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:012d}".rstrip("0").rstrip(".")


def schema_of(form: type[Any]) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a form."""
    fields = fields_of(form)
    return {
        "title": form.__name__,
        "description": " ".join((form.__doc__ or "").split()),
        "type": "object",
        "additionalProperties": False,
        "required": [one.key for one in fields if one.required],
        "properties": {
            one.key: {**_schema(one.hint), "description": one.meaning} for one in fields
        },
    }


def _schema(hint: Any) -> dict[str, Any]:
    inner = _optional(hint)
    if inner is not None:
        return {"anyOf": [_schema(inner), {"type": "null"}]}
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(typing.get_args(hint)[0])}
    if dataclasses.is_dataclass(hint):
        return schema_of(typing.cast(type[Any], hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": "string", "enum": [one.value for one in hint]}
    scalars: dict[Any, dict[str, Any]] = {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        Cents: {"type": "string", "pattern": USD_PATTERN},
        date: {"type": "string", "format": "date"},
        Fraction: {"type": "string", "pattern": NUMBER_PATTERN},
        str: {"type": "string", "minLength": 1},
    }
    return scalars[hint]
