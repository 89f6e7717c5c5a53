"""Participants of income programmes as CSV: one header, one line for each time in a programme.

Lives here      lines into accounts, names and days; the file is read whole, or refused whole.
Lives elsewhere whether accounts and programmes are known (``usecases/income_programs``).
Read first      docs/operating/impact.md: "Income programmes".

    account,programme,from,until
    1000000018,Keeping Current cooling,2025-06-01,2025-09-01
    1000000026,Keeping Current electric heating,2024-11-01,
"""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from meterledger.facts.income_programs import ParticipantFile, TakesPart
from meterledger.kernel.span import Validity
from meterledger.kernel.written_days import FIRST_YEAR, LAST_YEAR, day_from_text
from meterledger.stores.gateways.exact import BLANKS
from meterledger.stores.gateways.opening import decode, open_bytes, refuse_binary
from meterledger.stores.gateways.refusals import EnvelopeBroken

HEADER = ["account", "programme", "from", "until"]
LINES_MAX = 2_000_000
"""The most lines: more than every customer of ours once."""


def read_participants(path: Path) -> ParticipantFile:
    """The file of a path.

    :raises FileUnreadable: if it is not there, may not be read, or is too large
    :raises FormatUnknown: if it is a spreadsheet or an archive
    :raises EnvelopeBroken: if it is no such table, or a line of it is none
    """
    opened = open_bytes(path)
    return participants_of(opened.data, opened.name)


def participants_of(data: bytes, name: str) -> ParticipantFile:
    """The same of bytes that are already in memory."""
    refuse_binary(name, data)
    try:
        rows = list(csv.reader(io.StringIO(decode(name, data), newline=""), strict=True))
    except csv.Error as problem:
        raise _broken(name, f"It is no CSV: {problem}") from None
    if not rows or [cell.strip(BLANKS) for cell in rows[0]] != HEADER:
        raise _broken(name, f"It does not begin with the header {','.join(HEADER)}")
    lines = [
        _line(row, f"{name}, line {number}", number)
        for number, row in enumerate(rows[1:], start=2)
        if row
    ]
    if not lines:
        raise _broken(
            name,
            "It names nobody",
            why="An export that failed looks like this, and everybody would count as in no "
            "programme",
            do="Ask for the file again, or leave out --participants",
        )
    if len(lines) > LINES_MAX:
        raise _broken(name, f"It has {len(lines)} lines, and may have {LINES_MAX}")
    _each_once(lines, name)
    return ParticipantFile(name, tuple(lines))


def _line(row: list[str], where: str, number: int) -> TakesPart:
    if len(row) != len(HEADER):
        raise _broken(where, f"It has {len(row)} cells, and needs {len(HEADER)}")
    account, program, begins, ends = (cell.strip(BLANKS) for cell in row)
    for cell, what in ((account, "account"), (program, "programme")):
        if not cell:
            raise _broken(where, f"It names no {what}")
    first = _day(begins, "from", where)
    until = _day(ends, "until", where) if ends else None
    if until is not None and until <= first:
        raise _broken(
            where,
            f"It ends on {until} and begins on {first}",
            why="'until' is the first day on which the account takes no part any more",
        )
    return TakesPart(account, program, Validity(first, until), number)


def _day(text: str, column: str, where: str) -> date:
    day = day_from_text(text)
    if day is None:
        raise _broken(
            where,
            f"'{column}' is {text[:20]!a}, and not a day like 2025-07-01",
            why=f"Days lie in the years {FIRST_YEAR} to {LAST_YEAR}; only 'until' may be empty, "
            "where the account still takes part",
        )
    return day


def _each_once(lines: list[TakesPart], name: str) -> None:
    seen: dict[tuple[str, str, Validity], int] = {}
    for one in lines:
        what = (one.account_id, one.program, one.days)
        if what in seen:
            raise _broken(
                f"{name}, line {one.line}",
                f"It says what line {seen[what]} says",
                do="Nothing was counted. Remove one of them, or ask whose time the other is",
            )
        seen[what] = one.line


def _broken(where: str, what: str, *, why: str = "", do: str = "") -> EnvelopeBroken:
    return EnvelopeBroken(
        what, where=where, why=why, do=do or "Nothing was counted. Correct the file and run again"
    )
