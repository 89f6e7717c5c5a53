-- Names of two people are compared as everywhere, whatever spaces a server knows (record 0002).
--
-- NOT VALID: a row of before may have such names, and is kept as it is told.

ALTER TABLE bank_adjustment
    DROP CONSTRAINT maker_is_not_approver,
    ADD CONSTRAINT maker_is_not_approver CHECK (
        public.plain_name(proposed_by) <> public.plain_name(approved_by)) NOT VALID;
ALTER TABLE bank_unmatch
    DROP CONSTRAINT maker_is_not_approver,
    ADD CONSTRAINT maker_is_not_approver CHECK (
        public.plain_name(by) <> public.plain_name(approved_by)) NOT VALID;

CREATE OR REPLACE FUNCTION bank_line_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last   record;
    number integer;
BEGIN
    SELECT coalesce(max(s.number), 0) + 1 INTO number FROM public.bank_line_step s
     WHERE s.line_id = NEW.line_id;
    SELECT s.act, s.by AS who INTO last FROM public.bank_line_step s
     WHERE s.line_id = NEW.line_id AND s.act <> 'explained' ORDER BY s.number DESC LIMIT 1;
    IF NEW.number <> number THEN
        RAISE EXCEPTION 'Step % of line % is not its next', NEW.number, NEW.line_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'bank_line_steps_in_order';
    END IF;
    IF (NEW.act IN ('adjustment approved', 'adjustment rejected')
        AND last.act IS DISTINCT FROM 'adjustment proposed')
       OR (NEW.act = 'adjustment proposed' AND last.act IN ('adjustment proposed', 'adjustment approved'))
    THEN
        RAISE EXCEPTION 'Line %: % does not follow %', NEW.line_id, NEW.act, last.act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_line_steps_follow';
    END IF;
    IF NEW.act = 'adjustment approved'
       AND public.plain_name(last.who) = public.plain_name(NEW."by") THEN
        RAISE EXCEPTION 'The adjustment of line % is approved by who proposed it', NEW.line_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'maker_is_not_approver';
    END IF;
    RETURN NEW;
END
$$;

-- Who takes back with another is named: spaces alone are nobody.
CREATE OR REPLACE FUNCTION an_undone_adjustment_is_taken_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    kept text;
BEGIN
    SELECT x.entry_id INTO kept
      FROM public.bank_match m JOIN public.bank_match_expectation x ON x.match_id = m.match_id
     WHERE m.match_id = NEW.match_id AND m.rule = 'adjusted by two people'
       AND (public.plain_name(NEW.approved_by) = '' OR NOT EXISTS (
            SELECT FROM public.entry_key k WHERE k.entry_id = 'reversal:' || x.entry_id));
    IF FOUND THEN
        RAISE EXCEPTION 'Match % is undone, and % is not taken back by two people',
                        NEW.match_id, kept
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_undone_adjustment_is_taken_back';
    END IF;
    RETURN NULL;
END
$$;
