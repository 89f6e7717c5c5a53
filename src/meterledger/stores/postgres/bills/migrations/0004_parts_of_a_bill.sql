-- A bill of several service points claims the days of each: its own claim, and one part for each other.
-- The exclusion constraint is over all of them, so that no day of a point is on two bills.

ALTER TABLE service_period_claim
    ADD CONSTRAINT part_of_a_bill FOREIGN KEY (part_of)
        REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT part_of_another CHECK (part_of <> bill_id);
CREATE INDEX parts_of_a_bill ON service_period_claim (part_of) WHERE part_of IS NOT NULL;

-- Of a claim that was given up: what says why, and a claim of the same agreement, place and days. A
-- part is given up with its bill, and the bill that takes its place has that part.
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
           AND (c.agreement_id, c.service_point_id, c.days)
               = (NEW.agreement_id, NEW.service_point_id, NEW.days)
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
