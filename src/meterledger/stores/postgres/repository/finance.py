"""Sums of the journal and of bills in PostgreSQL: one query for each question."""

from __future__ import annotations

from datetime import date

from meterledger.facts.finance import AccountBalance, LedgerRow, RevenueRow
from meterledger.facts.money import Entry, Leg
from meterledger.stores.finance_words import DEFERRED
from meterledger.stores.postgres.repository.base import Tables

BEGINNING = date(1, 1, 1)

# Of an entry that is booked in the days, the effective day is at most as late: months after are
# not looked at. Bills lie in months by the day on which their entry is effective.
ROWS = """
WITH booked AS MATERIALIZED (
    SELECT e.entry_id, e.effective_day, e.reverses,
           date_trunc('month', coalesce(e.booked_day, e.effective_day))::date AS month,
           CASE WHEN e.reverses IS NULL THEN split_part(e.entry_id, ':', 1)
                ELSE 'reversal of ' || split_part(e.reverses, ':', 1) END AS kind
      FROM entry e
     WHERE e.effective_day < %(until)s
       AND (e.effective_day >= %(since)s OR e.booked_day >= %(since)s)
       AND coalesce(e.booked_day, e.effective_day) >= %(since)s
       AND coalesce(e.booked_day, e.effective_day) < %(until)s
), named AS (
    SELECT b.*, coalesce(made.schedule, back.schedule, '') AS schedule
      FROM booked b
      LEFT JOIN bill made ON b.kind = 'bill' AND made.bill_id = substr(b.entry_id, 6)
                         AND made.issued_day = b.effective_day
      LEFT JOIN entry_key k ON b.kind = 'reversal of bill' AND k.entry_id = b.reverses
      LEFT JOIN bill back ON back.bill_id = substr(k.entry_id, 6)
                         AND back.issued_day = k.effective_day
)
SELECT n.month, p.ledger_account, n.kind, n.schedule,
       coalesce(sum(p.cents) FILTER (WHERE p.cents > 0), 0),
       coalesce(-sum(p.cents) FILTER (WHERE p.cents < 0), 0), count(*)
  FROM named n
  JOIN posting p ON p.entry_id = n.entry_id AND p.effective_day = n.effective_day
 WHERE p.effective_day < %(until)s
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
REVENUE = """
WITH moved AS (
    SELECT 1 AS sign, bill_id, issued_day, schedule FROM bill
     WHERE issued_day >= %(since)s AND issued_day < %(until)s
    UNION ALL
    SELECT -1, b.bill_id, b.issued_day, b.schedule
      FROM entry e JOIN entry_key k ON k.entry_id = e.reverses
      JOIN bill b ON b.bill_id = substr(k.entry_id, 6) AND b.issued_day = k.effective_day
     WHERE e.effective_day >= %(since)s AND e.effective_day < %(until)s
       AND e.reverses LIKE 'bill:%%'
)
SELECT m.schedule, l.code, l.charge_group, sum(m.sign * l.cents), count(*)
  FROM moved m JOIN bill_line l ON l.bill_id = m.bill_id AND l.issued_day = m.issued_day
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
BALANCES = """
WITH later AS (
    SELECT p.customer_account_id AS account_id, sum(p.cents) AS cents
      FROM receivable_balance b JOIN posting p ON p.customer_account_id = b.account_id
     WHERE b.last_day > %(at)s AND p.effective_day > %(at)s
       AND split_part(p.ledger_account, '.', 1) IN ('142', '143')
       AND p.ledger_account <> %(deferred)s
     GROUP BY 1
), served AS (
    SELECT DISTINCT ON (account_id) account_id, schedule FROM agreement
     WHERE upper_inf(known) ORDER BY account_id, lower(days) DESC
)
SELECT o.account_id, coalesce(s.schedule, ''), o.cents - coalesce(l.cents, 0)
  FROM receivable_balance o
  LEFT JOIN later l ON l.account_id = o.account_id
  LEFT JOIN served s ON s.account_id = o.account_id
 WHERE o.since_day <= %(at)s
 ORDER BY 1
"""
"""What is kept of each account, less what is effective after the day, where anything is."""
BOOKED = """
SELECT e.entry_id, e.effective_day, e.learned_at, e.cause, e.reverses, e.booked_day,
       (SELECT json_agg(json_build_array(p.ledger_account, p.cents, p.customer_account_id)
                        ORDER BY p.number)
          FROM posting p WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day)
  FROM entry e
 WHERE e.effective_day < %(until)s
   AND (e.effective_day >= %(since)s OR e.booked_day >= %(since)s)
   AND coalesce(e.booked_day, e.effective_day) >= %(since)s
   AND coalesce(e.booked_day, e.effective_day) < %(until)s
   AND EXISTS (SELECT FROM posting q WHERE q.entry_id = e.entry_id
                  AND q.effective_day = e.effective_day AND q.ledger_account = %(account)s)
 ORDER BY coalesce(e.booked_day, e.effective_day), e.entry_id LIMIT %(limit)s
"""


class FinanceTables(Tables):
    """The part of the store that adds up."""

    def ledger_rows(self, since: date | None, until: date) -> list[LedgerRow]:
        """The journal by month, account, kind and schedule; days are booked days."""
        asked = {"since": since or BEGINNING, "until": until}
        rows = self._read(lambda connection: connection.execute(ROWS, asked).fetchall())
        return [
            LedgerRow(month, account, kind, schedule, int(debit), int(credit), legs)
            for month, account, kind, schedule, debit, credit, legs in rows
        ]

    def revenue_rows(self, since: date, until: date) -> list[RevenueRow]:
        """Lines of bills issued on the days less those of bills taken back on them."""
        asked = {"since": since, "until": until}
        rows = self._read(lambda connection: connection.execute(REVENUE, asked).fetchall())
        return [
            RevenueRow(schedule, code, group, int(cents), lines)
            for schedule, code, group, cents, lines in rows
        ]

    def receivable_balances(self, at: date) -> list[AccountBalance]:
        """Every account that owes or is owed, by account number."""
        asked = {"at": at, "deferred": DEFERRED}
        rows = self._read(lambda connection: connection.execute(BALANCES, asked).fetchall())
        return [AccountBalance(name, schedule, int(cents)) for name, schedule, cents in rows]

    def entries_booked(
        self, ledger_account: str, since: date, until: date, *, limit: int = 500
    ) -> list[Entry]:
        """Entries with a leg on the account booked on the days, oldest first."""
        asked = {"account": ledger_account, "since": since, "until": until, "limit": limit}
        rows = self._read(lambda connection: connection.execute(BOOKED, asked).fetchall())
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
