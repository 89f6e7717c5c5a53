"""What a line's quantity rests on beside energy: demands, blocks, other lines; in exact numbers.

Lives here      the numbers of the book that a line was planned with, as its arithmetic needs them.
Lives elsewhere looking them up (``planning``), the arithmetic (``demand``, ``blocks``,
                ``on_lines``).
Read first      docs/reference/tariff_files.md, "A rate schedule, to the cent".
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from meterledger.facts.usage import Int8Array
from meterledger.rulebook.schedule import DayWindows


@dataclass(frozen=True, slots=True)
class MeasuredDemand:
    """A demand that is measured. ``day_windows``: for each day the hours that count, None: all."""

    name: str
    minutes: int
    day_windows: tuple[DayWindows | None, ...]


@dataclass(frozen=True, slots=True)
class RatchetPlan:
    """A share of the highest measured part of ``periods`` billing periods before.

    ``season_days``  Int8, for each day before the window from ``first_ordinal`` on: 1 in the
                     season, 0 not, -1 unknown; None where every period counts
    """

    share: Fraction
    periods: int
    season: str | None = None
    first_ordinal: int = 0
    season_days: Int8Array | None = None


@dataclass(frozen=True, slots=True)
class DemandUse:
    """A demand in the days of a line: the highest of parts, floor and ratchet.

    ``parts``  (index of a measured demand of the plan, its share)
    """

    name: str
    parts: tuple[tuple[int, Fraction], ...]
    floor_w: int = 0
    ratchet: RatchetPlan | None = None

    @property
    def is_measured(self) -> bool:
        """Whether nothing beside what was measured can set it."""
        return self.floor_w == 0 and self.ratchet is None


@dataclass(frozen=True, slots=True)
class BlockUse:
    """Which block of a set a line prices.

    ``bounds``  where each block but the last ends: Wh, or Wh per W of ``demand``; share applied
    ``number``  the line's block, from 0
    ``words``   the widths as the book states them, for the line's inputs
    """

    bounds: tuple[Fraction, ...]
    number: int
    demand: DemandUse | None
    words: str


@dataclass(frozen=True, slots=True)
class MinimumDemand:
    """A part of a minimum: price per kW of a demand on some segments, times a share of a month."""

    use: DemandUse
    segments: tuple[int, ...]
    price_micro_usd: int
    share: Fraction


@dataclass(frozen=True, slots=True)
class OnLines:
    """What a percent or a minimum is reckoned from.

    ``lines``        (index of a line above, the part of its cents that counts)
    ``percent``      the share of them; of a percent
    ``fixed_micro``  exact millionths of a dollar for the window; of a minimum
    ``demands``      what a minimum has for demand
    """

    lines: tuple[tuple[int, Fraction], ...]
    percent: Fraction = Fraction(0)
    fixed_micro: Fraction = Fraction(0)
    demands: tuple[MinimumDemand, ...] = ()


@dataclass(frozen=True, slots=True)
class SolarPlan:
    """What Solar Blocks replace. ``groups``: indexes of the lines over which each is shared."""

    block_wh: int
    groups: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class NetPlan:
    """Monthly netting; a credit expires ``expires_months`` months after its issue.

    ``places``  for each segment of the plan, the number of the place in which its energy is netted
    """

    expires_months: int
    places: tuple[int, ...] = ()
