"""The intake's book: arrivals, control totals, sources. Every row balances by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.intake import (
    KNOWN,
    REFUSED,
    TOTAL_COLUMNS,
    Arrival,
    ControlTotals,
    Count,
    IntakeDay,
    Movement,
    exact_text,
    total_values,
)
from meterledger.facts.sources import Source
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day, storable
from meterledger.usecases.intake_ports import SequenceSeen
from meterledger.usecases.ports import Conflict

ONE_PUBLISHES = 7_305_201_912
"""The advisory lock under which lake sequences are given out: no gap, and in order of commit."""

SUMS = ", ".join(f"coalesce(sum({column}), 0)" for column in (*TOTAL_COLUMNS[3:], "unread_rows"))
"""Stored, quarantined and refused; what was received is their sum, by a constraint."""

COLUMNS = (
    "file_name, sha256, size_bytes, source, door, given, sequence_number, made_at, format, status, "
    "refusal, learned_at, " + ", ".join((*TOTAL_COLUMNS[3:], "unread_rows"))
)

DAYS = f"""
SELECT (learned_at AT TIME ZONE %(zone)s)::date AS day, source,
       count(*) FILTER (WHERE status = '{KNOWN}'), {SUMS}
  FROM intake_movement
 WHERE (learned_at AT TIME ZONE %(zone)s)::date BETWEEN %(first)s AND %(last)s
   AND (%(source)s::text IS NULL OR source = %(source)s)
 GROUP BY 1, 2 ORDER BY 1, 2
"""


LATER = """
WITH own AS (
    SELECT coalesce(min(learned_at), %(learned_at)s::timestamptz) AS came,
           coalesce(%(sequence)s::bigint, max(sequence_number)) AS number,
           coalesce(%(made_at)s::bigint, max(made_at)) AS made_at,
           coalesce(nullif(%(source)s::text, ''), max(source), '') AS source
      FROM intake_movement WHERE sha256 = %(sha256)s
), other AS (
    SELECT m.sha256, max(m.source) AS source, max(m.sequence_number) AS number,
           max(m.made_at) AS made_at
      FROM intake_movement m, own
     WHERE m.sha256 <> %(sha256)s
       AND (m.made_at > own.made_at OR m.learned_at > own.came
            OR (m.source = own.source AND m.sequence_number > own.number))
       AND coalesce(m.about_from < %(until)s AND m.about_until >= %(begin)s, true)
     GROUP BY m.sha256
)
SELECT f.name, f.sha256, other.source, g.given
  FROM other JOIN received_file f ON f.sha256 = other.sha256
 CROSS JOIN own
 CROSS JOIN LATERAL (SELECT min(learned_at) AS came, max(sequence_number) AS number,
                            max(made_at) AS made_at
                       FROM intake_movement m WHERE m.sha256 = f.sha256) t
 CROSS JOIN LATERAL (SELECT given FROM intake_movement m
                      WHERE m.sha256 = f.sha256 AND m.status = 'stored'
                      ORDER BY id DESC LIMIT 1) g
 WHERE CASE WHEN own.source <> '' AND other.source = own.source
                 AND own.number IS NOT NULL AND t.number IS NOT NULL THEN t.number > own.number
            WHEN own.made_at IS NOT NULL AND t.made_at IS NOT NULL
                 AND t.made_at <> own.made_at THEN t.made_at > own.made_at
            ELSE t.came > own.came END
   AND EXISTS (SELECT FROM jsonb_array_elements(f.channels) AS a (c)
                WHERE c ->> 'meter' = ANY (%(meters)s::text[])
                  AND (c ->> 'from')::bigint < %(until)s AND (c ->> 'to')::bigint >= %(begin)s)
 ORDER BY t.came, f.sha256
"""


class IntakeTables(Tables):
    """The part of the store that knows what came in and what became of it."""

    def record_refusal(
        self,
        arrival: Arrival,
        refusal: str,
        *,
        format: str,
        totals: ControlTotals,
        learned_at: datetime,
    ) -> None:
        """Keep that a file was refused, with its sentence. A stored file's totals stay."""
        self._connections.ensure_months([record_day(learned_at)])

        def work(connection: Connection) -> None:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_PUBLISHES])
            if is_stored(connection, arrival.sha256):
                moved = ControlTotals()
            else:
                moved = movement_to(connection, arrival.sha256, totals)
            insert_movement(
                connection, Movement(arrival, format, REFUSED, refusal, moved, learned_at)
            )
            name = storable(arrival.name)
            note = (arrival.sha256 or name, {"name": name}, learned_at)
            self._note(connection, "file refused", [note])

        self._step("record a refusal", work)

    def record_repeat(self, arrival: Arrival, *, learned_at: datetime) -> None:
        """Keep that a file came that is stored already."""
        self._step(
            "record a repeated file",
            lambda connection: insert_movement(
                connection, Movement(arrival, "", KNOWN, None, ControlTotals(), learned_at)
            ),
        )

    def intake_days(
        self, first: date, last: date, *, zone_name: str, source: str | None = None
    ) -> list[IntakeDay]:
        """Control totals by local day of arrival and source, both days included."""
        asked = {"first": first, "last": last, "zone": zone_name, "source": source}
        return self._step(
            "sum the intake",
            lambda connection: [
                IntakeDay(day, source, _totals(sums), repeated)
                for day, source, repeated, *sums in connection.execute(DAYS, asked)
            ],
        )

    def movements(
        self, first: date, last: date, *, zone_name: str, status: str | None = None
    ) -> list[Movement]:
        """Rows of the book by local day, oldest first. :raises NotViewing: outside ``viewing``."""
        return self._read(
            lambda connection: _movements(
                connection,
                "(learned_at AT TIME ZONE %s)::date BETWEEN %s AND %s"
                " AND (%s::text IS NULL OR status = %s)",
                [zone_name, first, last, status, status],
            )
        )

    def movements_of(self, sha256: str) -> list[Movement]:
        """Rows of one file, oldest first. :raises NotViewing: outside ``viewing``."""
        return self._read(lambda connection: _movements(connection, "sha256 = %s", [sha256]))

    def later_files(
        self,
        arrival: Arrival,
        meter_ids: Sequence[str],
        *,
        begin: int,
        until: int,
        learned_at: datetime,
    ) -> list[Arrival]:
        """Stored files about the meters and the stretch that were made after the one given."""
        asked = {
            "sha256": arrival.sha256,
            "sequence": arrival.sequence,
            "made_at": arrival.made_at,
            "source": arrival.source,
            "meters": list(meter_ids),
            "begin": begin,
            "until": until,
            "learned_at": learned_at,
        }
        return self._step(
            "look for later files",
            lambda connection: [
                Arrival(name, sha256, None, source, given=given)
                for name, sha256, source, given in connection.execute(LATER, asked)
            ],
        )

    # ------------------------------------------------------------------------------ sources

    def add_source(self, source: Source) -> None:
        """Describe a source; of one name the newest description counts."""
        self._step(
            "register a source",
            lambda connection: connection.execute(
                "INSERT INTO intake_source (name, scheme, key, is_sequenced, learned_at)"
                " VALUES (%s, %s, %s, %s, %s)",
                [source.name, source.scheme, source.key, source.is_sequenced, source.learned_at],
            ),
        )

    def sources(self) -> list[Source]:
        """Every source as described last, by name."""
        return self._step(
            "list sources",
            lambda connection: [
                Source(*row)
                for row in connection.execute(
                    "SELECT DISTINCT ON (name) name, scheme, key, is_sequenced, learned_at"
                    " FROM intake_source ORDER BY name, id DESC"
                )
            ],
        )

    def sequence_seen(self, source: str, sequence: int | None) -> SequenceSeen:
        """What is known of a source's numbers, and of this one."""

        def ask(connection: Connection) -> SequenceSeen:
            newest = connection.execute(
                "SELECT max(sequence_number) FROM intake_movement WHERE source = %s", [source]
            ).fetchone()
            seen = connection.execute(
                "SELECT sha256 FROM intake_movement WHERE source = %s AND sequence_number = %s",
                [source, sequence],
            ).fetchone()
            return SequenceSeen(newest[0] if newest else None, seen[0] if seen else None)

        return self._step("know a message again", ask)

    def sequence_gaps(self, source: str) -> list[tuple[int, int]]:
        """Numbers of the source that never came, as first and last of each stretch."""
        return self._step(
            "look for gaps",
            lambda connection: [
                (int(first), int(last))
                for first, last in connection.execute(
                    "SELECT before + 1, number - 1 FROM (SELECT sequence_number AS number,"
                    " lag(sequence_number) OVER (ORDER BY sequence_number) AS before"
                    " FROM intake_movement WHERE source = %s AND sequence_number IS NOT NULL) n"
                    " WHERE number > before + 1 ORDER BY 1",
                    [source],
                )
            ],
        )


def is_stored(connection: Connection, sha256: str | None) -> bool:
    """Whether a file of that hash is stored."""
    found = connection.execute("SELECT FROM received_file WHERE sha256 = %s", [sha256])
    return found.fetchone() is not None


def movement_to(connection: Connection, sha256: str | None, totals: ControlTotals) -> ControlTotals:
    """What must be added to a file's account for it to say ``totals``."""
    if sha256 is None:
        return totals
    row = connection.execute(
        f"SELECT {SUMS} FROM intake_movement WHERE sha256 = %s", [sha256]
    ).fetchone()
    return totals - _totals(row or ())


def insert_movement(
    connection: Connection,
    movement: Movement,
    about: tuple[int | None, int | None] = (None, None),
) -> None:
    """Write one row of the book. ``about`` is the stretch of time that a stored file speaks of."""
    arrival = movement.arrival
    row: dict[str, Any] = {
        "sha256": arrival.sha256,
        "file_name": storable(arrival.name),
        "size_bytes": arrival.size_bytes,
        "format": movement.format,
        "source": storable(arrival.source),
        "door": arrival.door,
        "given": Jsonb({name: storable(word) for name, word in arrival.given.items()}),
        "sequence_number": arrival.sequence,
        "made_at": arrival.made_at,
        "about_from": about[0],
        "about_until": about[1],
        "status": movement.status,
        "refusal": None if movement.refusal is None else storable(movement.refusal),
        "unread_rows": movement.totals.unread_rows,
        "learned_at": movement.learned_at,
        **{
            column: number_of(value)
            for column, value in zip(TOTAL_COLUMNS, total_values(movement.totals), strict=True)
        },
    }
    places = ", ".join(["%s"] * len(row))
    try:
        connection.execute(
            f"INSERT INTO intake_movement ({', '.join(row)}) VALUES ({places})", list(row.values())
        )
    except errors.UniqueViolation as problem:
        raise Conflict.of_sequence(arrival.source, arrival.sequence or 0) from problem


def number_of(value: int | Fraction) -> int | Decimal:
    """An exact number for the database."""
    return value if isinstance(value, int) else Decimal(exact_text(value))


def _movements(connection: Connection, where: str, values: Sequence[object]) -> list[Movement]:
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM intake_movement WHERE {where} ORDER BY id", list(values)
    )
    return [
        Movement(
            arrival=Arrival(*row[:8]),
            format=row[8],
            status=row[9],
            refusal=row[10],
            totals=_totals(row[12:]),
            learned_at=row[11],
        )
        for row in rows
    ]


def _totals(sums: Sequence[Any]) -> ControlTotals:
    """Nine sums and the unread rows, as ``SUMS`` gives them."""
    if not sums:
        return ControlTotals()
    stored, quarantined, refused = (
        Count(int(sums[at]), int(sums[at + 1]), Fraction(sums[at + 2])) for at in range(0, 9, 3)
    )
    return ControlTotals(stored, quarantined, refused, int(sums[9]))
