"""Registers in PostgreSQL: their values, which meters are billed on them, bills by place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meterledger.facts.readings import Channel, ChannelKind, Commodity, Flow, Quality
from meterledger.facts.registers import KnownRegisterValue
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

    def bills_at(self, service_point_ids: Sequence[str]) -> dict[str, list[StoredBill]]:
        """Live bills of the service points, oldest first."""

        def ask(connection: Connection) -> dict[str, list[StoredBill]]:
            found: dict[str, list[StoredBill]] = {}
            for point in service_point_ids:  # few: the index of claims is over one place's hash
                rows = connection.execute(
                    f"{STORED} WHERE hashtextextended(c.service_point_id, 0)"
                    " = hashtextextended(%s, 0) AND c.service_point_id = %s"
                    " AND c.cancelled_by IS NULL ORDER BY lower(b.days), b.bill_id",
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
