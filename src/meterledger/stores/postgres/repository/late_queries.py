"""Which late charges are looked at again: what corrections, payments and documents moved since.

Lives here      the question, as text.
Lives elsewhere asking it, and an account's history (``late_charges``).
"""

from __future__ import annotations

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
