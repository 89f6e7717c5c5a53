"""Events of meters and cases in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.events import (
    CaseOnFile,
    CaseState,
    CaseStep,
    EventCase,
    EventKind,
    MeterEvent,
)
from meterledger.stores.believed import refuse_closed_case, refuse_other_event
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.usecases.ports import NotFound

CASES = """
SELECT c.case_id, c.kind, c.meter_id, c.opened_at, c.queue, c.sentence, c.threshold, c.learned_at,
       (SELECT array_agg(e.event_id ORDER BY e.number) FROM meter_case_event e
         WHERE e.case_id = c.case_id),
       (SELECT json_agg(json_build_array(s.state, s.by, s.reason, s.learned_at) ORDER BY s.number)
          FROM meter_case_step s WHERE s.case_id = c.case_id)
  FROM meter_case c
"""


class EventTables(Tables):
    """The part of the store that keeps events and cases."""

    def record_events(self, events: Sequence[MeterEvent], *, name: str) -> int:
        """Keep the events of one file, all of them or nothing; how many were not known.

        :raises Conflict: if another event is known at the same place of the same source
        """
        if not events:
            return 0
        first = events[0]
        unique = {one.event_id: one for one in reversed(events)}
        ordered = [unique[key] for key in sorted(unique)]

        def write(connection: Connection) -> int:
            new = connection.execute(
                "INSERT INTO meter_event (event_id, meter_id, kind, happened_at, source, sequence,"
                " details, learned_at) SELECT * FROM unnest(%b::text[], %b::text[], %b::text[],"
                " %b::timestamptz[], %b::text[], %b::bigint[], %b::jsonb[], %b::timestamptz[])"
                " ON CONFLICT (event_id) DO NOTHING",
                [
                    [one.event_id for one in ordered],
                    [one.meter_id for one in ordered],
                    [one.kind.value for one in ordered],
                    [one.at for one in ordered],
                    [one.source for one in ordered],
                    [one.sequence for one in ordered],
                    [Jsonb([list(pair) for pair in one.details]) for one in ordered],
                    [one.learned_at for one in ordered],
                ],
            ).rowcount
            told = {"name": name, "events": len(events), "new": new}
            self._note(connection, "events received", [(first.source, told, first.learned_at)])
            return new

        self._connections.ensure_months([record_day(first.learned_at)])
        try:
            return self._step("record events", write)
        except errors.UniqueViolation:
            return refuse_other_event(self._other(ordered))

    def _other(self, events: Sequence[MeterEvent]) -> MeterEvent:
        """The event whose place another one has."""

        def ask(connection: Connection) -> set[tuple[str, int]]:
            rows = connection.execute(
                "SELECT source, sequence, event_id FROM meter_event WHERE source = ANY (%s)",
                [sorted({one.source for one in events})],
            )
            mine = {one.event_id for one in events}
            return {(source, number) for source, number, event in rows if event not in mine}

        taken = self._step("record events", ask)
        found = [one for one in events if (one.source, one.sequence) in taken]
        return found[0] if found else events[-1]

    def events(
        self,
        *,
        meter_ids: Sequence[str] | None = None,
        since: datetime | None = None,
        known_at: datetime | None = None,
    ) -> list[MeterEvent]:
        """Events that happened since an instant, in order of time."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT meter_id, kind, happened_at, source, sequence, learned_at, details"
                " FROM meter_event"
                " WHERE (%(meters)s::text[] IS NULL OR meter_id = ANY (%(meters)s))"
                " AND happened_at >= coalesce(%(since)s, '-infinity'::timestamptz)"
                " AND learned_at <= coalesce(%(known)s, 'infinity'::timestamptz)"
                " ORDER BY happened_at, event_id",
                {
                    "meters": None if meter_ids is None else list(meter_ids),
                    "since": since,
                    "known": known_at,
                },
            ).fetchall()
        )
        return [_event(row) for row in rows]

    def event_counts(self, since: datetime, until: datetime) -> dict[str, int]:
        """How many events of each kind happened from one instant until another (out)."""
        rows = self._step(
            "count events",
            lambda connection: connection.execute(
                "SELECT kind, count(*) FROM meter_event"
                " WHERE happened_at >= %s AND happened_at < %s GROUP BY kind ORDER BY kind",
                [since, until],
            ).fetchall(),
        )
        return {str(kind): int(count) for kind, count in rows}

    def record_cases(self, cases: Sequence[EventCase]) -> set[str]:
        """Keep cases; the ids newly recorded. One whose evidence is another's is left out."""
        if not cases:
            return set()
        ordered = sorted(cases, key=lambda one: one.case_id)
        self._connections.ensure_months(record_day(one.learned_at) for one in ordered)
        try:
            return self._step("open cases", lambda connection: self._open(connection, ordered))
        except errors.UniqueViolation:  # somebody opened one meanwhile: now it is seen
            return self._step("open cases", lambda connection: self._open(connection, ordered))

    def _open(self, connection: Connection, cases: Sequence[EventCase]) -> set[str]:
        events = sorted({event for one in cases for event in one.evidence})
        taken = {
            event
            for (event,) in connection.execute(
                "SELECT event_id FROM meter_case_event WHERE event_id = ANY (%s)", [events]
            )
        }
        new: list[EventCase] = []
        for case in cases:
            if taken.isdisjoint(case.evidence):
                taken.update(case.evidence)
                new.append(case)
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO meter_case (case_id, kind, meter_id, opened_at, queue, sentence,"
                " threshold, learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        *(one.case_id, one.kind.value, one.meter_id, one.opened_at, one.queue),
                        *(one.sentence, one.threshold, one.learned_at),
                    )
                    for one in new
                ],
            )
            cursor.executemany(
                "INSERT INTO meter_case_event (case_id, event_id, number) VALUES (%s, %s, %s)",
                [
                    (one.case_id, event, number)
                    for one in new
                    for number, event in enumerate(one.evidence, start=1)
                ],
            )
        if new:
            notes: list[tuple[str, dict[str, Any], datetime]] = [
                (one.case_id, {"queue": one.queue}, one.learned_at) for one in new
            ]
            self._note(connection, "case opened", notes)
        return {one.case_id for one in new}

    def cases(
        self, *, state: CaseState | None = None, meter_ids: Sequence[str] | None = None
    ) -> list[CaseOnFile]:
        """Cases in order of the instants they were opened."""
        rows = self._read(
            lambda connection: connection.execute(
                CASES + " WHERE %(meters)s::text[] IS NULL OR c.meter_id = ANY (%(meters)s)"
                " ORDER BY c.opened_at, c.case_id",
                {"meters": None if meter_ids is None else list(meter_ids)},
            ).fetchall()
        )
        found = [_case(row) for row in rows]
        return [one for one in found if state is None or one.state is state]

    def evidence_of_cases(self, meter_ids: Sequence[str]) -> set[str]:
        """The events of the meters that are evidence of some case."""
        rows = self._step(
            "open cases",
            lambda connection: connection.execute(
                "SELECT e.event_id FROM meter_case_event e JOIN meter_case c USING (case_id)"
                " WHERE c.meter_id = ANY (%s)",
                [list(meter_ids)],
            ).fetchall(),
        )
        return {event for (event,) in rows}

    def settle_case(self, step: CaseStep) -> None:
        """Record what somebody did about a case.

        :raises NotFound: if there is no such case
        :raises Conflict: if it is closed
        """

        def write(connection: Connection) -> None:
            row = connection.execute(CASES + " WHERE c.case_id = %s", [step.case_id]).fetchone()
            if row is None:
                raise NotFound.of_case(step.case_id)
            known = _case(row)
            if known.state is CaseState.CLOSED:
                refuse_closed_case(known)
            connection.execute(
                "INSERT INTO meter_case_step (case_id, number, state, by, reason, learned_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [
                    *(step.case_id, len(known.steps) + 1, step.state.value, step.by),
                    *(step.reason, step.learned_at),
                ],
            )
            told = {"state": step.state.value, "by": step.by}
            self._note(connection, "case settled", [(step.case_id, told, step.learned_at)])

        self._connections.ensure_months([record_day(step.learned_at)])
        try:
            self._step("settle a case", write)
        except errors.UniqueViolation:  # somebody else took the same step number: look again
            self._step("settle a case", write)


def _event(row: tuple[Any, ...]) -> MeterEvent:
    meter, kind, at, source, sequence, learned_at, details = row
    return MeterEvent(
        meter_id=meter,
        kind=EventKind(kind),
        at=at.astimezone(UTC),
        source=source,
        sequence=sequence,
        learned_at=learned_at,
        details=tuple((name, value) for name, value in details),
    )


def _case(row: tuple[Any, ...]) -> CaseOnFile:
    case_id, kind, meter, opened_at, queue, sentence, threshold, learned_at, events, steps = row
    case = EventCase(
        EventKind(kind), meter, tuple(events), opened_at, queue, sentence, threshold, learned_at
    )
    return CaseOnFile(
        case,
        tuple(
            CaseStep(case_id, CaseState(state), by, reason, datetime.fromisoformat(at))
            for state, by, reason, at in steps or ()
        ),
    )
