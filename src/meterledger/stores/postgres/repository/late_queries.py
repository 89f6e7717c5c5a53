"""The bills that late charges rest on, and which charges are looked at again: what corrections,
payments and documents moved since.

Lives here      the questions, as text.
Lives elsewhere asking them, and an account's history (``late_charges``).
"""

from __future__ import annotations

BILLS = """
SELECT b.account_id, b.bill_id, b.agreement_id, b.schedule, lower(b.days), upper(b.days),
       b.issued_day,
       coalesce((SELECT s.due_day FROM combined_bill m
                   JOIN combined_statement s ON s.statement_id = m.statement_id
                  WHERE m.bill_id = b.bill_id AND m.kind = 'charged'
                    AND s.learned_at <= %(known_at)s), b.due_day), b.known_at,
       (SELECT k.cancelled_bill FROM bill_correction k
         WHERE k.corrected_bill = b.bill_id AND NOT k.leaves_nothing),
       (SELECT k.corrected_bill FROM bill_correction k
         WHERE k.cancelled_bill = b.bill_id AND k.learned_at <= %(known_at)s),
       b.due_day,
       (SELECT max(d.due_day) FROM document d
         WHERE d.bill_id = b.bill_id AND d.due_day IS NOT NULL AND d.kind <> 'duplicate'
           AND d.made_at <= %(known_at)s),
       NOT EXISTS (SELECT FROM document_came_back r
                    WHERE r.bill_id = b.bill_id AND r.learned_at <= %(known_at)s
                      AND NOT EXISTS (SELECT FROM document d
                                       WHERE d.bill_id = b.bill_id AND d.channel = 'print'
                                         AND d.kind <> 'duplicate' AND d.made_at <= %(known_at)s))
   AND NOT EXISTS (SELECT FROM document_set_aside a
                    WHERE a.bill_id = b.bill_id AND a.made_at <= %(known_at)s
                      AND NOT EXISTS (SELECT FROM document d
                                       WHERE d.bill_id = b.bill_id AND d.kind <> 'duplicate'
                                         AND d.made_at <= %(known_at)s))
  FROM bill b
 WHERE b.account_id = ANY (%(accounts)s) AND b.known_at <= %(known_at)s
 ORDER BY b.issued_day, b.bill_id
"""
WRONG = """
SELECT DISTINCT c.account_id
  FROM bill_correction k
  JOIN late_charge c ON c.account_id = k.account_id
       AND 'bill:' || k.cancelled_bill = ANY (c.rests_on)
 WHERE NOT EXISTS (SELECT FROM late_charge_reversal r WHERE r.late_charge_id = c.late_charge_id)
 UNION
SELECT c.account_id
  FROM late_charge c
 WHERE c.on_day >= %(since)s
   AND NOT EXISTS (SELECT FROM late_charge_reversal r WHERE r.late_charge_id = c.late_charge_id)
   AND EXISTS (SELECT FROM payment p
                WHERE p.account_id = c.account_id AND p.learned_at > c.known_at
                  AND p.received_day <= c.delinquent_day + %(grace)s)
 UNION -- their bill came back, or went out late, and we learned of it after the charge
SELECT c.account_id
  FROM document_came_back b
  JOIN late_charge c ON c.account_id = b.account_id AND b.learned_at > c.known_at
       AND 'bill:' || b.bill_id = ANY (c.rests_on)
 WHERE c.on_day >= %(since)s
   AND NOT EXISTS (SELECT FROM late_charge_reversal r WHERE r.late_charge_id = c.late_charge_id)
 UNION -- few documents have a later due day: the charges are joined to them, not asked one by one
SELECT c.account_id
  FROM document d
  JOIN late_charge c ON c.account_id = d.account_id AND d.made_at > c.known_at
       AND 'bill:' || d.bill_id = ANY (c.rests_on)
 WHERE c.on_day >= %(since)s AND d.due_day IS NOT NULL AND d.due_day > c.delinquent_day
   AND NOT EXISTS (SELECT FROM late_charge_reversal r WHERE r.late_charge_id = c.late_charge_id)
 UNION
SELECT c.account_id
  FROM bill_correction k
  JOIN late_charge c ON c.account_id = k.account_id AND k.learned_at > c.known_at
 WHERE c.on_day >= %(since)s
   AND NOT EXISTS (SELECT FROM late_charge_reversal r WHERE r.late_charge_id = c.late_charge_id)
 ORDER BY 1
"""
