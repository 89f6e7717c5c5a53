-- Money that is handed to the State leaves, too: who hands it over is not who asked for the refund.

CREATE FUNCTION handed_over_by_another() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM public.settlement_step t
                WHERE t.settlement_id = NEW.settlement_id AND t.number = 1
                  AND public.plain_name(t."by") = public.plain_name(NEW."by")) THEN
        RAISE EXCEPTION 'Settlement % is handed over by who asked for it', NEW.settlement_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'asker_does_not_hand_over';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER handed_over_by_another BEFORE INSERT ON settlement_step
    FOR EACH ROW WHEN (NEW.act = 'escheated') EXECUTE FUNCTION handed_over_by_another();
ALTER TABLE settlement_step ENABLE ALWAYS TRIGGER handed_over_by_another;
