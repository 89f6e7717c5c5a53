-- What entries stand on is asked at commit for all of a transaction together: its entries and its
-- legs are laid beside each other, and no index is searched for each of them. Such a search meets a
-- page that nobody has looked at since, and these were half of what a cycle's entries cost.

-- A key comes from its entry: the database writes it, so that none is without the other.
ALTER TABLE entry DROP CONSTRAINT entry_entry_id_fkey;

-- A statement that wrote legs leaves here what it added to which entry, and whose accounts.
ALTER TABLE entry_check
    ADD COLUMN entry_ids text[],
    ADD COLUMN days      date[],
    ADD COLUMN legs      bigint[],
    ADD COLUMN cents     bigint[],
    ADD COLUMN customers text[],
    ALTER COLUMN entry_ids SET STORAGE EXTERNAL,  -- packed, it would be unpacked a moment later
    ALTER COLUMN customers SET STORAGE EXTERNAL;

CREATE OR REPLACE FUNCTION remember_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    opens  date := public.booking_opens();
    closed record;
BEGIN
    INSERT INTO public.entry_key (entry_id, effective_day)
    SELECT entry_id, effective_day FROM added;
    SELECT a.entry_id, coalesce(a.booked_day, a.effective_day) AS day INTO closed
      FROM added a WHERE coalesce(a.booked_day, a.effective_day) < opens LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry % is booked on %, in a period that is closed; % is the first open day',
                        closed.entry_id, closed.day, opens
            USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_periods_stay_closed';
    END IF;
    INSERT INTO public.entry_check (from_day, until_day)
    SELECT min(effective_day), max(effective_day) FROM added HAVING count(*) > 0;
    RETURN NULL;
END
$$;

DROP TRIGGER legs_come_with_their_entry ON posting;
DROP FUNCTION legs_come_with_their_entry();

CREATE FUNCTION remember_legs() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.entry_check (from_day, until_day, entry_ids, days, legs, cents, customers)
    SELECT min(day), max(day), array_agg(entry_id), array_agg(day), array_agg(legs),
           array_agg(cents), (SELECT array_agg(DISTINCT customer_account_id) FROM added
                               WHERE customer_account_id IS NOT NULL)
      FROM (SELECT entry_id, effective_day AS day, count(*) AS legs, sum(cents)::bigint AS cents
              FROM added GROUP BY 1, 2) each
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER remember_legs AFTER INSERT ON posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION remember_legs();
ALTER TABLE posting ENABLE ALWAYS TRIGGER remember_legs;

-- Whoever has its constraints checked in between is asked of all its entries again at the end: of
-- those whose legs were remembered before, by looking at the legs themselves.
CREATE OR REPLACE FUNCTION entries_balance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_nestloop = off AS $$
DECLARE
    asked  record;
    laid   record;
    broken record;
BEGIN
    SELECT min(from_day) AS first, max(until_day) AS last INTO asked
      FROM public.entry_check WHERE written_in = NEW.written_in;
    IF asked.first IS NULL THEN
        RETURN NULL;  -- the first row of the transaction has asked for all of them
    END IF;
    WITH legs AS MATERIALIZED (
        SELECT l.entry_id, l.day, sum(l.legs) AS legs, sum(l.cents) AS cents
          FROM public.entry_check c,
               unnest(c.entry_ids, c.days, c.legs, c.cents) AS l (entry_id, day, legs, cents)
         WHERE c.written_in = NEW.written_in GROUP BY 1, 2
    ),
    entries AS MATERIALIZED (
        SELECT e.entry_id, e.effective_day AS day FROM public.entry e
         WHERE e.written_in = NEW.written_in
           AND e.effective_day BETWEEN asked.first AND asked.last
    )
    SELECT min(l.entry_id) FILTER (WHERE e.entry_id IS NULL) AS stray,
           count(*) FILTER (WHERE l.legs >= 2 AND l.cents = 0) < count(*) AS any_open
      INTO laid
      FROM entries e FULL JOIN legs l ON l.entry_id = e.entry_id AND l.day = e.day;
    IF laid.stray IS NOT NULL THEN
        RAISE EXCEPTION 'A leg of entry % does not come in the transaction of its entry',
                        laid.stray
            USING ERRCODE = 'check_violation', CONSTRAINT = 'legs_come_with_their_entry';
    END IF;
    IF laid.any_open THEN
        PERFORM public.entries_add_up(NEW.written_in, asked.first, asked.last);
    END IF;
    SELECT c.customer INTO broken
      FROM (SELECT DISTINCT unnest(customers) AS customer FROM public.entry_check
             WHERE written_in = NEW.written_in) c
     WHERE (SELECT true FROM public.account a WHERE a.account_id = c.customer) IS NULL
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry % has a leg on account %, which nobody has',
                        (SELECT min(p.entry_id) FROM public.posting p
                          WHERE p.customer_account_id = broken.customer
                            AND p.effective_day BETWEEN asked.first AND asked.last),
                        broken.customer
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'legs_are_of_accounts';
    END IF;
    PERFORM public.entries_have_causes(NEW.written_in, asked.first, asked.last);
    DELETE FROM public.entry_check WHERE written_in = NEW.written_in;
    RETURN NULL;
END
$$;

-- Of each entry of the transaction by itself: its legs, as they are kept.
CREATE FUNCTION entries_add_up(written xid8, first date, last date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
SET enable_nestloop = on SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    broken record;
BEGIN
    SELECT e.entry_id, p.legs, coalesce(p.cents, 0) AS cents INTO broken
      FROM public.entry e
      JOIN LATERAL (SELECT count(*) AS legs, sum(cents) AS cents FROM public.posting p
                     WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day
                       AND p.effective_day BETWEEN first AND last) p ON true
     WHERE e.written_in = written AND e.effective_day BETWEEN first AND last
       AND (p.legs < 2 OR p.cents <> 0)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry % has % legs that sum to % cents; two legs or more sum to zero',
                        broken.entry_id, broken.legs, broken.cents
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_balance';
    END IF;
END
$$;

-- A table of causes that keeps the transaction of its rows, in an index, may say so: the causes that
-- came with their entries are then laid beside them as well.
ALTER TABLE ledger_cause ADD COLUMN transaction_column name;

CREATE OR REPLACE FUNCTION entries_have_causes(written xid8, first date, last date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog
SET enable_nestloop = on SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    kind    record;
    missing text;
BEGIN
    FOR kind IN
        SELECT n.*, c.of_table, c.key_column, c.day_column, c.transaction_column
          FROM (SELECT split_part(e.entry_id, ':', 1) AS prefix, min(e.entry_id) AS one,
                       array_agg(substr(e.entry_id, strpos(e.entry_id, ':') + 1)) AS keys,
                       array_agg(e.effective_day) AS days
                  FROM public.entry e
                 WHERE e.written_in = written AND e.effective_day BETWEEN first AND last
                 GROUP BY 1) n
          LEFT JOIN public.ledger_cause c ON c.prefix = n.prefix
    LOOP
        IF kind.of_table IS NULL THEN
            RAISE EXCEPTION 'Entry % has no cause: nothing is registered for ''%''',
                            kind.one, kind.prefix
                USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_have_causes';
        END IF;
        IF kind.transaction_column IS NOT NULL AND kind.day_column IS NOT NULL THEN
            EXECUTE format('SELECT array_agg(a.key), array_agg(a.day)'
                           ' FROM unnest($1, $2) AS a (key, day)'
                           ' WHERE (a.key, a.day) NOT IN (SELECT k.%I, k.%I FROM %s k'
                           ' WHERE k.%I = $3 AND k.%2$I BETWEEN $4 AND $5)',
                           kind.key_column, kind.day_column, kind.of_table,
                           kind.transaction_column)
               INTO kind.keys, kind.days USING kind.keys, kind.days, written, first, last;
        END IF;
        EXECUTE format('SELECT a.key FROM unnest($1, $2) AS a (key, day) WHERE NOT EXISTS ('
                       'SELECT FROM %s k WHERE k.%I = a.key %s) LIMIT 1',
                       kind.of_table, kind.key_column,
                       replace('AND k.@ = a.day AND k.@ BETWEEN $3 AND $4', '@',
                               quote_ident(kind.day_column)))
           INTO missing USING kind.keys, kind.days, first, last;
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION 'Entry %:% has no cause: there is no % in table %',
                            kind.prefix, missing, missing, kind.of_table
                USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_have_causes';
        END IF;
        IF kind.prefix = 'reversal' THEN
            PERFORM public.reversals_are_exact(written, first, last);
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION remember_legs(), entries_add_up(xid8, date, date) FROM PUBLIC;
SELECT drop_like_indexes();
