"""A table of dated facts on two clocks: when true, since when known, until when believed.

Lives here      what PostgreSQL does with two range columns and an exclusion constraint.
Lives elsewhere which facts there are (``facts/places``), the store that uses this (``store``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from meterledger.kernel.span import Validity
from meterledger.usecases.ports import Conflict

Fact = TypeVar("Fact")


@dataclass(slots=True)
class _Row(Generic[Fact]):
    fact: Fact
    days: Validity
    known_from: datetime
    known_until: datetime | None = None

    def known_at(self, moment: datetime) -> bool:
        return self.known_from <= moment and (self.known_until is None or moment < self.known_until)


class TwoClocks(Generic[Fact]):
    """Facts of one kind. ``keys`` name what may not hold twice on one day."""

    def __init__(self, noun: str, *keys: Callable[[Fact], str]) -> None:
        """``noun`` is used in refusals; each key function gives one exclusion."""
        self._noun = noun
        self._keys = keys
        self._rows: list[_Row[Fact]] = []

    def check(self, fact: Fact, days: Validity) -> None:
        """Refuse a fact that overlaps another currently believed.

        :raises Conflict: naming both
        """
        for row in self._rows:
            if row.known_until is not None or not row.days.overlaps(days):
                continue
            for key in self._keys:
                if key(row.fact) == key(fact):
                    raise Conflict(
                        f"{self._noun} {key(fact)} is taken already {row.days}",
                        where=f"{self._noun} {key(fact)}, {days}",
                        do="End what is there first, or begin on the day it ends",
                    )

    def add(self, fact: Fact, days: Validity, learned_at: datetime) -> None:
        """Keep a fact. Call ``check`` first."""
        self._rows.append(_Row(fact, days, learned_at))

    def replace(self, old: Fact, new: Fact, days: Validity, learned_at: datetime) -> None:
        """Believe ``new`` in place of ``old`` from ``learned_at`` on; both stay on record."""
        for row in self._rows:
            if row.fact == old and row.known_until is None:
                row.known_until = learned_at
        self.add(new, days, learned_at)

    def copy_rows(self) -> list[Any]:
        """All rows, to be put back by ``put_rows`` when a write fails half-way."""
        return list(self._rows)

    def put_rows(self, rows: list[Any]) -> None:
        """Undo what was added since ``copy_rows``."""
        self._rows = rows

    def known(self, known_at: datetime | None = None) -> Iterable[Fact]:
        """Facts believed at that instant, or now."""
        return [
            row.fact
            for row in self._rows
            if (row.known_until is None if known_at is None else row.known_at(known_at))
        ]
