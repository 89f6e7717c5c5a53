"""The shapes of a rate plan: segments, lines before their quantity is known, proration.

Lives here      what a plan holds; numbers that a line needs beside energy are in ``parts``.
Lives elsewhere making a plan of a window (``plan``), pricing it (``price``).
Read first      docs/glossary.md: "segment", "period", "block", "plan".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from meterledger.facts.charges import ChargeGroup
from meterledger.kernel.citation import Citation
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.rating.parts import (
    BlockUse,
    DemandUse,
    MeasuredDemand,
    NetPlan,
    OnLines,
    SolarPlan,
)
from meterledger.rating.season_choice import SeasonChoice
from meterledger.rulebook.schedule import Block, ChargeKind, ChargeRule, DayWindows, Schedule

COUNTS = "counts"
"""The period of a demand-window calendar whose hours count for demand."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of the window on which nothing changes."""

    days: DaySpan
    season: str


@dataclass(frozen=True, slots=True)
class LinePlan:
    """One line of the bill before its quantity is known.

    ``segments``     whose energy or demand it takes (indexes into the plan's segments)
    ``period``       index of the period whose energy it takes, or None for all hours
    ``block``        with ``block_limit_wh``: which side of the limit it prices
    ``block_group``  lines of one limit (all periods, both blocks) share this number
    ``share``        months for a monthly charge, share of a month for a demand charge, else 1
    ``demand``       whose kW it takes; None: the highest clock hour of the demand window
    ``over``         the demand above which its kW begin
    ``beyond``       the share of the demand up to which kvar are free
    ``blocks``       its block of a set; ``on_lines`` what it is reckoned from, of lines above it
    """

    rule: ChargeRule
    days: DaySpan
    segments: tuple[int, ...]
    period: int | None
    block: Block | None
    block_limit_wh: int
    block_group: int
    price_micro_usd: int
    share: Fraction
    standing: Standing
    citations: tuple[Citation, ...]
    reading_keys: tuple[str, ...]
    demand: DemandUse | None = None
    over: DemandUse | None = None
    beyond: Fraction = Fraction(0)
    blocks: BlockUse | None = None
    on_lines: OnLines | None = None

    @property
    def group(self) -> ChargeGroup:
        """Riders are shown apart from base charges."""
        rider = self.rule.is_rider or self.rule.kind is ChargeKind.RIDER
        return ChargeGroup.RIDER if rider else ChargeGroup.BASE


@dataclass(frozen=True, slots=True)
class RatePlan:
    """A window of a schedule, ready for any number of meters' usage.

    ``day_windows``    for each day of the window: its time-of-use windows, or None (all hours)
    ``demand_windows`` for each day: the windows in which an hour counts for demand, or None
    ``segment_of_day`` for each day: its segment's index
    ``demands``        the demands that the schedule states by name, in its order
    ``solar``, ``net`` what programmes beside the schedule do to its energy, or None
    ``seasons``        why its days are of their seasons
    """

    schedule: Schedule
    window: DaySpan
    zone: str
    segments: tuple[Segment, ...]
    periods: tuple[str, ...]
    lines: tuple[LinePlan, ...]
    segment_of_day: tuple[int, ...]
    day_windows: tuple[DayWindows | None, ...]
    demand_windows: tuple[DayWindows | None, ...]
    demands: tuple[MeasuredDemand, ...] = ()
    solar: SolarPlan | None = None
    net: NetPlan | None = None
    seasons: SeasonChoice | None = field(default=None, compare=False, repr=False)

    @property
    def ratchets(self) -> tuple[DemandUse, ...]:
        """The billing demands that need the demand of periods before, each by its name once.

        Where a revision inside the window changes how many periods count, by the part that looks
        back furthest: the others look at the newest of the same.
        """
        furthest: dict[str, DemandUse] = {}
        for use in (use for line in self.lines for use in demands_of(line)):
            if use.ratchet is None:
                continue
            other = furthest.setdefault(use.name, use).ratchet
            if other is not None and other.periods < use.ratchet.periods:
                furthest[use.name] = use
        return tuple(furthest.values())

    @property
    def is_plain(self) -> bool:
        """Whether all lines are for months, energy in at most two blocks, or the highest hour."""
        plain = {ChargeKind.MONTHLY, ChargeKind.ENERGY, ChargeKind.DEMAND, ChargeKind.RIDER}
        alike = all(line.rule.kind in plain and not line.blocks for line in self.lines)
        return alike and not (self.demands or self.solar or self.net)

    @property
    def needs_kvar(self) -> bool:
        """Whether a line is for reactive demand."""
        return bool(self.reactive_lines)

    @property
    def reactive_lines(self) -> tuple[LinePlan, ...]:
        """The lines that are for reactive demand."""
        return tuple(one for one in self.lines if one.rule.kind is ChargeKind.REACTIVE)


@dataclass(frozen=True, slots=True)
class Proration:
    """How many months a window counts for, decided by ``billing``: 1, or days over normal days.

    ``citations`` stand on every line that the share changes; empty when ``months`` is 1.
    """

    months: Fraction
    citations: tuple[Citation, ...] = ()
    standing: Standing = Standing.FILED
    reading_keys: tuple[str, ...] = ()


def demands_of(line: LinePlan) -> tuple[DemandUse, ...]:
    """Every demand that a line rests on."""
    found = [line.demand, line.over, line.blocks.demand if line.blocks else None]
    found += [one.use for one in line.on_lines.demands] if line.on_lines else []
    return tuple(use for use in found if use is not None)
