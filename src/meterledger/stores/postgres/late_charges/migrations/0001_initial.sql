-- A charge is named after its account and delinquent day, so that it is posted once; forgiving one
-- takes two people, and what it was computed from stays as it was.

ALTER TABLE late_charge
    ADD CONSTRAINT late_charge_is_named_after_what_it_means CHECK (
        late_charge_id = account_id || ':' || to_char(delinquent_day, 'YYYY-MM-DD')
        OR late_charge_id ~ ('^' || account_id || ':' || to_char(delinquent_day, 'YYYY-MM-DD')
                             || ':[0-9]+$') AND replaces_id IS NOT NULL),
    ADD CONSTRAINT late_charge_record_has_its_hash CHECK (
        record_sha256 = encode(sha256(record), 'hex')),
    ADD CONSTRAINT late_charge_has_a_reason CHECK (cardinality(codes) >= 1);

ALTER TABLE late_charge_reversal
    ADD CONSTRAINT causes_of_a_reversal CHECK (cause IN ('corrected bill', 'by decision')),
    ADD CONSTRAINT a_reversal_has_a_reason CHECK (btrim(reason) <> ''),
    ADD CONSTRAINT maker_is_not_approver CHECK (
        cause <> 'by decision'
        OR btrim(by) <> '' AND btrim(approved_by) <> ''
           AND lower(btrim(by)) <> lower(btrim(approved_by)));

ALTER TABLE government_account
    ADD CONSTRAINT somebody_says_whose_account_it_is CHECK (btrim(by) <> '');

SELECT register_cause('late', 'late_charge', 'late_charge_id');

-- A charge is the receivable of its entry, to the cent, when its transaction ends.
CREATE FUNCTION late_charges_are_posted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.posting p
      WHERE p.entry_id = 'late:' || NEW.late_charge_id AND p.effective_day = NEW.on_day
        AND p.ledger_account = '142' AND p.customer_account_id = NEW.account_id
        AND p.cents = NEW.cents;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Late charge % is not posted with its entry', NEW.late_charge_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'late_charges_are_posted';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER late_charges_are_posted AFTER INSERT ON late_charge
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late_charges_are_posted();
ALTER TABLE late_charge ENABLE ALWAYS TRIGGER late_charges_are_posted;

CREATE FUNCTION late_reversals_are_posted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.entry_key k WHERE k.entry_id = 'reversal:late:' || NEW.late_charge_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The reversal of late charge % is not posted', NEW.late_charge_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'late_reversals_are_posted';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER late_reversals_are_posted AFTER INSERT ON late_charge_reversal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late_reversals_are_posted();
ALTER TABLE late_charge_reversal ENABLE ALWAYS TRIGGER late_reversals_are_posted;

REVOKE ALL ON FUNCTION late_charges_are_posted(), late_reversals_are_posted() FROM PUBLIC;

SELECT keep_append_only('late_charge'), keep_append_only('late_charge_reversal'),
       keep_append_only('late_charge_wait'), keep_append_only('late_charge_run'),
       keep_append_only('government_account'),
       keep_personal('late_charge'), keep_personal('late_charge_reversal'),
       keep_personal('late_charge_wait'), keep_personal('government_account');
SELECT drop_like_indexes();
