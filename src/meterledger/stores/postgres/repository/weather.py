"""Daily temperatures in PostgreSQL: about nobody, so no viewer is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from meterledger.facts.weather import DailyTemperature
from meterledger.kernel.span import DaySpan
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day

INSERT = """
INSERT INTO daily_temperature (station, day, mean_tenths_f, source, learned_at)
SELECT n.* FROM unnest(%b::text[], %b::date[], %b::integer[], %b::text[], %b::timestamptz[])
             AS n (station, day, mean_tenths_f, source, learned_at)
 WHERE n.mean_tenths_f IS DISTINCT FROM (
       SELECT t.mean_tenths_f FROM daily_temperature t
        WHERE t.station = n.station AND t.day = n.day ORDER BY t.learned_at DESC, t.id DESC LIMIT 1)
"""
KNOWN = """
SELECT DISTINCT ON (day) day, mean_tenths_f FROM daily_temperature
 WHERE station = %s AND day >= %s AND day < %s AND learned_at <= %s
 ORDER BY day, learned_at DESC, id DESC
"""


class WeatherTables(Tables):
    """The part of the store that keeps how warm it was."""

    def record_temperatures(self, days: Sequence[DailyTemperature]) -> int:
        """Keep what is not known already; how many were new. All or nothing."""
        if not days:
            return 0
        self._connections.ensure_months([record_day(days[0].learned_at)])

        def work(connection: Connection) -> int:
            newly = connection.execute(
                INSERT,
                [
                    [one.station for one in days],
                    [one.day for one in days],
                    [one.mean_tenths_f for one in days],
                    [one.source for one in days],
                    [one.learned_at for one in days],
                ],
            ).rowcount
            if newly:
                told = {"days": newly, "source": days[0].source}
                self._note(
                    connection, "temperatures", [(days[0].station, told, days[0].learned_at)]
                )
            return newly

        return self._step("keep temperatures", work)

    def temperatures(self, station: str, days: DaySpan, known_at: datetime) -> dict[date, int]:
        """Tenths of a degree Fahrenheit of the days that are known, as known then."""
        rows = self._step(
            "read temperatures",
            lambda connection: connection.execute(
                KNOWN, [station, days.from_day, days.until_day, known_at]
            ).fetchall(),
        )
        return {row[0]: row[1] for row in rows}
