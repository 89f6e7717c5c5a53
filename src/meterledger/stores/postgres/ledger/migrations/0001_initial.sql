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

-- At commit an entry has two legs or more, and they sum to zero. Plans of checks are made when
-- tables are empty and kept: without seqscan = off they would read a month for every entry.
CREATE FUNCTION entry_balances() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET enable_seqscan = off AS $$
DECLARE
    legs bigint;
    total numeric;
BEGIN
    SELECT count(*), sum(cents) INTO legs, total FROM public.posting
     WHERE entry_id = NEW.entry_id AND effective_day = NEW.effective_day;
    IF legs < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'Entry % has % legs that sum to % cents; two legs or more sum to zero',
                        NEW.entry_id, legs, coalesce(total, 0)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_balances';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entry_balances();

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
REVOKE ALL ON FUNCTION entry_balances(), legs_come_with_their_entry() FROM PUBLIC;

SELECT keep_append_only('entry_key'), keep_append_only('entry'), keep_append_only('posting'),
       keep_append_only('payment'), keep_personal('posting'), keep_personal('payment'),
       keep_personal('entry');
SELECT drop_like_indexes();
