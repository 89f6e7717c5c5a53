"""What must always hold of combinations, asked of everything stored.

Lives here      that the accounts of a combination are of the same people.
Lives elsewhere the questions of everything else, and asking them (``verify``).
"""

from __future__ import annotations

from meterledger.stores.postgres.repository.questions import Question

ONE_CUSTOMER = """
WITH member AS (
    SELECT combination_id, account_id, lower(days) AS joined
      FROM combined_account WHERE upper_inf(known) AND upper_inf(days)
),
held AS (
    SELECT m.combination_id, m.account_id, h.person_id, h.days,
           least(m.joined + 1, max(coalesce(upper(h.days), 'infinity'::date))
                 OVER (PARTITION BY m.combination_id, m.account_id)) AS out
      FROM member m JOIN account_holder h USING (account_id)
     WHERE upper_inf(h.known) AND lower(h.days) <= m.joined
),
people AS (
    SELECT m.combination_id, m.account_id,
           coalesce(string_agg(DISTINCT h.person_id, ' and ' ORDER BY h.person_id), 'nobody')
           AS those,
           coalesce(bool_or(h.person_id = c.person_id), false) OR c.person_id = '' AS is_theirs
      FROM member m
      JOIN combination c ON c.combination_id = m.combination_id AND upper_inf(c.known)
      LEFT JOIN held h ON h.combination_id = m.combination_id AND h.account_id = m.account_id
                      AND h.days @> h.out - 1
     GROUP BY m.combination_id, m.account_id, c.person_id
)
SELECT format('combination %s has account %s of %s and account %s of %s', combination_id,
              (array_agg(account_id ORDER BY those, account_id))[1], min(those),
              (array_agg(account_id ORDER BY those DESC, account_id))[1], max(those))
  FROM people GROUP BY combination_id HAVING count(DISTINCT those) > 1
UNION ALL
SELECT format('combination %s has account %s of %s, who is another person', combination_id,
              min(account_id), those)
  FROM people WHERE NOT is_theirs GROUP BY combination_id, those
"""
"""Of each account the people of the day it joined, or of the last day before it that had any.

An account that leaves is asked for no more: taking it out is how a wrong one is put right.
"""

COMBINATION_QUESTIONS = (
    Question(
        "the accounts of a combination are of the same people",
        "SELECT count(*) FROM combined_account WHERE upper_inf(known)",
        ONE_CUSTOMER,
    ),
)
