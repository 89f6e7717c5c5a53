"""What must always hold of settlements, asked of everything stored.

Lives here      refunds payable, unclaimed money, two people.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question


def _stands(account: str, acts: str) -> str:
    """A sentence for each customer whose ledger account is not what is open of it."""
    return f"""
SELECT format('account %s: {account} holds ¢%s¢, its refunds are of ¢%s¢', account_id,
              coalesce(held.cents, 0), coalesce(open.cents, 0))
  FROM (SELECT customer_account_id AS account_id, -sum(cents) AS cents FROM posting
         WHERE ledger_account = '{account}' GROUP BY 1) held
  FULL JOIN (
       SELECT s.account_id, sum(s.cents) AS cents FROM settlement s
         JOIN LATERAL (SELECT t.act FROM settlement_step t WHERE t.settlement_id = s.settlement_id
                        ORDER BY t.number DESC LIMIT 1) last ON last.act IN ({acts})
        WHERE s.kind = 'refund' GROUP BY 1) open USING (account_id)
 WHERE coalesce(held.cents, 0) <> coalesce(open.cents, 0)
"""


ONE_PERSON = """
SELECT format('settlement %s was asked for and approved by %s', a.settlement_id, a."by")
  FROM settlement_step a
  JOIN settlement s ON s.settlement_id = a.settlement_id
                   AND (s.needs_two OR s.kind IN ('refund', 'credit') OR s.cents > s.ceiling_cents)
  JOIN settlement_step b ON b.settlement_id = a.settlement_id AND b.act = 'approved'
 WHERE a.act = 'asked' AND plain_name(a."by") = plain_name(b."by")
"""
COUNT = "SELECT count(*) FROM settlement WHERE kind = 'refund'"
DEPOSITORS = """
SELECT format('account %s, contract %s: ¢%s¢ is posted as due to depositors, and ¢%s¢ is due',
              account_id, about, coalesce(posted, 0), coalesce(due, 0))
  FROM (SELECT account_id, about, sum(cents) AS due FROM (
        SELECT c.account_id, c.contract_id AS about, e.cents FROM extension_event e
          JOIN extension_contract c USING (contract_id)
         WHERE c.depositor_id IS NOT NULL AND e.act = 'refunded'
        UNION ALL
        SELECT c.account_id, c.contract_id, -e.cents FROM extension_event e
          JOIN extension_contract c USING (contract_id)
          JOIN extension_event r ON r.event_key = e.data ->> 'event' AND r.act = 'refunded'
         WHERE c.depositor_id IS NOT NULL AND e.act = 'taken back'
        UNION ALL
        SELECT s.account_id, s.about, -s.cents FROM settlement s
          JOIN LATERAL (SELECT t.act FROM settlement_step t
                         WHERE t.settlement_id = s.settlement_id
                         ORDER BY t.number DESC LIMIT 1) last
            ON last.act NOT IN ('asked', 'refused', 'reversed')
         WHERE s.source = '252.depositors') each GROUP BY 1, 2) d
  FULL JOIN (
       SELECT p.customer_account_id AS account_id,
              coalesce(v.contract_id, s.about, 'none') AS about, -sum(p.cents) AS posted
         FROM posting p
         JOIN entry e ON e.entry_id = p.entry_id AND e.effective_day = p.effective_day
         LEFT JOIN extension_event v
           ON 'ext-refund:' || v.event_key = coalesce(e.reverses, e.entry_id)
         LEFT JOIN settlement_step t ON t.entry_id = coalesce(e.reverses, e.entry_id)
         LEFT JOIN settlement s ON s.settlement_id = t.settlement_id
        WHERE p.ledger_account = '252.depositors' GROUP BY 1, 2) p USING (account_id, about)
 WHERE coalesce(posted, 0) <> coalesce(due, 0)
"""

SETTLEMENT_QUESTIONS = (
    Question(
        "232.refunds is what refunds are owed and not sent, customer by customer",
        COUNT,
        _stands("232.refunds", "'approved', 'stopped', 'returned', 'claimed'"),
    ),
    Question(
        "242.unclaimed is what refunds nobody took, customer by customer",
        COUNT,
        _stands("242.unclaimed", "'unclaimed', 'noticed'"),
    ),
    Question(
        "252.depositors is what depositors of extensions are due, contract by contract",
        "SELECT count(*) FROM extension_contract WHERE depositor_id IS NOT NULL",
        DEPOSITORS,
    ),
    Question(
        "money that left or was forgiven was approved by another person than who asked",
        "SELECT count(*) FROM settlement_step WHERE act = 'approved'",
        ONE_PERSON,
    ),
)
