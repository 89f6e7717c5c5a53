"""The usage room: which watt-hours are billable, and how we know.

Others may call ``find_gaps`` (what is missing from a window) and ``describe_usage`` (what a bill
stands on). Estimation and editing of intervals come with their chapters (GRR V.D, V.E).
"""

from meterledger.usage.complete import describe_usage, find_gaps, scale_by_multipliers

__all__ = ["describe_usage", "find_gaps", "scale_by_multipliers"]
