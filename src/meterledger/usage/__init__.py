"""The usage room: which watt-hours are billable, and how we know.

Others may call ``find_gaps`` (what is missing from a window) and ``describe_usage`` (what a bill
stands on) for whole local days of many meters; ``tile_window`` and ``describe_tiled`` for one
meter's intervals of any length, and catch ``UsageNotTiled`` and its kinds. Estimation and editing
of intervals come with their chapters (GRR V.D, V.E).
"""

from meterledger.usage.complete import describe_usage, find_gaps, scale_by_multipliers
from meterledger.usage.tiling import (
    IntervalCrossesEdge,
    IntervalsOverlap,
    UsageNotTiled,
    WindowHasGap,
    describe_tiled,
    tile_window,
)

__all__ = [
    "IntervalCrossesEdge",
    "IntervalsOverlap",
    "UsageNotTiled",
    "WindowHasGap",
    "describe_tiled",
    "describe_usage",
    "find_gaps",
    "scale_by_multipliers",
    "tile_window",
]
