-- Names of two people are compared as everywhere, whatever spaces a server knows (record 0002).

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
       OR (last.state = 'posted' AND NEW.state <> 'returned')
       OR (last.state = 'unapplied' AND NEW.state NOT IN ('unapplied', 'posted', 'returned')) THEN
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
