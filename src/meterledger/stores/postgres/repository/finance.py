"""Sums of the journal and of bills in PostgreSQL: one query for each question."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from meterledger.facts.finance import AccountBalance, LedgerRow, PaymentCash, RevenueRow
from meterledger.facts.money import Entry, Leg
from meterledger.facts.receivables import AccountMoney, BillShown, Movement, bill_order
from meterledger.stores.finance_words import BRINGS_MONEY, DEFERRED
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables
from meterledger.stores.postgres.repository.payment_rows import (
    APPLICATION_COLUMNS,
    application_of,
    later_days,
)

Told = TypeVar("Told")
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
# A payment of money that had no account debits 253.unapplied: it was here before, and is not told.
PAYMENT_CASH = """
WITH brought AS MATERIALIZED (
    SELECT p.entry_id, p.effective_day, sum(p.cents) AS cents
      FROM posting p
     WHERE p.effective_day >= %(since)s AND p.effective_day < %(until)s
       AND split_part(p.entry_id, ':', 1) = ANY(%(kinds)s)
       AND split_part(p.ledger_account, '.', 1) = '131'
     GROUP BY 1, 2
)
SELECT b.effective_day, r.payment_key IS NOT NULL, count(*), sum(b.cents), count(k.entry_id),
       coalesce(sum(gone.cents), 0)
  FROM brought b
  LEFT JOIN receipt r ON r.payment_key = substr(b.entry_id, strpos(b.entry_id, ':') + 1)
  LEFT JOIN entry_key k ON k.entry_id = 'reversal:' || b.entry_id
  LEFT JOIN LATERAL (SELECT -sum(p.cents) AS cents FROM posting p
                      WHERE p.entry_id = k.entry_id AND p.effective_day = k.effective_day
                        AND split_part(p.ledger_account, '.', 1) = '131') gone ON true
 GROUP BY 1, 2 ORDER BY 1, 2
"""
REVENUE = """
WITH moved AS (
    SELECT 1 AS sign, bill_id, issued_day, written_in, schedule FROM bill
     WHERE issued_day >= %(since)s AND issued_day < %(until)s
    UNION ALL
    SELECT -1, b.bill_id, b.issued_day, b.written_in, b.schedule
      FROM entry e JOIN entry_key k ON k.entry_id = e.reverses
      JOIN bill b ON b.bill_id = substr(k.entry_id, 6) AND b.issued_day = k.effective_day
     WHERE e.effective_day >= %(since)s AND e.effective_day < %(until)s
       AND e.reverses LIKE 'bill:%%'
)
SELECT m.schedule, l.code, l.charge_group, sum(m.sign * l.cents), count(*)
  FROM moved m
  JOIN bill_line l ON l.written_in = m.written_in AND l.bill_id = m.bill_id
                  AND l.issued_day = m.issued_day
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
STOOD = """
WITH later AS (
    SELECT p.customer_account_id AS account_id, sum(p.cents) AS cents
      FROM receivable_balance b JOIN posting p ON p.customer_account_id = b.account_id
     WHERE b.last_day > %(at)s AND p.effective_day > %(at)s
       AND split_part(p.ledger_account, '.', 1) IN ('142', '143')
       AND p.ledger_account <> %(deferred)s
     GROUP BY 1
), served AS (
    SELECT DISTINCT ON (account_id) account_id, schedule FROM agreement
     WHERE upper_inf(known) AND lower(days) <= %(at)s
     ORDER BY account_id, least(upper(days), %(at)s::date + 1) DESC, lower(days) DESC,
              agreement_id COLLATE "C" DESC
), stood AS (
    SELECT o.account_id, coalesce(s.schedule, '') AS schedule,
           (o.cents - coalesce(l.cents, 0))::bigint AS cents
      FROM receivable_balance o
      LEFT JOIN later l ON l.account_id = o.account_id
      LEFT JOIN served s ON s.account_id = o.account_id
     WHERE o.since_day <= %(at)s
)
"""
"""What is kept of each account, less what is effective after the day, where anything is; with the
schedule of the agreement that holds on it, else of the last that ended before it."""
BALANCES = f"{STOOD} SELECT account_id, schedule, cents FROM stood ORDER BY 1"
OWING = f"""{STOOD}, owing AS MATERIALIZED (
    SELECT o.*, c.opened_day FROM stood o JOIN account c ON c.account_id = o.account_id
     WHERE o.cents <> 0
), moved AS (
    SELECT p.account_id, json_agg(json_build_array(p.entry_id, p.effective_day, e.learned_at,
                                                   p.cents, p.control, e.reverses)) AS found
      FROM (SELECT o.account_id, p.entry_id, p.effective_day, sum(p.cents)::bigint AS cents,
                   CASE WHEN bool_and(p.ledger_account LIKE '143%%') FILTER (WHERE p.cents > 0)
                        THEN '143' ELSE '142' END AS control
              FROM owing o JOIN posting p ON p.customer_account_id = o.account_id
             WHERE p.ledger_account <> %(deferred)s
               AND split_part(p.ledger_account, '.', 1) IN ('142', '143')
             GROUP BY 1, 2, 3) p
      JOIN entry e ON e.entry_id = p.entry_id AND e.effective_day = p.effective_day
     GROUP BY 1
), given AS (
    SELECT account_id, json_agg(json_build_array({APPLICATION_COLUMNS})) AS found
      FROM application WHERE account_id IN (SELECT account_id FROM owing)
     GROUP BY 1
), due AS (
    SELECT account_id, json_agg(json_build_array(item_id, due_day, issued_day, known_at,
                                                 later_due, cancelled_on, stated_on,
                                                 stated_due)) AS found
      FROM (SELECT b.account_id, 'bill:' || b.bill_id AS item_id, b.due_day, b.issued_day,
                   b.known_at, (SELECT c.issued_day FROM bill_correction k
                                  JOIN service_period_claim c ON c.bill_id = k.corrected_bill
                                 WHERE k.cancelled_bill = b.bill_id) AS cancelled_on,
                   l.due_days AS later_due, t.issued_day AS stated_on, t.due_day AS stated_due
              FROM owing o JOIN bill b ON b.account_id = o.account_id
              LEFT JOIN (combined_bill m JOIN combined_statement t USING (statement_id))
                     ON m.bill_id = b.bill_id AND m.kind = 'charged'
              LEFT JOIN (SELECT n.bill_id,
                                json_agg(json_build_array(n.made_at, n.due_day)) AS due_days
                           FROM owing w JOIN document n ON n.account_id = w.account_id
                          WHERE n.due_day IS NOT NULL AND n.kind <> 'duplicate'
                          GROUP BY n.bill_id) l ON l.bill_id = b.bill_id
            UNION ALL -- a balance that was moved stays overdue since it was
            SELECT s.to_account_id, s.settlement_id, s.by_day, NULL, NULL, NULL, NULL, NULL, NULL
              FROM owing o JOIN settlement s ON s.to_account_id = o.account_id
             WHERE s.kind = 'transfer' AND s.by_day IS NOT NULL) each
     GROUP BY 1
)
SELECT o.account_id, o.schedule, o.cents, o.opened_day, m.found, g.found, d.found
  FROM owing o
  LEFT JOIN moved m ON m.account_id = o.account_id
  LEFT JOIN given g ON g.account_id = o.account_id
  LEFT JOIN due d ON d.account_id = o.account_id
 ORDER BY 1
"""
"""Each account that owes or is owed, a row of its own, with all that its open items follow from."""
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

    def payment_cash(self, since: date, until: date) -> list[PaymentCash]:
        """What payments and unapplied money of the days debit 131.x, with a receipt and without."""
        asked = {"since": since, "until": until, "kinds": list(BRINGS_MONEY)}
        rows = self._read(lambda connection: connection.execute(PAYMENT_CASH, asked).fetchall())
        return [
            PaymentCash(day, has_receipt, count, int(cents), back_count, int(back_cents))
            for day, has_receipt, count, cents, back_count, back_cents in rows
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

    def each_owing(
        self, at: date, tell: Callable[[AccountBalance, AccountMoney], Told]
    ) -> list[Told]:
        """What is said of each account that owes or is owed."""
        asked = {"at": at, "deferred": DEFERRED}

        def ask(connection: Connection) -> list[Told]:
            with connection.cursor() as cursor:
                return [
                    tell(AccountBalance(*row[:3]), _money(row[0], *row[3:]))
                    for row in cursor.stream(OWING, asked)
                ]

        return self._read(ask)

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


def _day(told: str | None) -> date | None:
    return date.fromisoformat(told) if told else None


def _money(
    account_id: str,
    opened_day: date,
    moved: Iterable[Any] | None,
    given: Iterable[Any] | None,
    due: Iterable[Any] | None,
) -> AccountMoney:
    """A row of ``OWING``; days and instants stand in it as text."""
    dues = [
        (item, date.fromisoformat(day), issued, known, later, *map(_day, since))
        for item, day, issued, known, later, *since in due or ()
    ]
    bills = [
        BillShown(
            item.removeprefix("bill:"),
            date.fromisoformat(issued),
            day,
            datetime.fromisoformat(known),
            cancelled_on=gone,
            stated_on=stated_on,
            stated_due=stated_due,
            later=later_days(later),
        )
        for item, day, issued, known, later, gone, stated_on, stated_due in dues
        if issued is not None
    ]
    return AccountMoney(
        account_id,
        opened_day,
        tuple(
            Movement(
                *(entry, date.fromisoformat(day), datetime.fromisoformat(learned)),
                *(cents, control, reverses),
            )
            for entry, day, learned, cents, control, reverses in moved or ()
        ),
        tuple(
            application_of(
                (*told, date.fromisoformat(day), datetime.fromisoformat(learned), undoes)
            )
            for *told, day, learned, undoes in given or ()
        ),
        tuple((item, day) for item, day, *_ in dues),
        tuple(sorted(bills, key=bill_order)),
    )
