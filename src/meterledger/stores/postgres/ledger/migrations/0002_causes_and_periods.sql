-- What every entry rests on, and when it is booked: causes, reversals, sub-ledgers, accounting periods.

-- The accounting day. Nothing where it is the effective day, which is nearly always: an entry is
-- booked later only where the period of its effective day is closed when it is written.
ALTER TABLE entry
    ADD COLUMN booked_day date,
    ADD CONSTRAINT booked_after_it_was_so CHECK (booked_day > effective_day),
    -- One name for the reversal of an entry, so that keys, which are unique, let it happen once.
    ADD CONSTRAINT a_reversal_is_named_after_its_entry CHECK (
        CASE WHEN reverses IS NULL THEN entry_id NOT LIKE 'reversal:%'
             ELSE entry_id = 'reversal:' || reverses END);

CREATE INDEX entry_booked_later ON entry (booked_day) WHERE booked_day IS NOT NULL;

-- A control account equals its sub-ledger because each of its legs, and no other, is a customer's.
ALTER TABLE posting ADD CONSTRAINT sub_ledgers_are_of_customers CHECK (
    (split_part(ledger_account, '.', 1) IN ('142', '143', '235', '252')
     OR ledger_account IN ('232.refunds', '242.unclaimed')) = (customer_account_id IS NOT NULL));

-- Which table says why an entry of a prefix was posted. An entry `late:X` needs the row X of its
-- table when its transaction ends. A table that lies in months by the day on which its entries are
-- effective names that column too, so that one month is looked at.
CREATE TABLE ledger_cause (
    prefix     text PRIMARY KEY CHECK (prefix ~ '^[a-z]+(-[a-z]+)*$'),
    of_table   regclass NOT NULL,
    key_column name NOT NULL,
    day_column name
);

CREATE FUNCTION register_cause(prefix text, of_table regclass, key_column text,
                               day_column text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM pg_attribute
      WHERE attrelid = of_table AND attname = key_column AND atttypid = 'text'::regtype;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Table % has no column % of text', of_table, key_column
            USING ERRCODE = 'undefined_column';
    END IF;
    INSERT INTO public.ledger_cause VALUES (prefix, of_table, key_column, day_column);
END
$$;

SELECT register_cause('bill', 'bill', 'bill_id', 'issued_day'),
       register_cause('payment', 'payment', 'payment_key'),
       register_cause('reversal', 'entry_key', 'entry_id');

-- A month of the books is closed by a name, once, in order; nothing is booked in it any more. The
-- first one closes everything before it too. What it came to is kept by the database itself.
ALTER TABLE period_close
    ADD CONSTRAINT a_period_is_a_month CHECK (extract(day FROM month) = 1),
    ADD CONSTRAINT a_period_is_closed_by_a_name CHECK (btrim(closed_by) <> ''),
    ADD CONSTRAINT a_period_is_over CHECK (
        (learned_at AT TIME ZONE 'UTC')::date >= (month + interval '1 month')::date);

-- The first day on which something may be booked; NULL where no period is closed. Whoever asks holds
-- the books open until the end of the transaction: a close waits for it.
CREATE FUNCTION booking_opens() RETURNS date
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7305201912);
    RETURN (SELECT (max(month) + interval '1 month')::date FROM public.period_close);
END
$$;

CREATE FUNCTION periods_close_in_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    opens date;
BEGIN
    PERFORM pg_advisory_xact_lock(7305201912);
    opens := public.booking_opens();
    IF NEW.month <> opens THEN
        RAISE EXCEPTION 'The period that is to be closed next is %, not %',
                        to_char(opens, 'YYYY-MM'), to_char(NEW.month, 'YYYY-MM')
            USING ERRCODE = 'check_violation', CONSTRAINT = 'periods_close_in_order';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER periods_close_in_order BEFORE INSERT ON period_close
    FOR EACH ROW EXECUTE FUNCTION periods_close_in_order();
ALTER TABLE period_close ENABLE ALWAYS TRIGGER periods_close_in_order;

CREATE FUNCTION keep_period_totals() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    is_first boolean := NOT EXISTS (SELECT FROM public.period_close WHERE month < NEW.month);
    after    date := (NEW.month + interval '1 month')::date;
BEGIN
    INSERT INTO public.period_total (month, ledger_account, debit_cents, credit_cents, legs)
    SELECT NEW.month, p.ledger_account, coalesce(sum(p.cents) FILTER (WHERE p.cents > 0), 0),
           coalesce(-sum(p.cents) FILTER (WHERE p.cents < 0), 0), count(*)
      FROM public.entry e
      JOIN public.posting p ON p.entry_id = e.entry_id AND p.effective_day = e.effective_day
     WHERE e.effective_day < after AND p.effective_day < after
       AND coalesce(e.booked_day, e.effective_day) < after
       AND (is_first OR coalesce(e.booked_day, e.effective_day) >= NEW.month)
     GROUP BY p.ledger_account;
    RETURN NULL;
END
$$;
CREATE TRIGGER keep_period_totals AFTER INSERT ON period_close
    FOR EACH ROW EXECUTE FUNCTION keep_period_totals();
ALTER TABLE period_close ENABLE ALWAYS TRIGGER keep_period_totals;

CREATE OR REPLACE FUNCTION remember_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    opens  date := public.booking_opens();
    closed record;
BEGIN
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

-- The first row of a transaction that is checked asks for all its entries, and takes the rows of its
-- other statements with it: many statements cost no more than one. Days of legs are bounded as well:
-- so months that nothing was written to are left out before they cost anything.
CREATE INDEX entry_check_of_transaction ON entry_check (written_in);

CREATE OR REPLACE FUNCTION entries_balance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    days   record;
    broken record;
BEGIN
    WITH gone AS (DELETE FROM public.entry_check WHERE written_in = NEW.written_in RETURNING *)
    SELECT min(from_day) AS first, max(until_day) AS last INTO days FROM gone;
    IF days.first IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT e.entry_id, p.legs, coalesce(p.cents, 0) AS cents, p.stranger INTO broken
      FROM public.entry e
      JOIN LATERAL (SELECT count(*) AS legs, sum(cents) AS cents,
                           min(p.customer_account_id) FILTER (WHERE NOT EXISTS (
                               SELECT FROM public.account a
                                WHERE a.account_id = p.customer_account_id)) AS stranger
                      FROM public.posting p
                     WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day
                       AND p.effective_day BETWEEN days.first AND days.last) p ON true
     WHERE e.written_in = NEW.written_in AND e.effective_day BETWEEN days.first AND days.last
       AND (p.legs < 2 OR p.cents <> 0 OR p.stranger IS NOT NULL)
     LIMIT 1;
    IF NOT FOUND THEN
        PERFORM public.entries_have_causes(NEW.written_in, days.first, days.last);
        RETURN NULL;
    END IF;
    IF broken.legs >= 2 AND broken.cents = 0 THEN
        RAISE EXCEPTION 'Entry % has a leg on account %, which nobody has',
                        broken.entry_id, broken.stranger
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'legs_are_of_accounts';
    END IF;
    RAISE EXCEPTION 'Entry % has % legs that sum to % cents; two legs or more sum to zero',
                    broken.entry_id, broken.legs, broken.cents
        USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_balance';
END
$$;

-- Of all entries of the transaction, one question for each prefix: does its cause exist? And for
-- reversals: are their legs those of what they take back, the other way round?
CREATE FUNCTION entries_have_causes(written xid8, first date, last date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    kind    record;
    missing text;
BEGIN
    FOR kind IN
        SELECT n.*, c.of_table, c.key_column, c.day_column
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

CREATE FUNCTION reversals_are_exact(written xid8, first date, last date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    broken record;
BEGIN
    SELECT e.entry_id, e.reverses INTO broken
      FROM public.entry e
      JOIN public.entry_key k ON k.entry_id = e.reverses
     WHERE e.written_in = written AND e.effective_day BETWEEN first AND last
       AND (SELECT array_agg((p.ledger_account, p.cents, p.customer_account_id)::text
                             ORDER BY p.ledger_account, p.cents, p.customer_account_id)
              FROM public.posting p
             WHERE p.entry_id = k.entry_id AND p.effective_day = k.effective_day)
           IS DISTINCT FROM
           (SELECT array_agg((p.ledger_account, -p.cents, p.customer_account_id)::text
                             ORDER BY p.ledger_account, -p.cents, p.customer_account_id)
              FROM public.posting p
             WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry % does not take back entry % leg by leg',
                        broken.entry_id, broken.reverses
            USING ERRCODE = 'check_violation', CONSTRAINT = 'reversals_are_exact';
    END IF;
END
$$;

REVOKE ALL ON FUNCTION register_cause(text, regclass, text, text), booking_opens(),
    periods_close_in_order(), keep_period_totals(), remember_entries(), entries_balance(),
    entries_have_causes(xid8, date, date), reversals_are_exact(xid8, date, date) FROM PUBLIC;

SELECT keep_append_only('ledger_cause'), keep_append_only('period_close'),
       keep_append_only('period_total');
SELECT drop_like_indexes();
