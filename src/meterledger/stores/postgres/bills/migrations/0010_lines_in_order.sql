-- Lines lie in the order in which they are written: by their transaction first, then by bill. Nine
-- lines of a bill in ten thousand places of an index were most of what an index cost a cycle. The
-- transaction is its bill's, as a line comes with its bill: what has the bill has the lines.

-- These rows are shown to viewers alone, and nobody views while the database is made new.
ALTER TABLE bill NO FORCE ROW LEVEL SECURITY;
ALTER TABLE bill_line NO FORCE ROW LEVEL SECURITY;
ALTER TABLE bill_line DISABLE TRIGGER append_only;
ALTER TABLE bill_line ADD COLUMN written_in xid8;
UPDATE bill_line l SET written_in = b.written_in
  FROM bill b WHERE b.bill_id = l.bill_id AND b.issued_day = l.issued_day;
ALTER TABLE bill_line
    ENABLE ALWAYS TRIGGER append_only,
    ALTER COLUMN written_in SET DEFAULT pg_current_xact_id(),
    ALTER COLUMN written_in SET NOT NULL,
    DROP CONSTRAINT bill_line_pkey,
    ADD PRIMARY KEY (written_in, bill_id, number, issued_day);
ALTER TABLE bill_line FORCE ROW LEVEL SECURITY;
ALTER TABLE bill FORCE ROW LEVEL SECURITY;

-- What bills stand on is asked once for all bills of a transaction, at its end, and not by a key for
-- each row: that they have their lines and these sum to them, that their lines have them, and that
-- their claim, account and entry are kept. Rows of these tables are never removed, so what is there
-- at commit stays there. A statement leaves one row here, and copies none of what it wrote: a record
-- of a bill is long.
ALTER TABLE bill
    DROP CONSTRAINT bill_bill_id_fkey,
    DROP CONSTRAINT bill_account_id_fkey,
    DROP CONSTRAINT bill_entry_id_fkey;
DROP TRIGGER remember_bills ON bill;
DROP TRIGGER lines_come_with_their_bill ON bill_line;
DROP FUNCTION lines_come_with_their_bill();
ALTER TABLE bill_check DROP COLUMN from_day, DROP COLUMN until_day;
CREATE INDEX bill_check_of_transaction ON bill_check (written_in);

CREATE OR REPLACE FUNCTION remember_bills() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.bill_check DEFAULT VALUES;
    RETURN NULL;
END
$$;
CREATE TRIGGER remember_bills AFTER INSERT ON bill
    FOR EACH STATEMENT EXECUTE FUNCTION remember_bills();
CREATE TRIGGER remember_bills AFTER INSERT ON bill_line
    FOR EACH STATEMENT EXECUTE FUNCTION remember_bills();
ALTER TABLE bill ENABLE ALWAYS TRIGGER remember_bills;
ALTER TABLE bill_line ENABLE ALWAYS TRIGGER remember_bills;

CREATE OR REPLACE FUNCTION bills_add_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    made   record;
    broken record;
    stray  text;
BEGIN
    DELETE FROM public.bill_check WHERE written_in = NEW.written_in;
    IF NOT FOUND THEN
        RETURN NULL;  -- the first row of the transaction has asked for all of them
    END IF;
    SELECT min(issued_day) AS first, max(issued_day) AS last, coalesce(sum(line_count), 0) AS lines
      INTO made FROM public.bill WHERE written_in = NEW.written_in;
    SELECT b.bill_id, b.line_count, b.total_cents, l.lines, coalesce(l.cents, 0) AS cents,
           b.account_id, b.entry_id, c.bill_id AS claim, a.account_id AS account,
           k.entry_id AS entry
      INTO broken
      FROM public.bill b
      JOIN LATERAL (SELECT count(*) AS lines, sum(cents) AS cents FROM public.bill_line l
                     WHERE l.written_in = b.written_in AND l.bill_id = b.bill_id
                       AND l.issued_day = b.issued_day
                       AND l.issued_day BETWEEN made.first AND made.last) l ON true
      LEFT JOIN public.service_period_claim c ON c.bill_id = b.bill_id
      LEFT JOIN public.account a ON a.account_id = b.account_id
      LEFT JOIN public.entry_key k ON k.entry_id = b.entry_id
     WHERE b.written_in = NEW.written_in AND b.issued_day BETWEEN made.first AND made.last
       AND (l.lines <> b.line_count OR l.cents IS DISTINCT FROM b.total_cents
            OR c.bill_id IS NULL OR a.account_id IS NULL
            OR (k.entry_id IS NULL AND b.entry_id IS NOT NULL))
     LIMIT 1;
    IF FOUND THEN
        IF broken.account IS NULL THEN
            RAISE EXCEPTION 'Bill % is of account %, which nobody has',
                            broken.bill_id, broken.account_id
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'bills_stand_on_what_is_kept',
                      DETAIL = format('There is no account %s.', broken.account_id);
        ELSIF broken.claim IS NULL THEN
            RAISE EXCEPTION 'Bill % has no claim of its days', broken.bill_id
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'bills_stand_on_what_is_kept',
                      DETAIL = format('There is no claim of bill %s.', broken.bill_id);
        ELSIF broken.entry IS NULL AND broken.entry_id IS NOT NULL THEN
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
          LEFT JOIN public.bill b ON b.bill_id = l.bill_id AND b.issued_day = l.issued_day
         WHERE l.written_in = NEW.written_in AND b.written_in IS DISTINCT FROM NEW.written_in
         LIMIT 1;
        RAISE EXCEPTION 'A line of bill % does not come in the transaction of its bill', stray
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lines_come_with_their_bill';
    END IF;
    RETURN NULL;
END
$$;
