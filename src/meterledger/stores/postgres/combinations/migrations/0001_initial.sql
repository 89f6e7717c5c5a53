-- Combinations on two clocks: the one update allowed closes `known`, once. Statements stay as issued.

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['combination', 'combined_account'] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (NOT isempty(days) AND NOT lower_inf(days))',
                       kept, kept || '_begins_on_a_day');
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (NOT isempty(known) AND NOT lower_inf(known))',
                       kept, kept || '_was_learned_at_an_instant');
        EXECUTE format('CREATE TRIGGER closed_once BEFORE UPDATE ON %I '
                       'FOR EACH ROW EXECUTE FUNCTION close_known_once()', kept);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER closed_once', kept);
        PERFORM keep_undeleted(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['combined_statement', 'combined_bill'] LOOP
        PERFORM keep_append_only(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
END
$$;

ALTER TABLE combined_bill ADD CONSTRAINT kinds_of_a_combined_bill CHECK (
    kind IN ('charged', 'taken back'));
ALTER TABLE combined_bill ADD CONSTRAINT combined_bill_is_of_a_bill
    FOREIGN KEY (bill_id) REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED;

-- What is printed, shown and kept is one number: a statement's totals are the sums of its bills.
CREATE FUNCTION refuse_unsummed_statement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    named text := NEW.statement_id;
    told record;
    summed record;
BEGIN
    SELECT charges_cents, asked_cents INTO told FROM public.combined_statement WHERE statement_id = named;
    SELECT coalesce(sum(charges_cents), 0) AS charges_cents,
           coalesce(sum(asked_cents), 0) AS asked_cents, count(*) AS bills
      INTO summed FROM public.combined_bill WHERE statement_id = named;
    IF summed.bills = 0 OR told.charges_cents <> summed.charges_cents
       OR told.asked_cents <> summed.asked_cents THEN
        RAISE EXCEPTION 'combined statement % is not the sum of its bills', named
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_statement_is_summed';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER summed AFTER INSERT ON combined_statement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unsummed_statement();
CREATE CONSTRAINT TRIGGER summed AFTER INSERT ON combined_bill
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unsummed_statement();
ALTER TABLE combined_statement ENABLE ALWAYS TRIGGER summed;
ALTER TABLE combined_bill ENABLE ALWAYS TRIGGER summed;

SELECT drop_like_indexes();
