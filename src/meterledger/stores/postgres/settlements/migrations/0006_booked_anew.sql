-- Of one payment one charge and one recovery stand at a time: what was taken back does not count, and
-- special charges may be for the same thing. An index cannot ask the steps, so whoever posts one waits
-- for who posts another of the payment, and looks then.

CREATE FUNCTION a_payment_is_charged_and_recovered_once() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    settled record;
BEGIN
    SELECT s.* INTO settled FROM public.settlement s WHERE s.settlement_id = NEW.settlement_id;
    IF settled.kind NOT IN ('fee', 'recovery') OR settled.about = '' THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(
        hashtextextended(settled.kind || ' of payment ' || settled.about, 0));
    IF EXISTS (
           SELECT FROM public.settlement s
             JOIN LATERAL (SELECT t.act FROM public.settlement_step t
                            WHERE t.settlement_id = s.settlement_id
                            ORDER BY t.number DESC LIMIT 1) last ON last.act = 'approved'
            WHERE s.kind = settled.kind AND s.kind IN ('fee', 'recovery')
              AND s.about = settled.about AND s.settlement_id <> settled.settlement_id) THEN
        RAISE EXCEPTION 'Payment % has a % that stands', settled.about, settled.kind
            USING ERRCODE = 'unique_violation',
                  CONSTRAINT = 'a_payment_is_charged_and_recovered_once';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER a_payment_is_charged_and_recovered_once BEFORE INSERT ON settlement_step
    FOR EACH ROW WHEN (NEW.act = 'approved')
    EXECUTE FUNCTION a_payment_is_charged_and_recovered_once();
ALTER TABLE settlement_step ENABLE ALWAYS TRIGGER a_payment_is_charged_and_recovered_once;
REVOKE ALL ON FUNCTION a_payment_is_charged_and_recovered_once() FROM PUBLIC;
