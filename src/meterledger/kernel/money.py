"""Money as whole cents, prices as whole millionths of a dollar, and how both are written."""

from __future__ import annotations

import re
from typing import NewType

from meterledger.kernel.refusal import Refusal

Cents = NewType("Cents", int)
"""Whole cents of a US dollar. A credit is negative."""

MicroUsd = NewType("MicroUsd", int)
"""Whole millionths of a US dollar: the unit of every price."""

CENTS_MAX = 10**13  # a hundred billion dollars: beyond any account of ours, well inside 64 bits


class NotMoney(Refusal):
    """A text that should be an amount of money is not one."""


def usd_text(cents: int) -> str:
    """``16519`` as ``165.19``: how sums stand in every JSON answer."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def usd_display(cents: int) -> str:
    """``-1651900`` as ``-$16,519.00``: how sums stand on pages and paper."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def usd_shown(told: str) -> str:
    """``-16519.00`` of a JSON answer as ``-$16,519.00``: how the same sum stands where people read.

    :raises NotMoney: if the text is no amount
    """
    return usd_display(cents_from_text(told, where="an amount"))


def micro_usd_text(micro_usd: int) -> str:
    """``156000`` as ``0.156``: a price without trailing zeros, at least two decimals."""
    sign = "-" if micro_usd < 0 else ""
    whole, part = divmod(abs(micro_usd), 1_000_000)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"


def cents_from_text(text: str, *, where: str) -> Cents:
    """Read ``165.19`` as cents: ASCII digits, at most two decimals, no exponent, no separators.

    A zero has no sign: who writes ``-0.00`` has lost a number on the way.

    :raises NotMoney: saying which text was wrong and how an amount is written
    """
    body = text[1:] if text[:1] == "-" else text
    whole, dot, decimals = body.partition(".")
    digits_only = (whole + decimals).isascii() and (whole + decimals).isdigit()
    well_formed = digits_only and bool(whole) and (not dot or 1 <= len(decimals) <= 2)
    cents = (
        int(whole) * 100 + int(decimals.ljust(2, "0")) if well_formed and len(whole) <= 12 else -1
    )
    if cents < 0 or (cents == 0 and text[:1] == "-"):
        raise NotMoney(
            f"{shown(text)} is not an amount of dollars",
            where=where,
            do="Write dollars and cents like 165.19, digits and one point only",
        )
    return Cents(-cents if text[:1] == "-" else cents)


def amount_from_text(text: str, *, where: str, least: int = 1) -> Cents:
    """Read an amount that somebody pays or is given: above zero, and one that we can keep.

    ``least`` is the smallest amount in cents; 0 where nothing may be meant.

    :raises NotMoney: saying which text was wrong and how an amount is written
    """
    cents = cents_from_text(text, where=where)
    if not least <= cents <= CENTS_MAX:
        raise NotMoney(
            f"{shown(text)} is not an amount {'above zero' if least else 'of zero or more'} "
            "that an account of ours can have",
            where=where,
            do=f"Give {usd_text(least)} to {usd_text(CENTS_MAX)}, like 165.19",
        )
    return cents


_PLAIN = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,24})?")


def whole_from_decimal_text(text: str, *, decimals: int) -> int | None:
    """Read a decimal number as a whole count of 10**-decimals, or None if it is not one exactly.

    Digits and one point between digits, as a person writes a number; a zero has no sign.
    """
    if not _PLAIN.fullmatch(text):
        return None
    whole, _, part = text.lstrip("-").partition(".")
    if part[decimals:].strip("0"):
        return None
    scaled = int(whole + part[:decimals].ljust(decimals, "0"))
    if text[0] == "-":
        return -scaled if scaled else None
    return scaled


_WHOLE = re.compile(r"-?[0-9]{1,18}")


def whole_from_text(text: str) -> int | None:
    """Read a whole number: ASCII digits, perhaps a minus before them; None if it is none.

    At most eighteen digits, so that every store can keep it; a zero has no sign.
    """
    if not _WHOLE.fullmatch(text):
        return None
    number = int(text)
    return None if number == 0 and text[0] == "-" else number


def shown(text: str) -> str:
    """A text that was refused, as a sentence repeats it: short, on one line, nothing hidden."""
    return f"'{ascii(text[:40])[1:-1]}'"
