"""What must always hold of late charges, asked of everything stored.

Lives here      charges with their entries and decisions, what was taken back, entries without one.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question

POSTED = """
SELECT format('late charge %s is of ¢%s¢, and its entry asks account %s for ¢%s¢',
              c.late_charge_id, c.cents, c.account_id, coalesce(p.cents, 0))
  FROM late_charge c
  LEFT JOIN LATERAL (
       SELECT sum(p.cents) AS cents FROM posting p
        WHERE p.entry_id = 'late:' || c.late_charge_id AND p.effective_day = c.on_day
          AND p.ledger_account = '142' AND p.customer_account_id = c.account_id) p ON true
 WHERE p.cents IS DISTINCT FROM c.cents
UNION ALL
SELECT format('%s is posted, and no late charge is kept of it', k.entry_id)
  FROM entry_key k
  LEFT JOIN late_charge c ON k.entry_id = 'late:' || c.late_charge_id
 WHERE k.entry_id LIKE 'late:%' AND c.late_charge_id IS NULL
"""
DECIDED = """
SELECT format('late charge %s: its record has another hash', late_charge_id)
  FROM late_charge WHERE record_sha256 <> encode(sha256(record), 'hex')
UNION ALL
SELECT format('late charge %s: its record says %s, kept is %s', late_charge_id, said, kept)
  FROM (SELECT late_charge_id,
               format('account %s, bill %s, %s after %s, $%s on $%s', told ->> 'account',
                      told ->> 'bill',
                      coalesce(told ->> 'decided_on', told ->> 'shown_on_the_bill_of'),
                      told ->> 'delinquent_day', told ->> 'late_charge_usd', told ->> 'base_usd'
                     ) AS said,
               format('account %s, bill %s, %s after %s, $%s on $%s', account_id, bill_id,
                      on_day, delinquent_day, (cents / 100.0)::numeric(20, 2),
                      (base_cents / 100.0)::numeric(20, 2)) AS kept
          FROM (SELECT *, convert_from(record, 'UTF8')::jsonb AS told FROM late_charge
                 WHERE record_sha256 = encode(sha256(record), 'hex')) hashed) sides
 WHERE said <> kept
"""
TAKEN_BACK = """
SELECT format('late charge %s is taken back (%s), and its entry is not', r.late_charge_id, r.cause)
  FROM late_charge_reversal r
  LEFT JOIN entry e ON e.entry_id = 'reversal:late:' || r.late_charge_id
                   AND e.reverses = 'late:' || r.late_charge_id
 WHERE e.entry_id IS NULL
UNION ALL
SELECT format('%s is posted, and nothing says why the charge was taken back', k.entry_id)
  FROM entry_key k
  LEFT JOIN late_charge_reversal r ON k.entry_id = 'reversal:late:' || r.late_charge_id
 WHERE k.entry_id LIKE 'reversal:late:%' AND r.late_charge_id IS NULL
UNION ALL
SELECT format('late charge %s was forgiven by %s and %s', late_charge_id,
              coalesce(nullif(btrim("by"), ''), 'nobody'),
              coalesce(nullif(btrim(approved_by), ''), 'nobody'))
  FROM late_charge_reversal
 WHERE cause = 'by decision'
   AND (plain_name("by") = '' OR plain_name(approved_by) IN ('', plain_name("by")))
UNION ALL
SELECT format('late charge %s replaces %s, which was not taken back', c.late_charge_id,
              c.replaces_id)
  FROM late_charge c
  LEFT JOIN late_charge_reversal r ON r.late_charge_id = c.replaces_id
 WHERE c.replaces_id IS NOT NULL AND r.late_charge_id IS NULL
"""

LATE_CHARGE_QUESTIONS = (
    Question(
        "every late charge is posted, and every posted one is a late charge that is kept",
        "SELECT count(*) FROM late_charge",
        POSTED,
    ),
    Question(
        "every late charge is what its decision says",
        "SELECT count(*) FROM late_charge",
        DECIDED,
    ),
    Question(
        "a late charge that was taken back is reversed, says why, and two people forgave it",
        "SELECT count(*) FROM late_charge_reversal",
        TAKEN_BACK,
    ),
)
