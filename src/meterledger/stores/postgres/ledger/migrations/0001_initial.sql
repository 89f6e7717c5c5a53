-- Entries and their legs, by the month of their effective day; both append-only.

CREATE TABLE entry (
    entry_id      text NOT NULL REFERENCES entry_key (entry_id) DEFERRABLE INITIALLY DEFERRED,
    effective_day date NOT NULL,
    learned_at    timestamptz NOT NULL,
    cause         text NOT NULL CHECK (cause <> ''),
    reverses      text REFERENCES entry_key (entry_id) DEFERRABLE INITIALLY DEFERRED,
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

-- At commit every entry that was touched has its key, two legs or more, and a sum of zero. A leg
-- added later, in another transaction, is checked just so, and refused.
CREATE FUNCTION entry_balances() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
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

CREATE FUNCTION leg_has_its_entry() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    legs bigint;
    total numeric;
BEGIN
    SELECT count(*), sum(p.cents) INTO legs, total FROM public.posting p
     WHERE p.entry_id = NEW.entry_id AND p.effective_day = NEW.effective_day
       AND EXISTS (SELECT FROM public.entry e
                    WHERE e.entry_id = NEW.entry_id AND e.effective_day = NEW.effective_day);
    IF legs < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'A leg of entry % leaves it with % legs that sum to % cents, or no entry',
                        NEW.entry_id, legs, coalesce(total, 0)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_balances';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entry_balances();
CREATE CONSTRAINT TRIGGER leg_has_its_entry AFTER INSERT ON posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION leg_has_its_entry();
REVOKE ALL ON FUNCTION entry_balances(), leg_has_its_entry() FROM PUBLIC;

SELECT keep_append_only('entry_key'), keep_append_only('entry'), keep_append_only('posting'),
       keep_append_only('payment'), keep_personal('posting'), keep_personal('payment'),
       keep_personal('entry');
SELECT drop_like_indexes();
