-- A match can be undone, by a fact of its own; what is open is marked, so that nobody reads all.

-- What is open on each side. Triggers alone write the marks: a line or an expectation comes with its
-- mark, a match takes it, an undone match gives it back. Who finds it gone came second.
CREATE FUNCTION bank_lines_are_open() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.bank_open_line (line_id) SELECT line_id FROM added;
    RETURN NULL;
END
$$;
CREATE TRIGGER bank_lines_are_open AFTER INSERT ON bank_line
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION bank_lines_are_open();
ALTER TABLE bank_line ENABLE ALWAYS TRIGGER bank_lines_are_open;

CREATE FUNCTION cash_is_expected() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.bank_open_expectation (expectation_id, entry_id, number, effective_day, cents)
    SELECT entry_id || '#' || number, entry_id, number, effective_day, cents FROM added
     WHERE ledger_account = '131' OR ledger_account LIKE '131.%';
    RETURN NULL;
END
$$;
CREATE TRIGGER cash_is_expected AFTER INSERT ON posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION cash_is_expected();
ALTER TABLE posting ENABLE ALWAYS TRIGGER cash_is_expected;

CREATE FUNCTION a_match_takes_what_is_open() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    gone text;
BEGIN
    IF TG_TABLE_NAME = 'bank_match_line' THEN
        PERFORM FROM public.bank_open_line o JOIN added a USING (line_id)
          ORDER BY o.line_id FOR UPDATE OF o;
        WITH taken AS (DELETE FROM public.bank_open_line o USING added a
                        WHERE o.line_id = a.line_id RETURNING o.line_id)
        SELECT min(a.line_id) INTO gone FROM added a LEFT JOIN taken t USING (line_id)
         WHERE t.line_id IS NULL;
    ELSE
        PERFORM FROM public.bank_open_expectation o JOIN added a USING (expectation_id)
          ORDER BY o.expectation_id FOR UPDATE OF o;
        WITH taken AS (DELETE FROM public.bank_open_expectation o USING added a
                        WHERE o.expectation_id = a.expectation_id RETURNING o.expectation_id)
        SELECT min(a.expectation_id) INTO gone FROM added a LEFT JOIN taken t USING (expectation_id)
         WHERE t.expectation_id IS NULL;
    END IF;
    IF gone IS NOT NULL THEN
        RAISE EXCEPTION '% is matched already', gone
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'matched_once_at_a_time',
                  DETAIL = format('Key (name)=(%s) is matched already.', gone);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER a_match_takes_what_is_open AFTER INSERT ON bank_match_line
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION a_match_takes_what_is_open();
CREATE TRIGGER a_match_takes_what_is_open AFTER INSERT ON bank_match_expectation
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION a_match_takes_what_is_open();
ALTER TABLE bank_match_line ENABLE ALWAYS TRIGGER a_match_takes_what_is_open;
ALTER TABLE bank_match_expectation ENABLE ALWAYS TRIGGER a_match_takes_what_is_open;

-- These rows are shown to viewers alone, and nobody views while the database is made new.
ALTER TABLE posting NO FORCE ROW LEVEL SECURITY;
ALTER TABLE bank_line NO FORCE ROW LEVEL SECURITY;
ALTER TABLE bank_match_expectation NO FORCE ROW LEVEL SECURITY;
INSERT INTO bank_open_line (line_id)
SELECT l.line_id FROM bank_line l
 WHERE NOT EXISTS (SELECT FROM bank_match_line m WHERE m.line_id = l.line_id);
INSERT INTO bank_open_expectation (expectation_id, entry_id, number, effective_day, cents)
SELECT p.entry_id || '#' || p.number, p.entry_id, p.number, p.effective_day, p.cents
  FROM posting p
 WHERE (p.ledger_account = '131' OR p.ledger_account LIKE '131.%')
   AND NOT EXISTS (SELECT FROM bank_match_expectation m
                    WHERE m.expectation_id = p.entry_id || '#' || p.number);
ALTER TABLE posting FORCE ROW LEVEL SECURITY;
ALTER TABLE bank_line FORCE ROW LEVEL SECURITY;
ALTER TABLE bank_match_expectation FORCE ROW LEVEL SECURITY;

-- A piece may be matched again after its match was undone.
ALTER TABLE bank_match_line DROP CONSTRAINT bank_match_line_pkey, ADD PRIMARY KEY (line_id, match_id);
ALTER TABLE bank_match_expectation DROP CONSTRAINT bank_match_expectation_pkey,
    ADD PRIMARY KEY (expectation_id, match_id);

-- A line may be adjusted again after its adjustment was undone: an adjustment has a name of its own.
ALTER TABLE bank_adjustment DISABLE TRIGGER append_only;
ALTER TABLE bank_adjustment ADD COLUMN adjustment_key text;
UPDATE bank_adjustment SET adjustment_key = line_id;
ALTER TABLE bank_adjustment
    ENABLE ALWAYS TRIGGER append_only,
    DROP CONSTRAINT bank_adjustment_pkey,
    ADD PRIMARY KEY (adjustment_key),
    ADD CONSTRAINT an_adjustment_is_named_after_its_line CHECK (
        adjustment_key = line_id OR adjustment_key ~ '\.[0-9]+$'
        AND left(adjustment_key, length(line_id) + 1) = line_id || '.');
ALTER TABLE ledger_cause DISABLE TRIGGER append_only;
UPDATE ledger_cause SET key_column = 'adjustment_key' WHERE prefix = 'bank-adjustment';
ALTER TABLE ledger_cause ENABLE ALWAYS TRIGGER append_only;

ALTER TABLE bank_line_step
    DROP CONSTRAINT acts_on_a_bank_line,
    ADD CONSTRAINT acts_on_a_bank_line CHECK (act IN (
        'explained', 'adjustment proposed', 'adjustment approved', 'adjustment rejected',
        'match undone'));

ALTER TABLE bank_unmatch
    ADD CONSTRAINT a_person_undoes_a_match CHECK (btrim(by) <> '' AND btrim(reason) <> ''),
    ADD CONSTRAINT maker_is_not_approver CHECK (lower(btrim(by)) <> lower(btrim(approved_by)));

CREATE FUNCTION an_undone_match_is_open() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.bank_open_line (line_id)
    SELECT line_id FROM public.bank_match_line WHERE match_id = NEW.match_id;
    INSERT INTO public.bank_open_expectation (expectation_id, entry_id, number, effective_day, cents)
    SELECT expectation_id, entry_id, number, effective_day, cents
      FROM public.bank_match_expectation WHERE match_id = NEW.match_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER an_undone_match_is_open AFTER INSERT ON bank_unmatch
    FOR EACH ROW EXECUTE FUNCTION an_undone_match_is_open();
ALTER TABLE bank_unmatch ENABLE ALWAYS TRIGGER an_undone_match_is_open;

-- What two people posted is taken back by two people, in the transaction that undoes its match.
CREATE FUNCTION an_undone_adjustment_is_taken_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    kept text;
BEGIN
    SELECT x.entry_id INTO kept
      FROM public.bank_match m JOIN public.bank_match_expectation x ON x.match_id = m.match_id
     WHERE m.match_id = NEW.match_id AND m.rule = 'adjusted by two people'
       AND (btrim(NEW.approved_by) = '' OR NOT EXISTS (
            SELECT FROM public.entry_key k WHERE k.entry_id = 'reversal:' || x.entry_id));
    IF FOUND THEN
        RAISE EXCEPTION 'Match % is undone, and % is not taken back by two people',
                        NEW.match_id, kept
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_undone_adjustment_is_taken_back';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER an_undone_adjustment_is_taken_back AFTER INSERT ON bank_unmatch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION an_undone_adjustment_is_taken_back();
ALTER TABLE bank_unmatch ENABLE ALWAYS TRIGGER an_undone_adjustment_is_taken_back;

REVOKE ALL ON FUNCTION bank_lines_are_open(), cash_is_expected(), a_match_takes_what_is_open(),
    an_undone_match_is_open(), an_undone_adjustment_is_taken_back() FROM PUBLIC;

SELECT keep_append_only('bank_unmatch');
ALTER TABLE bank_open_expectation ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen_by_viewers ON bank_open_expectation FOR SELECT
    USING ((SELECT public.is_viewing()));
SELECT drop_like_indexes();
