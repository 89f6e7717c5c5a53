"""Counts as people read them: one thing is singular.

Lives here      a count with its noun.
Lives elsewhere days (``written_days``), amounts (``money``).
"""

from __future__ import annotations


def many(count: int, noun: str, plural: str = "") -> str:
    """``1 bill``, ``2 bills``, ``0 bills``; ``plural`` where it is no s: ``2 entries``."""
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"
