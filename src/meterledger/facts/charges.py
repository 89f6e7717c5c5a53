"""Charge lines: priced, rounded once, each with the clause it stands on.

Made by ``rating`` (charges, riders) and ``billing`` (taxes); gathered into a bill by ``billing``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing


class ChargeGroup(Enum):
    """Which part of the bill a line belongs to; ``rate --without`` takes these in the plural."""

    BASE = "base"
    RIDER = "rider"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One printed line.

    ``quantity`` and ``unit``  what was multiplied, as printed (``412.345`` ``kWh``)
    ``price_usd``    per unit, as printed; empty where a line has no unit price
    ``arithmetic``   the multiplication a person can repeat by hand, ending in the rounded amount
    ``inputs``       the figures behind the quantity, by name, as text
    ``cents``        rounded once, half up; a credit is negative

    :raises InvariantBroken: if the line cites no clause
    """

    code: str
    label: str
    group: ChargeGroup
    days: DaySpan
    quantity: str
    unit: str
    price_usd: str
    cents: int
    standing: Standing
    citations: tuple[Citation, ...]
    arithmetic: str
    inputs: tuple[tuple[str, str], ...] = ()
    reading_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ensure(len(self.citations) > 0, f"line {self.code} cites the clause it stands on")

    def as_json(self, cite: Callable[[Citation], object] = Citation.as_json) -> dict[str, object]:
        """The line of ``rate`` and ``why``; in a bill's record ``cite`` gives a clause's place."""
        return {
            "code": self.code,
            "label": self.label,
            "group": self.group.value,
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            "quantity": self.quantity,
            "unit": self.unit,
            "price_usd": self.price_usd,
            "usd": usd_text(self.cents),
            "standing": self.standing.value,
            "citations": [cite(citation) for citation in self.citations],
            "arithmetic": self.arithmetic,
            "inputs": dict(self.inputs),
            "reading_keys": list(self.reading_keys),
        }
