"""Meters in PostgreSQL: what each is, where, how sure, and what was done at it, on two clocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.meters import (
    Meter,
    MeterConfiguration,
    MeterKind,
    MeterWork,
    PremiseLink,
    RegisterRead,
    UnmeteredLoad,
    WorkKind,
)
from meterledger.facts.places import MeterInstallation, ServicePoint
from meterledger.stores.believed import (
    Believed,
    believed_configurations,
    believed_installations,
    believed_links,
    believed_loads,
    is_new_work,
    learned_after,
    refuse_corrected_again,
    refuse_other_left,
    refuse_stale,
    refuse_unknown,
    with_learned_at,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import record_day
from meterledger.stores.postgres.repository.dated import (
    TABLES,
    close_dated,
    columns_of,
    fact_of,
    keep_dated,
)
from meterledger.stores.postgres.repository.events import EventTables
from meterledger.stores.postgres.repository.places import keep_once, known_keys
from meterledger.usecases.meter_ports import MeterChange, MeterFact, MeterFile
from meterledger.usecases.ports import Conflict, NotFound

KEYS: dict[type[Any], tuple[str, ...]] = {
    MeterInstallation: ("service_point_id", "meter_id"),
    MeterConfiguration: ("meter_id",),
    PremiseLink: ("meter_id",),
    UnmeteredLoad: ("load_id",),
}
"""What may hold once at a time, by kind of fact; the first also finds a row that is to end."""

WORK = (
    "SELECT work_id, kind, service_point_id, removed_meter, installed_meter, worked_at, reason,"
    " closing, opening, learned_at, corrects_id FROM meter_work"
)


class MeterTables(EventTables):
    """The part of the store that keeps meters."""

    def change_meters(self, change: MeterChange) -> bool:
        """Record a change, all of it or nothing; False if its work is recorded already.

        :raises Conflict: naming what overlaps, what exists with other contents, or what somebody
            else has changed meanwhile
        """
        self._connections.ensure_months([record_day(change.learned_at)])
        try:
            return self._step(change.event, lambda connection: self._change(connection, change))
        except (errors.ExclusionViolation, errors.UniqueViolation):
            # Somebody else was faster: what they wrote is found by looking again, in better words.
            try:
                return self._step(change.event, lambda connection: self._change(connection, change))
            except errors.ExclusionViolation as problem:
                raise Conflict(
                    f"Two records would hold at one time: {problem.diag.message_detail}",
                    where=change.subject,
                    do="Give each meter one place and each service point one meter at a time",
                ) from problem

    def _change(self, connection: Connection, change: MeterChange) -> bool:
        work, left = change.work, change.left
        left_known = _recorded(connection, left)
        if work is not None:
            if not is_new_work(work, _recorded(connection, work)):
                refuse_other_left(left, left_known)
                return False
            rows = connection.execute(f"{WORK} WHERE corrects_id = %s", [work.corrects]).fetchall()
            refuse_corrected_again(work, [_work(row) for row in rows])
        if left is not None and not is_new_work(left, left_known):
            left = None  # it is recorded already
        meters = {one.meter_id: one for one in change.meters}
        keep_once(connection, "meter", _meter_id, meters)
        newest_bill = _newest_bill(connection, change)
        before = (one.learned_at for one in change.ended)
        moment = learned_after(change.learned_at, *before, newest_bill)
        for ended in change.ended:
            if not close_dated(connection, ended, KEYS[type(ended)][0], moment):
                refuse_stale(ended)
        _require_known(connection, change)
        for kind in KEYS:
            begun = [with_learned_at(one, moment) for one in change.begun if type(one) is kind]
            keys = {key: [getattr(one, key) for one in begun] for key in KEYS[kind]}
            keep_dated(connection, begun, _believed(kind), keys)
        for one in (work, left):
            if one is not None:
                _insert_work(connection, one, learned_after(one.learned_at, newest_bill))
        told = {"work": work.work_id} if work is not None else {}
        self._note(connection, change.event, [(change.subject, told, moment)])
        return True

    def meter_file(self, meter_id: str, known_at: datetime | None = None) -> MeterFile:
        """All that is known of a meter. :raises NotFound: if nobody has ever named it"""

        def ask(connection: Connection) -> MeterFile:
            row = connection.execute(
                "SELECT meter_id, kind, learned_at, maker, model, serial FROM meter"
                " WHERE meter_id = %s AND learned_at <= coalesce(%s, 'infinity'::timestamptz)",
                [meter_id, known_at],
            ).fetchone()
            work = connection.execute(
                f"{WORK} WHERE (removed_meter = %s OR installed_meter = %s)"
                " AND learned_at <= coalesce(%s, 'infinity'::timestamptz)"
                " AND NOT EXISTS (SELECT FROM meter_work c WHERE c.corrects_id = meter_work.work_id"
                "                 AND c.learned_at <= coalesce(%s, 'infinity'::timestamptz))"
                " ORDER BY worked_at, work_id",
                [meter_id, meter_id, known_at, known_at],
            ).fetchall()

            def of(kind: type[Any]) -> tuple[Any, ...]:
                return tuple(_dated(connection, kind, "meter_id", [meter_id], known_at))

            return MeterFile(
                meter_id=meter_id,
                meter=Meter(row[0], MeterKind(row[1]), *row[2:]) if row else None,
                configurations=of(MeterConfiguration),
                installations=of(MeterInstallation),
                links=of(PremiseLink),
                work=tuple(_work(one) for one in work),
            )

        found = self._read(ask)
        if found.meter is None and not (found.installations or found.links or found.work):
            raise NotFound.of("meter", meter_id)
        return found

    def meter_kinds(self, meter_ids: Sequence[str], known_at: datetime) -> dict[str, MeterKind]:
        """How meters are read, of those that were named by then."""
        rows = self._step(
            "ask how meters are read",
            lambda connection: connection.execute(
                "SELECT meter_id, kind FROM meter WHERE meter_id = ANY (%s) AND learned_at <= %s",
                [list(meter_ids), known_at],
            ).fetchall(),
        )
        return {meter: MeterKind(kind) for meter, kind in rows}

    def installations_at(
        self, service_point_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, list[MeterInstallation]]:
        """The meters of service points by first day; points without any are left out."""
        return self._at(MeterInstallation, service_point_ids, known_at)

    def unmetered_loads(
        self, service_point_ids: Sequence[str], known_at: datetime | None = None
    ) -> dict[str, list[UnmeteredLoad]]:
        """The loads without a meter at service points, by first day and name."""
        return self._at(UnmeteredLoad, service_point_ids, known_at)

    def _at(
        self, kind: type[Any], points: Sequence[str], known_at: datetime | None
    ) -> dict[str, list[Any]]:
        facts = self._read(
            lambda connection: _dated(connection, kind, "service_point_id", points, known_at)
        )
        found: dict[str, list[Any]] = {}
        for one in facts:
            found.setdefault(one.service_point_id, []).append(one)
        return found


def _newest_bill(connection: Connection, change: MeterChange) -> datetime | None:
    """As known at which instant the newest bill of the change's service points was made."""
    points = {p for one in (*change.ended, *change.begun) if (p := _point(one))}
    if change.work is not None:
        points.add(change.work.service_point_id)
    newest = connection.execute(
        "SELECT max(known_at) FROM service_period_claim WHERE service_point_id = ANY (%s)",
        [sorted(points)],
    ).fetchone()
    return newest[0] if newest else None


def _require_known(connection: Connection, change: MeterChange) -> None:
    """Refuse what refers to something that nobody has recorded."""
    points = [p for one in change.begun if (p := _point(one))]
    if change.work is not None:
        points.append(change.work.service_point_id)
    known = known_keys(connection, ServicePoint, points, {})
    for point in points:
        if point not in known:
            refuse_unknown("service point", point, f"meter change at {point}")
    configured = [one.meter_id for one in change.begun if isinstance(one, MeterConfiguration)]
    told = known_keys(connection, Meter, configured, {})
    for meter in configured:
        if meter not in told:
            refuse_unknown("meter", meter, "configuration")


def _dated(
    connection: Connection,
    kind: type[Any],
    key: str,
    keys: Sequence[str],
    known_at: datetime | None,
) -> list[Any]:
    rows = connection.execute(
        f"SELECT {', '.join(columns_of(kind))}, lower(days), upper(days), lower(known)"
        f" FROM {TABLES[kind]} WHERE {key} = ANY (%s)"
        " AND CASE WHEN %s::timestamptz IS NULL THEN upper_inf(known) ELSE known @> %s END"
        f" ORDER BY lower(days), {KEYS[kind][-1]}",
        [list(keys), known_at, known_at],
    )
    return [fact_of(kind, row) for row in rows]


def _believed(kind: type[Any]) -> Believed[Any]:
    makers: dict[type[Any], Any] = {
        MeterInstallation: believed_installations,
        MeterConfiguration: believed_configurations,
        PremiseLink: believed_links,
        UnmeteredLoad: believed_loads,
    }
    made: Believed[Any] = makers[kind]()
    return made


def _meter_id(one: Meter) -> str:
    return one.meter_id


def _point(fact: MeterFact) -> str | None:
    return None if isinstance(fact, MeterConfiguration) else fact.service_point_id


def _reads(reads: Sequence[RegisterRead]) -> Jsonb:
    return Jsonb([[one.register, one.value] for one in reads])


def _work(row: tuple[Any, ...]) -> MeterWork:
    work_id, kind, point, removed, installed, at, reason, closing, opening, learned_at, corrects = (
        row
    )
    return MeterWork(
        work_id=work_id,
        kind=WorkKind(kind),
        service_point_id=point,
        removed_meter=removed,
        installed_meter=installed,
        at=at.astimezone(UTC),
        reason=reason,
        closing=tuple(RegisterRead(*one) for one in closing),
        opening=tuple(RegisterRead(*one) for one in opening),
        learned_at=learned_at,
        corrects=corrects,
    )


def _recorded(connection: Connection, work: MeterWork | None) -> MeterWork | None:
    """A visit as it is recorded by its name; None where it is not."""
    if work is None:
        return None
    rows = connection.execute(f"{WORK} WHERE work_id = %s", [work.work_id]).fetchall()
    return _work(rows[0]) if rows else None


def _insert_work(connection: Connection, work: MeterWork, learned_at: datetime) -> None:
    connection.execute(
        "INSERT INTO meter_work (work_id, kind, service_point_id, removed_meter,"
        " installed_meter, worked_at, reason, closing, opening, learned_at, corrects_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(work.work_id, work.kind.value, work.service_point_id),
            *(work.removed_meter, work.installed_meter, work.at, work.reason),
            *(_reads(work.closing), _reads(work.opening), learned_at, work.corrects),
        ],
    )
