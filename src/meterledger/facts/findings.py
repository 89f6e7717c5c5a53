"""Findings: what a check noticed, with its weight and the evidence to reproduce it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Weight(Enum):
    """``NOTE`` goes out with the bill's record; ``HOLD`` waits for a person."""

    NOTE = "note"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed: a stable code, a weight, a sentence and its evidence."""

    code: str
    weight: Weight
    sentence: str
    evidence: dict[str, str | int] = field(default_factory=dict)
