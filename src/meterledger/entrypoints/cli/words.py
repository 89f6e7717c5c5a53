"""How lines and notices are printed for a person: aligned columns, clauses beside amounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

STANDING_WORDS = {
    "filed": "every value used was read in a filed sheet or statute",
    "carried_forward": "a value used is carried forward from a canceled sheet",
    "second_hand": "a value used comes from a published secondary source, not from the sheet",
    "assumed": "a value used is assumed by us; no source for it is known",
}


def dollars(usd: str) -> str:
    """``-2.89`` as ``-$2.89``: a sum of a JSON answer, as a person writes it."""
    return f"-${usd[1:]}" if usd.startswith("-") else f"${usd}"


def worked(arithmetic: str) -> str:
    """A line's arithmetic with each minus before its dollar sign, like the amounts around it."""
    return arithmetic.replace("$-", "-$")


def print_table(rows: Sequence[Sequence[str]], right: frozenset[int]) -> None:
    """Print rows in columns; the columns numbered in ``right`` are aligned right."""
    if not rows:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def print_asked(asked: dict[str, Any]) -> None:
    """What a budget plan asks of a bill in place of its total, with what is open, and why."""
    print(
        f"Asked on the budget plan: {dollars(asked['asked_usd'])}; open before "
        f"{dollars(asked['difference_before_usd'])}, after {dollars(asked['difference_after_usd'])}"
    )
    for reason in asked["reasons"]:
        print(f"  {reason['finding']} - {reason['citation']['text']}")


def print_lines(lines: Sequence[dict[str, Any]], total_usd: str, standing: str) -> None:
    """Print charge lines (in their JSON form) with quantity, price, amount and first clause."""
    rows = [
        (
            f"{line['label']}, {line['from']} to {line['to']}",
            f"{line['quantity']} {line['unit']}",
            line["price_usd"],
            line["usd"],
            line["citations"][0]["text"],
        )
        for line in lines
    ]
    rows.append(("Total", "", "", total_usd, ""))
    print_table(rows, right=frozenset({1, 2, 3}))
    if standing != "filed":
        print(f"Standing: {standing} - {STANDING_WORDS[standing]}.")
