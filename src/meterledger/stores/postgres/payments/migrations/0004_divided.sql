-- Money without an account is divided over the accounts of a combined statement: it stands in parts,
-- which are receipts of their own. They are all of it; it goes back once, with all of them.

ALTER TABLE receipt_step
    DROP CONSTRAINT states_of_a_receipt,
    ADD CONSTRAINT states_of_a_receipt CHECK (state IN (
        'received', 'unknown', 'posted', 'unapplied', 'divided', 'returned', 'refused')),
    ADD CONSTRAINT a_receipt_is_divided_by_a_person CHECK (
        state <> 'divided' OR (act = 'assigned' AND entry_id IS NOT NULL));

CREATE INDEX receipt_step_divided ON receipt_step (payment_key) WHERE state = 'divided';

CREATE OR REPLACE FUNCTION receipt_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last record;
BEGIN
    SELECT s.number, s.act, s.state, s.by AS who INTO last FROM public.receipt_step s
     WHERE s.payment_key = NEW.payment_key ORDER BY s.number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'Step % of receipt % does not follow', NEW.number, NEW.payment_key
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'receipt_step_pkey';
    END IF;
    IF last.state IN ('returned', 'refused')
       OR (last.state IN ('posted', 'divided') AND NEW.state <> 'returned')
       OR (last.state <> 'unapplied' AND NEW.state = 'divided')
       OR (last.state = 'unapplied'
           AND NEW.state NOT IN ('unapplied', 'posted', 'divided', 'returned')) THEN
        RAISE EXCEPTION 'Receipt % is % and cannot become %', NEW.payment_key, last.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'receipt_steps_follow';
    END IF;
    IF NEW.act = 'sent back' THEN
        IF last.act IS DISTINCT FROM 'send back asked' THEN
            RAISE EXCEPTION 'Nobody has asked to send receipt % back', NEW.payment_key
                USING ERRCODE = 'check_violation', CONSTRAINT = 'sent_back_after_asking';
        END IF;
        IF public.plain_name(last.who) = public.plain_name(NEW."by") THEN
            RAISE EXCEPTION 'Receipt % is sent back by who asked for it', NEW.payment_key
                USING ERRCODE = 'check_violation', CONSTRAINT = 'maker_is_not_approver';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION parts_are_all_of_a_receipt() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    whole bigint;
    parts bigint;
BEGIN
    SELECT r.cents INTO whole FROM public.receipt r WHERE r.payment_key = NEW.payment_key;
    SELECT sum(p.cents) INTO parts
      FROM public.receipt f
      JOIN (SELECT DISTINCT m.statement_id, m.account_id FROM public.combined_bill m) m
        ON m.statement_id = f.account_told
      JOIN public.receipt p ON p.payment_key = NEW.payment_key || ':' || m.account_id
                           AND p.account_told = f.account_told
     WHERE f.payment_key = split_part(NEW.entry_id, 'payment:', 2);
    IF parts IS DISTINCT FROM whole THEN
        RAISE EXCEPTION 'Receipt % is divided into parts of % cents, and is of %', NEW.payment_key,
            parts, whole
            USING ERRCODE = 'check_violation', CONSTRAINT = 'parts_are_all_of_a_receipt';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER parts_are_all_of_a_receipt AFTER INSERT ON receipt_step
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'divided')
    EXECUTE FUNCTION parts_are_all_of_a_receipt();
ALTER TABLE receipt_step ENABLE ALWAYS TRIGGER parts_are_all_of_a_receipt;
REVOKE ALL ON FUNCTION parts_are_all_of_a_receipt() FROM PUBLIC;
