"""What a bill is made of beside the book: intervals by local day, and what stands with them.

Lives here      nouns only.
Lives elsewhere how they are reckoned (``quantities``, ``bill``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction


@dataclass(frozen=True)
class Usage:
    """Watt-hours by local day: a list of intervals for each, or one total whose times nobody knows.

    ``received_wh``  energy that came back, in the same intervals
    ``history``      of each billing demand, earlier billing periods: the day after the last one,
                     watts; ``from_start`` says that the history begins with the service
    ``credits``      net-metering credits: day of issue, cents
    """

    seconds: int = 900
    days: dict[date, list[int]] = field(default_factory=dict)
    total_wh: int | None = None
    received_wh: dict[date, list[int]] | None = None
    history: dict[str, list[tuple[date, int]]] = field(default_factory=dict)
    from_start: bool = False
    reactive_var: int | None = None
    solar_blocks: int = 0
    credits: list[tuple[date, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A line as printed: its code, its days and its cents."""

    code: str
    day_from: date
    day_until: date
    cents: int
    kind: str = field(compare=False)
    quantity: Fraction = field(compare=False)
    group: str = field(compare=False, default="base")
    granted_cents: int = field(compare=False, default=0)


class CannotPrice(Exception):
    """The usage does not say what the schedule asks."""
