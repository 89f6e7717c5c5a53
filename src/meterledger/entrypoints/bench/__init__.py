"""Benchmarks: figures as ratios in one run against peers, in the form that stays.

Lives here      one module per bench; the machine's description; memory of all processes.
Lives elsewhere the limits (``bars.yaml``), the populations (``entrypoints/demo/population``).
"""
