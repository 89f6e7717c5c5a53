"""Accounting periods that are closed, with the totals that the database kept of them."""

from __future__ import annotations

from datetime import date

from meterledger.facts.periods import PeriodClose, PeriodTotal
from meterledger.kernel.ensure import ensure
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, record_day
from meterledger.usecases.ports import Conflict

CLOSES = """
SELECT c.month, c.closed_by, c.learned_at,
       (SELECT json_agg(json_build_array(t.ledger_account, t.debit_cents, t.credit_cents, t.legs)
                        ORDER BY t.ledger_account)
          FROM period_total t WHERE t.month = c.month)
  FROM period_close c ORDER BY c.month
"""


class PeriodTables(Tables):
    """The part of the store that closes the books, month by month."""

    def close_period(self, close: PeriodClose) -> bool:
        """Close a month; False, and nothing changed, if the same person closed it already.

        What it came to is summed by the database, while nobody books anything.

        :raises Conflict: if another one is to be closed first, or somebody else closed it
        """
        self._connections.ensure_months([record_day(close.learned_at)])
        return self._step("close a period", lambda one: self._close(one, close))

    def _close(self, connection: Connection, close: PeriodClose) -> bool:
        known = connection.execute(
            "SELECT closed_by FROM period_close WHERE month = %s", [close.month]
        ).fetchone()
        if known is not None:
            if known[0] != close.closed_by:
                raise Conflict.of_period(close.month, str(known[0]))
            return False
        connection.execute(
            "INSERT INTO period_close (month, closed_by, learned_at) VALUES (%s, %s, %s)",
            [close.month, close.closed_by, close.learned_at],
        )
        told = {"month": close.month.isoformat(), "by": close.closed_by}
        self._note(connection, "period closed", [(f"{close.month:%Y-%m}", told, close.learned_at)])
        return True

    def closed_periods(self) -> list[PeriodClose]:
        """Closed months with their totals, oldest first."""
        rows = self._step("list closed periods", lambda one: one.execute(CLOSES).fetchall())
        return [
            PeriodClose(month, by, learned_at, tuple(PeriodTotal(*total) for total in totals or ()))
            for month, by, learned_at, totals in rows
        ]

    def booking_opens(self) -> date | None:
        """The first day on which something may be booked; None where no period is closed."""
        row = self._step("look at the books", lambda one: one.execute(
            "SELECT booking_opens()").fetchone())  # fmt: skip
        ensure(row is not None, "a function gives a row")
        return row[0] if row else None
