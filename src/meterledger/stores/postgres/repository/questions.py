"""An invariant of the system of record, as a question to the database.

Lives here      the noun.
Lives elsewhere the questions (``verify``, ``verify_ledger``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from meterledger.stores.postgres.connections import Connection


@dataclass(frozen=True, slots=True)
class Question:
    """One invariant: how many things it is asked of, and a query for a sentence per breach.

    ``breaches`` may be made when it is asked, of what the database says of itself.
    """

    name: str
    count: str
    breaches: str | Callable[[Connection], str]

    def ask(self, connection: Connection, at_most: int) -> tuple[str, int, list[str]]:
        """(name, how many were checked, sentences of breaches)."""
        row = connection.execute(self.count).fetchone()
        query = self.breaches if isinstance(self.breaches, str) else self.breaches(connection)
        broken = connection.execute(query.encode()).fetchmany(at_most)
        return self.name, int(row[0]) if row else 0, [str(sentence) for (sentence,) in broken]
