"""Rules: a room's pure function with what it decides, on which day, from which facts and values.

Lives here      the description every rule of every room gives of itself.
Lives elsewhere the functions (rooms), the list of all (``usecases.rule_registry``), what a rule
                may ask of the book (``terms``), its facts as JSON (``forms``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from meterledger.kernel.decision import Decision
from meterledger.kernel.ensure import ensure
from meterledger.rulebook.terms import Terms

KINDS = ("calculation", "eligibility", "deadline", "limit", "notice", "procedure", "data_retention")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a pure function over given facts and the book on the day that counts.

    ``values``, ``provisions`` and ``readings`` are all that the rule may ask of the book: asking
    for anything else breaks an invariant, so that the lists stay true.
    """

    id: str
    title: str
    room: str
    kind: str
    chapter: str
    provisions: tuple[str, ...]
    governing_day: str
    """The day that counts, in words: the day of the fact that the rule governs."""
    facts: type[Any]
    outcome: type[Any]
    values: tuple[str, ...]
    decide: Callable[[Any, Terms], Decision[Any]]
    readings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ensure(self.kind in KINDS, f"{self.id} is of a known kind, not {self.kind}")
        ensure(len(self.provisions) > 0, f"{self.id} names the provisions it carries")
