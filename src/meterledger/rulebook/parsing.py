"""One tariff file into a series: every key read and checked, nothing passed over.

Lives here      what each key of a value file means, and the words when it is wrong.
Lives elsewhere values of schedules and calendars (``parsing_calendars``), the folder (``loading``).
Read first      docs/reference/tariff_files.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from meterledger.kernel.citation import Citation
from meterledger.kernel.money import whole_from_decimal_text
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.parsing_calendars import (
    parse_holidays,
    parse_schedule,
    parse_seasons,
    parse_time_of_use,
)
from meterledger.rulebook.series import DatedValue
from meterledger.rulebook.yaml_nodes import Node

SERIES_KEYS = frozenset({"kind", "meaning", "unit", "values", "last_checked_on"})
VALUE_KEYS = frozenset(
    {"effective_from", "effective_until", "value", "standing", "learned_on", "cite"}
)
VALUE_MAY = frozenset({"note", "source", "corrects", "limited_by", "reading_key"})
CITE_KEYS = frozenset({"instrument", "sheet", "revision", "paragraph"})
CITE_MAY = frozenset({"effective", "order"})
PRICE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a file with the line it stands on; both clocks are in ``dated``."""

    dated: DatedValue[Any]
    line: int
    corrects: bool
    record: dict[str, Any]
    """The entry as plain JSON, for the book's hash."""


@dataclass(frozen=True, slots=True)
class ParsedSeries:
    """All entries of one file, whenever learned."""

    name: str
    kind: str
    meaning: str
    unit: str
    file: str
    last_checked_on: str
    entries: tuple[Entry, ...]


def parse_series(name: str, root: Node) -> ParsedSeries:
    """Read one value file.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    keys = root.mapping(required=SERIES_KEYS, allowed=frozenset({"reading_key"}))
    kind = keys["kind"].text()
    if kind not in VALUE_PARSERS:
        raise keys["kind"].refuse(
            f"'{kind}' is not a kind of value", f"Use one of {', '.join(sorted(VALUE_PARSERS))}"
        )
    return ParsedSeries(
        name=name,
        kind=kind,
        meaning=keys["meaning"].text(),
        unit=keys["unit"].text(),
        file=root.file,
        last_checked_on=keys["last_checked_on"].day().isoformat(),
        entries=tuple(_entry(node, kind) for node in keys["values"].items()),
    )


def _entry(node: Node, kind: str) -> Entry:
    keys = node.mapping(required=VALUE_KEYS, allowed=VALUE_MAY)
    from_day = keys["effective_from"].day()
    until_day = keys["effective_until"].day_or_none()
    if until_day is not None and until_day <= from_day:
        raise keys["effective_until"].refuse(
            f"The value ends on {until_day}, not after it begins on {from_day}",
            "effective_until is the first day on which it no longer holds",
        )
    learned_on = keys["learned_on"].day()
    standing = _standing(keys["standing"])
    citation = _citation(keys["cite"], from_day.isoformat(), standing)
    dated: DatedValue[Any] = DatedValue(
        value=VALUE_PARSERS[kind](keys["value"]),
        days=Validity(from_day, until_day),
        standing=standing,
        citation=citation,
        learned_on=learned_on,
        note=keys["note"].text() if "note" in keys else "",
        limited_by=tuple(
            _citation(one, from_day.isoformat(), standing)
            for one in (keys["limited_by"].items() if "limited_by" in keys else [])
        ),
    )
    return Entry(
        dated=dated,
        line=node.line,
        corrects="corrects" in keys,
        record={key: plain(value) for key, value in keys.items()},
    )


def _standing(node: Node) -> Standing:
    word = node.text()
    try:
        return Standing(word)
    except ValueError:
        known = ", ".join(one.value for one in Standing)
        raise node.refuse(f"'{word}' is not a standing", f"Use one of {known}") from None


def _citation(node: Node, from_day: str, standing: Standing) -> Citation:
    keys = node.mapping(required=CITE_KEYS, allowed=CITE_MAY)
    revision = keys["revision"].text_or_none()
    if revision is None and standing is Standing.FILED:
        raise keys["revision"].refuse(
            "A filed value names the revision it was read in",
            "Give the revision, or state the standing the value really has",
        )
    return Citation(
        instrument=keys["instrument"].text(),
        sheet=keys["sheet"].text(),
        revision=revision,
        paragraph=keys["paragraph"].text(),
        effective=keys["effective"].day()
        if "effective" in keys
        else Node("date", _day(from_day), node.file, node.line).day(),
        order=keys["order"].text_or_none() if "order" in keys else None,
    )


def _day(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def plain(node: Node) -> Any:
    """A node as plain JSON, so that the same file content has the same hash everywhere."""
    if node.kind == "map":
        return {key: plain(value) for key, value in node.value.items()}
    if node.kind == "list":
        return [plain(one) for one in node.value]
    if node.kind == "date":
        return node.value.isoformat()
    return node.value


def _price(node: Node) -> int:
    text = _quoted_number(node)
    micro_usd = whole_from_decimal_text(text, decimals=PRICE_DECIMALS)
    if micro_usd is None:
        raise node.refuse(
            f"'{text}' is not a price in whole millionths of a dollar",
            'Write at most six decimals, in quotes: "0.156"',
        )
    return micro_usd


def _number(node: Node) -> Fraction:
    text = _quoted_number(node)
    whole = whole_from_decimal_text(text, decimals=12)
    if whole is None:
        raise node.refuse(f"'{text}' is not a number", 'Write it in quotes: "0.09"')
    return Fraction(whole, 10**12)


def _quoted_number(node: Node) -> str:
    if node.kind != "text":
        raise node.refuse(
            f"{node.value} stands without quotes", f'Write the number in quotes: "{node.value}"'
        )
    return node.text()


def _text(node: Node) -> str:
    return node.text()


VALUE_PARSERS = {
    "price": _price,
    "number": _number,
    "text": _text,
    "seasons": parse_seasons,
    "time_of_use": parse_time_of_use,
    "holidays": parse_holidays,
    "schedule": parse_schedule,
}
