"""A table of dated facts on two clocks: when true, since when known, until when believed.

Lives here      what PostgreSQL does with two range columns.
Lives elsewhere what may not hold twice on one day (``stores.believed``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from meterledger.stores.believed import Believed, Fact


@dataclass(slots=True)
class _Row(Generic[Fact]):
    fact: Fact
    known_from: datetime
    known_until: datetime | None = None

    def known_at(self, moment: datetime) -> bool:
        return self.known_from <= moment and (self.known_until is None or moment < self.known_until)


class TwoClocks(Generic[Fact]):
    """Facts of one kind, found by one key."""

    def __init__(self, believed: Believed[Fact], key: Callable[[Fact], str]) -> None:
        """``believed`` says what excludes what; ``key`` is what rows are looked up by."""
        self._believed = believed
        self._key = key
        self._rows: dict[str, list[_Row[Fact]]] = {}

    def is_new(self, fact: Fact, *, may_repeat: bool = True) -> bool:
        """Whether the fact says something new. :raises Conflict: if it cannot be."""
        return self._believed.is_new(fact, may_repeat=may_repeat)

    def learned_at(self, fact: Fact) -> datetime:
        """The instant from which a new fact is believed."""
        return self._believed.learned_at(fact)

    def add(self, fact: Fact, learned_at: datetime) -> None:
        """Keep a fact. Ask ``is_new`` first."""
        self._rows.setdefault(self._key(fact), []).append(_Row(fact, learned_at))
        self._believed.add(fact)

    def forget(self, fact: Fact) -> None:
        """Undo ``add``: for a call of which a later part was refused."""
        rows = self._rows[self._key(fact)]
        rows[:] = [row for row in rows if row.fact is not fact]
        self._believed.remove(fact)

    def replace(self, old: Fact, new: Fact, learned_at: datetime) -> None:
        """Believe ``new`` in place of ``old`` from ``learned_at`` on; both stay on record."""
        self.end(old, learned_at)
        self.add(new, learned_at)

    def end(self, old: Fact, learned_at: datetime) -> Callable[[], None]:
        """Believe ``old`` no longer from ``learned_at`` on; it stays on record. Answers the undo.

        :raises KeyError: if it is not believed now
        """
        for row in self._rows.get(self._key(old), ()):
            if row.fact == old and row.known_until is None:
                break
        else:
            raise KeyError(self._key(old))
        row.known_until = learned_at
        self._believed.remove(row.fact)
        reopen = self._believed.close(row.fact, learned_at)

        def undo() -> None:
            row.known_until = None
            reopen()
            self._believed.add(row.fact)

        return undo

    def of(self, key: str, known_at: datetime | None = None) -> list[Fact]:
        """Facts of a key believed at that instant, or now, by first day."""
        return sorted(
            _believed(self._rows.get(key, ()), known_at), key=lambda one: one.days.from_day
        )

    def known(self, known_at: datetime | None = None) -> list[Fact]:
        """All facts believed at that instant, or now."""
        return [fact for rows in self._rows.values() for fact in _believed(rows, known_at)]


def _believed(rows: Iterable[_Row[Fact]], known_at: datetime | None) -> list[Fact]:
    return [
        row.fact
        for row in rows
        if (row.known_until is None if known_at is None else row.known_at(known_at))
    ]
