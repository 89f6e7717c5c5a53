"""What must always hold between the bank and the book, asked of everything stored.

Lives here      statements, matches, accruals of unbilled revenue.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question

MARKS = """
WITH matched AS (
     SELECT m.match_id FROM bank_match m
      WHERE NOT EXISTS (SELECT FROM bank_unmatch u WHERE u.match_id = m.match_id))
SELECT format('%s: %s matches, %s', name, times,
              CASE WHEN is_marked THEN 'and marked as open' ELSE 'and not marked as open' END)
  FROM (SELECT l.line_id AS name, count(m.match_id) AS times,
               EXISTS (SELECT FROM bank_open_line o WHERE o.line_id = l.line_id) AS is_marked
          FROM bank_line l
          LEFT JOIN bank_match_line k ON k.line_id = l.line_id
          LEFT JOIN matched m ON m.match_id = k.match_id
         GROUP BY l.line_id
        UNION ALL
        SELECT p.entry_id || '#' || p.number, count(m.match_id),
               EXISTS (SELECT FROM bank_open_expectation o
                        WHERE o.expectation_id = p.entry_id || '#' || p.number
                          AND o.effective_day = p.effective_day AND o.cents = p.cents)
          FROM posting p
          LEFT JOIN bank_match_expectation k ON k.expectation_id = p.entry_id || '#' || p.number
          LEFT JOIN matched m ON m.match_id = k.match_id
         WHERE split_part(p.ledger_account, '.', 1) = '131'
         GROUP BY p.entry_id, p.number, p.effective_day, p.cents) pieces
 WHERE times > 1 OR is_marked = (times = 1)
UNION ALL
SELECT format('%s is marked as open, and is no leg on cash', o.expectation_id)
  FROM bank_open_expectation o
 WHERE NOT EXISTS (SELECT FROM posting p WHERE p.entry_id = o.entry_id AND p.number = o.number
                                           AND p.effective_day = o.effective_day
                                           AND split_part(p.ledger_account, '.', 1) = '131')
"""
"""A piece is in one match that stands, or marked as open: never both, never neither."""

SUMS = """
SELECT format('%s: kept are ¢%s¢ of %s pieces, counted ¢%s¢ of %s', k.side, k.cents, k.pieces,
              n.cents, n.pieces)
  FROM bank_sum k
  JOIN (SELECT 'lines' AS side, coalesce(sum(cents), 0) AS cents, count(*) AS pieces FROM bank_line
        UNION ALL
        SELECT 'lines matched', coalesce(sum(l.cents), 0), count(*)
          FROM bank_match_line m JOIN bank_line l ON l.line_id = m.line_id
         WHERE NOT EXISTS (SELECT FROM bank_unmatch u WHERE u.match_id = m.match_id)
        UNION ALL
        SELECT 'expectations matched', coalesce(sum(m.cents), 0), count(*)
          FROM bank_match_expectation m
         WHERE NOT EXISTS (SELECT FROM bank_unmatch u WHERE u.match_id = m.match_id)) n
    ON n.side = k.side
 WHERE k.cents <> n.cents OR k.pieces <> n.pieces
UNION ALL
SELECT format('%s sums of the bank are kept, not 3', count(*)) FROM bank_sum HAVING count(*) <> 3
"""

BANK_QUESTIONS = (
    Question(
        "every statement of the bank adds up to its closing balance",
        "SELECT count(*) FROM bank_statement",
        """
        SELECT format('statement %s opens with ¢%s¢, moves ¢%s¢ and closes with ¢%s¢',
                      s.statement_id, s.opening_cents, l.cents, s.closing_cents)
          FROM bank_statement s
         CROSS JOIN LATERAL (SELECT coalesce(sum(l.cents), 0) AS cents FROM bank_line l
                              WHERE l.statement_id = s.statement_id) l
         WHERE s.opening_cents + l.cents <> s.closing_cents
        """,
    ),
    Question(
        "what is matched is the same money at the bank and in the book, and cash of the book",
        "SELECT count(*) FROM bank_match",
        """
        SELECT format('match %s is of ¢%s¢ at the bank and of ¢%s¢ of ours', m.match_id,
                      seen.cents, ours.cents)
          FROM bank_match m
         CROSS JOIN LATERAL (SELECT coalesce(sum(l.cents), 0) AS cents
                               FROM bank_match_line k JOIN bank_line l ON l.line_id = k.line_id
                              WHERE k.match_id = m.match_id) seen
         CROSS JOIN LATERAL (SELECT coalesce(sum(p.cents), 0) AS cents,
                                    coalesce(bool_or(p.cents IS DISTINCT FROM k.cents), false)
                                    AS other
                               FROM bank_match_expectation k
                               LEFT JOIN posting p ON p.entry_id = k.entry_id
                                    AND p.number = k.number AND p.effective_day = k.effective_day
                                    AND split_part(p.ledger_account, '.', 1) = '131'
                              WHERE k.match_id = m.match_id) ours
         WHERE seen.cents <> ours.cents OR ours.other
        """,
    ),
    Question(
        "what is marked as open at the bank and in the book is what no match has",
        "SELECT (SELECT count(*) FROM bank_line) + (SELECT count(*) FROM posting"
        " WHERE ledger_account LIKE '131%' AND split_part(ledger_account, '.', 1) = '131')",
        MARKS,
    ),
    Question(
        "sums that are kept of the bank's lines and of what is matched are right",
        "SELECT (SELECT count(*) FROM bank_line) + (SELECT count(*) FROM bank_match)",
        SUMS,
    ),
    Question(
        "an undone match is of a person, and what two people had posted two took back",
        "SELECT count(*) FROM bank_unmatch",
        """
        SELECT format('match %s was undone by %s, and %s stands', u.match_id, u."by", x.entry_id)
          FROM bank_unmatch u
          JOIN bank_match m ON m.match_id = u.match_id AND m.rule = 'adjusted by two people'
          JOIN bank_match_expectation x ON x.match_id = m.match_id
         WHERE plain_name(u.approved_by) IN ('', plain_name(u."by"))
            OR NOT EXISTS (SELECT FROM entry_key k WHERE k.entry_id = 'reversal:' || x.entry_id)
        UNION ALL
        SELECT format('%s is taken back, and no match of it was undone', k.entry_id)
          FROM entry_key k
         WHERE k.entry_id LIKE 'reversal:bank-adjustment:%'
           AND NOT EXISTS (SELECT FROM bank_match_expectation x
                             JOIN bank_unmatch u ON u.match_id = x.match_id
                            WHERE 'reversal:' || x.entry_id = k.entry_id)
        """,
    ),
    Question(
        "revenue accrued at a month end is its lines, and is taken back on the next day",
        "SELECT count(*) FROM accrual",
        """
        SELECT format('accrual %s is of ¢%s¢, its lines of ¢%s¢, posted ¢%s¢ and taken back ¢%s¢',
                      a.accrual_key, a.total_cents, l.cents, made.cents, back.cents)
          FROM accrual a
         CROSS JOIN LATERAL (SELECT coalesce(sum(cents), 0) AS cents FROM accrual_line
                              WHERE accrual_id = a.accrual_key) l
         CROSS JOIN LATERAL (SELECT coalesce(sum(cents), 0) AS cents FROM posting
                              WHERE entry_id = 'accrual:' || a.accrual_key
                                AND effective_day = a.month_end AND ledger_account = '173') made
         CROSS JOIN LATERAL (SELECT coalesce(sum(cents), 0) AS cents FROM posting
                              WHERE entry_id = 'reversal:accrual:' || a.accrual_key
                                AND effective_day = a.month_end + 1
                                AND ledger_account = '173') back
         WHERE l.cents <> a.total_cents OR made.cents <> a.total_cents
            OR back.cents <> -a.total_cents
        """,
    ),
)
