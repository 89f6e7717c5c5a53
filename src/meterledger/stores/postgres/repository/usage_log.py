"""The usage log in PostgreSQL: findings, estimates, reviews, edits, efforts, runs.

Lives here      writing a batch or a decision with its lake version in one transaction; reading
                findings with what was written after them.
Lives elsewhere tables (``usage_log/models``), states of findings (``facts/usage_log``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from meterledger.facts.readings import Channel, ChannelKind, Commodity, Flow
from meterledger.facts.usage_log import (
    FindingOnFile,
    LoggedEstimate,
    MeterOnDay,
    ReadingEffort,
    ReviewAct,
    UsageBatchDone,
    UsageBatchRecord,
    UsageCounts,
    UsageEdit,
    UsageReview,
    UsageRun,
)
from meterledger.kernel.span import DaySpan
from meterledger.stores.kept import DELIVERED_FLOWS, ENERGY_UNITS
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.readings import ONE_PUBLISHES, _insert_file, _newest
from meterledger.stores.postgres.repository.readings import _publish as _publish_files
from meterledger.stores.postgres.repository.usage_rows import (
    insert_cleared,
    insert_edit,
    insert_estimates,
    insert_findings,
    insert_review,
    read_estimate,
    read_finding,
)
from meterledger.stores.register_moves import differences
from meterledger.stores.usage_words import finding_not_open
from meterledger.usecases.ports import Conflict, ReceivedFile
from meterledger.usecases.usage_ports import LakePublication

METERS_ON_DAY = """
SELECT service_point_id, m.meter_id, coalesce(m.multiplier, 1), m.first_day,
       a.since IS NOT NULL, coalesce(m.began_second, 0), a.since
  FROM (SELECT service_point_id, meter_id, multiplier, lower(days) AS first_day, began_second
          FROM meter_installation
         WHERE known @> %(known_at)s::timestamptz AND days @> %(day)s::date) m
  FULL JOIN (SELECT n.service_point_id, min(lower(b.days)) AS since
               FROM agreement n
               JOIN agreement b ON b.service_point_id = n.service_point_id
                               AND b.account_id = n.account_id
                               AND b.known @> %(known_at)s::timestamptz
              WHERE n.known @> %(known_at)s::timestamptz AND n.days @> %(day)s::date
              GROUP BY n.service_point_id) a USING (service_point_id)
 {chosen} ORDER BY service_point_id, m.meter_id
"""
REGISTERS = """
SELECT meter_id, unit, flow, scale, start, value FROM register_reading
 WHERE meter_id = ANY (%(meters)s::text[]) AND start = ANY (%(instants)s::bigint[])
   AND commodity = 'electricity' AND unit = ANY (%(units)s::text[])
   AND flow = ANY (%(flows)s::text[]) AND seconds = 0 AND value IS NOT NULL
 ORDER BY id
"""
FINDINGS = """
SELECT f.meter, f.meter_id, f.day, f.code, f.weight, f.sentence, f.evidence, f.run_id,
       f.learned_at, f.thresholds, c.learned_at,
       r.act, r.author, r.reason, r.learned_at, r.finding_ids, r.sequence
  FROM usage_finding f
  LEFT JOIN usage_finding_cleared c ON c.finding_id = f.finding_id
  LEFT JOIN LATERAL (
       SELECT * FROM usage_review r
        WHERE r.meter = f.meter AND r.day = f.day AND f.finding_id = ANY (r.finding_ids)
        ORDER BY r.id DESC LIMIT 1) r ON true
"""
STILL_HOLDS = "f.weight = 'hold' AND c.finding_id IS NULL AND coalesce(r.act, 'reject') = 'reject'"
ESTIMATES = """
SELECT meter, start, until, energy_wh, method, cause, provision, citation, learned_at, inputs,
       former_occupant, meter_id, day, run_id, interval_count, sequence
  FROM usage_estimate
"""


class UsageLogTables(Tables):
    """The part of the store that keeps what was found, estimated and decided about usage."""

    def meters_on_day(
        self, day: date, known_at: datetime, meter_ids: Sequence[str] | None = None
    ) -> list[MeterOnDay]:
        """Every service point that has a meter or an agreement on the day, in order of its id."""
        parameters: dict[str, Any] = {"day": day, "known_at": known_at}
        chosen = ""
        if meter_ids is not None:
            chosen = "WHERE m.meter_id = ANY (%(meters)s::text[])"
            parameters["meters"] = list(meter_ids)
        query = METERS_ON_DAY.format(chosen=chosen)
        rows = self._read(lambda connection: connection.execute(query, parameters).fetchall())
        return [MeterOnDay(*row) for row in rows]

    def register_differences(
        self, meter_ids: Sequence[str], *, begin: int, until: int
    ) -> dict[str, int]:
        """By how many watt-hours registers moved between two instants at which they were read."""
        rows = self._read(
            lambda connection: connection.execute(
                REGISTERS,
                {
                    "meters": list(meter_ids),
                    "instants": [begin, until],
                    "units": list(ENERGY_UNITS),
                    "flows": [flow.value for flow in DELIVERED_FLOWS],
                },
            ).fetchall()
        )
        return differences(
            (_register(meter, unit, flow, scale), start, int(value))
            for meter, unit, flow, scale, start, value in rows
        )

    def start_usage_run(self, run: UsageRun) -> None:
        """Write down that a run begins. The same run again changes nothing."""
        self._connections.ensure_months([record_day(run.learned_at)])

        def work(connection: Connection) -> None:
            newly = connection.execute(
                "INSERT INTO usage_run (run_id, day, base_sequence, batch_count, learned_at)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING run_id",
                [run.run_id, run.day, run.base_sequence, run.batch_count, run.learned_at],
            ).fetchone()
            if newly is not None:
                told = {"day": run.day.isoformat(), "base_sequence": run.base_sequence}
                self._note(connection, "usage run", [(run.run_id, told, run.learned_at)])

        self._step("validate usage", work)

    def newest_usage_run(self, day: date) -> tuple[UsageRun, list[UsageBatchDone]] | None:
        """The run of the day that began last, with its finished batches, by number."""

        def ask(connection: Connection) -> tuple[UsageRun, list[UsageBatchDone]] | None:
            row = connection.execute(
                "SELECT run_id, day, base_sequence, batch_count, learned_at FROM usage_run"
                " WHERE day = %s ORDER BY learned_at DESC, base_sequence DESC, run_id DESC LIMIT 1",
                [day],
            ).fetchone()
            if row is None:
                return None
            run = UsageRun(*row)
            done = connection.execute(
                "SELECT number, sequence, complete, estimated, held, no_meter, findings,"
                " estimated_intervals, estimated_wh FROM usage_batch WHERE run_id = %s"
                " ORDER BY number",
                [run.run_id],
            )
            return run, [
                UsageBatchDone(run.run_id, number, sequence, UsageCounts(*counts))
                for number, sequence, *counts in done
            ]

        return self._step("validate usage", ask)

    def record_usage_batch(self, batch: UsageBatchRecord, publish: LakePublication | None) -> int:
        """Write a batch down and publish its lake files, in one transaction: all or nothing."""
        self._connections.ensure_months([record_day(batch.learned_at)])

        def work(connection: Connection) -> int:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_PUBLISHES])
            known = connection.execute(
                "SELECT sequence FROM usage_batch WHERE run_id = %s AND number = %s",
                [batch.run.run_id, batch.number],
            ).fetchone()
            if known is not None:
                return int(known[0])
            sequence = self._published(connection, publish, batch.learned_at)
            insert_findings(connection, batch.findings)
            insert_cleared(connection, batch)
            insert_estimates(connection, batch.estimates, sequence)
            counts = batch.counts
            connection.execute(
                "INSERT INTO usage_batch (run_id, number, sequence, complete, estimated, held,"
                " no_meter, findings, estimated_intervals, estimated_wh, learned_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    *(batch.run.run_id, batch.number, sequence),
                    *(counts.complete, counts.estimated, counts.held, counts.no_meter),
                    *(counts.findings, counts.estimated_intervals, counts.estimated_wh),
                    batch.learned_at,
                ],
            )
            return sequence

        return self._step("validate usage", work)

    def _published(
        self, connection: Connection, publish: LakePublication | None, learned_at: datetime
    ) -> int:
        """Publish lake files, where there are any; the newest sequence after it.

        Call it under the lock of whoever publishes.
        """
        newest, newest_learned_at = _newest(connection)
        if publish is None:
            return newest
        if publish.based_on != newest:
            raise Conflict.of_lake(publish.based_on, newest, publish.name)
        received = ReceivedFile(
            sha256=publish.sha256,
            name=publish.name,
            format=publish.format,
            reading_count=publish.reading_count,
            quarantined_count=0,
            learned_at=learned_at,
            lake_sequence=newest + 1,
        )
        _insert_file(connection, received, ())
        moment = max(learned_at, newest_learned_at or learned_at)
        _publish_files(connection, received, publish.lake_files, moment)
        told = {"name": publish.name, "sequence": received.lake_sequence}
        self._note(connection, "usage published", [(publish.sha256, told, learned_at)])
        return received.lake_sequence

    # ------------------------------------------------------------------------------ findings

    def findings_of_day(self, day: date, meters: Sequence[str]) -> list[FindingOnFile]:
        """All findings of the meters (pseudonyms) on a day, oldest first."""
        return self._findings(
            "WHERE f.day = %s AND f.meter = ANY (%s) ORDER BY f.learned_at, f.meter, f.code",
            [day, list(meters)],
        )

    def open_holds(self, meters: Sequence[str], days: DaySpan) -> list[FindingOnFile]:
        """Findings that keep days of the meters (pseudonyms) from being billed, by meter, day."""
        return self._findings(
            "WHERE f.meter = ANY (%s) AND f.day >= %s AND f.day < %s AND "
            f"{STILL_HOLDS} ORDER BY f.meter, f.day, f.code, f.learned_at",
            [list(meters), days.from_day, days.until_day],
        )

    def review_queue(self, days: DaySpan | None = None, limit: int = 10_000) -> list[FindingOnFile]:
        """All findings that hold, oldest day first, then by meter's number and code."""
        inside, bounds = _within(days)
        return self._findings(
            f"WHERE {STILL_HOLDS}{inside}"
            " ORDER BY f.day, f.meter_id, f.code, f.learned_at LIMIT %s",
            [*bounds, limit],
        )

    def finding_counts(self, days: DaySpan) -> dict[str, dict[str, int]]:
        """By meter's number, its findings of the days by code; cleared ones are left out."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT f.meter_id, f.code, count(*) FROM usage_finding f"
                " WHERE f.day >= %s AND f.day < %s AND NOT EXISTS (SELECT FROM"
                " usage_finding_cleared c WHERE c.finding_id = f.finding_id)"
                " GROUP BY f.meter_id, f.code ORDER BY f.meter_id, f.code",
                [days.from_day, days.until_day],
            ).fetchall()
        )
        counts: dict[str, dict[str, int]] = {}
        for meter_id, code, count in rows:
            counts.setdefault(meter_id, {})[code] = int(count)
        return counts

    def findings_of_meter(self, meter_id: str, days: DaySpan | None = None) -> list[FindingOnFile]:
        """All findings of a meter (by its number), newest day first."""
        inside, bounds = _within(days)
        return self._findings(
            f"WHERE f.meter_id = %s{inside} ORDER BY f.day DESC, f.code, f.learned_at",
            [meter_id, *bounds],
        )

    def _findings(self, where: str, parameters: list[Any]) -> list[FindingOnFile]:
        rows = self._read(
            lambda connection: connection.execute(f"{FINDINGS}{where}", parameters).fetchall()
        )
        return [read_finding(row) for row in rows]

    # ----------------------------------------------------------------------------- estimates

    def estimates_of_meter(
        self, meter_id: str, days: DaySpan | None = None
    ) -> list[LoggedEstimate]:
        """Estimates of a meter (by its number), in order of time and of publication."""
        inside, bounds = _within(days, "day")
        return self._estimates(
            f"WHERE meter_id = %s{inside} ORDER BY start, sequence", [meter_id, *bounds]
        )

    def estimated_days(self, days: DaySpan) -> list[LoggedEstimate]:
        """Every estimate of the days, by meter's number and time."""
        inside, bounds = _within(days, "day")
        return self._estimates(f"WHERE true{inside} ORDER BY meter_id, start, sequence", bounds)

    def _estimates(self, where: str, parameters: list[Any]) -> list[LoggedEstimate]:
        rows = self._read(
            lambda connection: connection.execute(f"{ESTIMATES}{where}", parameters).fetchall()
        )
        return [read_estimate(row) for row in rows]

    # ------------------------------------------------------------------------------- reviews

    def record_review(
        self,
        review: UsageReview,
        edit: UsageEdit | None,
        publish: LakePublication | None,
        estimates: Sequence[LoggedEstimate] = (),
    ) -> int:
        """Write down a person's decision, with the new lake version of an edit or an estimate."""
        self._connections.ensure_months([record_day(review.at)])

        def work(connection: Connection) -> int:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_PUBLISHES])
            rows = connection.execute(
                f"{FINDINGS}WHERE f.finding_id = ANY (%s) AND f.meter = %s AND f.day = %s"
                f" AND {STILL_HOLDS}",
                [list(review.finding_ids), review.meter, review.day],
            ).fetchall()
            if len(rows) != len(set(review.finding_ids)):
                raise finding_not_open(review)
            sequence = self._published(connection, publish, review.at)
            seen = sequence if publish is not None else review.sequence
            insert_review(connection, replace(review, sequence=seen))
            if edit is not None:
                insert_edit(connection, edit, sequence)
            insert_estimates(connection, estimates, sequence)
            told = {"act": review.act.value, "day": review.day.isoformat(), "by": review.author}
            self._note(connection, "usage reviewed", [(review.meter_id, told, review.at)])
            return sequence

        return self._step("review usage", work)

    def reviews_of_meter(self, meter_id: str) -> list[UsageReview]:
        """Decisions about a meter's days, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT meter, meter_id, day, act, author, reason, learned_at, finding_ids,"
                " sequence FROM usage_review WHERE meter_id = %s ORDER BY id",
                [meter_id],
            ).fetchall()
        )
        return [
            UsageReview(meter, number, day, ReviewAct(act), author, reason, at, tuple(ids), seen)
            for meter, number, day, act, author, reason, at, ids, seen in rows
        ]

    def edits_of_meter(self, meter_id: str) -> list[UsageEdit]:
        """Edits of a meter's values, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT meter, meter_id, day, start, until, before_wh, after_wh, interval_count,"
                " before_sequence, author, reason, learned_at FROM usage_edit"
                " WHERE meter_id = %s ORDER BY id",
                [meter_id],
            ).fetchall()
        )
        return [UsageEdit(*row) for row in rows]

    # ------------------------------------------------------------------------------- efforts

    def record_effort(self, effort: ReadingEffort) -> None:
        """Write down an effort to obtain a reading."""
        self._connections.ensure_months([record_day(effort.at)])

        def work(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO reading_effort (meter, meter_id, day, kind, outcome, by, learned_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    *(effort.meter, effort.meter_id, effort.day, effort.kind, effort.outcome),
                    *(effort.by, effort.at),
                ],
            )
            told = {"kind": effort.kind, "day": effort.day.isoformat()}
            self._note(connection, "effort to read", [(effort.meter_id, told, effort.at)])

        self._step("record an effort", work)

    def efforts_of_meter(self, meter_id: str) -> list[ReadingEffort]:
        """Efforts to obtain readings of a meter, oldest first."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT meter, meter_id, day, kind, outcome, by, learned_at FROM reading_effort"
                " WHERE meter_id = %s ORDER BY id",
                [meter_id],
            ).fetchall()
        )
        return [ReadingEffort(*row) for row in rows]


def _register(meter: str, unit: str, flow: str, scale: int) -> Channel:
    electricity = Commodity.ELECTRICITY
    return Channel(meter, electricity, unit, ChannelKind.REGISTER, Flow(flow), None, scale)


def _within(days: DaySpan | None, column: str = "f.day") -> tuple[str, list[Any]]:
    if days is None:
        return "", []
    return f" AND {column} >= %s AND {column} < %s", [days.from_day, days.until_day]
