"""Which lake files speak, which were deleted, and what keeps some longer.

Lives here      the port ``LakeLog`` in PostgreSQL.
Lives elsewhere publishing readings (``readings``), the refusals' words (``stores/lake_words``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from psycopg import errors

from meterledger.facts.lake_log import (
    Compaction,
    FileOnDisk,
    ForgottenFile,
    LakeHold,
    ReceivedStretch,
    Tombstone,
)
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake_words import (
    compaction_sha256,
    hold_known,
    lake_file_spoken_for,
    lake_month_changed,
    no_such_hold,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.readings import (
    ONE_PUBLISHES,
    _insert_file,
    _newest,
    _publish,
)
from meterledger.usecases.ports import ReceivedFile

PINNED = """
SELECT f.name
  FROM unnest(%(names)s::text[], %(first)s::date[], %(until)s::date[]) AS f (name, first, until)
  JOIN lake_file p ON p.name = f.name
  JOIN lake_superseded s ON s.lake_file_id = f.name
 WHERE EXISTS (SELECT FROM bill b
                WHERE b.lake_sequence >= p.version_id AND b.lake_sequence < s.version_id
                  AND b.days && daterange(f.first, f.until))
"""
STRETCHES = """
SELECT sha256, max(came), min(begin), max(until)
  FROM (SELECT f.sha256, f.learned_at AS came,
               (c ->> 'from')::bigint AS begin, (c ->> 'to')::bigint AS until
          FROM received_file f LEFT JOIN LATERAL jsonb_array_elements(f.channels) AS a (c) ON true
         WHERE f.format <> 'compaction'
        UNION ALL
        SELECT sha256, learned_at, NULL, NULL FROM intake_movement WHERE sha256 IS NOT NULL) one
 GROUP BY sha256 ORDER BY sha256
"""
SPOKEN_FOR = """
SELECT n.name FROM unnest(%s::text[]) AS n (name)
  LEFT JOIN lake_file f ON f.name = n.name AND f.version_id <= %s
  LEFT JOIN lake_superseded s ON s.lake_file_id = n.name
  LEFT JOIN lake_tombstone t ON t.lake_file_id = n.name
 WHERE f.name IS NULL OR s.lake_file_id IS NOT NULL OR t.lake_file_id IS NOT NULL
 ORDER BY n.name LIMIT 1
"""


class LakeLogTables(Tables):
    """The part of the store that says which lake files speak."""

    def superseded_lake_files(self, at_sequence: int) -> frozenset[str]:
        """Files for which a compaction speaks that was published up to the sequence."""
        return self._step(
            "read the lake's versions",
            lambda connection: frozenset(
                row[0]
                for row in connection.execute(
                    "SELECT lake_file_id FROM lake_superseded WHERE version_id <= %s",
                    [at_sequence],
                )
            ),
        )

    def superseded_before(self, instant: datetime) -> list[str]:
        """Files for which a compaction speaks that was published before, and not deleted yet."""
        return self._step(
            "read the lake's versions",
            lambda connection: [
                row[0]
                for row in connection.execute(
                    "SELECT s.lake_file_id FROM lake_superseded s"
                    " JOIN lake_version v ON v.sequence = s.version_id"
                    " LEFT JOIN lake_tombstone t ON t.lake_file_id = s.lake_file_id"
                    " WHERE v.learned_at < %s AND t.lake_file_id IS NULL"
                    " ORDER BY s.lake_file_id",
                    [instant],
                )
            ],
        )

    def erased_lake_files(self) -> Mapping[str, Tombstone]:
        """The tombstones, by name."""
        return self._step(
            "read the lake's versions",
            lambda connection: {
                row[0]: Tombstone(FileOnDisk(*row[:4]), *row[4:])
                for row in connection.execute(
                    "SELECT lake_file_id, row_count, byte_count, sha256, cause, reason, on_day,"
                    " learned_at FROM lake_tombstone"
                )
            },
        )

    def record_compaction(
        self, compaction: Compaction, *, based_on: int, learned_at: datetime
    ) -> int:
        """Publish a compaction as the next commit sequence."""
        self._connections.ensure_months([record_day(learned_at)])
        sha256 = compaction_sha256(compaction)

        def work(connection: Connection) -> int:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_PUBLISHES])
            spoken_for = connection.execute(
                SPOKEN_FOR, [list(compaction.superseded), based_on]
            ).fetchone()
            if spoken_for is not None:
                raise lake_file_spoken_for(spoken_for[0], compaction.month)
            newest, newest_learned_at = _newest(connection)
            since = connection.execute(
                "SELECT FROM lake_file WHERE version_id > %s AND starts_with(name, %s) LIMIT 1",
                [based_on, f"month={compaction.month}/"],
            ).fetchone()
            if since is not None:
                raise lake_month_changed(compaction.month, based_on, newest)
            version = ReceivedFile(
                sha256=sha256,
                name=f"compaction of {compaction.month}",
                format="compaction",
                reading_count=0,
                quarantined_count=0,
                learned_at=learned_at,
                lake_sequence=newest + 1,
            )
            _insert_file(connection, version, ())
            moment = max(learned_at, newest_learned_at or learned_at)
            _publish(connection, version, compaction.lake_files, moment)
            connection.execute(
                "INSERT INTO lake_superseded (lake_file_id, version_id)"
                " SELECT unnest(%s::text[]), %s",
                [list(compaction.superseded), version.lake_sequence],
            )
            told = {"sequence": version.lake_sequence, "files": len(compaction.superseded)}
            self._note(connection, "lake compacted", [(compaction.month, told, learned_at)])
            return version.lake_sequence

        return self._step("compact the lake", work)

    def pinned_by_bills(self, days_of: Mapping[str, DaySpan]) -> frozenset[str]:
        """Of some superseded files, those that an issued bill may have been made of."""
        names = list(days_of)
        return self._step(
            "see which lake files bills were made of",
            lambda connection: frozenset(
                row[0]
                for row in connection.execute(
                    PINNED,
                    {
                        "names": names,
                        "first": [days_of[name].from_day for name in names],
                        "until": [days_of[name].until_day for name in names],
                    },
                )
            ),
        )

    def newest_bill_over(self, days: DaySpan) -> date | None:
        """The day on which the last bill was issued whose service days touch the days."""

        def ask(connection: Connection) -> date | None:
            row = connection.execute(
                "SELECT max(issued_day) FROM bill WHERE days && daterange(%s, %s)",
                [days.from_day, days.until_day],
            ).fetchone()
            return row[0] if row else None

        return self._step("see which lake files bills were made of", ask)

    def record_tombstones(self, tombstones: Sequence[Tombstone]) -> int:
        """Write down that files are deleted, before they are."""
        if not tombstones:
            return 0
        self._connections.ensure_months([record_day(one.learned_at) for one in tombstones])

        def work(connection: Connection) -> int:
            rows = connection.execute(
                "INSERT INTO lake_tombstone (lake_file_id, row_count, byte_count, sha256, cause,"
                " reason, on_day, learned_at)"
                " SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[],"
                " %s::text[], %s::text[], %s::date[], %s::timestamptz[])"
                " ON CONFLICT (lake_file_id) DO NOTHING RETURNING lake_file_id",
                [
                    [one.file.lake_file for one in tombstones],
                    [one.file.row_count for one in tombstones],
                    [one.file.byte_count for one in tombstones],
                    [one.file.sha256 for one in tombstones],
                    [one.cause for one in tombstones],
                    [one.reason for one in tombstones],
                    [one.on_day for one in tombstones],
                    [one.learned_at for one in tombstones],
                ],
            ).fetchall()
            new = {row[0] for row in rows}
            self._note(
                connection,
                "lake file deleted",
                [
                    (
                        one.file.lake_file,
                        {
                            "cause": one.cause,
                            "rows": one.file.row_count,
                            "sha256": one.file.sha256,
                        },
                        one.learned_at,
                    )
                    for one in tombstones
                    if one.file.lake_file in new
                ],
            )
            return len(new)

        return self._step("delete lake files on schedule", work)

    def received_stretches(self) -> list[ReceivedStretch]:
        """Every received file, stored or refused, and which time it is about."""
        return self._step(
            "see how long received files are kept",
            lambda connection: [ReceivedStretch(*row) for row in connection.execute(STRETCHES)],
        )

    def record_forgotten(self, forgotten: Sequence[ForgottenFile]) -> None:
        """Write down that received files are made unreadable, before they are."""
        self._connections.ensure_months([record_day(one.learned_at) for one in forgotten])
        notes = [
            (
                one.sha256,
                {"bytes": one.byte_count, "reason": one.reason, "on": one.on_day.isoformat()},
                one.learned_at,
            )
            for one in forgotten
        ]
        self._step(
            "forget received files on schedule",
            lambda connection: self._note(connection, "received file forgotten", notes),
        )

    def place_lake_hold(self, hold: LakeHold) -> None:
        """Keep months longer."""
        self._connections.ensure_months([record_day(hold.learned_at)])

        def work(connection: Connection) -> None:
            try:
                connection.execute(
                    "INSERT INTO lake_hold (hold_id, meter, from_month, last_month, reason,"
                    " author, learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    [
                        *(hold.hold_id, hold.meter, hold.from_month, hold.last_month),
                        *(hold.reason, hold.author, hold.learned_at),
                    ],
                )
            except errors.UniqueViolation:
                raise hold_known(hold.hold_id) from None
            told = {"from": hold.from_month, "last": hold.last_month, "author": hold.author}
            self._note(connection, "lake hold placed", [(hold.hold_id, told, hold.learned_at)])

        self._step("hold lake files", work)

    def release_lake_hold(
        self, hold_id: str, *, author: str, reason: str, learned_at: datetime
    ) -> None:
        """End a hold."""
        self._connections.ensure_months([record_day(learned_at)])

        def work(connection: Connection) -> None:
            row = connection.execute(
                "INSERT INTO lake_hold_released (hold_id, author, reason, learned_at)"
                " SELECT hold_id, %s, %s, %s FROM lake_hold WHERE hold_id = %s"
                " ON CONFLICT (hold_id) DO NOTHING RETURNING hold_id",
                [author, reason, learned_at, hold_id],
            ).fetchone()
            if row is None:
                raise no_such_hold(hold_id)
            told = {"author": author, "reason": reason}
            self._note(connection, "lake hold released", [(hold_id, told, learned_at)])

        self._step("release lake files", work)

    def lake_holds(self) -> list[LakeHold]:
        """The holds in force, in order of their ids."""
        return self._step(
            "read lake holds",
            lambda connection: [
                LakeHold(*row)
                for row in connection.execute(
                    "SELECT h.hold_id, h.meter, h.from_month, h.last_month, h.reason, h.author,"
                    " h.learned_at FROM lake_hold h"
                    " LEFT JOIN lake_hold_released r ON r.hold_id = h.hold_id"
                    " WHERE r.hold_id IS NULL ORDER BY h.hold_id"
                )
            ],
        )
