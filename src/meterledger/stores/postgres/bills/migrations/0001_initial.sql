-- Bills and their lines, by the month of issue; both append-only. One live bill per service period.

CREATE TABLE bill (
    bill_id                text NOT NULL REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED,
    issued_day             date NOT NULL,
    account_id             text NOT NULL REFERENCES account (account_id) DEFERRABLE INITIALLY DEFERRED,
    agreement_id           text NOT NULL,
    service_point_id       text NOT NULL,
    schedule               text NOT NULL,
    kind                   text NOT NULL,
    days                   daterange NOT NULL CHECK (NOT isempty(days)),
    due_day                date NOT NULL,
    energy_wh              bigint NOT NULL,
    total_cents            bigint NOT NULL,
    line_count             integer NOT NULL CHECK (line_count >= 1),
    standing               text NOT NULL,
    tax_place              text NOT NULL,
    previous_balance_cents bigint NOT NULL,
    entry_id               text REFERENCES entry_key (entry_id) DEFERRABLE INITIALLY DEFERRED,
    known_at               timestamptz NOT NULL,
    lake_sequence          bigint NOT NULL,
    book_sha256            text NOT NULL,
    record                 bytea NOT NULL,
    record_sha256          text NOT NULL,
    PRIMARY KEY (bill_id, issued_day),
    CONSTRAINT bill_of_money_has_its_entry CHECK ((total_cents = 0) OR (entry_id IS NOT NULL)),
    CONSTRAINT due_after_issue CHECK (due_day >= issued_day),
    CONSTRAINT record_has_its_hash CHECK (record_sha256 = encode(sha256(record), 'hex'))
) PARTITION BY RANGE (issued_day);

CREATE TABLE bill_line (
    bill_id      text NOT NULL,
    issued_day   date NOT NULL,
    number       smallint NOT NULL CHECK (number >= 1),
    code         text NOT NULL,
    label        text NOT NULL,
    charge_group text NOT NULL,
    days         daterange NOT NULL,
    quantity     text NOT NULL,
    unit         text NOT NULL,
    price_usd    text NOT NULL,
    cents        bigint NOT NULL,
    standing     text NOT NULL,
    citation_ids text[] NOT NULL,
    PRIMARY KEY (bill_id, number, issued_day),
    CONSTRAINT line_cites_a_clause CHECK (cardinality(citation_ids) >= 1)
) PARTITION BY RANGE (issued_day);

CREATE INDEX bill_of_account ON bill (account_id);

-- At commit every bill that was touched has all its lines, and they sum to its total. A line added
-- later, in another transaction, is checked just so, and refused.
CREATE FUNCTION bill_adds_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    wanted bigint;
    total bigint;
    found_count bigint;
    found_total numeric;
BEGIN
    SELECT line_count, total_cents INTO wanted, total FROM public.bill
     WHERE bill_id = NEW.bill_id AND issued_day = NEW.issued_day;
    SELECT count(*), sum(cents) INTO found_count, found_total FROM public.bill_line
     WHERE bill_id = NEW.bill_id AND issued_day = NEW.issued_day;
    IF wanted IS NULL OR found_count <> wanted OR found_total <> total THEN
        RAISE EXCEPTION 'Bill %: % lines sum to % cents, the bill says % lines and % cents',
                        NEW.bill_id, found_count, coalesce(found_total, 0), wanted, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bill_adds_up';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER bill_adds_up AFTER INSERT ON bill
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bill_adds_up();
CREATE CONSTRAINT TRIGGER line_belongs AFTER INSERT ON bill_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bill_adds_up();

-- A claim is given up once, by naming the bill that takes its place; nothing else of it changes.
CREATE FUNCTION cancel_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.cancelled_by IS NULL AND NEW.cancelled_by IS NOT NULL
       AND to_jsonb(NEW) - 'cancelled_by' = to_jsonb(OLD) - 'cancelled_by'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE refused: in table % only cancelled_by may be set, once', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER cancelled_once BEFORE UPDATE ON service_period_claim
    FOR EACH ROW EXECUTE FUNCTION cancel_once();
ALTER TABLE service_period_claim ENABLE ALWAYS TRIGGER cancelled_once;
REVOKE ALL ON FUNCTION bill_adds_up(), cancel_once() FROM PUBLIC;

SELECT keep_undeleted('service_period_claim'), keep_append_only('bill'), keep_append_only('bill_line'),
       keep_append_only('citation'), keep_append_only('held_bill'),
       keep_personal('service_period_claim'), keep_personal('bill'), keep_personal('bill_line'),
       keep_personal('held_bill');
SELECT drop_like_indexes();
