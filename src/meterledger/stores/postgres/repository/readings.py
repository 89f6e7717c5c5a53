"""Which files came, what was set aside, register readings; publishing lake versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from meterledger.facts.intake import (
    RELEASED,
    STORED,
    Arrival,
    Movement,
    QuarantinedItem,
    QuarantineOutcome,
    totals_of_release,
    totals_of_stored,
)
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    ChannelTold,
    Commodity,
    Flow,
    QuarantinedLine,
)
from meterledger.facts.usage import KnownInterval
from meterledger.kernel.refusal import Refusal
from meterledger.stores.kept import (
    DELIVERED_FLOWS,
    ENERGY_UNITS,
    KeptVersion,
    speaking_last,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day, storable
from meterledger.stores.postgres.repository.intake import (
    ONE_PUBLISHES as ONE_PUBLISHES,
)
from meterledger.stores.postgres.repository.intake import (
    insert_movement,
    movement_to,
    number_of,
)
from meterledger.stores.postgres.repository.quarantine import insert_outcome
from meterledger.usecases.ports import Conflict, ReceivedFile

FILE_COLUMNS = (
    "f.sha256, f.name, f.format, f.reading_count, f.quarantined_count, f.learned_at, v.sequence"
)


KEPT_INTERVALS = """
SELECT r.meter_id, r.unit, r.flow, r.scale, r.start, r.seconds, r.value, v.sequence
  FROM register_reading r JOIN lake_version v ON v.received_file_id = r.received_file_id
 WHERE r.meter_id = ANY (%(meters)s::text[])
   AND r.commodity = 'electricity' AND r.unit = ANY (%(units)s::text[])
   AND r.flow = ANY (%(flows)s::text[])
   AND r.seconds > 0 AND r.value IS NOT NULL
   AND r.start < %(until)s AND r.start + r.seconds > %(begin)s
   AND v.sequence <= %(sequence)s
"""
"""A register's own value has no length, which tells it from an interval."""


class ReadingOutOfRange(Refusal):
    """A register value is larger than any register's."""


class ReadingTables(Tables):
    """The part of the store that keeps what came in."""

    def received_file(self, sha256: str) -> ReceivedFile | None:
        """The file of that hash, if it is stored already."""
        return self._step(
            "know a file again", lambda connection: _received_file(connection, sha256)
        )

    def record_file(
        self,
        *,
        sha256: str,
        name: str,
        format: str,
        channels: Sequence[ChannelReadings],
        quarantined: Sequence[QuarantinedLine],
        lake_files: Sequence[str],
        learned_at: datetime,
        based_on: int | None = None,
        beside: Sequence[ChannelReadings] = (),
        arrival: Arrival | None = None,
        releases: tuple[QuarantinedItem, QuarantineOutcome] | None = None,
        told: Sequence[ChannelTold] = (),
    ) -> ReceivedFile:
        """Publish one file: its lake files become visible as the next commit sequence.

        Registers among ``channels`` are kept here, and with them the ``beside`` ones: intervals
        that are no slots of local days, like monthly ones, which the lake has no place for.
        The intake's book gets its row in the same transaction; with ``releases`` it is a line
        that leaves the quarantine, and nothing new is received.

        :raises Conflict: if a file of that hash is stored already, if a lake file is published
            already, or if ``based_on`` is given and somebody else has published since
        """
        self._connections.ensure_months([record_day(learned_at)])

        def work(connection: Connection) -> ReceivedFile:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_PUBLISHES])
            if _received_file(connection, sha256) is not None:
                raise Conflict.of_file(sha256, name)
            newest, newest_learned_at = _newest(connection)
            if based_on is not None and based_on != newest:
                raise Conflict.of_lake(based_on, newest, name)
            received = ReceivedFile(
                sha256=sha256,
                name=storable(name),
                format=format,
                reading_count=sum(len(one.readings) for one in channels)
                + sum(one.readings for one in told),
                quarantined_count=len(quarantined),
                learned_at=learned_at,
                lake_sequence=newest + 1,
            )
            _insert_file(connection, received, channels, told)
            # Sequences are what was known when; their instants never run backwards.
            version_learned_at = max(learned_at, newest_learned_at or learned_at)
            _publish(connection, received, lake_files, version_learned_at)
            _insert_quarantined(connection, sha256, quarantined)
            for one in channels:
                if one.channel.kind is ChannelKind.REGISTER:
                    _insert_registers(connection, sha256, one)
            for one in beside:
                _insert_registers(connection, sha256, one)
            came = arrival or Arrival(name, sha256, None)
            if releases is None:
                totals = totals_of_stored(channels, quarantined, told)
                moved = movement_to(connection, sha256, totals)
                status = STORED
            else:
                insert_outcome(connection, *releases)
                moved, status = totals_of_release(releases[0], channels), RELEASED
            insert_movement(
                connection,
                Movement(came, format, status, None, moved, learned_at),
                _about([*(ChannelTold.of(one) for one in channels if one.readings), *told]),
            )
            self._note(
                connection,
                "file received",
                [(sha256, {"name": received.name, "sequence": received.lake_sequence}, learned_at)],
            )
            return received

        return self._step("record a file", work)

    def kept_intervals(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownInterval]]:
        """Delivered energy kept beside the lake in intervals that touch the stretch.

        :raises NotViewing: outside ``viewing``: this is usage data
        """

        def ask(connection: Connection) -> dict[str, list[KnownInterval]]:
            rows = connection.execute(
                KEPT_INTERVALS,
                {
                    "meters": list(meter_ids),
                    "units": list(ENERGY_UNITS),
                    "flows": [flow.value for flow in DELIVERED_FLOWS],
                    "begin": begin,
                    "until": until,
                    "sequence": at_sequence,
                },
            )
            return speaking_last(_kept(*row) for row in rows)

        return self._read(ask)

    def lake_sequence(self) -> int:
        """The newest published commit sequence; 0 when nothing is published."""
        return self._step("read the lake's versions", lambda connection: _newest(connection)[0])

    def lake_files(self, at_sequence: int) -> list[str]:
        """Lake files published up to and including the sequence, in order of publication."""
        return self._step(
            "read the lake's versions",
            lambda connection: [
                row[0]
                for row in connection.execute(
                    "SELECT name FROM lake_file WHERE version_id <= %s"
                    " ORDER BY version_id, position",
                    [at_sequence],
                )
            ],
        )

    def lake_sequence_known_at(self, known_at: datetime) -> int:
        """The newest commit sequence learned by that instant; 0 when there is none."""

        def work(connection: Connection) -> int:
            row = connection.execute(
                "SELECT coalesce(max(sequence), 0) FROM lake_version WHERE learned_at <= %s",
                [known_at],
            ).fetchone()
            return int(row[0]) if row else 0

        return self._step("read the lake's versions", work)


def _kept(
    meter: str,
    unit: str,
    flow: str,
    scale: int,
    start: int,
    seconds: int,
    value: Decimal,
    sequence: int,
) -> KeptVersion:
    channel = Channel(
        meter_id=meter,
        commodity=Commodity.ELECTRICITY,
        unit=unit,
        kind=ChannelKind.INTERVAL,
        flow=Flow(flow),
        interval_seconds=seconds,
        scale=scale,
    )
    return KeptVersion(channel, sequence, start, seconds, int(value))


def _received_file(connection: Connection, sha256: str) -> ReceivedFile | None:
    row = connection.execute(
        f"SELECT {FILE_COLUMNS} FROM received_file f"
        " JOIN lake_version v ON v.received_file_id = f.sha256 WHERE f.sha256 = %s",
        [sha256],
    ).fetchone()
    return ReceivedFile(*row) if row else None


def _newest(connection: Connection) -> tuple[int, datetime | None]:
    row = connection.execute(
        "SELECT sequence, learned_at FROM lake_version ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return (int(row[0]), row[1]) if row else (0, None)


def _insert_file(
    connection: Connection,
    received: ReceivedFile,
    channels: Sequence[ChannelReadings],
    told: Sequence[ChannelTold] = (),
) -> None:
    every = [*(ChannelTold.of(one) for one in channels if one.readings), *told]
    connection.execute(
        "INSERT INTO received_file (sha256, name, format, reading_count, quarantined_count,"
        " channels, learned_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            received.sha256,
            received.name,
            received.format,
            received.reading_count,
            received.quarantined_count,
            Jsonb([_channel(one) for one in every]),
            received.learned_at,
        ],
    )


def _about(told: Sequence[ChannelTold]) -> tuple[int | None, int | None]:
    begins, ends = [one.begin for one in told], [one.until for one in told]
    return min(begins, default=None), max(ends, default=None)


def _channel(one: ChannelTold) -> dict[str, Any]:
    channel = one.channel
    return {
        "meter": channel.meter_id,
        "commodity": channel.commodity.value,
        "unit": channel.unit,
        "kind": channel.kind.value,
        "direction": channel.flow.value,
        "interval_seconds": channel.interval_seconds,
        "scale": channel.scale,
        "multiplier": channel.multiplier,
        "readings": one.readings,
        "present": one.present,
        "from": one.begin,
        "to": one.until,
        "sum": str(one.total),
    }


def _publish(
    connection: Connection,
    received: ReceivedFile,
    lake_files: Sequence[str],
    learned_at: datetime,
) -> None:
    connection.execute(
        "INSERT INTO lake_version (sequence, received_file_id, learned_at) VALUES (%s, %s, %s)",
        [received.lake_sequence, received.sha256, learned_at],
    )
    rows = connection.execute(
        "SELECT name FROM lake_file WHERE name = ANY (%s)", [list(lake_files)]
    )
    known = rows.fetchone()
    if known is not None:
        raise Conflict.of_lake_file(known[0], received.name)
    connection.execute(
        "INSERT INTO lake_file (name, version_id, position)"
        " SELECT name, %s, position FROM unnest(%s::text[]) WITH ORDINALITY AS n (name, position)",
        [received.lake_sequence, list(lake_files)],
    )


def _insert_quarantined(
    connection: Connection, sha256: str, quarantined: Sequence[QuarantinedLine]
) -> None:
    if quarantined:
        connection.execute(
            "INSERT INTO quarantined_line (received_file_id, line, data, reason, row_count,"
            " energy_wh) SELECT %s, * FROM unnest(%b::bigint[], %b::bytea[], %b::text[],"
            " %b::bigint[], %s::numeric[])",
            [
                sha256,
                [one.line for one in quarantined],
                [one.data for one in quarantined],
                [storable(one.reason) for one in quarantined],
                [one.rows for one in quarantined],
                [
                    None if one.energy_wh is None else number_of(one.energy_wh)
                    for one in quarantined
                ],
            ],
        )


def _insert_registers(connection: Connection, sha256: str, one: ChannelReadings) -> None:
    channel, readings = one.channel, one.readings
    try:
        connection.execute(
            "INSERT INTO register_reading (received_file_id, meter_id, commodity, unit, flow,"
            " scale, multiplier, start, seconds, value, quality, line)"
            " SELECT %s, %s, %s, %s, %s, %s, %s, * FROM unnest(%b::bigint[], %b::integer[],"
            " %s::numeric[], %b::smallint[], %b::bigint[])",
            [
                *(sha256, channel.meter_id, channel.commodity.value, channel.unit),
                *(channel.flow.value, channel.scale, channel.multiplier),
                [reading.start for reading in readings],
                [reading.seconds for reading in readings],
                [reading.value for reading in readings],
                [reading.quality.value for reading in readings],
                [reading.line for reading in readings],
            ],
        )
    except errors.NumericValueOutOfRange as problem:
        raise ReadingOutOfRange(
            "A register value has more than forty digits",
            where=f"meter {channel.meter_id}",
            do="Correct the file at its source and send it again",
        ) from problem
