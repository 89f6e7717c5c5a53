"""Balances on both clocks: of a customer, of each ledger account; the journal month by month.

Lives here      sums of legs by effective day, by booked day, as known at an instant.
Lives elsewhere writing entries (``ledger``), closing periods (``periods``).

What closed periods came to is kept, so a sum over all customers begins with the last one that ends
by the day asked for and adds what was booked since. Only what was known at an earlier instant is
summed from the first leg.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from meterledger.facts.money import Entry, Leg
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables

LAST_DAY = date(2100, 12, 31)
FIRST_DAY = date(1990, 1, 1)

OF_CUSTOMER = """
SELECT ledger_account, sum(cents) FROM posting
 WHERE customer_account_id = %(account)s AND effective_day <= %(at)s
 GROUP BY 1 HAVING sum(cents) <> 0
"""
OF_CUSTOMER_AS_KNOWN = """
WITH p AS MATERIALIZED (
    SELECT ledger_account, cents, entry_id, effective_day FROM posting
     WHERE customer_account_id = %(account)s AND effective_day <= %(at)s)
SELECT p.ledger_account, sum(p.cents)
  FROM p
 CROSS JOIN LATERAL (
       SELECT e.learned_at FROM entry e
        WHERE e.entry_id = p.entry_id AND e.effective_day = p.effective_day OFFSET 0) e
 WHERE e.learned_at <= %(known_at)s
 GROUP BY 1 HAVING sum(p.cents) <> 0
"""
"""Leg by leg to its entry, in its month: what the planner would join at once reads every entry."""
CLOSED_BY = """
SELECT (max(month) + interval '1 month')::date FROM period_close
 WHERE (month + interval '1 month')::date <= %s
"""
OF_LEDGER = """
SELECT ledger_account, sum(cents)
  FROM (SELECT ledger_account, debit_cents - credit_cents AS cents FROM period_total
         WHERE month < %(begin)s
        UNION ALL
        SELECT ledger_account, sum(cents) FROM posting
         WHERE effective_day >= %(begin)s AND effective_day <= %(at)s GROUP BY 1
        UNION ALL
        SELECT p.ledger_account, p.cents
          FROM entry e
          JOIN posting p ON p.entry_id = e.entry_id AND p.effective_day = e.effective_day
         WHERE e.booked_day >= %(begin)s AND e.effective_day < %(begin)s
        UNION ALL
        SELECT p.ledger_account, -p.cents
          FROM entry e
          JOIN posting p ON p.entry_id = e.entry_id AND p.effective_day = e.effective_day
         WHERE e.booked_day >= %(booked_until)s AND e.effective_day <= %(at)s) s
 GROUP BY 1 HAVING sum(cents) <> 0 ORDER BY 1
"""
"""Closed periods; what was effective since; what was effective before and booked since; less what
is booked too late. ``begin`` is not after the day that follows ``at``: what was booked before it
was effective before it too."""
OF_LEDGER_AS_KNOWN = """
SELECT p.ledger_account, sum(p.cents)
  FROM posting p
  JOIN entry e ON e.entry_id = p.entry_id AND e.effective_day = p.effective_day
 WHERE p.effective_day <= %(at)s AND e.learned_at <= %(known_at)s
   AND coalesce(e.booked_day, e.effective_day) < %(booked_until)s
 GROUP BY 1 HAVING sum(p.cents) <> 0 ORDER BY 1
"""
MONTHS = "SELECT DISTINCT date_trunc('month', effective_day)::date FROM entry_key ORDER BY 1"
OF_MONTH = """
SELECT e.entry_id, e.effective_day, e.learned_at, e.cause, e.reverses, e.booked_day, legs.found
  FROM (SELECT * FROM entry
         WHERE effective_day >= %(begin)s AND effective_day < %(until)s AND entry_id > %(after)s
         ORDER BY entry_id LIMIT %(limit)s) e
  JOIN LATERAL (
       SELECT json_agg(json_build_array(p.ledger_account, p.cents, p.customer_account_id)
                       ORDER BY p.number) AS found
         FROM posting p WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day
          AND p.effective_day >= %(begin)s AND p.effective_day < %(until)s
       ) legs ON true
 ORDER BY e.entry_id
"""


class BalanceTables(Tables):
    """The part of the store that adds up the journal."""

    def account_balances(
        self, account_id: str, *, at: date | None = None, known_at: datetime | None = None
    ) -> dict[str, int]:
        """What a customer has on each ledger account, of entries effective by ``at``."""
        asked = {"account": account_id, "at": at or LAST_DAY, "known_at": known_at}
        query = OF_CUSTOMER if known_at is None else OF_CUSTOMER_AS_KNOWN
        rows = self._read(lambda connection: connection.execute(query, asked).fetchall())
        return {ledger_account: int(cents) for ledger_account, cents in sorted(rows)}

    def ledger_balances(
        self,
        *,
        at: date | None = None,
        known_at: datetime | None = None,
        booked_until: date | None = None,
    ) -> dict[str, int]:
        """What each ledger account stands at; together they are zero."""
        until = booked_until or LAST_DAY
        last = min(at or LAST_DAY, until - timedelta(days=1))  # nothing is booked before it is so

        def work(connection: Connection) -> dict[str, int]:
            asked = {"at": last, "known_at": known_at, "booked_until": until, "begin": FIRST_DAY}
            if known_at is None:
                row = connection.execute(CLOSED_BY, [last + timedelta(days=1)]).fetchone()
                asked["begin"] = (row[0] if row else None) or FIRST_DAY
            query = OF_LEDGER if known_at is None else OF_LEDGER_AS_KNOWN
            return {name: int(cents) for name, cents in connection.execute(query, asked)}

        return self._step("add up the ledger", work)

    def entry_months(self) -> list[date]:
        """Months in which entries are effective, oldest first, each by its first day."""
        rows = self._read(lambda connection: connection.execute(MONTHS).fetchall())
        return [month for (month,) in rows]

    def entries_of_month(self, month: date, *, after: str = "", limit: int = 5_000) -> list[Entry]:
        """Up to ``limit`` entries of a month by name, after the one named."""
        until = (month + timedelta(days=31)).replace(day=1)
        asked = {"begin": month, "until": until, "after": after, "limit": limit}
        rows = self._read(lambda connection: connection.execute(OF_MONTH, asked).fetchall())
        return [
            Entry(
                entry_id=entry_id,
                effective_day=effective_day,
                learned_at=learned_at,
                legs=tuple(Leg(*leg) for leg in legs),
                cause=cause,
                reverses=reverses,
                booked_day=booked_day,
            )
            for entry_id, effective_day, learned_at, cause, reverses, booked_day, legs in rows
        ]
