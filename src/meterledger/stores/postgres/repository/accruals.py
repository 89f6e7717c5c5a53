"""Accruals of unbilled revenue in PostgreSQL: one of a month end, posted with its reversal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from meterledger.facts.money import Entry
from meterledger.facts.unbilled import Accrual, UnbilledLine, UnbilledMethod
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.span import DaySpan
from meterledger.stores.bank_words import accrued_already
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.stores.postgres.repository.ledger import entry_months, insert_entries

ADD_LINES = """
INSERT INTO accrual_line (accrual_id, agreement_id, account_id, schedule, service_class, days,
                          priced_days, energy_wh, cents, method, why)
SELECT %s, agreement_id, account_id, schedule, service_class, daterange(from_day, until_day),
       priced_days, energy_wh, cents, method, why
  FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::date[], %b::date[],
              %b::integer[], %b::bigint[], %b::bigint[], %b::text[], %b::text[])
       AS n (agreement_id, account_id, schedule, service_class, from_day, until_day, priced_days,
             energy_wh, cents, method, why)
"""
LINES = """
SELECT agreement_id, account_id, schedule, service_class, lower(days), upper(days), priced_days,
       energy_wh, cents, method, why
  FROM accrual_line WHERE accrual_id = %s ORDER BY agreement_id COLLATE "C"
"""


class AccrualTables(Tables):
    """The part of the store that keeps accruals."""

    def record_accrual(self, accrual: Accrual, entries: Sequence[Entry]) -> bool:
        """Keep and post it in one transaction, once.

        :raises Conflict: if the month end is accrued with other contents
        """
        self._connections.ensure_months(entry_months(entries) | {record_day(accrual.learned_at)})
        return self._step("accrue revenue", lambda one: self._keep_accrual(one, accrual, entries))

    def _keep_accrual(
        self, connection: Connection, accrual: Accrual, entries: Sequence[Entry]
    ) -> bool:
        kept = connection.execute(
            "INSERT INTO accrual (accrual_key, month_end, total_cents, record, record_sha256,"
            " learned_at) VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                *(accrual.key, accrual.month_end, accrual.total_cents, accrual.record),
                *(sha256_hex(accrual.record), accrual.learned_at),
            ],
        )
        if kept.rowcount == 0:
            known = _accrual(connection, accrual.month_end)
            if known.lines != accrual.lines:
                raise accrued_already(known)
            return False
        lines = accrual.lines
        connection.execute(
            ADD_LINES,
            [
                accrual.key,
                [one.agreement_id for one in lines],
                [one.account_id for one in lines],
                [one.schedule for one in lines],
                [one.service_class for one in lines],
                [one.days.from_day for one in lines],
                [one.days.until_day for one in lines],
                [one.priced_days for one in lines],
                [one.energy_wh for one in lines],
                [one.cents for one in lines],
                [one.method.value for one in lines],
                [one.why for one in lines],
            ],
        )
        insert_entries(connection, entries)
        note = {"lines": len(lines), "cents": accrual.total_cents}
        self._note(connection, "revenue accrued", [(accrual.key, note, accrual.learned_at)])
        return True

    def accruals(self, *, limit: int = 36) -> list[Accrual]:
        """Accruals, the newest first."""

        def ask(connection: Connection) -> list[Accrual]:
            rows = connection.execute(
                "SELECT month_end FROM accrual ORDER BY month_end DESC LIMIT %s", [limit]
            ).fetchall()
            return [_accrual(connection, month_end) for (month_end,) in rows]

        return self._read(ask)


def _accrual(connection: Connection, month_end: date) -> Accrual:
    row = connection.execute(
        "SELECT record, learned_at FROM accrual WHERE month_end = %s", [month_end]
    ).fetchone() or (b"", None)
    found = connection.execute(LINES, [month_end.isoformat()]).fetchall()
    lines = tuple(_line(one) for one in found)
    return Accrual(month_end, lines, bytes(row[0]), row[1])


def _line(row: Sequence[Any]) -> UnbilledLine:
    agreement, account, schedule, of_class, begin, until, priced, wh, cents, method, why = row
    return UnbilledLine(
        agreement_id=agreement,
        account_id=account,
        schedule=schedule,
        service_class=of_class,
        days=DaySpan(begin, until),
        priced_days=priced,
        energy_wh=wh,
        cents=cents,
        method=UnbilledMethod(method),
        why=why,
    )
