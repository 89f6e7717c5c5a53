"""What must always hold of charges adjusted by agreement, asked of everything stored.

Lives here      bills of agreed months with what is taken off them, and what is taken back.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question

ADJUSTED = """
SELECT format('bill %s is of a month that relief %s adjusts, and nothing says what is taken off it',
              c.bill_id, a.relief_id)
  FROM relief_agreement a
  JOIN relief_step s ON s.relief_id = a.relief_id AND s.act = 'approved'
  LEFT JOIN relief_step e ON e.relief_id = a.relief_id AND e.act = 'ended'
 CROSS JOIN LATERAL jsonb_array_elements(a.months) m
  JOIN service_period_claim c ON c.service_point_id = a.service_point_id
                             AND c.account_id = a.account_id AND c.part_of IS NULL
                             AND lower(c.days) = (m ->> 'from')::date
                             AND c.known_at >= s.learned_at
  LEFT JOIN bill_relief r ON r.bill_id = c.bill_id
 WHERE r.bill_id IS NULL AND (e.from_day IS NULL OR lower(c.days) < e.from_day)
"""
POSTED = """
SELECT format('relief of bill %s takes off $%s, and its entry $%s', r.bill_id,
              ((r.charge_cents + r.tax_cents) / 100.0)::numeric(20, 2),
              (coalesce(p.cents, 0) / 100.0)::numeric(20, 2))
  FROM bill_relief r
  LEFT JOIN entry_key k ON k.entry_id = 'relief:' || r.bill_id
  LEFT JOIN LATERAL (SELECT -sum(p.cents) AS cents FROM posting p
                      WHERE p.entry_id = k.entry_id AND p.effective_day = k.effective_day
                        AND p.ledger_account = '142'
                        AND p.customer_account_id = r.account_id) p ON true
 WHERE coalesce(p.cents, 0) <> r.charge_cents + r.tax_cents
UNION ALL
SELECT format('relief of bill %s takes $%s off taxes, and its entry $%s', r.bill_id,
              (r.tax_cents / 100.0)::numeric(20, 2), (p.cents / 100.0)::numeric(20, 2))
  FROM bill_relief r
  JOIN entry_key k ON k.entry_id = 'relief:' || r.bill_id
  JOIN LATERAL (SELECT coalesce(sum(p.cents), 0) AS cents FROM posting p
                 WHERE p.entry_id = k.entry_id AND p.effective_day = k.effective_day
                   AND split_part(p.ledger_account, '.', 1) = '241') p ON true
 WHERE p.cents <> r.tax_cents
"""
TAKEN_BACK = """
SELECT format('bill %s is %s, and what relief took off it is %s', r.bill_id,
              CASE WHEN c.cancelled_by IS NULL THEN 'live' ELSE 'cancelled' END,
              CASE WHEN k.entry_id IS NULL THEN 'not taken back' ELSE 'taken back' END)
  FROM bill_relief r
  JOIN service_period_claim c ON c.bill_id = r.bill_id
  LEFT JOIN entry_key k ON k.entry_id = 'reversal:relief:' || r.bill_id
 WHERE r.charge_cents + r.tax_cents > 0
   AND (c.cancelled_by IS NULL) <> (k.entry_id IS NULL)
"""

RELIEF_QUESTIONS = (
    Question(
        "every bill of a month that was agreed on has what is taken off it",
        "SELECT count(*) FROM relief_agreement",
        ADJUSTED,
    ),
    Question(
        "what relief takes off bills is posted, to the cent",
        "SELECT count(*) FROM bill_relief",
        POSTED,
    ),
    Question(
        "what relief took off a bill is taken back with the bill, and only then",
        "SELECT count(*) FROM bill_relief",
        TAKEN_BACK,
    ),
)
