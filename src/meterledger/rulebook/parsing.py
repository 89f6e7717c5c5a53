"""One tariff file into a series: every key read and checked, nothing passed over.

Lives here      what each key of a value file means, and the words when it is wrong.
Lives elsewhere calendars (``parsing_calendars``), schedules (``parsing_schedules``), the folder
                (``loading``).
Read first      docs/reference/tariff_files.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from meterledger.kernel.citation import Citation
from meterledger.kernel.money import whole_from_decimal_text
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.parsing_calendars import (
    parse_holidays,
    parse_seasons,
    parse_time_of_use,
)
from meterledger.rulebook.parsing_schedules import (
    parse_program,
    parse_schedule,
    parse_service_class,
)
from meterledger.rulebook.series import DatedValue
from meterledger.rulebook.yaml_nodes import Node

SERIES_KEYS = frozenset({"kind", "meaning", "unit", "values", "last_checked_on"})
VALUE_KEYS = frozenset(
    {"effective_from", "effective_until", "value", "standing", "learned_on", "cite"}
)
SERIES_MAY = frozenset({"reading_key", "provision", "limits", "starts", "gap"})
VALUE_MAY = frozenset(
    {
        "note",
        "source",
        "corrects",
        "limited_by",
        "reading_key",
        "confidence",
        "dates_inferred",
        "gap",
    }
)
CITE_KEYS = frozenset({"instrument", "sheet", "revision", "paragraph", "effective", "order"})
PRICE_DECIMALS = 6
NUMBER_DECIMALS = 12


_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,24})?")
_DIGITS = re.compile(r"[0-9]+")
_SHARE = re.compile(r"-?[0-9]{1,9}/[1-9][0-9]{0,8}")
_SIGNED_ZERO = re.compile(r"-[0.]+(/[0-9]+)?")
"""A zero has no sign: who writes -0.00 has lost a number on the way."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a file with the line it stands on; both clocks are in ``dated``."""

    dated: DatedValue[Any]
    line: int
    corrects: date | None
    """The day on which the entries it corrects were learned, or None if it corrects nothing."""
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
    last_checked_on: date
    reading_key: str
    entries: tuple[Entry, ...]
    provision: str = ""
    """The provision of the book that states the value, where one does."""
    limits: str = ""
    """The name of the value that this one caps, or nothing."""
    starts: str = ""
    """The key of the reading that sets the first day of a cap, or nothing."""
    gap: str = ""
    """The missing text because of which no value is known at all, or nothing."""


def parse_series(name: str, root: Node) -> ParsedSeries:
    """Read one value file.

    :raises TariffFileBroken: naming the line, what is wrong and what to do
    """
    keys = root.mapping(required=SERIES_KEYS, allowed=SERIES_MAY)
    kind = keys["kind"].text()
    if kind not in VALUE_PARSERS:
        raise keys["kind"].refuse(
            f"'{kind}' is not a kind of value", f"Use one of {', '.join(sorted(VALUE_PARSERS))}"
        )
    gap = _optional_text(keys, "gap")
    entries = tuple(_entry(node, kind) for node in _entries(keys["values"], gap))
    last_checked_on = keys["last_checked_on"].day()
    newest = max((entry.dated.learned_on for entry in entries), default=date.min)
    if last_checked_on < newest:
        raise keys["last_checked_on"].refuse(
            f"The values were last checked on {last_checked_on}, before one was learned ({newest})",
            "Check the file and state the day you did",
        )
    return ParsedSeries(
        name=name,
        kind=kind,
        meaning=keys["meaning"].text(),
        unit=keys["unit"].text(),
        file=root.file,
        last_checked_on=last_checked_on,
        reading_key=_optional_text(keys, "reading_key"),
        entries=entries,
        provision=_optional_text(keys, "provision"),
        limits=_optional_text(keys, "limits"),
        starts=_optional_text(keys, "starts"),
        gap=gap,
    )


def _entries(node: Node, gap: str) -> list[Node]:
    """The entries of a file: none where it names the missing text, at least one where not."""
    none = node.kind == "list" and not node.value
    if gap and not none:
        raise node.refuse(
            f"The file says that no value is known for want of {gap}, and has one",
            "Take out the file's gap, or state it in the entry",
        )
    return [] if gap else node.items()


def _optional_text(keys: dict[str, Node], key: str) -> str:
    return keys[key].text() if key in keys else ""


def _entry(node: Node, kind: str) -> Entry:
    keys = node.mapping(required=VALUE_KEYS, allowed=VALUE_MAY)
    days = _days(keys)
    standing = _standing(keys["standing"])
    dated: DatedValue[Any] = DatedValue(
        value=VALUE_PARSERS[kind](keys["value"]),
        days=days,
        standing=standing,
        citation=_citation(keys["cite"], days.from_day, standing),
        learned_on=keys["learned_on"].day(),
        note=_optional_text(keys, "note"),
        limited_by=tuple(
            _citation(one, None, standing)
            for one in (keys["limited_by"].items() if "limited_by" in keys else [])
        ),
        source=_optional_text(keys, "source"),
        confidence=keys["confidence"].confidence() if "confidence" in keys else "",
        dates_inferred=keys["dates_inferred"].flag() if "dates_inferred" in keys else False,
        gap=_optional_text(keys, "gap"),
    )
    if kind == "holidays":
        outside = sorted(day for day in dated.value if day not in days)
        if outside:
            raise keys["value"].refuse(
                f"The holiday {outside[0]} lies outside the days this value is in force, {days}",
                "Move it to the entry of its year",
            )
    return Entry(
        dated=dated,
        line=node.line,
        corrects=keys["corrects"].day() if "corrects" in keys else None,
        record={key: plain(value) for key, value in keys.items()},
    )


def _days(keys: dict[str, Node]) -> Validity:
    from_day = keys["effective_from"].day()
    until_day = keys["effective_until"].day_or_none()
    if until_day is not None and until_day <= from_day:
        raise keys["effective_until"].refuse(
            f"The value ends on {until_day}, not after it begins on {from_day}",
            "effective_until is the first day on which it no longer holds",
        )
    return Validity(from_day, until_day)


def _standing(node: Node) -> Standing:
    word = node.text()
    try:
        return Standing(word)
    except ValueError:
        known = ", ".join(one.value for one in Standing)
        raise node.refuse(f"'{word}' is not a standing", f"Use one of {known}") from None


def _citation(node: Node, from_day: date | None, standing: Standing) -> Citation:
    keys = node.mapping(required=CITE_KEYS, allowed=frozenset())
    revision = keys["revision"].text_or_none()
    if revision is None and standing is Standing.FILED:
        raise keys["revision"].refuse(
            "A filed value names the revision it was read in",
            "Give the revision, or state the standing the value really has",
        )
    effective = keys["effective"].day()
    if from_day is not None and effective > from_day:
        raise keys["effective"].refuse(
            f"The clause took effect on {effective}, after the value begins on {from_day}",
            "Cite the clause that was in force when the value begins",
        )
    return Citation(
        instrument=keys["instrument"].text(),
        sheet=keys["sheet"].text(),
        revision=revision,
        paragraph=keys["paragraph"].text(),
        effective=effective,
        order=keys["order"].text_or_none(),
    )


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
    text = quoted_number(node, "0.156")
    micro_usd = whole_from_decimal_text(text, decimals=PRICE_DECIMALS)
    if micro_usd is None:
        raise node.refuse(
            f"'{text}' is not a price in whole millionths of a dollar",
            'Write at most six decimals, in quotes: "0.156"',
        )
    return micro_usd


def _number(node: Node) -> Fraction:
    """A decimal number, or an exact share as a sheet writes it: one sixth is "1/6"."""
    if node.kind == "text" and "/" in node.value:
        return _share(node)
    text = quoted_number(node, "0.09")
    whole = whole_from_decimal_text(text, decimals=NUMBER_DECIMALS)
    if whole is None:
        raise node.refuse(
            f"'{text}' has more decimals than a number of the book keeps",
            f'Write at most {NUMBER_DECIMALS} decimals, in quotes: "0.09"',
        )
    return Fraction(whole, 10**NUMBER_DECIMALS)


def _share(node: Node) -> Fraction:
    if not _SHARE.fullmatch(node.value) or _SIGNED_ZERO.fullmatch(node.value):
        raise node.refuse(
            f"'{node.value}' is not a share of whole numbers", 'Write it like "1/6", in quotes'
        )
    return Fraction(node.value)


def quoted_number(node: Node, example: str) -> str:
    """The text of a number: quoted, digits and at most one point, as a sheet prints it."""
    if node.kind == "integer":
        raise node.refuse(
            f"{node.value} stands without quotes", f'Write the number in quotes: "{node.value}"'
        )
    if node.kind != "text":
        raise node.misplaced("a number is", f'Write the number in quotes: "{example}"')
    if not _NUMBER.fullmatch(node.value) or _SIGNED_ZERO.fullmatch(node.value):
        raise node.refuse(
            f"'{node.value}' is not a number as a sheet prints it",
            f'Write digits and at most one point, in quotes: "{example}"',
        )
    return str(node.value)


def _text(node: Node) -> str:
    return node.text()


def _flag(node: Node) -> bool:
    return node.flag()


def _day(node: Node) -> date:
    return node.day()


def _list(node: Node) -> tuple[str, ...]:
    """Texts in their order; none where a revision took the last one out, written []."""
    if node.kind == "list" and not node.value:
        return ()
    return tuple(map(_word, node.items()))


def _word(node: Node) -> str:
    """A text. Blanks around words are none of them, and a number that has some is no number."""
    text = node.text()
    return node.as_written() if _DIGITS.fullmatch(text) else text


VALUE_PARSERS = {
    "price": _price,
    "number": _number,
    "text": _text,
    "flag": _flag,
    "day": _day,
    "list": _list,
    "seasons": parse_seasons,
    "time_of_use": parse_time_of_use,
    "holidays": parse_holidays,
    "schedule": parse_schedule,
    "program": parse_program,
    "service_class": parse_service_class,
}
