"""The usage room: which watt-hours are billable, and how we know.

Others may call ``find_gaps`` (what is missing from a window) and ``describe_usage`` (what a bill
stands on) for whole local days of many meters; ``tile_window`` and ``describe_tiled`` for one
meter's intervals of any length, and catch ``UsageNotTiled`` and its kinds. Estimation and editing
of intervals come with their chapters (GRR V.D, V.E).
"""

from meterledger.rulebook.rules import Rule
from meterledger.usage import readings_needed, retention
from meterledger.usage.complete import describe_usage, find_gaps, scale_by_multipliers
from meterledger.usage.retention import RetentionFacts, decide_retention
from meterledger.usage.tiling import (
    IntervalCrossesEdge,
    IntervalsOverlap,
    UsageNotTiled,
    WindowHasGap,
    describe_tiled,
    tile_window,
)

RULES: tuple[Rule, ...] = (
    *readings_needed.RULES,
    *retention.RULES,
)
"""Every rule of this room, for ``rules`` and ``decide``."""

__all__ = [
    "RULES",
    "IntervalCrossesEdge",
    "IntervalsOverlap",
    "RetentionFacts",
    "UsageNotTiled",
    "WindowHasGap",
    "decide_retention",
    "describe_tiled",
    "describe_usage",
    "find_gaps",
    "scale_by_multipliers",
    "tile_window",
]
