-- Who approves is another person than who proposes: two names are one whatever their spaces, inside
-- too, and capitals.
--
-- NOT VALID: a row of before may have such names, and is kept as it is told. An upgrade is not
-- stopped by it; each new row is checked.

ALTER TABLE bank_adjustment
    DROP CONSTRAINT maker_is_not_approver,
    ADD CONSTRAINT maker_is_not_approver CHECK (
        lower(btrim(regexp_replace(proposed_by, '\s+', ' ', 'g')))
        <> lower(btrim(regexp_replace(approved_by, '\s+', ' ', 'g')))) NOT VALID;
ALTER TABLE bank_unmatch
    DROP CONSTRAINT maker_is_not_approver,
    ADD CONSTRAINT maker_is_not_approver CHECK (
        lower(btrim(regexp_replace(by, '\s+', ' ', 'g')))
        <> lower(btrim(regexp_replace(approved_by, '\s+', ' ', 'g')))) NOT VALID;

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
       AND lower(btrim(regexp_replace(last.who, '\s+', ' ', 'g')))
         = lower(btrim(regexp_replace(NEW."by", '\s+', ' ', 'g'))) THEN
        RAISE EXCEPTION 'The adjustment of line % is approved by who proposed it', NEW.line_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'maker_is_not_approver';
    END IF;
    RETURN NEW;
END
$$;
