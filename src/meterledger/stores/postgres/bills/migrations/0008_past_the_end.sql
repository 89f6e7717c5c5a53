-- Of a claim that was given up: as before; or a bill of days that are all past the end of its agreement,
-- which the final bill does not take, but cancels: it leaves nothing.
CREATE OR REPLACE FUNCTION cancelled_bills_are_replaced() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.cancelled_by IS NULL THEN
        RETURN NULL;
    END IF;
    IF NEW.part_of IS NULL THEN
        PERFORM FROM public.bill_correction k
          JOIN public.service_period_claim c ON c.bill_id = k.corrected_bill
         WHERE k.cancelled_bill = NEW.bill_id AND k.corrected_bill = NEW.cancelled_by
           AND c.part_of IS NULL
           AND (c.agreement_id, c.service_point_id) = (NEW.agreement_id, NEW.service_point_id)
           AND (c.days = NEW.days
                OR (k.leaves_nothing AND lower(NEW.days) >= upper(c.days)
                    AND EXISTS (SELECT FROM public.agreement a
                                 WHERE a.agreement_id = NEW.agreement_id AND upper_inf(a.known)
                                   AND upper(a.days) = upper(c.days)))
                OR (lower(c.days) = lower(NEW.days) AND upper(c.days) < upper(NEW.days)
                    AND EXISTS (SELECT FROM public.agreement a
                                 WHERE a.agreement_id = NEW.agreement_id AND upper_inf(a.known)
                                   AND upper(a.days) = upper(c.days)))
                OR (upper(c.days) = upper(NEW.days)
                    AND EXISTS (SELECT FROM public.agreement_put_right r
                                 WHERE r.agreement_id = NEW.agreement_id AND r.fact = 'first_day'
                                   AND r.learned_at = k.learned_at
                                   AND r.was = to_char(lower(NEW.days), 'YYYY-MM-DD')
                                   AND r.is_now = to_char(lower(c.days), 'YYYY-MM-DD'))))
           AND NOT EXISTS (SELECT FROM public.service_period_claim p
                            WHERE p.part_of = NEW.bill_id AND p.cancelled_by IS NULL);
    ELSE
        PERFORM FROM public.service_period_claim c
          JOIN public.service_period_claim whole ON whole.bill_id = NEW.part_of
         WHERE c.bill_id = NEW.cancelled_by AND c.part_of = whole.cancelled_by
           AND (c.agreement_id, c.service_point_id, c.days)
               = (NEW.agreement_id, NEW.service_point_id, NEW.days);
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Bill % is cancelled, and no correction says which bill of the same days '
                        'takes its place, by whom and why', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cancelled_bills_are_replaced';
    END IF;
    RETURN NULL;
END
$$;

-- A bill that rises above the ceiling leaves with two people; so do bills past an end of service that
-- come to more together: what is taken back with one final bill is one sum.
CREATE OR REPLACE FUNCTION two_people_correct_above_the_ceiling() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    asks bigint;
    asked bigint;
BEGIN
    IF NEW.ceiling_cents IS NULL THEN
        RETURN NULL;
    END IF;
    IF NEW.leaves_nothing THEN
        SELECT sum(b.total_cents), 0 INTO asks, asked
          FROM public.bill_correction k
          JOIN public.service_period_claim c ON c.bill_id = k.cancelled_bill
          JOIN public.bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
         WHERE k.corrected_bill = NEW.corrected_bill AND k.leaves_nothing;
    ELSE
        SELECT b.total_cents INTO asks
          FROM public.service_period_claim c
          JOIN public.bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
         WHERE c.bill_id = NEW.corrected_bill;
        SELECT b.total_cents INTO asked
          FROM public.service_period_claim c
          JOIN public.bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
         WHERE c.bill_id = NEW.cancelled_bill;
    END IF;
    IF asks > NEW.ceiling_cents AND asks > asked
       AND public.plain_name(NEW.approved_by) IN ('', public.plain_name(NEW.author)) THEN
        RAISE EXCEPTION 'Bill % is above the ceiling and was not corrected by two people',
                        NEW.corrected_bill
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_people_correct_above_the_ceiling';
    END IF;
    RETURN NULL;
END
$$;
SELECT drop_like_indexes();
