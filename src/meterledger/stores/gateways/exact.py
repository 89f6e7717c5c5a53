"""Numbers as they were written: whole digits and a power of ten, never a float."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from meterledger.kernel.ensure import ensure

WHOLE_MAX = 2**63 - 1
"""Stored values are 64-bit whole numbers with a sign."""

BLANKS = " \t\r\n"
"""What may stand around a cell. Blanks of other alphabets and of typesetting are no padding."""

EXPONENT_MAX = 18
_COMFORTABLE = 2**31 - 1
"""Below this the decimals stay as written; above it, zeros that say nothing are dropped."""

_NUMBER = re.compile(
    r"([+-]?)(?=\.?\d)(\d{0,40})(?:\.(\d{0,40}))?(?:[EeDd]([+-]?\d{1,3}))?", re.ASCII
)


class Exact(NamedTuple):
    """``whole`` times ten to the power ``exponent``, with the decimals that were written."""

    whole: int
    exponent: int

    def times(self, other: Exact) -> Exact:
        """The exact product."""
        return Exact(self.whole * other.whole, self.exponent + other.exponent)

    def shortest(self) -> Exact:
        """The same number without trailing zeros after the point: 1.0 becomes 1."""
        whole, exponent = self
        while exponent < 0 and whole % 10 == 0:
            whole, exponent = whole // 10, exponent + 1
        return Exact(whole, exponent)

    def same_as(self, other: Exact) -> bool:
        """Whether both are the same number."""
        low = min(self.exponent, other.exponent)
        return self.at_scale(low) == other.at_scale(low)

    def at_scale(self, scale: int) -> int:
        """The whole number of tens to the power ``scale``.

        :raises InvariantBroken: if the number is no whole number of them
        """
        steps = self.exponent - scale
        if steps >= 0:
            return self.whole if steps == 0 else self.whole * int(10**steps)
        whole, rest = divmod(self.whole, int(10**-steps))
        ensure(rest == 0, "only zeros after the point are dropped")
        return whole

    def __str__(self) -> str:
        if self.exponent >= 0:
            return str(self.at_scale(0))
        sign = "-" if self.whole < 0 else ""
        digits = str(abs(self.whole)).rjust(1 - self.exponent, "0")
        return f"{sign}{digits[: self.exponent]}.{digits[self.exponent :]}"


def read_exact(text: str) -> Exact | None:
    """The number a text says, or None if it says none that can be kept exactly.

    ASCII digits, one point, an exponent with E or D; no separators, no words like NaN, and no
    zero with a minus: its sender rounded away a number that we do not know.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, digits, decimals, power = match.groups()
    decimals = decimals or ""
    exponent = int(power or 0) - len(decimals)
    whole = int(digits + decimals)
    if whole == 0 and sign == "-":
        return None
    if exponent > 0:
        if exponent > EXPONENT_MAX:
            return None
        whole, exponent = whole * 10**exponent, 0
    number = Exact(-whole if sign == "-" else whole, exponent)
    if abs(number.whole) > WHOLE_MAX or exponent < -EXPONENT_MAX:
        number = number.shortest()
        if abs(number.whole) > WHOLE_MAX or number.exponent < -EXPONENT_MAX:
            return None
    return number


def common_scale(numbers: Iterable[Exact]) -> int:
    """The power of ten at which all of the numbers are whole: the most decimals written.

    Trailing zeros that every number has are dropped only where they would make values large.
    """
    told = list(numbers)
    as_written = min((number.exponent for number in told), default=0)
    largest = max((abs(number.at_scale(as_written)) for number in told), default=0)
    if largest <= _COMFORTABLE:
        return min(as_written, 0)
    return min((number.shortest().exponent for number in told), default=0)
