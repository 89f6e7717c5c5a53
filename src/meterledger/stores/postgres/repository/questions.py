"""An invariant of the system of record, as a question to the database.

Lives here      the noun.
Lives elsewhere the questions (``verify``, ``verify_ledger``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from meterledger.kernel.money import usd_display
from meterledger.stores.postgres.connections import Connection

CENTS = re.compile(r"¢(-?\d*)¢")


@dataclass(frozen=True, slots=True)
class Question:
    """One invariant: how many things it is asked of, and a query for a sentence per breach.

    A sentence writes cents as ``¢1234¢``; they are told as ``$12.34``.

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
        sentences = [_in_dollars(str(sentence)) for (sentence,) in broken]
        return self.name, int(row[0]) if row else 0, sentences


def _in_dollars(sentence: str) -> str:
    """A sentence with each ``¢1234¢`` as people read it; none is nothing."""
    return CENTS.sub(lambda one: usd_display(int(one[1])) if one[1] else "nothing", sentence)
