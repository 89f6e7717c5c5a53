"""What must always hold in the journal, asked of everything stored.

Lives here      causes of entries, reversals, sub-ledgers, closed periods.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from psycopg import sql

from meterledger.facts.money import CONTROLS_WITH_SUB_LEDGER, SUB_ACCOUNTS_WITH_SUB_LEDGER
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.questions import Question


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{one}'" for one in names)


HAS_SUB_LEDGER = (
    f"(split_part(ledger_account, '.', 1) IN ({_listed(CONTROLS_WITH_SUB_LEDGER)})"
    f" OR ledger_account IN ({_listed(SUB_ACCOUNTS_WITH_SUB_LEDGER)}))"
)


def causes(connection: Connection) -> str:
    """One query for each prefix that is registered, and one for those that are not."""
    asked: list[sql.Composable] = [
        sql.SQL(
            "SELECT format('%s has no cause: nothing is registered for %s', entry_id,"
            " split_part(entry_id, ':', 1)) FROM entry_key"
            " WHERE NOT EXISTS (SELECT FROM ledger_cause c"
            " WHERE c.prefix = split_part(entry_id, ':', 1))"
        )
    ]
    rows = connection.execute(
        "SELECT c.prefix, t.relname, c.key_column, c.day_column"
        "  FROM ledger_cause c JOIN pg_class t ON t.oid = c.of_table ORDER BY c.prefix"
    )
    for prefix, table, key, day in rows.fetchall():
        same_day = sql.SQL("AND k.{} = e.effective_day").format(sql.Identifier(day)) if day else ""
        asked.append(
            sql.SQL(
                "SELECT format('%s has no cause in table %s', e.entry_id, {table_name})"
                " FROM entry_key e WHERE e.entry_id LIKE {like} AND NOT EXISTS ("
                "SELECT FROM {table} k WHERE k.{key} = substr(e.entry_id, {at}) {same_day})"
            ).format(
                table_name=sql.Literal(table),
                like=sql.Literal(f"{prefix}:%"),
                table=sql.Identifier(table),
                key=sql.Identifier(key),
                at=sql.Literal(len(prefix) + 2),
                same_day=same_day or sql.SQL(""),
            )
        )
    return sql.SQL(" UNION ALL ").join(asked).as_string(connection)


PERIODS = """
WITH span AS (
    SELECT month, (month + interval '1 month')::date AS until, lag(month) OVER w AS before
      FROM period_close WINDOW w AS (ORDER BY month)),
booked AS (
    SELECT p.ledger_account, p.cents, coalesce(e.booked_day, e.effective_day) AS day
      FROM entry e
      JOIN posting p ON p.entry_id = e.entry_id AND p.effective_day = e.effective_day),
now_is AS (
    SELECT s.month, b.ledger_account,
           coalesce(sum(b.cents) FILTER (WHERE b.cents > 0), 0) AS debit,
           coalesce(-sum(b.cents) FILTER (WHERE b.cents < 0), 0) AS credit
      FROM span s JOIN booked b ON b.day < s.until AND (s.before IS NULL OR b.day >= s.month)
     GROUP BY 1, 2)
SELECT format('period %s, account %s: closed with debits of ¢%s¢ and credits of ¢%s¢, now'
              ' ¢%s¢ and ¢%s¢',
              to_char(coalesce(t.month, n.month), 'YYYY-MM'),
              coalesce(t.ledger_account, n.ledger_account), coalesce(t.debit_cents, 0),
              coalesce(t.credit_cents, 0), coalesce(n.debit, 0), coalesce(n.credit, 0))
  FROM period_total t
  FULL JOIN now_is n ON n.month = t.month AND n.ledger_account = t.ledger_account
 WHERE (t.debit_cents, t.credit_cents) IS DISTINCT FROM (n.debit, n.credit)
UNION ALL
SELECT format('period %s was closed, and the one before it was not', to_char(month, 'YYYY-MM'))
  FROM span WHERE before IS NOT NULL AND before <> (month - interval '1 month')::date
UNION ALL
SELECT format('entry %s is booked on %s, before its effective day', entry_id, booked_day)
  FROM entry WHERE booked_day <= effective_day
"""

KEPT = """
SELECT format('account %s: kept are ¢%s¢ and ¢%s¢ deferred, %s to %s; its legs are ¢%s¢ and'
              ' ¢%s¢, %s to %s', coalesce(k.account_id, p.account_id), coalesce(k.cents, 0),
              coalesce(k.deferred_cents, 0), k.since_day, k.last_day, coalesce(p.cents, 0),
              coalesce(p.deferred, 0), p.since, p.last)
  FROM receivable_balance k
  FULL JOIN (
       SELECT customer_account_id AS account_id,
              coalesce(sum(cents) FILTER (WHERE ledger_account <> '142.budget'), 0) AS cents,
              coalesce(sum(cents) FILTER (WHERE ledger_account = '142.budget'), 0) AS deferred,
              min(effective_day) FILTER (WHERE ledger_account <> '142.budget') AS since,
              max(effective_day) FILTER (WHERE ledger_account <> '142.budget') AS last
         FROM posting WHERE split_part(ledger_account, '.', 1) IN ('142', '143') GROUP BY 1) p
    ON p.account_id = k.account_id
 WHERE (k.cents, k.deferred_cents, k.since_day, k.last_day)
       IS DISTINCT FROM (p.cents, p.deferred, p.since, p.last)
UNION ALL
SELECT format('ledger account %s: kept are ¢%s¢, its legs are ¢%s¢',
              coalesce(k.ledger_account, p.ledger_account), coalesce(k.cents, 0),
              coalesce(p.cents, 0))
  FROM (SELECT ledger_account, sum(cents) AS cents FROM ledger_sum GROUP BY 1) k
  FULL JOIN (SELECT ledger_account, sum(cents) AS cents FROM posting GROUP BY 1) p
    ON p.ledger_account = k.ledger_account
 WHERE k.cents IS DISTINCT FROM p.cents
"""
"""Sums that triggers keep, against every leg."""

REVERSALS = """
SELECT format('entry %s takes back %s, and its legs are not those of it the other way round',
              e.entry_id, e.reverses)
  FROM entry e
 WHERE e.reverses IS NOT NULL
   AND (SELECT array_agg((p.ledger_account, p.cents, p.customer_account_id)::text
                         ORDER BY p.ledger_account, p.cents, p.customer_account_id)
          FROM posting p JOIN entry_key k ON k.entry_id = p.entry_id
                                         AND k.effective_day = p.effective_day
         WHERE k.entry_id = e.reverses)
       IS DISTINCT FROM
       (SELECT array_agg((p.ledger_account, -p.cents, p.customer_account_id)::text
                         ORDER BY p.ledger_account, -p.cents, p.customer_account_id)
          FROM posting p
         WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day)
UNION ALL
SELECT format('entry %s is named as a reversal of %s, and takes back %s', entry_id,
              substr(entry_id, 10), coalesce(reverses, 'nothing'))
  FROM entry WHERE entry_id LIKE 'reversal:%' AND substr(entry_id, 10) IS DISTINCT FROM reverses
"""

JOURNAL_QUESTIONS = (
    Question("every entry has a cause that exists", "SELECT count(*) FROM entry_key", causes),
    Question(
        "a reversal takes back its entry leg by leg",
        "SELECT count(*) FROM entry WHERE reverses IS NOT NULL",
        REVERSALS,
    ),
    Question(
        "every payment is posted once, for its amount, to its account",
        "SELECT count(*) FROM payment",
        """
        SELECT format('%s: ¢%s¢ received, ¢%s¢ posted', y.payment_key, y.cents,
                      coalesce(p.cents, 0))
          FROM payment y
          LEFT JOIN (SELECT entry_id, -sum(cents) FILTER (WHERE cents < 0) AS cents,
                            array_agg(customer_account_id) AS customers
                       FROM posting WHERE entry_id LIKE 'payment:%' GROUP BY 1) p
            ON p.entry_id = y.entry_id
         WHERE p.cents IS DISTINCT FROM y.cents
            OR EXISTS (SELECT FROM unnest(p.customers) AS c (one) WHERE c.one <> y.account_id)
        """,
    ),
    Question(
        "the sub-ledger of customers equals its control account",
        "SELECT count(*) FROM posting",
        f"""
        SELECT format('control account %s is ¢%s¢, its customers owe ¢%s¢', control, sum(cents),
                      coalesce(sum(cents) FILTER (WHERE customer_account_id IS NOT NULL), 0))
          FROM (SELECT split_part(ledger_account, '.', 1) AS control, cents, customer_account_id
                  FROM posting WHERE {HAS_SUB_LEDGER}) p
         GROUP BY control
        HAVING sum(cents) IS DISTINCT FROM
               coalesce(sum(cents) FILTER (WHERE customer_account_id IS NOT NULL), 0)
        UNION ALL
        SELECT format('a leg of %s names customer %s on account %s, which has no sub-ledger',
                      entry_id, customer_account_id, ledger_account)
          FROM posting WHERE customer_account_id IS NOT NULL AND NOT {HAS_SUB_LEDGER}
        UNION ALL
        SELECT format('a leg of %s is on account %s, which nobody has', entry_id,
                      customer_account_id)
          FROM posting p
         WHERE customer_account_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM account a WHERE a.account_id = p.customer_account_id)
        """,
    ),
    Question(
        "what is kept of balances is what the legs come to",
        "SELECT (SELECT count(*) FROM receivable_balance)"
        " + (SELECT count(DISTINCT ledger_account) FROM ledger_sum)",
        KEPT,
    ),
    Question(
        "closed periods came to what they were closed with",
        "SELECT count(*) FROM period_total",
        PERIODS,
    ),
)
