"""Who takes part in which programme, on two clocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from psycopg import errors

from meterledger.facts.participation import Participation
from meterledger.kernel.span import Validity
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.program_words import in_program, left, no_agreement

SELECT = (
    "SELECT agreement_id, account_id, program, blocks, lower(days), upper(days), lower(known)"
    " FROM participation"
)
THEN = "(CASE WHEN %(at)s::timestamptz IS NULL THEN upper_inf(known) ELSE known @> %(at)s END)"


class ProgramTables(Tables):
    """The part of the store that keeps who takes part in what."""

    def join_program(self, participation: Participation) -> None:
        """Keep a participation."""
        name, account = participation.agreement_id, participation.account_id

        def work(connection: Connection) -> str:
            known = connection.execute(
                "SELECT 1 FROM agreement WHERE agreement_id = %s AND account_id = %s LIMIT 1",
                [name, account],
            ).fetchone()
            if known is None:
                raise no_agreement(name)
            insert_participation(connection, participation)
            return account

        self._take_part("program joined", participation.learned_at, work)

    def leave_program(
        self, agreement_id: str, program: str, last_day_out: date, learned_at: datetime
    ) -> None:
        """End a participation."""

        def work(connection: Connection) -> str:
            rows = connection.execute(
                f"{SELECT} WHERE agreement_id = %s AND upper_inf(known) FOR UPDATE", [agreement_id]
            ).fetchall()
            believed = [_participation(row) for row in rows]
            old, new = left(believed, agreement_id, program, last_day_out, learned_at)
            connection.execute(
                "UPDATE participation SET known = tstzrange(lower(known), %s) WHERE"
                " agreement_id = %s AND program = %s AND lower(days) = %s AND upper_inf(known)",
                [new.learned_at, agreement_id, program, old.days.from_day],
            )
            insert_participation(connection, new)
            return old.account_id

        self._take_part("program left", learned_at, work)

    def participations(
        self, agreement_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, tuple[Participation, ...]]:
        """What the agreements take part in, as known then or now."""
        key = {"ids": list(agreement_ids), "at": known_at}
        rows = self._read(
            lambda connection: connection.execute(
                f"{SELECT} WHERE agreement_id = ANY (%(ids)s) AND {THEN}"
                " ORDER BY lower(days), program",
                key,
            ).fetchall()
        )
        found: dict[str, list[Participation]] = {}
        for one in map(_participation, rows):
            found.setdefault(one.agreement_id, []).append(one)
        return {name: tuple(rows) for name, rows in found.items()}

    def _take_part(
        self, event: str, learned_at: datetime, work: Callable[[Connection], str]
    ) -> None:
        self._connections.ensure_months([record_day(learned_at)])

        def step(connection: Connection) -> None:
            account = work(connection)
            self._note(connection, event, [(account, {}, learned_at)])

        self._step(event, step)


def part_no_more(connection: Connection, agreement_id: str, moment: datetime) -> None:
    """Believe from the moment on that an agreement takes part in nothing: it never was."""
    connection.execute(
        "UPDATE participation SET known = tstzrange(lower(known),"
        " greatest(%s::timestamptz, lower(known) + interval '1 microsecond'))"
        " WHERE agreement_id = %s AND upper_inf(known)",
        [moment, agreement_id],
    )


def insert_participation(connection: Connection, one: Participation) -> None:
    """Keep a participation. :raises Conflict: if the agreement is in the programme on a day"""
    try:
        connection.execute(
            "INSERT INTO participation (agreement_id, account_id, program, blocks, days, known)"
            " VALUES (%s, %s, %s, %s, daterange(%s, %s), tstzrange(%s, NULL))",
            [
                *(one.agreement_id, one.account_id, one.program, one.blocks),
                *(one.days.from_day, one.days.until_day, one.learned_at),
            ],
        )
    except errors.ExclusionViolation as problem:
        raise in_program(one.agreement_id, one.program) from problem


def _participation(row: Sequence[Any]) -> Participation:
    agreement, account, program, blocks, first, out, learned_at = row
    days = Validity(first, out)
    return Participation(agreement, account, program, days, learned_at.astimezone(UTC), blocks)
