-- What bills stand on came in their transaction, nearly always: its claims, its entries and its lines
-- are laid beside them, and no index is searched for each bill. What did not come with them is
-- searched for, as before.

-- A statement that claimed days leaves the names of its bills here.
ALTER TABLE bill_check
    ADD COLUMN claimed text[],
    ALTER COLUMN claimed SET STORAGE EXTERNAL;  -- packed, it would be unpacked a moment later

CREATE FUNCTION remember_claims() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.bill_check (claimed)
    SELECT array_agg(bill_id) FROM added HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER remember_claims AFTER INSERT ON service_period_claim
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION remember_claims();
ALTER TABLE service_period_claim ENABLE ALWAYS TRIGGER remember_claims;

CREATE OR REPLACE FUNCTION bills_add_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_nestloop = off AS $$
DECLARE
    made    record;
    broken  record;
    claimed text[];
    stray   text;
BEGIN
    PERFORM FROM public.bill_check WHERE written_in = NEW.written_in LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;  -- the first row of the transaction has asked for all of them
    END IF;
    SELECT array_agg(c.bill_id) INTO claimed
      FROM public.bill_check k, unnest(k.claimed) AS c (bill_id)
     WHERE k.written_in = NEW.written_in;
    DELETE FROM public.bill_check WHERE written_in = NEW.written_in;
    SELECT min(issued_day) AS first, max(issued_day) AS last, coalesce(sum(line_count), 0) AS lines
      INTO made FROM public.bill WHERE written_in = NEW.written_in;
    WITH lines AS MATERIALIZED (
        SELECT bill_id, issued_day, count(*) AS lines, sum(cents) AS cents
          FROM public.bill_line
         WHERE written_in = NEW.written_in AND issued_day BETWEEN made.first AND made.last
         GROUP BY 1, 2
    ),
    bills AS MATERIALIZED (
        SELECT b.bill_id, b.issued_day, b.line_count, b.total_cents, b.account_id, b.entry_id,
               b.bill_id IN (SELECT unnest(claimed))
               OR (SELECT true FROM public.service_period_claim c WHERE c.bill_id = b.bill_id)
                  AS has_claim,
               b.entry_id IS NULL
               OR b.entry_id IN (SELECT e.entry_id FROM public.entry e
                                  WHERE e.written_in = NEW.written_in)
               OR (SELECT true FROM public.entry_key k WHERE k.entry_id = b.entry_id) AS has_entry,
               (SELECT true FROM public.account a WHERE a.account_id = b.account_id) AS has_account
          FROM public.bill b
         WHERE b.written_in = NEW.written_in AND b.issued_day BETWEEN made.first AND made.last
    )
    SELECT b.*, coalesce(l.lines, 0) AS lines, coalesce(l.cents, 0) AS cents INTO broken
      FROM bills b
      LEFT JOIN lines l ON l.bill_id = b.bill_id AND l.issued_day = b.issued_day
     WHERE l.lines IS DISTINCT FROM b.line_count OR l.cents IS DISTINCT FROM b.total_cents
        OR (b.has_claim AND b.has_entry AND b.has_account) IS NOT TRUE
     LIMIT 1;
    IF FOUND THEN
        IF broken.has_account IS NOT TRUE THEN
            RAISE EXCEPTION 'Bill % is of account %, which nobody has',
                            broken.bill_id, broken.account_id
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'bills_stand_on_what_is_kept',
                      DETAIL = format('There is no account %s.', broken.account_id);
        ELSIF broken.has_claim IS NOT TRUE THEN
            RAISE EXCEPTION 'Bill % has no claim of its days', broken.bill_id
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'bills_stand_on_what_is_kept',
                      DETAIL = format('There is no claim of bill %s.', broken.bill_id);
        ELSIF broken.has_entry IS NOT TRUE THEN
            RAISE EXCEPTION 'Bill % is posted by entry %, which is not there',
                            broken.bill_id, broken.entry_id
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'bills_stand_on_what_is_kept',
                      DETAIL = format('There is no entry %s.', broken.entry_id);
        END IF;
        RAISE EXCEPTION 'Bill %: % lines sum to % cents, the bill says % lines and % cents',
                        broken.bill_id, broken.lines, broken.cents, broken.line_count,
                        broken.total_cents
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bills_add_up';
    END IF;
    -- Every bill has as many lines as it says: what is more than all of them is no bill's.
    IF (SELECT count(*) FROM public.bill_line WHERE written_in = NEW.written_in) <> made.lines THEN
        SELECT l.bill_id INTO stray
          FROM public.bill_line l
         WHERE l.written_in = NEW.written_in
           AND (SELECT b.written_in FROM public.bill b
                 WHERE b.bill_id = l.bill_id AND b.issued_day = l.issued_day)
               IS DISTINCT FROM NEW.written_in
         LIMIT 1;
        RAISE EXCEPTION 'A line of bill % does not come in the transaction of its bill', stray
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lines_come_with_their_bill';
    END IF;
    RETURN NULL;
END
$$;

-- Causes of entries may be looked for among the bills of the transaction first.
ALTER TABLE ledger_cause DISABLE TRIGGER append_only;
UPDATE ledger_cause SET transaction_column = 'written_in' WHERE prefix = 'bill';
ALTER TABLE ledger_cause ENABLE ALWAYS TRIGGER append_only;

-- Which held cases a statement's bills end is asked of the bills as they are kept: a copy of what was
-- written, records of 12 KB each, was the larger part of the work.
DROP TRIGGER bills_end_held_cases ON bill;
CREATE OR REPLACE FUNCTION bills_end_held_cases() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        WITH made AS MATERIALIZED (
            SELECT bill_id, agreement_id, days, total_cents, energy_wh, issued_day, known_at
              FROM public.bill
             WHERE written_in = pg_current_xact_id() AND kind <> 'corrected'
        )
        SELECT c.case_id, a.bill_id, a.total_cents, a.energy_wh, a.issued_day, a.known_at,
               (SELECT max(s.number) FROM public.held_step s WHERE s.case_id = c.case_id) AS number
          FROM (SELECT bill_id, agreement_id, days, total_cents, energy_wh, issued_day, known_at
                  FROM made
                UNION ALL
                SELECT b.bill_id, p.agreement_id, p.days, b.total_cents, b.energy_wh, b.issued_day,
                       b.known_at
                  FROM made b JOIN public.service_period_claim p ON p.part_of = b.bill_id) a
          JOIN public.held_case c
            ON c.agreement_id = a.agreement_id AND (c.days IS NULL OR c.days && a.days)
         WHERE NOT EXISTS (SELECT FROM public.held_step s
                            WHERE s.case_id = c.case_id AND s.act IN ('billed', 'replaced'))
         ORDER BY c.case_id
    LOOP
        INSERT INTO public.held_step (case_id, number, act, on_day, by, reason, code, sentence,
               findings, total_cents, energy_wh, ceiling_cents, bill_id, learned_at)
        VALUES (one.case_id, one.number + 1, 'billed', one.issued_day, '', '', '', '', '[]',
                one.total_cents, one.energy_wh, NULL, one.bill_id, one.known_at);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER bills_end_held_cases AFTER INSERT ON bill
    FOR EACH STATEMENT EXECUTE FUNCTION bills_end_held_cases();
ALTER TABLE bill ENABLE ALWAYS TRIGGER bills_end_held_cases;

REVOKE ALL ON FUNCTION remember_claims() FROM PUBLIC;
SELECT drop_like_indexes();
