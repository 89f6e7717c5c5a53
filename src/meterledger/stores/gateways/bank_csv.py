"""Our CSV profile of a bank statement, for banks whose export somebody has put into this form.

One header and six columns. Rows of a statement stand together: ``opening``, then its lines, then
``closing``. Amounts are dollars with two decimals; money out has a minus.

    kind,bank_account,day,amount_usd,reference,text
    opening,4471,2026-11-25,1000.00,,
    line,4471,2026-11-25,250.00,LB-1125,lockbox deposit
    closing,4471,2026-11-25,1250.00,,

Lives here      the columns and the order of rows.
Lives elsewhere what a statement is (``facts.bank``).
"""

from __future__ import annotations

import csv
import io
from datetime import date

from meterledger.facts.bank import BankStatement
from meterledger.stores.gateways.bank_words import (
    LINES_MAX,
    broken,
    dollars_in_cents,
    iso_day,
    statement_of,
)

HEADER = ("kind", "bank_account", "day", "amount_usd", "reference", "text")


def read_bank_csv(name: str, text: str) -> list[BankStatement]:
    """The statements of a file in our profile.

    :raises EnvelopeBroken: if a row is not in its place, or a statement does not add up
    """
    found: list[BankStatement] = []
    begun: tuple[str, int] | None = None
    lines: list[tuple[date, int, str, str, str]] = []
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in rows:
            where = f"{name}, line {rows.line_num}"
            if rows.line_num == 1:
                if tuple(row) != HEADER:
                    raise broken(f"The columns are not {', '.join(HEADER)}", where)
                continue
            if not row:
                continue
            if len(row) != len(HEADER):
                raise broken(f"A row has {len(row)} columns, not {len(HEADER)}", where)
            kind, account, day_text, amount, reference, words = row
            day = iso_day(day_text, where) if len(day_text) == 10 else iso_day("", where)
            negative = amount.startswith("-")
            cents = dollars_in_cents(amount[1:] if negative else amount, where)
            if negative and cents == 0:
                raise broken(f"{amount[:40]!a} is a zero with a sign", where)
            cents = -cents if negative else cents
            if kind == "opening" and begun is None:
                begun, lines = (account, cents), []
            elif kind == "line" and begun is not None and begun[0] == account:
                if cents == 0:
                    raise broken("A line moves no money", where)
                if len(lines) >= LINES_MAX:
                    raise broken(f"The file holds more than {LINES_MAX:,} movements", where)
                lines.append((day, cents, reference, words, ""))
            elif kind == "closing" and begun is not None and begun[0] == account:
                found.append(
                    statement_of(
                        bank_account=account,
                        as_of_day=day,
                        opening_cents=begun[1],
                        closing_cents=cents,
                        lines=lines,
                        where=where,
                    )
                )
                begun = None
            else:
                raise broken(
                    f"A row of kind {kind[:20]!a} is not in its place",
                    where,
                    "A statement is opening, lines and closing of one account, in this order",
                )
    except csv.Error as problem:
        raise broken(f"The rows cannot be read: {problem}", name) from problem
    if begun is not None or not found:
        raise broken("The file is cut off: a statement has no closing row", name)
    return found
