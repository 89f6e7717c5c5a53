"""What must always hold in the system of record, asked of everything stored.

Each question lists what breaks it, in a sentence; constraints make most of them impossible to
break, and this is how we would know that one was switched off.
"""

from __future__ import annotations

from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.ledger import BUDGET, RECEIVABLE, TAXES
from meterledger.stores.postgres.repository.questions import Question
from meterledger.stores.postgres.repository.store import PostgresStore
from meterledger.stores.postgres.repository.verify_bank import BANK_QUESTIONS
from meterledger.stores.postgres.repository.verify_combinations import COMBINATION_QUESTIONS
from meterledger.stores.postgres.repository.verify_deposits import DEPOSIT_QUESTIONS
from meterledger.stores.postgres.repository.verify_held import HELD_QUESTIONS
from meterledger.stores.postgres.repository.verify_late_charges import LATE_CHARGE_QUESTIONS
from meterledger.stores.postgres.repository.verify_ledger import JOURNAL_QUESTIONS
from meterledger.stores.postgres.repository.verify_payments import PAYMENT_QUESTIONS
from meterledger.stores.postgres.repository.verify_relief import RELIEF_QUESTIONS
from meterledger.stores.postgres.repository.verify_settlements import SETTLEMENT_QUESTIONS

SENTENCES_AT_MOST = 1_000


CONTROL_TOTALS = """
SELECT format('file %s: the book says %s, kept is %s', coalesce(b.sha256, k.sha256),
              coalesce(b.said, 'nothing'), coalesce(k.said, 'nothing'))
  FROM (SELECT sha256, format('%s stored rows, %s Wh; %s rows aside, %s Wh',
                              sum(stored_rows), trim_scale(sum(stored_energy_wh)),
                              sum(quarantined_rows), trim_scale(sum(quarantined_energy_wh))) AS said
          FROM intake_movement WHERE sha256 IS NOT NULL
         GROUP BY sha256 HAVING sum(stored_files) = 1) b
  FULL JOIN (
       SELECT f.sha256, format('%s stored rows, %s Wh; %s rows aside, %s Wh',
                               f.reading_count + coalesce(q.released_rows, 0),
                               trim_scale(e.energy_wh + coalesce(q.released_wh, 0)),
                               coalesce(q.rows, 0), trim_scale(coalesce(q.energy_wh, 0))) AS said
         FROM received_file f
        CROSS JOIN LATERAL (
              SELECT coalesce(sum((c ->> 'sum')::numeric * CASE c ->> 'unit' WHEN 'Wh' THEN 1
                                  WHEN 'kWh' THEN 1000 ELSE 1000000 END), 0) AS energy_wh
                FROM jsonb_array_elements(f.channels) AS a (c)
               WHERE c ->> 'commodity' = 'electricity' AND c ->> 'kind' = 'interval'
                 AND c ->> 'unit' IN ('Wh', 'kWh', 'MWh')) e
         LEFT JOIN LATERAL (
              SELECT sum(row_count) FILTER (WHERE o.outcome IS NULL) AS rows,
                     sum(l.energy_wh) FILTER (WHERE o.outcome IS NULL) AS energy_wh,
                     sum(r.reading_count) AS released_rows,
                     sum((SELECT coalesce(sum((c ->> 'sum')::numeric
                                          * CASE c ->> 'unit' WHEN 'Wh' THEN 1
                                            WHEN 'kWh' THEN 1000 ELSE 1000000 END), 0)
                            FROM jsonb_array_elements(r.channels) AS a (c)
                           WHERE c ->> 'commodity' = 'electricity' AND c ->> 'kind' = 'interval'
                             AND c ->> 'unit' IN ('Wh', 'kWh', 'MWh'))) AS released_wh
                FROM quarantined_line l
                LEFT JOIN quarantine_outcome o ON o.quarantined_line_id = l.id
                LEFT JOIN received_file r ON r.sha256 = o.release_id
               WHERE l.received_file_id = f.sha256) q ON true
        WHERE NOT EXISTS (SELECT FROM quarantine_outcome o WHERE o.release_id = f.sha256)
          AND f.format NOT IN ('estimates', 'edit', 'compaction') -- ours: they did not come in
       ) k ON k.sha256 = b.sha256
 WHERE b.said IS DISTINCT FROM k.said
UNION ALL
SELECT format('row %s of %s: received is not stored, quarantined and refused', id, file_name)
  FROM intake_movement
 WHERE received_files <> stored_files + quarantined_files + refused_files
    OR received_rows <> stored_rows + quarantined_rows + refused_rows
    OR received_energy_wh <> stored_energy_wh + quarantined_energy_wh + refused_energy_wh
UNION ALL
SELECT format('file %s is stored %s times and refused %s times at once',
              sha256, sum(stored_files), sum(refused_files))
  FROM intake_movement WHERE sha256 IS NOT NULL GROUP BY sha256
HAVING sum(stored_files) + sum(refused_files) <> 1 OR sum(stored_files) NOT IN (0, 1)
"""
"""What the intake's book says of each stored file against what is kept of it."""


QUESTIONS = (
    Question(
        "service periods tile: no gap and no overlap in an agreement's bills",
        "SELECT count(*) FROM service_period_claim WHERE cancelled_by IS NULL",
        """
        SELECT format('%s begins on %s, and the bill before it ends on %s',
                      bill_id, lower(days), before)
          FROM (SELECT bill_id, days,
                       lag(upper(days)) OVER (PARTITION BY agreement_id ORDER BY lower(days))
                           AS before
                  FROM service_period_claim WHERE cancelled_by IS NULL) c
         WHERE before <> lower(days)
        """,
    ),
    Question(
        "an agreement's bills begin on its first day and end by its last",
        "SELECT count(DISTINCT agreement_id) FROM service_period_claim WHERE cancelled_by IS NULL",
        """
        SELECT format('agreement %s holds %s and is billed from %s to %s',
                      c.agreement_id, a.days, c.first, c.after)
          FROM (SELECT agreement_id, min(lower(days)) AS first, max(upper(days)) AS after
                  FROM service_period_claim WHERE cancelled_by IS NULL GROUP BY 1) c
          LEFT JOIN agreement a ON a.agreement_id = c.agreement_id AND upper_inf(a.known)
         WHERE a.agreement_id IS NULL OR lower(a.days) <> c.first OR c.after > upper(a.days)
        """,
    ),
    Question(
        "every live bill has one claim, and every claim its bill",
        "SELECT (SELECT count(*) FROM bill)"
        " + (SELECT count(*) FROM service_period_claim WHERE part_of IS NULL)",
        """
        SELECT format('%s: %s', coalesce(b.bill_id, c.bill_id),
                      CASE WHEN c.bill_id IS NULL THEN 'a bill without a claim'
                           WHEN b.bill_id IS NULL THEN 'a claim without a bill'
                           ELSE 'claim and bill differ' END)
          FROM bill b
          FULL JOIN (SELECT * FROM service_period_claim WHERE part_of IS NULL) c
            ON c.bill_id = b.bill_id
         WHERE c.bill_id IS NULL OR b.bill_id IS NULL
            OR (b.days, b.issued_day, b.account_id, b.agreement_id, b.service_point_id)
               IS DISTINCT FROM
               (c.days, c.issued_day, c.account_id, c.agreement_id, c.service_point_id)
        """,
    ),
    Question(
        "a cancelled bill says why, by whom, and which bill of its days took its place",
        "SELECT count(*) FROM service_period_claim"
        " WHERE cancelled_by IS NOT NULL AND part_of IS NULL",
        """
        SELECT format('%s: %s', coalesce(c.bill_id, k.cancelled_bill),
                      CASE WHEN k.cancelled_bill IS NULL THEN 'cancelled, and nothing says why'
                           WHEN c.cancelled_by IS DISTINCT FROM k.corrected_bill
                           THEN 'corrected, and not cancelled by what corrects it'
                           WHEN n.bill_id IS NULL THEN 'no bill took its place'
                           ELSE 'what took its place is for other days' END)
          FROM (SELECT * FROM service_period_claim WHERE part_of IS NULL) c
          FULL JOIN bill_correction k ON k.cancelled_bill = c.bill_id
          LEFT JOIN service_period_claim n ON n.bill_id = k.corrected_bill
         WHERE (c.cancelled_by IS NOT NULL OR k.cancelled_bill IS NOT NULL)
           AND (c.cancelled_by IS DISTINCT FROM k.corrected_bill OR n.bill_id IS NULL
                OR (n.agreement_id, n.service_point_id)
                   IS DISTINCT FROM (c.agreement_id, c.service_point_id)
                OR (n.days <> c.days
                    AND NOT (k.leaves_nothing AND lower(c.days) >= upper(n.days)
                             AND EXISTS (SELECT FROM agreement a
                                          WHERE a.agreement_id = c.agreement_id
                                            AND upper_inf(a.known)
                                            AND upper(a.days) = upper(n.days)))
                    AND NOT (lower(n.days) = lower(c.days) AND upper(n.days) < upper(c.days)
                             AND EXISTS (SELECT FROM agreement a
                                          WHERE a.agreement_id = c.agreement_id
                                            AND upper_inf(a.known)
                                            AND upper(a.days) = upper(n.days)))
                    AND NOT (upper(n.days) = upper(c.days)
                             AND EXISTS (SELECT FROM agreement_put_right r
                                          WHERE r.agreement_id = c.agreement_id
                                            AND r.fact = 'first_day'
                                            AND r.learned_at = k.learned_at
                                            AND r.was = to_char(lower(c.days), 'YYYY-MM-DD')
                                            AND r.is_now = to_char(lower(n.days), 'YYYY-MM-DD')))))
        UNION ALL
        SELECT format('%s is a corrected bill, and corrects none', b.bill_id) FROM bill b
         WHERE b.kind = 'corrected'
           AND NOT EXISTS (SELECT FROM bill_correction k WHERE k.corrected_bill = b.bill_id)
        """,
    ),
    Question(
        "what a cancelled bill posted is taken back once, to the cent",
        "SELECT (SELECT count(*) FROM bill_correction)"
        " + (SELECT count(*) FROM entry WHERE reverses IS NOT NULL)",
        """
        SELECT format('%s is cancelled, and its entry is not taken back', b.bill_id)
          FROM bill_correction k
          JOIN bill b ON b.bill_id = k.cancelled_bill
         WHERE b.entry_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM entry e WHERE e.entry_id = k.reversal_entry_id
                              AND e.reverses = b.entry_id)
        UNION ALL
        SELECT format('entry %s is reversed %s times', reverses, count(*))
          FROM entry WHERE reverses IS NOT NULL GROUP BY reverses HAVING count(*) > 1
        UNION ALL
        SELECT format('entry %s and its reversal leave ¢%s¢ on account %s', e.reverses,
                      sum(p.cents), p.ledger_account)
          FROM entry e JOIN posting p ON p.entry_id IN (e.entry_id, e.reverses)
         WHERE e.reverses IS NOT NULL
         GROUP BY e.reverses, e.entry_id, p.ledger_account, p.customer_account_id
        HAVING sum(p.cents) <> 0
        """,
    ),
    Question(
        "a corrected bill that rises above its ceiling has two people",
        "SELECT count(*) FROM bill_correction WHERE ceiling_cents IS NOT NULL",
        """
        SELECT format('%s is above the ceiling, and two people did not correct it', n.bill_id)
          FROM bill_correction k
          JOIN bill n ON n.bill_id = k.corrected_bill
          JOIN bill c ON c.bill_id = k.cancelled_bill
         WHERE n.total_cents > greatest(k.ceiling_cents, c.total_cents)
           AND plain_name(k.approved_by) IN ('', plain_name(k.author))
           AND k.ceiling_cents IS NOT NULL AND NOT k.leaves_nothing
        UNION ALL
        SELECT format('what %s takes back is above the ceiling, and two people did not agree',
                      k.corrected_bill)
          FROM bill_correction k JOIN bill c ON c.bill_id = k.cancelled_bill
         WHERE k.leaves_nothing
         GROUP BY k.corrected_bill
        HAVING sum(c.total_cents) > min(k.ceiling_cents)
           AND bool_or(plain_name(k.approved_by) IN ('', plain_name(k.author)))
        """,
    ),
    Question(
        "lines sum to the bill's total",
        "SELECT count(*) FROM bill",
        """
        SELECT format('%s: %s of %s lines sum to ¢%s¢ of ¢%s¢',
                      b.bill_id, coalesce(l.lines, 0), b.line_count, coalesce(l.cents, 0),
                      b.total_cents)
          FROM bill b
          LEFT JOIN (SELECT bill_id, count(*) AS lines, sum(cents) AS cents
                       FROM bill_line GROUP BY 1) l ON l.bill_id = b.bill_id
         WHERE l.lines IS DISTINCT FROM b.line_count OR l.cents IS DISTINCT FROM b.total_cents
        """,
    ),
    Question(
        "every line belongs to a bill and cites clauses that are kept",
        "SELECT count(*) FROM bill_line",
        """
        SELECT format('line %s of %s: %s', l.number, l.bill_id,
                      CASE WHEN b.bill_id IS NULL THEN 'no such bill' ELSE 'no such clause' END)
          FROM bill_line l
          LEFT JOIN bill b ON b.bill_id = l.bill_id AND b.issued_day = l.issued_day
                          AND b.written_in = l.written_in
         WHERE b.bill_id IS NULL OR cardinality(l.citation_ids) = 0
            OR EXISTS (SELECT FROM unnest(l.citation_ids) AS u (citation_id)
                        WHERE NOT EXISTS (SELECT FROM citation c
                                           WHERE c.citation_id = u.citation_id))
        """,
    ),
    Question(
        "a bill's record has its hash and says its total",
        "SELECT count(*) FROM bill",
        """
        SELECT format('%s: the record %s', bill_id,
                      CASE WHEN record_sha256 <> encode(sha256(record), 'hex')
                           THEN 'has another hash' ELSE 'says another total' END)
          FROM bill
         WHERE record_sha256 <> encode(sha256(record), 'hex')
            OR (convert_from(record, 'UTF8')::jsonb ->> 'total_usd')::numeric * 100 <> total_cents
        """,
    ),
    Question(
        "every entry has two legs or more that sum to zero",
        "SELECT count(*) FROM entry",
        """
        SELECT format('%s: %s legs sum to ¢%s¢', e.entry_id, coalesce(p.legs, 0),
                      coalesce(p.cents, 0))
          FROM entry e
          LEFT JOIN (SELECT entry_id, count(*) AS legs, sum(cents) AS cents
                       FROM posting GROUP BY 1) p ON p.entry_id = e.entry_id
         WHERE p.legs IS NULL OR p.legs < 2 OR p.cents <> 0
        """,
    ),
    Question(
        "every leg belongs to an entry, and every entry to its key",
        "SELECT (SELECT count(*) FROM posting) + (SELECT count(*) FROM entry_key)",
        """
        SELECT format('a leg of %s has no entry', p.entry_id) FROM posting p
         WHERE NOT EXISTS (SELECT FROM entry e WHERE e.entry_id = p.entry_id
                              AND e.effective_day = p.effective_day)
        UNION ALL
        SELECT format('%s: %s', coalesce(e.entry_id, k.entry_id),
                      CASE WHEN e.entry_id IS NULL THEN 'a key without an entry'
                           ELSE 'an entry without its key' END)
          FROM entry e
          FULL JOIN entry_key k ON k.entry_id = e.entry_id AND k.effective_day = e.effective_day
         WHERE e.entry_id IS NULL OR k.entry_id IS NULL
        """,
    ),
    Question(
        "every bill of money is posted once, for its total, to its account",
        "SELECT count(*) FROM bill",
        f"""
        SELECT format('%s: total ¢%s¢, posted ¢%s¢', b.bill_id, b.total_cents,
                      coalesce(p.cents, 0))
          FROM bill b
          LEFT JOIN (SELECT entry_id, customer_account_id, sum(cents) AS cents FROM posting
                      WHERE ledger_account IN ('{RECEIVABLE}', '{BUDGET}') GROUP BY 1, 2) p
            ON p.entry_id = b.entry_id AND p.customer_account_id = b.account_id
         WHERE coalesce(p.cents, 0) <> b.total_cents
        UNION ALL
        SELECT format('entry %s posts %s bills', entry_id, count(*))
          FROM bill WHERE entry_id IS NOT NULL GROUP BY entry_id HAVING count(*) > 1
        """,
    ),
    Question(
        "advances of extensions are held as their contracts say, and are posted so",
        "SELECT count(*) FROM extension_event",
        """
        SELECT format('account %s: ¢%s¢ of advances are posted, its contracts hold ¢%s¢',
                      account_id, coalesce(posted, 0), coalesce(held, 0))
          FROM (SELECT c.account_id, sum(e.advance_cents) AS held FROM extension_event e
                  JOIN extension_contract c ON c.contract_id = e.contract_id GROUP BY 1) h
          FULL JOIN (SELECT customer_account_id AS account_id, -sum(cents) AS posted FROM posting
                      WHERE ledger_account = '252' GROUP BY 1) p USING (account_id)
         WHERE coalesce(posted, 0) <> coalesce(held, 0)
        """,
    ),
    Question(
        "what is billed together is arranged so, and its parts are cancelled with their bill",
        "SELECT count(*) FROM service_period_claim WHERE part_of IS NOT NULL",
        """
        SELECT format('%s has days of agreement %s, and %s', p.part_of, p.agreement_id,
                      CASE WHEN c.bill_id IS NULL THEN 'is no bill'
                           WHEN (p.cancelled_by IS NULL) <> (c.cancelled_by IS NULL)
                           THEN 'one of both is cancelled'
                           ELSE 'nothing arranges that' END)
          FROM service_period_claim p
          LEFT JOIN service_period_claim c ON c.bill_id = p.part_of AND c.part_of IS NULL
         WHERE p.part_of IS NOT NULL
           AND (c.bill_id IS NULL OR (p.cancelled_by IS NULL) <> (c.cancelled_by IS NULL)
                OR NOT EXISTS (SELECT FROM billed_together t
                                WHERE t.agreement_id = c.agreement_id
                                  AND (upper_inf(t.known) OR p.cancelled_by IS NOT NULL)
                                  AND t.joined_agreement = p.agreement_id AND t.days @> p.days))
        UNION ALL
        SELECT format('%s is billed alone on %s, and with agreement %s by arrangement',
                      c.bill_id, c.days, t.agreement_id)
          FROM billed_together t
          JOIN service_period_claim c ON c.agreement_id = t.joined_agreement AND c.days && t.days
         WHERE upper_inf(t.known) AND c.cancelled_by IS NULL AND c.part_of IS NULL
        """,
    ),
    Question(
        "the running difference of every budget plan is what its bills deferred, and is posted",
        "SELECT count(*) FROM account",
        f"""
        SELECT format('account %s: ¢%s¢ are posted as deferred, its bills deferred ¢%s¢',
                      account_id, posted, deferred)
          FROM (SELECT account_id, sum(posted) AS posted, sum(deferred) AS deferred
                  FROM (SELECT customer_account_id AS account_id, cents AS posted, 0 AS deferred
                          FROM posting WHERE ledger_account = '{BUDGET}'
                        UNION ALL
                        SELECT b.account_id, 0, b.charges_cents - b.asked_cents
                          FROM budget_bill b
                          JOIN service_period_claim c ON c.bill_id = b.bill_id
                         WHERE c.cancelled_by IS NULL) each
                 GROUP BY account_id) both_sides
         WHERE posted <> deferred
        """,
    ),
    Question(
        "the taxes of every bill are posted as collected, to the control account of taxes",
        "SELECT count(*) FROM bill",
        f"""
        SELECT format('%s: taxes of ¢%s¢, ¢%s¢ are posted', b.bill_id,
                      coalesce(l.cents, 0), coalesce(p.cents, 0))
          FROM bill b
          LEFT JOIN (SELECT bill_id, sum(cents) AS cents FROM bill_line
                      WHERE charge_group = 'tax' GROUP BY 1) l ON l.bill_id = b.bill_id
          LEFT JOIN (SELECT entry_id, sum(-cents) AS cents FROM posting
                      WHERE split_part(ledger_account, '.', 1) = '{TAXES}' GROUP BY 1) p
            ON p.entry_id = b.entry_id
         WHERE coalesce(l.cents, 0) <> coalesce(p.cents, 0)
        """,
    ),
    Question(
        "every run's windows due are billed, held or excluded",
        "SELECT count(*) FROM bill_run",
        """
        SELECT format('run %s: %s due, %s billed, %s held, %s excluded', run_id, due, billed,
                      held, excluded)
          FROM bill_run WHERE due <> billed + held + excluded
        """,
    ),
    *HELD_QUESTIONS,
    Question(
        "the ledger as a whole sums to zero",
        "SELECT count(DISTINCT ledger_account) FROM posting",
        "SELECT format('it sums to ¢%s¢', sum(cents)) FROM posting HAVING sum(cents) <> 0",
    ),
    Question(
        "no two agreements, meters, tax places, exemptions or holders overlap as believed",
        "SELECT (SELECT count(*) FROM agreement) + (SELECT count(*) FROM meter_installation)"
        " + (SELECT count(*) FROM tax_place) + (SELECT count(*) FROM account_holder)"
        " + (SELECT count(*) FROM sales_tax_place) + (SELECT count(*) FROM tax_exemption)",
        """
        SELECT format('agreements %s and %s overlap at service point %s',
                      a.agreement_id, b.agreement_id, a.service_point_id)
          FROM agreement a JOIN agreement b ON a.service_point_id = b.service_point_id
           AND a.id < b.id AND a.days && b.days AND a.known && b.known
        UNION ALL
        SELECT format('meters %s and %s overlap at service points %s and %s',
                      a.meter_id, b.meter_id, a.service_point_id, b.service_point_id)
          FROM meter_installation a JOIN meter_installation b
            ON (a.service_point_id = b.service_point_id OR a.meter_id = b.meter_id)
           AND a.id < b.id AND a.known && b.known
           AND measured_seconds(a.days, a.began_second, a.ended_second)
            && measured_seconds(b.days, b.began_second, b.ended_second)
        UNION ALL
        SELECT format('premise %s is taxed in %s and in %s', a.premise_id, a.place, b.place)
          FROM tax_place a JOIN tax_place b ON a.premise_id = b.premise_id
           AND a.id < b.id AND a.days && b.days AND a.known && b.known
        UNION ALL
        SELECT format('premise %s is sales-taxed in %s and in %s', a.premise_id, a.jurisdiction,
                      b.jurisdiction)
          FROM sales_tax_place a JOIN sales_tax_place b ON a.premise_id = b.premise_id
           AND a.id < b.id AND a.days && b.days AND a.known && b.known
        UNION ALL
        SELECT format('certificates %s and %s exempt account %s from one tax', a.certificate,
                      b.certificate, a.account_id)
          FROM tax_exemption a JOIN tax_exemption b ON a.account_id = b.account_id
           AND a.agreement_id = b.agreement_id AND a.tax = b.tax
           AND a.id < b.id AND a.days && b.days AND a.known && b.known
        UNION ALL
        SELECT format('person %s holds account %s twice', a.person_id, a.account_id)
          FROM account_holder a JOIN account_holder b ON a.account_id = b.account_id
           AND a.person_id = b.person_id
           AND a.id < b.id AND a.days && b.days AND a.known && b.known
        """,
    ),
    Question(
        "lake versions count from one without a gap, and their instants never run backwards",
        "SELECT count(*) FROM lake_version",
        """
        SELECT format('version %s follows %s', sequence, before)
          FROM (SELECT sequence, lag(sequence, 1, 0::bigint) OVER (ORDER BY sequence) AS before,
                       learned_at, lag(learned_at) OVER (ORDER BY sequence) AS learned_before
                  FROM lake_version) v
         WHERE sequence <> before + 1 OR learned_at < learned_before
        """,
    ),
    Question(
        "control totals balance: received = stored + quarantined + refused",
        "SELECT count(*) FROM intake_movement",
        CONTROL_TOTALS,
    ),
    Question(
        "every received file kept what it said: lines set aside, one lake version",
        "SELECT count(*) FROM received_file",
        """
        SELECT format('file %s: %s lines set aside, %s kept', f.sha256, f.quarantined_count,
                      coalesce(q.kept, 0))
          FROM received_file f
          LEFT JOIN (SELECT received_file_id, count(*) AS kept FROM quarantined_line GROUP BY 1) q
            ON q.received_file_id = f.sha256
          LEFT JOIN lake_version v ON v.received_file_id = f.sha256
         WHERE coalesce(q.kept, 0) <> f.quarantined_count OR v.sequence IS NULL
        """,
    ),
    *JOURNAL_QUESTIONS,
    *SETTLEMENT_QUESTIONS,
    *PAYMENT_QUESTIONS,
    *DEPOSIT_QUESTIONS,
    *LATE_CHARGE_QUESTIONS,
    *BANK_QUESTIONS,
    *RELIEF_QUESTIONS,
    *COMBINATION_QUESTIONS,
)


def verify_invariants(store: PostgresStore) -> list[tuple[str, int, list[str]]]:
    """Every invariant of the store as (name, how many were checked, sentences of breaches).

    All are asked in one snapshot, so that writers at work do not look like breaches.

    :raises NotViewing: outside ``viewing``: the questions read everything
    """

    def ask(connection: Connection) -> list[tuple[str, int, list[str]]]:
        return [one.ask(connection, SENTENCES_AT_MOST) for one in QUESTIONS]

    return store.read_snapshot(ask)
