"""Money as whole cents, prices as whole millionths of a dollar, and how both are written."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation, localcontext
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


def micro_usd_text(micro_usd: int) -> str:
    """``156000`` as ``0.156``: a price without trailing zeros, at least two decimals."""
    sign = "-" if micro_usd < 0 else ""
    whole, part = divmod(abs(micro_usd), 1_000_000)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"


def cents_from_text(text: str, *, where: str) -> Cents:
    """Read ``165.19`` as cents: ASCII digits, at most two decimals, no exponent, no separators.

    :raises NotMoney: saying which text was wrong and how an amount is written
    """
    body = text[1:] if text[:1] == "-" else text
    whole, dot, decimals = body.partition(".")
    digits_only = (whole + decimals).isascii() and (whole + decimals).isdigit()
    well_formed = digits_only and bool(whole) and (not dot or 1 <= len(decimals) <= 2)
    if not well_formed or len(whole) > 12:
        raise NotMoney(
            f"'{text[:40]}' is not an amount of dollars",
            where=where,
            do="Write dollars and cents like 165.19, digits and one point only",
        )
    cents = int(whole) * 100 + int(decimals.ljust(2, "0") or "0")
    return Cents(-cents if text[:1] == "-" else cents)


def whole_from_decimal_text(text: str, *, decimals: int) -> int | None:
    """Read a decimal number as a whole count of 10**-decimals, or None if it is not one exactly."""
    if len(text) > 40 or not text.isascii() or "_" in text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        return None
    with localcontext() as context:
        context.prec = 90  # forty digits scaled by thirty places are still exact
        scaled = number.scaleb(decimals)
        return int(scaled) if scaled == scaled.to_integral_value() else None
