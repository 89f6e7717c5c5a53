-- Names of two people are compared as everywhere: runs of spaces are made one before those around a
-- name go, so that a name behind a tab is the same name; and a name of spaces alone is none.

CREATE OR REPLACE FUNCTION two_people_correct_above_the_ceiling() RETURNS trigger
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
       AND public.plain_name(NEW.approved_by) IN ('', public.plain_name(NEW.author)) THEN
        RAISE EXCEPTION 'Bill % is above the ceiling and was not corrected by two people',
                        NEW.corrected_bill
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_people_correct_above_the_ceiling';
    END IF;
    RETURN NULL;
END
$$;
