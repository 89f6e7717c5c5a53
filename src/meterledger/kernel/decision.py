"""Decisions: an outcome and the cited reasons for it. A "no" and a zero carry reasons too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding, and the clause that makes it count."""

    finding: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Decision(Generic[Outcome]):
    """What was decided, and why.

    ``reading_keys`` names the readings (conflicts of the rulebook) that the outcome rests on.

    :raises InvariantBroken: if no reason is given
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    reading_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ensure(len(self.reasons) > 0, "a decision carries at least one cited reason")
