-- A bill is cancelled by a bill for the same days that takes its place, with its reversal, by a name
-- and for a reason: asked at commit, so that no other way of writing it gets through.

ALTER TABLE service_period_claim ADD CONSTRAINT cancelled_by_a_bill
    FOREIGN KEY (cancelled_by) REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE bill_correction
    ADD CONSTRAINT corrects_a_bill FOREIGN KEY (cancelled_bill)
        REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT corrected_by_a_bill FOREIGN KEY (corrected_bill)
        REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT correction_has_its_reversal FOREIGN KEY (reversal_entry_id)
        REFERENCES entry_key (entry_id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT correction_names_its_author CHECK (btrim(author) <> ''),
    ADD CONSTRAINT correction_states_its_reason CHECK (btrim(reason) <> ''),
    ADD CONSTRAINT correction_is_of_another_bill CHECK (cancelled_bill <> corrected_bill);

ALTER TABLE difference_left
    ADD CONSTRAINT left_of_a_bill FOREIGN KEY (bill_id)
        REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT left_by_somebody CHECK (btrim(author) <> ''),
    ADD CONSTRAINT left_for_a_reason CHECK (btrim(reason) <> '');

-- Of a claim that was given up: what says why, and a claim of the same agreement, place and days.
CREATE FUNCTION cancelled_bills_are_replaced() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.cancelled_by IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM public.bill_correction k
      JOIN public.service_period_claim c ON c.bill_id = k.corrected_bill
     WHERE k.cancelled_bill = NEW.bill_id AND k.corrected_bill = NEW.cancelled_by
       AND (c.agreement_id, c.service_point_id, c.days)
           = (NEW.agreement_id, NEW.service_point_id, NEW.days);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Bill % is cancelled, and no correction says which bill of the same days '
                        'takes its place, by whom and why', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'cancelled_bills_are_replaced';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER cancelled_bills_are_replaced AFTER INSERT OR UPDATE ON service_period_claim
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.cancelled_by IS NOT NULL) EXECUTE FUNCTION cancelled_bills_are_replaced();
ALTER TABLE service_period_claim ENABLE ALWAYS TRIGGER cancelled_bills_are_replaced;

-- Of a correction: its bill is cancelled by it, and what the bill posted is taken back to the cent.
CREATE FUNCTION corrections_are_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    posted text;
BEGIN
    PERFORM FROM public.service_period_claim
     WHERE bill_id = NEW.cancelled_bill AND cancelled_by = NEW.corrected_bill;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Bill % is corrected by %, and is not cancelled by it',
                        NEW.cancelled_bill, NEW.corrected_bill
            USING ERRCODE = 'check_violation', CONSTRAINT = 'corrections_are_whole';
    END IF;
    SELECT b.entry_id INTO posted
      FROM public.service_period_claim c
      JOIN public.bill b ON b.bill_id = c.bill_id AND b.issued_day = c.issued_day
     WHERE c.bill_id = NEW.cancelled_bill;
    IF posted IS NULL AND NEW.reversal_entry_id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM FROM public.entry WHERE entry_id = NEW.reversal_entry_id AND reverses = posted;
    IF NOT FOUND OR EXISTS (
        SELECT FROM public.posting WHERE entry_id IN (posted, NEW.reversal_entry_id)
         GROUP BY ledger_account, customer_account_id HAVING sum(cents) <> 0
    ) THEN
        RAISE EXCEPTION 'Entry % of cancelled bill % is not taken back to the cent',
                        posted, NEW.cancelled_bill
            USING ERRCODE = 'check_violation', CONSTRAINT = 'corrections_are_whole';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER corrections_are_whole AFTER INSERT ON bill_correction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION corrections_are_whole();
ALTER TABLE bill_correction ENABLE ALWAYS TRIGGER corrections_are_whole;
REVOKE ALL ON FUNCTION cancelled_bills_are_replaced(), corrections_are_whole() FROM PUBLIC;

SELECT keep_append_only('bill_correction'), keep_append_only('difference_left'),
       keep_personal('bill_correction'), keep_personal('difference_left');
SELECT drop_like_indexes();
