"""Registers in PostgreSQL: their values, which meters are billed on them, bills by place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterledger.facts.readings import Channel, ChannelKind, Commodity, Flow, Quality
from meterledger.facts.registers import KnownRegisterValue, NearbyBill
from meterledger.kernel.span import DaySpan
from meterledger.stores.kept import DELIVERED_FLOWS, ENERGY_UNITS
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables
from meterledger.stores.postgres.repository.bills import STORED, stored_bill
from meterledger.stores.register_values import value_of, values_speaking
from meterledger.usecases.ports import StoredBill

VALUES = """
SELECT r.meter_id, r.unit, r.flow, r.scale, r.multiplier, r.start, r.value, r.quality, v.sequence
  FROM register_reading r JOIN lake_version v ON v.received_file_id = r.received_file_id
 WHERE r.meter_id = ANY (%(meters)s::text[])
   AND r.commodity = 'electricity' AND r.unit = ANY (%(units)s::text[])
   AND r.flow = ANY (%(flows)s::text[])
   AND r.seconds = 0 AND r.value IS NOT NULL
   AND r.start >= %(begin)s AND r.start < %(until)s
   AND v.sequence <= %(sequence)s
"""
ON_REGISTERS = """
SELECT DISTINCT meter_id FROM meter_configuration
 WHERE meter_id = ANY (%s::text[]) AND billed_on = 'register' AND known @> %s::timestamptz
"""


NEARBY = """
WITH near AS MATERIALIZED (
    SELECT DISTINCT s.service_point_id
      FROM service_point ours
      JOIN premise here ON here.premise_id = ours.premise_id
      JOIN premise p ON p.postal_code = here.postal_code
      JOIN service_point s ON s.premise_id = p.premise_id
     WHERE ours.service_point_id = %(point)s AND s.service_point_id <> %(point)s
),
billed AS (
    SELECT c.service_point_id, b.days, b.energy_wh,
           position('"estimated":{' IN convert_from(b.record, 'UTF8')) > 0 AS estimated,
           dense_rank() OVER (ORDER BY c.service_point_id COLLATE "C") AS place
      FROM near
      JOIN service_period_claim c
        ON hashtextextended(c.service_point_id, 0) = hashtextextended(near.service_point_id, 0)
       AND c.service_point_id = near.service_point_id
      JOIN bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
     WHERE c.known_at < %(before)s AND b.schedule = %(schedule)s
       AND (c.cancelled_by IS NULL OR NOT EXISTS (
            SELECT FROM bill_correction k
             WHERE k.cancelled_bill = c.bill_id AND k.learned_at < %(before)s))
       AND c.days <@ daterange(%(from_day)s, %(until_day)s)
)
SELECT service_point_id, lower(days), upper(days), energy_wh, estimated
  FROM billed WHERE place <= %(places)s
 ORDER BY service_point_id COLLATE "C", lower(days)
"""


class RegisterTables(Tables):
    """The part of the store that answers for meters billed on their register."""

    def meters_on_registers(self, meter_ids: Sequence[str], known_at: datetime) -> set[str]:
        """Which of the meters are set up, on some day, to be billed on their register."""

        def ask(connection: Connection) -> set[str]:
            rows = connection.execute(ON_REGISTERS, [list(meter_ids), known_at])
            return {row[0] for row in rows}

        return self._read(ask)

    def register_values(
        self, meter_ids: Sequence[str], *, begin: int, until: int, at_sequence: int
    ) -> dict[str, list[KnownRegisterValue]]:
        """What registers of delivered energy showed at instants of the stretch."""

        def ask(connection: Connection) -> dict[str, list[KnownRegisterValue]]:
            rows = connection.execute(
                VALUES,
                {
                    "meters": list(meter_ids),
                    "units": list(ENERGY_UNITS),
                    "flows": [flow.value for flow in DELIVERED_FLOWS],
                    "begin": begin,
                    "until": until,
                    "sequence": at_sequence,
                },
            )
            return values_speaking(
                (
                    meter,
                    value_of(
                        _channel(meter, unit, flow, scale, constant),
                        start,
                        int(value),
                        Quality(quality),
                        sequence,
                    ),
                )
                for meter, unit, flow, scale, constant, start, value, quality, sequence in rows
            )

        return self._read(ask)

    def bills_nearby(
        self,
        service_point_id: str,
        schedule: str,
        days: DaySpan,
        *,
        before: datetime,
        places: int = 200,
    ) -> list[NearbyBill]:
        """Bills of other places in the same postal code, of one schedule."""

        def ask(connection: Connection) -> list[NearbyBill]:
            rows = connection.execute(
                NEARBY,
                {
                    "point": service_point_id,
                    "schedule": schedule,
                    "from_day": days.from_day,
                    "until_day": days.until_day,
                    "before": before,
                    "places": places,
                },
            )
            return [
                NearbyBill(point, DaySpan(first, until), energy_wh, estimated)
                for point, first, until, energy_wh, estimated in rows
            ]

        return self._read(ask)

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Every bill issued for the service points, oldest first."""

        def ask(connection: Connection) -> dict[str, list[StoredBill]]:
            found: dict[str, list[StoredBill]] = {}
            for point in service_point_ids:  # few: the index of claims is over one place's hash
                rows = connection.execute(
                    f"{STORED} WHERE hashtextextended(c.service_point_id, 0)"
                    " = hashtextextended(%s, 0) AND c.service_point_id = %s"
                    " ORDER BY lower(b.days), b.known_at, b.bill_id",
                    [point, point],
                ).fetchall()
                if rows:
                    found[point] = [stored_bill(row) for row in rows]
            return found

        return self._read(ask)


def _channel(meter: str, unit: str, flow: str, scale: int, constant: str) -> Channel:
    return Channel(
        meter, Commodity.ELECTRICITY, unit, ChannelKind.REGISTER, Flow(flow), None, scale, constant
    )
