-- Steps of a receipt follow each other, money is sent back by two people, and an application is
-- undone once, all of it. The first step comes in the transaction of its receipt.

ALTER TABLE receipt_step ADD CONSTRAINT states_of_a_receipt CHECK (state IN (
    'received', 'unknown', 'posted', 'unapplied', 'returned', 'refused'));
ALTER TABLE receipt_step ADD CONSTRAINT acts_on_a_receipt CHECK (act IN (
    'taken', 'told', 'assigned', 'reversed', 'send back asked', 'sent back'));
ALTER TABLE receipt_step ADD CONSTRAINT a_person_moves_money_with_a_name_and_a_reason CHECK (
    act IN ('taken', 'told') OR (btrim(by) <> '' AND btrim(reason) <> ''));
ALTER TABLE receipt_step ADD CONSTRAINT step_of_a_receipt
    FOREIGN KEY (payment_key) REFERENCES receipt (payment_key);
ALTER TABLE receipt_step ADD CONSTRAINT entry_of_a_step
    FOREIGN KEY (entry_id) REFERENCES entry_key (entry_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE application ADD CONSTRAINT credit_of_an_application
    FOREIGN KEY (source_entry_id) REFERENCES entry_key (entry_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE application ADD CONSTRAINT an_application_undoes_another
    FOREIGN KEY (undoes) REFERENCES application (application_id);
ALTER TABLE application ADD CONSTRAINT only_an_undoing_is_below_zero CHECK (
    cents <> 0 AND (cents < 0) = (undoes IS NOT NULL));
-- A card's number has no place here: a processor's reference is shorter, or has letters in it.
ALTER TABLE receipt ADD CONSTRAINT no_number_of_a_card CHECK (
    tender NOT IN ('card', 'wallet')
    OR (translate(reference, ' -', '') !~ '[0-9]{13}' AND check_number = ''));

CREATE INDEX receipt_step_by_account ON receipt_step (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX receipt_step_unapplied ON receipt_step (payment_key) WHERE state = 'unapplied';
CREATE INDEX receipt_of_file ON receipt (file_sha256) WHERE file_sha256 IS NOT NULL;

CREATE FUNCTION receipt_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last record;
BEGIN
    SELECT s.number, s.act, s.state, s.by AS who INTO last FROM public.receipt_step s
     WHERE s.payment_key = NEW.payment_key ORDER BY s.number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'Step % of receipt % does not follow', NEW.number, NEW.payment_key
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'receipt_step_pkey';
    END IF;
    IF last.state IN ('returned', 'refused')
       OR (last.state = 'posted' AND NEW.state <> 'returned')
       OR (last.state = 'unapplied' AND NEW.state NOT IN ('unapplied', 'posted', 'returned')) THEN
        RAISE EXCEPTION 'Receipt % is % and cannot become %', NEW.payment_key, last.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'receipt_steps_follow';
    END IF;
    IF NEW.act = 'sent back' THEN
        IF last.act IS DISTINCT FROM 'send back asked' THEN
            RAISE EXCEPTION 'Nobody has asked to send receipt % back', NEW.payment_key
                USING ERRCODE = 'check_violation', CONSTRAINT = 'sent_back_after_asking';
        END IF;
        IF lower(btrim(last.who)) = lower(btrim(NEW."by")) THEN
            RAISE EXCEPTION 'Receipt % is sent back by who asked for it', NEW.payment_key
                USING ERRCODE = 'check_violation', CONSTRAINT = 'maker_is_not_approver';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
-- The first step is checked by its number alone, without a function for each row of a file.
ALTER TABLE receipt_step ADD CONSTRAINT steps_begin_at_one CHECK (
    number > 1 OR number = 1 AND act IN ('taken', 'told'));
CREATE TRIGGER receipt_steps_follow BEFORE INSERT ON receipt_step
    FOR EACH ROW WHEN (NEW.number <> 1) EXECUTE FUNCTION receipt_steps_follow();
ALTER TABLE receipt_step ENABLE ALWAYS TRIGGER receipt_steps_follow;

CREATE FUNCTION an_undoing_is_of_all() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.application a
      WHERE a.application_id = NEW.undoes AND a.undoes IS NULL AND a.cents = -NEW.cents
        AND a.source_entry_id = NEW.source_entry_id AND a.item_id = NEW.item_id
        AND a.account_id = NEW.account_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Application % does not take back all of %', NEW.application_id, NEW.undoes
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_undoing_is_of_all';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER an_undoing_is_of_all BEFORE INSERT ON application
    FOR EACH ROW WHEN (NEW.undoes IS NOT NULL) EXECUTE FUNCTION an_undoing_is_of_all();
ALTER TABLE application ENABLE ALWAYS TRIGGER an_undoing_is_of_all;

-- `unapplied:KEY` brings money without an account; once it is assigned, `payment:KEY` moves it on.
SELECT register_cause('unapplied', 'receipt', 'payment_key');

REVOKE ALL ON FUNCTION receipt_steps_follow(), an_undoing_is_of_all() FROM PUBLIC;

SELECT keep_append_only('payment_file'), keep_append_only('payment_file_line'),
       keep_append_only('receipt'), keep_append_only('receipt_step'),
       keep_append_only('application'),
       keep_personal('payment_file_line'), keep_personal('receipt'),
       keep_personal('receipt_step'), keep_personal('application');
SELECT drop_like_indexes();
