"""What must always hold of payments, asked of everything stored.

Lives here      receipts and their entries, unapplied money, applications, files.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question

STATES = """
SELECT format('receipt %s is %s, and its entries say otherwise', payment_key, state)
  FROM (SELECT r.payment_key,
               (SELECT s.state FROM receipt_step s WHERE s.payment_key = r.payment_key
                 ORDER BY s.number DESC LIMIT 1) AS state,
               p.entry_id IS NOT NULL AS on_account, u.entry_id IS NOT NULL AS apart,
               rp.entry_id IS NOT NULL AS account_back, ru.entry_id IS NOT NULL AS apart_back
          FROM receipt r
          LEFT JOIN entry_key p ON p.entry_id = 'payment:' || r.payment_key
          LEFT JOIN entry_key u ON u.entry_id = 'unapplied:' || r.payment_key
          LEFT JOIN entry_key rp ON rp.entry_id = 'reversal:payment:' || r.payment_key
          LEFT JOIN entry_key ru ON ru.entry_id = 'reversal:unapplied:' || r.payment_key) found
 WHERE NOT CASE state
           WHEN 'posted' THEN on_account AND NOT account_back AND NOT apart_back
           WHEN 'unapplied' THEN apart AND NOT on_account AND NOT apart_back
           WHEN 'divided' THEN apart AND NOT on_account AND NOT apart_back
           WHEN 'returned' THEN (on_account OR apart) AND on_account = account_back
                                AND apart = apart_back
           ELSE NOT on_account AND NOT apart END
UNION ALL
SELECT format('receipt %s of ¢%s¢ is divided into parts of ¢%s¢, %s taken back', w.payment_key,
              w.cents, parts.cents, CASE WHEN parts.back THEN 'some' ELSE 'none' END)
  FROM receipt_step d
  JOIN receipt w ON w.payment_key = d.payment_key
  CROSS JOIN LATERAL (
       SELECT coalesce(sum(p.cents), 0) AS cents,
              coalesce(bool_or(b.entry_id IS NOT NULL), false) AS back,
              coalesce(bool_and(b.entry_id IS NOT NULL), false) AS whole_back
         FROM receipt f
         JOIN (SELECT DISTINCT m.statement_id, m.account_id FROM combined_bill m) m
           ON m.statement_id = f.account_told
         JOIN receipt p ON p.payment_key = w.payment_key || ':' || m.account_id
                       AND p.account_told = f.account_told
         LEFT JOIN entry_key b ON b.entry_id = 'reversal:payment:' || p.payment_key
        WHERE f.payment_key = split_part(d.entry_id, 'payment:', 2)) parts
 WHERE d.state = 'divided'
   AND (parts.cents <> w.cents OR parts.back <> parts.whole_back
        OR parts.back <> EXISTS (SELECT FROM entry_key u
                                  WHERE u.entry_id = 'reversal:unapplied:' || w.payment_key))
"""
UNAPPLIED = """
SELECT format('¢%s¢ are posted in 253.unapplied, receipts of ¢%s¢ wait', posted, waiting)
  FROM (SELECT (SELECT coalesce(-sum(cents), 0) FROM posting
                 WHERE ledger_account = '253.unapplied') AS posted,
               (SELECT coalesce(sum(r.cents), 0) FROM receipt r
                 WHERE (SELECT s.state FROM receipt_step s WHERE s.payment_key = r.payment_key
                         ORDER BY s.number DESC LIMIT 1) = 'unapplied') AS waiting) sums
 WHERE posted <> waiting
"""
APPLIED = """
SELECT format('%s applied ¢%s¢ to items and ¢%s¢ to deposits; it credits ¢%s¢ to receivables'
              ' and ¢%s¢ to deposits', source_entry_id, items, deposits, owed, held)
  FROM (SELECT a.source_entry_id,
               coalesce(sum(a.cents) FILTER (WHERE a.kind <> 'deposit'), 0) AS items,
               coalesce(sum(a.cents) FILTER (WHERE a.kind = 'deposit'), 0) AS deposits
          FROM application a WHERE a.source_entry_id LIKE 'payment:%' GROUP BY 1) given
  JOIN LATERAL (
       SELECT coalesce(-sum(p.cents) FILTER (
                  WHERE split_part(p.ledger_account, '.', 1) IN ('142', '143')), 0) AS owed,
              coalesce(-sum(p.cents) FILTER (WHERE p.ledger_account = '235'), 0) AS held
         FROM posting p
        WHERE p.entry_id IN (given.source_entry_id, 'reversal:' || given.source_entry_id)) brought
    ON true
 WHERE items NOT BETWEEN 0 AND owed OR deposits <> held
UNION ALL
SELECT format('%s applied ¢%s¢ to items; ¢%s¢ moved', a.source_entry_id, sum(a.cents),
              coalesce(max(s.cents), 0))
  FROM application a
  LEFT JOIN settlement s ON s.settlement_id = a.source_entry_id AND s.account_id = a.account_id
 WHERE a.source_entry_id LIKE 'transfer:%'
 GROUP BY a.source_entry_id HAVING sum(a.cents) <> coalesce(max(s.cents), 0)
"""
FILES = """
SELECT format('file %s: it says %s lines of ¢%s¢, kept are %s of ¢%s¢', f.name,
              f.received_count, f.received_cents, kept.lines, kept.cents)
  FROM payment_file f
  JOIN LATERAL (
       SELECT count(*) AS lines, coalesce(sum(cents), 0) AS cents
         FROM (SELECT sum(cents) AS cents FROM receipt r WHERE file_sha256 = f.sha256
                  AND NOT EXISTS (SELECT FROM receipt_step d
                                   WHERE d.payment_key = r.payment_key AND d.state = 'divided')
                GROUP BY coalesce(line::text, payment_key) -- of a combined statement in parts
               UNION ALL SELECT cents FROM payment_file_line WHERE sha256 = f.sha256) lines) kept
    ON true
 WHERE f.received_count <> kept.lines OR f.received_cents <> kept.cents
"""

PAYMENT_QUESTIONS = (
    Question("every receipt stands as its entries say", "SELECT count(*) FROM receipt", STATES),
    Question(
        "253.unapplied is the money that waits for its account",
        "SELECT count(*) FROM receipt_step WHERE state = 'unapplied'",
        UNAPPLIED,
    ),
    Question(
        "no payment pays more than it brought, what pays deposits is held for them, and what a"
        " balance that moved pays is what moved",
        "SELECT count(DISTINCT source_entry_id) FROM application",
        APPLIED,
    ),
    Question(
        "every line and cent of a file of payments is kept or refused",
        "SELECT count(*) FROM payment_file",
        FILES,
    ),
)
