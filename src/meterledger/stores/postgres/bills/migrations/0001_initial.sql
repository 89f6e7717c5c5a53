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
    written_in             xid8 NOT NULL DEFAULT pg_current_xact_id(),
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

CREATE INDEX bill_by_transaction ON bill (written_in);

-- At commit every bill of the transaction has all its lines, and they sum to its total: asked once
-- for all of them, as the ledger's entries are.
CREATE UNLOGGED TABLE bill_check (
    written_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    from_day   date NOT NULL,
    until_day  date NOT NULL
);

CREATE FUNCTION remember_bills() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.bill_check (from_day, until_day)
    SELECT min(issued_day), max(issued_day) FROM added HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER remember_bills AFTER INSERT ON bill
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION remember_bills();
ALTER TABLE bill ENABLE ALWAYS TRIGGER remember_bills;

CREATE FUNCTION bills_add_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    broken record;
BEGIN
    SELECT b.bill_id, b.line_count, b.total_cents, l.lines, coalesce(l.cents, 0) AS cents
      INTO broken
      FROM public.bill b
      JOIN LATERAL (SELECT count(*) AS lines, sum(cents) AS cents FROM public.bill_line l
                     WHERE l.bill_id = b.bill_id AND l.issued_day = b.issued_day) l ON true
     WHERE b.written_in = NEW.written_in
       AND b.issued_day BETWEEN NEW.from_day AND NEW.until_day
       AND (l.lines <> b.line_count OR l.cents IS DISTINCT FROM b.total_cents)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Bill %: % lines sum to % cents, the bill says % lines and % cents',
                        broken.bill_id, broken.lines, broken.cents, broken.line_count,
                        broken.total_cents
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bills_add_up';
    END IF;
    DELETE FROM public.bill_check WHERE ctid = NEW.ctid;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER bills_add_up AFTER INSERT ON bill_check
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bills_add_up();
ALTER TABLE bill_check ENABLE ALWAYS TRIGGER bills_add_up;

CREATE FUNCTION lines_come_with_their_bill() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    late text;
BEGIN
    SELECT a.bill_id INTO late
      FROM (SELECT DISTINCT bill_id, issued_day FROM added) a
      LEFT JOIN public.bill b ON b.bill_id = a.bill_id AND b.issued_day = a.issued_day
     WHERE b.written_in IS DISTINCT FROM pg_current_xact_id()
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'A line of bill % does not come in the transaction of its bill', late
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lines_come_with_their_bill';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER lines_come_with_their_bill AFTER INSERT ON bill_line
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION lines_come_with_their_bill();
ALTER TABLE bill_line ENABLE ALWAYS TRIGGER lines_come_with_their_bill;

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
REVOKE ALL ON FUNCTION remember_bills(), bills_add_up(), lines_come_with_their_bill(), cancel_once() FROM PUBLIC;

SELECT keep_undeleted('service_period_claim'), keep_append_only('bill'), keep_append_only('bill_line'),
       keep_append_only('citation'), keep_append_only('held_bill'),
       keep_personal('service_period_claim'), keep_personal('bill'), keep_personal('bill_line'),
       keep_personal('held_bill');
SELECT drop_like_indexes();
