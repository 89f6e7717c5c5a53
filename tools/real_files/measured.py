"""What became of the energy of one meter of one file, and whether it adds up.

Lives here      both sides of the sum, as data and as JSON; exact numbers as texts.
Lives elsewhere measuring (``measuring``), printing (``tools/measure_real_files.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any


@dataclass(slots=True)
class Measured:
    """One meter of one file: what came in and what became of it."""

    file: str
    read_as: str
    zone: str
    meter: str = ""
    lengths: str = ""
    intervals: int = 0
    energy_in: Fraction = Fraction(0)
    """Watt-hours, exact."""
    billed_wh: int = 0
    held: Fraction = Fraction(0)
    outside: Fraction = Fraction(0)
    """In no window: before the first whole local day, or after the last."""
    windows_billed: int = 0
    windows_held: int = 0
    below_a_watt_hour: Fraction = Fraction(0)
    """What rounding each window down to whole watt-hours left."""
    options: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By rate option: windows billed and held."""
    sentences: list[str] = field(default_factory=list)
    """Why windows are held, or the file is refused."""
    option_sentences: dict[str, str] = field(default_factory=dict)
    """By option: the first sentence that holds a window which another option bills."""
    differences: list[str] = field(default_factory=list)

    @property
    def difference(self) -> Fraction:
        """Energy that came in and is neither billed, held nor outside; zero if all is well."""
        accounted = self.billed_wh + self.held + self.outside + self.below_a_watt_hour
        return self.energy_in - accounted

    def as_json(self) -> dict[str, Any]:
        """Amounts as texts, in watt-hours."""
        return {
            "file": self.file,
            "read_as": self.read_as,
            "zone": self.zone,
            "meter": self.meter,
            "interval_seconds": self.lengths,
            "intervals": self.intervals,
            "in_wh": wh_text(self.energy_in),
            "billed_wh": str(self.billed_wh),
            "held_wh": wh_text(self.held),
            "outside_wh": wh_text(self.outside),
            "below_a_watt_hour_wh": wh_text(self.below_a_watt_hour),
            "difference_wh": wh_text(self.difference),
            "windows_billed": self.windows_billed,
            "windows_held": self.windows_held,
            "options": {
                code: {"billed": billed, "held": held}
                for code, (billed, held) in self.options.items()
            },
            "sentences": self.sentences,
            "option_sentences": self.option_sentences,
            "differences": self.differences,
        }


def wh_text(exact: Fraction) -> str:
    """An exact decimal; every sum of readings is one."""
    if exact.denominator == 1:
        return str(exact.numerator)
    decimals = 0
    while (exact * 10**decimals).denominator != 1 and decimals < 30:
        decimals += 1
    whole = exact * 10**decimals
    if whole.denominator != 1:
        return f"{exact.numerator}/{exact.denominator}"
    digits = str(abs(whole.numerator)).rjust(decimals + 1, "0")
    sign = "-" if exact < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
