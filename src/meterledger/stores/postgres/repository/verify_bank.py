"""What must always hold between the bank and the book, asked of everything stored.

Lives here      statements, matches, accruals of unbilled revenue.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question

BANK_QUESTIONS = (
    Question(
        "every statement of the bank adds up to its closing balance",
        "SELECT count(*) FROM bank_statement",
        """
        SELECT format('statement %s opens with %s, moves %s and closes with %s cents',
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
        SELECT format('match %s is of %s cents at the bank and of %s of ours', m.match_id,
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
        "revenue accrued at a month end is its lines, and is taken back on the next day",
        "SELECT count(*) FROM accrual",
        """
        SELECT format('accrual %s is of %s cents, its lines of %s, posted %s and taken back %s',
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
