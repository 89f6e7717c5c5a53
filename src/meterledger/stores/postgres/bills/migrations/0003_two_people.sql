-- A corrected bill that rises above the ceiling of its day leaves with two people: who corrects it is
-- not who approves it. Asked at commit, when the bill and the one it takes the place of are there.

ALTER TABLE bill_correction ADD CONSTRAINT a_ceiling_is_an_amount CHECK (ceiling_cents > 0);

CREATE FUNCTION two_people_correct_above_the_ceiling() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    asks bigint;
    asked bigint;
BEGIN
    IF NEW.ceiling_cents IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT b.total_cents INTO asks
      FROM public.service_period_claim c
      JOIN public.bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
     WHERE c.bill_id = NEW.corrected_bill;
    SELECT b.total_cents INTO asked
      FROM public.service_period_claim c
      JOIN public.bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
     WHERE c.bill_id = NEW.cancelled_bill;
    IF asks > NEW.ceiling_cents AND asks > asked
       AND (btrim(NEW.approved_by) = ''
            OR lower(regexp_replace(btrim(NEW.approved_by), '\s+', ' ', 'g'))
             = lower(regexp_replace(btrim(NEW.author), '\s+', ' ', 'g'))) THEN
        RAISE EXCEPTION 'Bill % is above the ceiling and was not corrected by two people',
                        NEW.corrected_bill
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_people_correct_above_the_ceiling';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER two_people_correct_above_the_ceiling AFTER INSERT ON bill_correction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION two_people_correct_above_the_ceiling();
ALTER TABLE bill_correction ENABLE ALWAYS TRIGGER two_people_correct_above_the_ceiling;
REVOKE ALL ON FUNCTION two_people_correct_above_the_ceiling() FROM PUBLIC;
