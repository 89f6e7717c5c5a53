"""Lines that were set aside, and their way out: released once or rejected once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from psycopg import errors

from meterledger.facts.intake import (
    REJECTED,
    Arrival,
    Movement,
    QuarantinedItem,
    QuarantineOutcome,
    totals_of_rejection,
)
from meterledger.facts.readings import QuarantinedLine
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.intake import insert_movement
from meterledger.usecases.ports import Conflict, NotFound

ITEMS = """
SELECT q.id, q.received_file_id, f.name, q.line, q.data, q.reason, q.row_count, q.energy_wh,
       f.learned_at, o.outcome, o.author, o.reason, o.learned_at, o.release_id
  FROM quarantined_line q JOIN received_file f ON f.sha256 = q.received_file_id
  LEFT JOIN quarantine_outcome o ON o.quarantined_line_id = q.id
"""


class QuarantineTables(Tables):
    """The part of the store that lets lines out of quarantine."""

    def quarantined_items(
        self, *, waiting_only: bool = True, sha256: str | None = None
    ) -> list[QuarantinedItem]:
        """Lines that were set aside, oldest first. :raises NotViewing: outside ``viewing``."""
        return self._read(
            lambda connection: [
                _item(row)
                for row in connection.execute(
                    ITEMS + " WHERE (NOT %s OR o.outcome IS NULL)"
                    " AND (%s::text IS NULL OR q.received_file_id = %s) ORDER BY q.id",
                    [waiting_only, sha256, sha256],
                )
            ]
        )

    def quarantined_item(self, quarantine_id: int) -> QuarantinedItem:
        """One of them. :raises NotViewing: outside ``viewing``; :raises NotFound:"""

        def ask(connection: Connection) -> QuarantinedItem:
            row = connection.execute(ITEMS + " WHERE q.id = %s", [quarantine_id]).fetchone()
            if row is None:
                raise NotFound.of_quarantined(quarantine_id)
            return _item(row)

        return self._read(ask)

    def record_rejection(self, item: QuarantinedItem, outcome: QuarantineOutcome) -> None:
        """Keep that a line is not to be used. :raises Conflict: if it has an outcome already"""
        self._connections.ensure_months([record_day(outcome.learned_at)])

        def work(connection: Connection) -> None:
            insert_outcome(connection, item, outcome)
            arrival = Arrival(item.file_name, item.sha256, None, source_of(connection, item))
            totals = totals_of_rejection(item)
            insert_movement(
                connection, Movement(arrival, "", REJECTED, None, totals, outcome.learned_at)
            )
            self._note(
                connection,
                "quarantined line rejected",
                [(item.sha256, {"line": item.quarantine_id}, outcome.learned_at)],
            )

        self._step("reject a quarantined line", work)


def insert_outcome(
    connection: Connection, item: QuarantinedItem, outcome: QuarantineOutcome
) -> None:
    """Keep the outcome of a line. :raises Conflict: if it has one already"""
    try:
        connection.execute(
            "INSERT INTO quarantine_outcome (quarantined_line_id, outcome, author, reason,"
            " release_id, learned_at) VALUES (%s, %s, %s, %s, %s, %s)",
            [
                *(item.quarantine_id, outcome.outcome, outcome.author, outcome.reason),
                *(outcome.release_sha256, outcome.learned_at),
            ],
        )
    except errors.UniqueViolation as problem:
        raise Conflict.of_quarantined(item.quarantine_id) from problem


def source_of(connection: Connection, item: QuarantinedItem) -> str:
    """Who sent the file that a line came with."""
    row = connection.execute(
        "SELECT source FROM intake_movement WHERE sha256 = %s ORDER BY id LIMIT 1", [item.sha256]
    ).fetchone()
    return str(row[0]) if row else ""


def _item(row: Sequence[Any]) -> QuarantinedItem:
    quarantine_id, sha256, name, line, data, reason, rows, energy, learned_at = row[:9]
    outcome, author, because, decided_at, release = row[9:]
    return QuarantinedItem(
        quarantine_id=quarantine_id,
        sha256=sha256,
        file_name=name,
        line=QuarantinedLine(
            line, bytes(data), reason, rows, None if energy is None else Fraction(energy)
        ),
        learned_at=learned_at,
        outcome=None
        if outcome is None
        else QuarantineOutcome(outcome, author, because, decided_at, release),
    )
