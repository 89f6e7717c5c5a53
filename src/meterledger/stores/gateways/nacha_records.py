"""The six records of a NACHA file by their printed positions, for reading and writing alike.

Every record has 94 characters. A number is digits, filled with zeros from the left; a text is
printable ASCII, filled with blanks to the right.

Lives here      layouts, and one record as named text and back.
Lives elsewhere what the records are together (``nacha``, ``nacha_write``).
Read first      the record layouts in Appendix Three of the Nacha Operating Rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.kernel.ensure import ensure
from meterledger.kernel.refusal import Refusal

RECORD_LENGTH = 94
BLOCKING = 10
FILLER = "9" * RECORD_LENGTH


class NachaRefused(Refusal):
    """The file is not a whole and sound NACHA file; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Field:
    """Positions from ``first`` to ``last``, both in, counted from 1 as the rules print them."""

    name: str
    first: int
    last: int
    is_number: bool = False

    @property
    def width(self) -> int:
        """How many characters."""
        return self.last - self.first + 1


def _fields(*described: tuple[str, int, int, str]) -> tuple[Field, ...]:
    fields = tuple(Field(name, first, last, kind == "9") for name, first, last, kind in described)
    places = [place for one in fields for place in range(one.first, one.last + 1)]
    ensure(places == list(range(2, RECORD_LENGTH + 1)), "the fields of a record fill it")
    return fields


FILE_HEADER = _fields(
    ("priority", 2, 3, "9"),
    ("destination", 4, 13, "X"),
    ("origin", 14, 23, "X"),
    ("created_day", 24, 29, "9"),
    ("created_time", 30, 33, "X"),
    ("modifier", 34, 34, "X"),
    ("record_size", 35, 37, "9"),
    ("blocking", 38, 39, "9"),
    ("format", 40, 40, "9"),
    ("destination_name", 41, 63, "X"),
    ("origin_name", 64, 86, "X"),
    ("reference", 87, 94, "X"),
)
BATCH_HEADER = _fields(
    ("service_class", 2, 4, "9"),
    ("company_name", 5, 20, "X"),
    ("discretionary", 21, 40, "X"),
    ("company_id", 41, 50, "X"),
    ("standard", 51, 53, "X"),
    ("description", 54, 63, "X"),
    ("descriptive_date", 64, 69, "X"),
    ("effective_day", 70, 75, "X"),
    ("settled", 76, 78, "X"),
    ("originator", 79, 79, "X"),
    ("origin_bank", 80, 87, "9"),
    ("number", 88, 94, "9"),
)
_ENTRY = (
    ("code", 2, 3, "9"),
    ("bank", 4, 11, "9"),
    ("digit", 12, 12, "9"),
    ("account_number", 13, 29, "X"),
    ("cents", 30, 39, "9"),
)
_TAIL = (("discretionary", 77, 78, "X"), ("has_addenda", 79, 79, "9"), ("trace", 80, 94, "9"))
ENTRY = _fields(*_ENTRY, ("identification", 40, 54, "X"), ("name", 55, 76, "X"), *_TAIL)
ENTRY_CIE = _fields(*_ENTRY, ("name", 40, 54, "X"), ("identification", 55, 76, "X"), *_TAIL)
ENTRY_CTX = _fields(
    *_ENTRY,
    ("identification", 40, 54, "X"),
    ("addenda_count", 55, 58, "9"),
    ("name", 59, 74, "X"),
    ("reserved", 75, 76, "X"),
    *_TAIL,
)
ADDENDA = _fields(
    ("kind", 2, 3, "9"),
    ("information", 4, 83, "X"),
    ("number", 84, 87, "9"),
    ("of_entry", 88, 94, "9"),
)
ADDENDA_CHANGE = _fields(
    ("kind", 2, 3, "9"),
    ("code", 4, 6, "X"),
    ("original_trace", 7, 21, "9"),
    ("reserved", 22, 27, "X"),
    ("original_bank", 28, 35, "9"),
    ("corrected", 36, 64, "X"),
    ("reserved_too", 65, 79, "X"),
    ("trace", 80, 94, "9"),
)
ADDENDA_RETURN = _fields(
    ("kind", 2, 3, "9"),
    ("code", 4, 6, "X"),
    ("original_trace", 7, 21, "9"),
    ("died_on", 22, 27, "X"),
    ("original_bank", 28, 35, "9"),
    ("information", 36, 79, "X"),
    ("trace", 80, 94, "9"),
)
BATCH_CONTROL = _fields(
    ("service_class", 2, 4, "9"),
    ("entry_count", 5, 10, "9"),
    ("hash", 11, 20, "9"),
    ("debit_cents", 21, 32, "9"),
    ("credit_cents", 33, 44, "9"),
    ("company_id", 45, 54, "X"),
    ("message_code", 55, 73, "X"),
    ("reserved", 74, 79, "X"),
    ("origin_bank", 80, 87, "9"),
    ("number", 88, 94, "9"),
)
FILE_CONTROL = _fields(
    ("batch_count", 2, 7, "9"),
    ("block_count", 8, 13, "9"),
    ("entry_count", 14, 21, "9"),
    ("hash", 22, 31, "9"),
    ("debit_cents", 32, 43, "9"),
    ("credit_cents", 44, 55, "9"),
    ("reserved", 56, 94, "X"),
)


def unpacked(fields: tuple[Field, ...], record: str, where: str) -> dict[str, str]:
    """A record's fields by name; a text without its blanks.

    :raises NachaRefused: if a number is not digits
    """
    found = {}
    for one in fields:
        text = record[one.first - 1 : one.last]
        if one.is_number and not text.isdigit():  # the whole record is ASCII, as was checked
            raise NachaRefused(
                f"Positions {one.first} to {one.last} ({one.name.replace('_', ' ')}) hold "
                f"'{text}', which is not a number",
                where=where,
                why="A number is digits and nothing else",
                do="Ask the bank for a sound file; nothing of this one was kept",
            )
        found[one.name] = text if one.is_number else text.strip()
    return found


def packed(kind: str, fields: tuple[Field, ...], /, **values: str | int) -> str:
    """A record of its kind from named values; what is not named is blank, or zero.

    :raises NachaRefused: if a value does not fit its positions, or is no plain ASCII
    """
    parts = [kind]
    for one in fields:
        value = values.pop(one.name, 0 if one.is_number else "")
        text = str(value)
        fits = len(text) <= one.width and text == text.strip() and _is_plain(text)
        if not fits or (one.is_number and not text.isdigit()):
            raise NachaRefused(
                f"'{text[:40]}' does not fit the {one.width} places of "
                f"{one.name.replace('_', ' ')}",
                where=f"record {kind}",
                do="Shorten it, and write it in plain letters",
            )
        parts.append(text.rjust(one.width, "0") if one.is_number else text.ljust(one.width))
    ensure(not values, f"a record {kind} has no {', '.join(values)}")
    return "".join(parts)


def _is_plain(text: str) -> bool:
    return text.isascii() and (text.isprintable() or not text)


def day_of(text: str, where: str) -> date:
    """Six digits, year first, of this century.

    :raises NachaRefused: if they are no day
    """
    try:
        if text.isdigit() and len(text) == 6:
            return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        pass
    raise NachaRefused(
        f"'{text}' is not a day",
        where=where,
        why="A day is written year, month, day in six digits",
        do="Ask the bank for a sound file; nothing of this one was kept",
    )


def day_text(day: date | None) -> str:
    """A day in six digits; blank for none."""
    return f"{day:%y%m%d}" if day else ""
