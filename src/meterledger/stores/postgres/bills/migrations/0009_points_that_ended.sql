-- Of a claim that was given up: as before; of a part, its first days, where its own agreement or that of
-- the bill ended with them; or nothing of it, where one of both had ended by its first day: such a part
-- is given up to the bill itself that takes the place of its own.
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
        PERFORM FROM public.service_period_claim whole
         WHERE whole.bill_id = NEW.part_of
           AND (EXISTS (SELECT FROM public.service_period_claim c
                         WHERE c.bill_id = NEW.cancelled_by AND c.part_of = whole.cancelled_by
                           AND (c.agreement_id, c.service_point_id)
                               = (NEW.agreement_id, NEW.service_point_id)
                           AND (c.days = NEW.days
                                OR (lower(c.days) = lower(NEW.days)
                                    AND upper(c.days) < upper(NEW.days)
                                    AND EXISTS (SELECT FROM public.agreement a
                                                 WHERE a.agreement_id
                                                       IN (NEW.agreement_id, whole.agreement_id)
                                                   AND upper_inf(a.known)
                                                   AND upper(a.days) = upper(c.days)))))
                OR (NEW.cancelled_by = whole.cancelled_by
                    AND EXISTS (SELECT FROM public.agreement a
                                 WHERE a.agreement_id IN (NEW.agreement_id, whole.agreement_id)
                                   AND upper_inf(a.known)
                                   AND upper(a.days) <= lower(NEW.days))));
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Bill % is cancelled, and no correction says which bill of the same days '
                        'takes its place, by whom and why', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cancelled_bills_are_replaced';
    END IF;
    RETURN NULL;
END
$$;
