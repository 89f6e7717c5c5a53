"""Facts of a night in PostgreSQL: places, directions, what files are odd about.

Each answers for all meters of a batch in one query; nothing is asked meter by meter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import Flow
from meterledger.kernel.span import Validity
from meterledger.stores.day_facts_words import MOST_PAST, ONE_TIME, PLAIN_DAY, of_one_time
from meterledger.stores.kept import DELIVERED_FLOWS
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables
from meterledger.usecases.day_fact_ports import FileTold, MeterBefore, PlaceOnDay, SentChannel

PLACES = """
SELECT s.service_point_id, p.premise_id, p.address, p.postal_code,
       EXISTS (SELECT FROM agreement a
                WHERE a.service_point_id = s.service_point_id
                  AND a.known @> %(known_at)s::timestamptz AND lower(a.days) <= %(day)s::date)
  FROM service_point s JOIN premise p ON p.premise_id = s.premise_id
 WHERE s.service_point_id = ANY (%(points)s::text[])
"""
FLOWS = """
SELECT meter_id, array(SELECT DISTINCT r ->> 'flow' FROM jsonb_array_elements(registers) AS e (r))
  FROM meter_configuration
 WHERE meter_id = ANY (%(meters)s::text[]) AND days @> %(day)s::date
   AND known @> %(known_at)s::timestamptz AND jsonb_array_length(registers) > 0
"""
BEFORE = """
SELECT o.service_point_id, o.meter_id, o.multiplier, lower(o.days), upper(o.days), lower(o.known),
       o.began_second, o.ended_second, lower(n.days)
  FROM meter_installation n
  JOIN meter_installation o ON o.service_point_id = n.service_point_id
                           AND lower(o.days) < lower(n.days)
                           AND o.known @> %(known_at)s::timestamptz
 WHERE n.known @> %(known_at)s::timestamptz
   AND lower(n.days) BETWEEN %(first)s::date AND %(last)s::date
 ORDER BY o.service_point_id COLLATE "C", lower(n.days), lower(o.days)
"""
FILES = """
SELECT f.sha256, (SELECT m.source FROM intake_movement m
                   WHERE m.sha256 = f.sha256 AND m.status = 'stored' ORDER BY id DESC LIMIT 1)
  FROM received_file f
 WHERE left(f.sha256, 16) = ANY (%(starts)s::text[])
   AND EXISTS (SELECT FROM intake_movement m WHERE m.sha256 = f.sha256 AND m.status = 'stored')
"""
SENT = """
SELECT f.sha256, c ->> 'meter', (c ->> 'readings')::int, (c ->> 'to')::bigint
  FROM received_file f, jsonb_array_elements(f.channels) AS e (c)
 WHERE f.sha256 = ANY (%(names)s::text[])
   AND (c ->> 'from')::bigint = %(begin)s AND (c ->> 'to')::bigint <> %(until)s
   AND ((c ->> 'to')::bigint - (c ->> 'from')::bigint = %(plain)s
        OR (c ->> 'to')::bigint BETWEEN %(until)s AND %(past)s - 1)
   AND c ->> 'kind' = 'interval' AND c ->> 'commodity' = 'electricity'
   AND c ->> 'direction' = ANY (%(flows)s::text[])
 ORDER BY f.sha256, 2, 4
"""
ASIDE = """
SELECT received_file_id, reason, data FROM quarantined_line
 WHERE received_file_id = ANY (%s::text[]) AND starts_with(reason, %s)
"""


class DayFactsTables(Tables):
    """The part of the store that answers what the night asks beside values."""

    def places_on_day(
        self, service_point_ids: Sequence[str], day: date, known_at: datetime
    ) -> dict[str, PlaceOnDay]:
        """Where the service points are, as known then."""
        asked = {"points": list(service_point_ids), "day": day, "known_at": known_at}
        rows = self._read(lambda connection: connection.execute(PLACES, asked).fetchall())
        return {row[0]: PlaceOnDay(*row) for row in rows}

    def flows_set_up(
        self, meter_ids: Sequence[str], day: date, known_at: datetime
    ) -> dict[str, frozenset[Flow]]:
        """The directions that the meters' registers measure on the day."""
        asked = {"meters": list(meter_ids), "day": day, "known_at": known_at}
        rows = self._read(lambda connection: connection.execute(FLOWS, asked).fetchall())
        return {meter: frozenset(map(Flow, flows)) for meter, flows in rows}

    def meters_before(self, first: date, last: date, known_at: datetime) -> list[MeterBefore]:
        """Every earlier meter of the service points where one was set on the days."""
        asked = {"first": first, "last": last, "known_at": known_at}
        rows = self._read(lambda connection: connection.execute(BEFORE, asked).fetchall())
        return [
            MeterBefore(
                MeterInstallation(
                    point, meter, multiplier, Validity(begin, end), learned_at, began, ended
                ),
                set_day,
            )
            for point, meter, multiplier, begin, end, learned_at, began, ended, set_day in rows
        ]

    def files_told(
        self, source_starts: Sequence[str], *, begin: int, until: int
    ) -> dict[str, FileTold]:
        """Files by the beginnings of their SHA-256, with what is odd about the day."""

        def ask(connection: Connection) -> dict[str, FileTold]:
            files: dict[str, str] = dict(
                connection.execute(FILES, {"starts": list(source_starts)}).fetchall()
            )
            sent: dict[str, list[SentChannel]] = defaultdict(list)
            asked = {
                "names": list(files),
                "begin": begin,
                "until": until,
                "past": until + MOST_PAST,
                "plain": PLAIN_DAY,
                "flows": [flow.value for flow in DELIVERED_FLOWS],
            }
            for name, *channel in connection.execute(SENT, asked):
                sent[name].append(SentChannel(*channel))
            lines: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
            for name, reason, data in connection.execute(ASIDE, [list(files), ONE_TIME]):
                lines[name].append((reason, bytes(data)))
            return {
                name[:16]: FileTold(
                    name[:16],
                    source,
                    tuple(sent[name]),
                    of_one_time(lines[name], begin=begin, until=until),
                )
                for name, source in files.items()
            }

        return self._read(ask)

    def first_published_at(self) -> datetime | None:
        """When the first readings were published."""

        def ask(connection: Connection) -> datetime | None:
            row = connection.execute(
                "SELECT learned_at FROM lake_version ORDER BY sequence LIMIT 1"
            ).fetchone()
            return row[0] if row else None

        return self._step("read the lake's versions", ask)
