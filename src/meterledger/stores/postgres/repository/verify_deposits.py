"""What must always hold of deposits, asked of everything stored.

Lives here      what 235 holds against what deposits hold; steps and their entries.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question

HELD = """
SELECT format('account %s: 235 holds ¢%s¢, its deposits hold ¢%s¢', account, posted, held)
  FROM (SELECT account, sum(posted) AS posted, sum(held) AS held
          FROM (SELECT customer_account_id AS account, -sum(cents) AS posted, 0 AS held
                  FROM posting WHERE ledger_account = '235' GROUP BY 1
                UNION ALL
                SELECT account_id, 0, sum(cents) FROM application WHERE kind = 'deposit' GROUP BY 1
                UNION ALL
                SELECT d.account_id, 0,
                       sum(CASE WHEN s.act IN ('interest added', 'moved in', 'owed back')
                                THEN s.cents
                                WHEN s.act IN ('applied', 'moved out') THEN -s.cents ELSE 0 END)
                  FROM deposit_step s JOIN deposit d ON d.deposit_id = s.deposit_id
                 WHERE NOT EXISTS (SELECT FROM deposit_step u
                                    WHERE u.deposit_id = s.deposit_id AND u.act = 'undone'
                                      AND u.note = s.key)
                 GROUP BY 1
                UNION ALL
                SELECT p.customer_account_id, 0, -sum(p.cents)
                  FROM posting p
                  JOIN entry e ON e.entry_id = p.entry_id AND e.effective_day = p.effective_day
                 WHERE p.ledger_account = '235'
                   AND coalesce(e.reverses, e.entry_id) LIKE 'refund:%'
                 GROUP BY 1) each
         GROUP BY account) sums
 WHERE posted <> held
"""
MOVED = """
SELECT format('step %s moves ¢%s¢, and its entry ¢%s¢', s.step_id, s.cents,
              coalesce(p.cents, 0))
  FROM deposit_step s
  LEFT JOIN deposit_step u ON s.act = 'undone' AND u.deposit_id = s.deposit_id AND u.key = s.note
  LEFT JOIN LATERAL (
       SELECT sum(p.cents) FILTER (WHERE p.cents > 0) AS cents FROM posting p
        WHERE p.entry_id = CASE WHEN s.act = 'undone' THEN 'reversal:' ELSE '' END
              || CASE WHEN coalesce(u.act, s.act) LIKE 'interest%' THEN 'deposit-interest:'
                      WHEN coalesce(u.act, s.act) = 'applied' THEN 'deposit-applied:'
                      WHEN coalesce(u.act, s.act) = 'owed back' THEN 'deposit-owed:'
                      ELSE 'deposit-transfer:' END || coalesce(u.step_id, s.step_id)
          AND p.effective_day = s.on_day) p ON true
 WHERE s.act IN ('interest credited', 'interest added', 'applied', 'moved out', 'owed back',
                 'undone')
   AND s.cents > 0
   AND p.cents IS DISTINCT FROM s.cents
"""

DEPOSIT_QUESTIONS = (
    Question(
        "deposits hold what 235 holds of each account",
        "SELECT count(DISTINCT account_id) FROM deposit",
        HELD,
    ),
    Question(
        "a deposit's step that moves money moves what it says",
        "SELECT count(*) FROM deposit_step",
        MOVED,
    ),
)
"""What must always hold of deposits."""
