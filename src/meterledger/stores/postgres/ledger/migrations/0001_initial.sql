-- Entries and their legs, by the month of their effective day; both append-only.

CREATE TABLE entry (
    entry_id      text NOT NULL REFERENCES entry_key (entry_id) DEFERRABLE INITIALLY DEFERRED,
    effective_day date NOT NULL,
    learned_at    timestamptz NOT NULL,
    cause         text NOT NULL CHECK (cause <> ''),
    reverses      text REFERENCES entry_key (entry_id) DEFERRABLE INITIALLY DEFERRED,
    written_in    xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (entry_id, effective_day)
) PARTITION BY RANGE (effective_day);

CREATE TABLE posting (
    entry_id            text NOT NULL,
    effective_day       date NOT NULL,
    number              smallint NOT NULL CHECK (number >= 1),
    ledger_account      text NOT NULL CHECK (ledger_account <> ''),
    cents               bigint NOT NULL CHECK (cents <> 0),
    customer_account_id text,
    PRIMARY KEY (entry_id, number, effective_day)
) PARTITION BY RANGE (effective_day);

CREATE INDEX posting_of_customer ON posting (customer_account_id) WHERE customer_account_id IS NOT NULL;

CREATE INDEX entry_by_transaction ON entry (written_in);

-- At commit every entry of the transaction has two legs or more, and they sum to zero. A deferred
-- trigger fires for each row, and one question for each of a thousand entries, over all months,
-- would cost more than writing them. So each statement leaves one row here, and at commit that row
-- asks once for all entries of its transaction, and goes. The application has no right to it.
CREATE UNLOGGED TABLE entry_check (
    written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    from_day   date NOT NULL,
    until_day  date NOT NULL
);

CREATE FUNCTION remember_entries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.entry_check (from_day, until_day)
    SELECT min(effective_day), max(effective_day) FROM added HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER remember_entries AFTER INSERT ON entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION remember_entries();
ALTER TABLE entry ENABLE ALWAYS TRIGGER remember_entries;

CREATE FUNCTION entries_balance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    broken record;
BEGIN
    SELECT e.entry_id, p.legs, coalesce(p.cents, 0) AS cents INTO broken
      FROM public.entry e
      JOIN LATERAL (SELECT count(*) AS legs, sum(cents) AS cents FROM public.posting p
                     WHERE p.entry_id = e.entry_id AND p.effective_day = e.effective_day) p ON true
     WHERE e.written_in = NEW.written_in
       AND e.effective_day BETWEEN NEW.from_day AND NEW.until_day
       AND (p.legs < 2 OR p.cents <> 0)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Entry % has % legs that sum to % cents; two legs or more sum to zero',
                        broken.entry_id, broken.legs, broken.cents
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_balance';
    END IF;
    DELETE FROM public.entry_check WHERE ctid = NEW.ctid;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER entries_balance AFTER INSERT ON entry_check
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entries_balance();
ALTER TABLE entry_check ENABLE ALWAYS TRIGGER entries_balance;

-- A leg is written in the transaction that writes its entry, so that the check at commit sees all
-- of them; later nothing is added. `written_in` is the database's own: nobody may give it.
CREATE FUNCTION legs_come_with_their_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    late text;
BEGIN
    SELECT a.entry_id INTO late
      FROM (SELECT DISTINCT entry_id, effective_day FROM added) a
      LEFT JOIN public.entry e ON e.entry_id = a.entry_id AND e.effective_day = a.effective_day
     WHERE e.written_in IS DISTINCT FROM pg_current_xact_id()
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'A leg of entry % does not come in the transaction of its entry', late
            USING ERRCODE = 'check_violation', CONSTRAINT = 'legs_come_with_their_entry';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER legs_come_with_their_entry AFTER INSERT ON posting
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION legs_come_with_their_entry();
ALTER TABLE posting ENABLE ALWAYS TRIGGER legs_come_with_their_entry;
REVOKE ALL ON FUNCTION remember_entries(), entries_balance(), legs_come_with_their_entry() FROM PUBLIC;

SELECT keep_append_only('entry_key'), keep_append_only('entry'), keep_append_only('posting'),
       keep_append_only('payment'), keep_personal('posting'), keep_personal('payment'),
       keep_personal('entry');
SELECT drop_like_indexes();
