-- Names of two people are compared as everywhere, whatever spaces a server knows (record 0002).

CREATE OR REPLACE FUNCTION settlement_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    settled record;
    last    record;
    asked   text;
BEGIN
    NEW.entry_key := substr(NEW.entry_id, strpos(NEW.entry_id, ':') + 1);
    SELECT s.* INTO settled FROM public.settlement s WHERE s.settlement_id = NEW.settlement_id;
    PERFORM public.lock_settled_account(settled.account_id);
    SELECT t.number, t.act INTO last FROM public.settlement_step t
     WHERE t.settlement_id = NEW.settlement_id ORDER BY t.number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'Step % of settlement % does not follow step %',
                        NEW.number, NEW.settlement_id, last.number
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'settlement_steps_in_order';
    END IF;
    IF (NEW.number = 1) <> (NEW.act = 'asked')
       OR NEW.number > 1 AND NEW.act <> ALL (public.settlement_acts_after(settled.kind, last.act)) THEN
        RAISE EXCEPTION 'Settlement % is % and cannot be % now', NEW.settlement_id, last.act, NEW.act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_steps_follow';
    END IF;
    IF NEW.act = 'approved' AND settled.needs_two THEN
        SELECT t."by" INTO asked FROM public.settlement_step t
         WHERE t.settlement_id = NEW.settlement_id AND t.number = 1;
        IF public.plain_name(asked) = public.plain_name(NEW."by") THEN
            RAISE EXCEPTION 'Settlement % is approved by who asked for it', NEW.settlement_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'asker_is_not_approver';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
