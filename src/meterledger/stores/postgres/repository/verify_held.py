"""What must hold of held bills, asked of every case: by whom they left, and what was forgiven.

Lives here      the questions.
Lives elsewhere asking them (``verify``), the triggers that make breaches hard
                (``held/migrations``), what may be decided (``usecases/settle_held``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question

LEFT_PERIODS = """
WITH ended AS (
     SELECT b.case_id, b.bill_id, b.total_cents, seen.total_cents AS seen_cents,
            decided.act = 'approved' AND made.total_cents IS NOT DISTINCT FROM seen.total_cents
              AND plain_name(made.who) <> plain_name(decided.who) AS by_two
       FROM (SELECT DISTINCT case_id FROM held_step WHERE act = 'waived') l
       JOIN held_step b ON b.case_id = l.case_id AND b.act = 'billed'
       JOIN LATERAL (SELECT s.act, s.by AS who, s.total_cents FROM held_step s
                      WHERE s.case_id = b.case_id AND s.number < b.number
                        AND s.act IN ('released', 'waived')
                      ORDER BY s.number DESC LIMIT 1) made ON made.act = 'waived'
       JOIN LATERAL (SELECT s.total_cents FROM held_step s
                      WHERE s.case_id = b.case_id AND s.number < b.number
                        AND s.act IN ('opened', 'seen')
                      ORDER BY s.number DESC LIMIT 1) seen ON true
       JOIN LATERAL (SELECT s.act, s.by AS who FROM held_step s
                      WHERE s.case_id = b.case_id AND s.number < b.number AND s.by <> ''
                      ORDER BY s.number DESC LIMIT 1) decided
         ON decided.act IN ('waived', 'approved'))
SELECT format('case %s: bill %s asks nothing, and two people did not leave its period uncharged',
              case_id, bill_id)
  FROM ended WHERE total_cents = 0 AND seen_cents > 0 AND NOT by_two
UNION ALL
SELECT format('case %s: bill %s charges ¢%s¢ of a period that two people left uncharged',
              case_id, bill_id, total_cents)
  FROM ended WHERE total_cents > 0 AND by_two
UNION ALL
SELECT format('case %s: corrected bill %s charges ¢%s¢ of a period that two people left uncharged',
              e.case_id, n.bill_id, n.total_cents)
  FROM ended e
  JOIN held_case c ON c.case_id = e.case_id
  JOIN service_period_claim p ON p.agreement_id = c.agreement_id AND p.days <@ c.days
   AND p.cancelled_by IS NULL AND p.part_of IS NULL
  JOIN bill n ON n.bill_id = p.bill_id AND n.issued_day = p.issued_day
 WHERE e.by_two AND n.kind = 'corrected' AND n.total_cents > 0
"""
"""The newest decisions before the bill that ended a case, where the last one is that its period is
left; what the bill asks, and what a correction of it asks now."""

HELD_QUESTIONS = (
    Question(
        "every held case ends with the bill of its days, above its ceiling by two people",
        "SELECT count(*) FROM held_case",
        """
        SELECT format('case %s is open, and its days are on bill %s', c.case_id, k.bill_id)
          FROM held_case c
          JOIN service_period_claim k ON k.agreement_id = c.agreement_id
           AND k.cancelled_by IS NULL AND k.days && c.days AND k.known_at >= c.learned_at
         WHERE NOT EXISTS (SELECT FROM held_step s WHERE s.case_id = c.case_id
                              AND s.act IN ('billed', 'replaced'))
        UNION ALL
        SELECT format('case %s: bill %s is above the ceiling, and two people did not let it go',
                      b.case_id, b.bill_id)
          FROM held_step b
          JOIN LATERAL (SELECT ceiling_cents FROM held_step s WHERE s.case_id = b.case_id
                           AND s.act IN ('opened', 'seen') ORDER BY s.number DESC LIMIT 1) seen
            ON b.total_cents > seen.ceiling_cents
         WHERE b.act = 'billed'
           AND NOT EXISTS (SELECT FROM held_step a JOIN held_step r USING (case_id)
                            WHERE a.case_id = b.case_id AND a.act = 'approved'
                              AND r.act = 'released' AND r.total_cents = b.total_cents
                              AND plain_name(r.by) <> plain_name(a.by))
        """,
    ),
    Question(
        "what a person leaves uncharged is left so by two people, and then asks nothing",
        "SELECT count(*) FROM held_step WHERE act = 'waived'",
        LEFT_PERIODS,
    ),
)
