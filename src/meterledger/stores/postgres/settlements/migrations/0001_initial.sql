-- A settlement goes step by step under a lock on its accounts; who asks does not approve; and at the
-- end of the transaction the money that a step says it moved has moved, and no more than there was.

ALTER TABLE settlement
    ADD CONSTRAINT kinds_of_a_settlement CHECK (kind IN (
        'transfer', 'refund', 'write-off', 'recovery', 'fee', 'credit', 'provision')),
    ADD CONSTRAINT a_settlement_is_named_after_itself CHECK (settlement_id = kind || ':' || key),
    ADD CONSTRAINT only_a_provision_is_of_no_account CHECK ((kind = 'provision') = (account_id IS NULL)),
    ADD CONSTRAINT a_transfer_goes_to_another_account CHECK (
        (kind = 'transfer') = (to_account_id IS NOT NULL) AND account_id <> to_account_id);

ALTER TABLE settlement_step ADD CONSTRAINT acts_of_a_settlement CHECK (act IN (
    'asked', 'approved', 'refused', 'reversed', 'sent', 'cleared', 'stopped', 'returned', 'noticed',
    'unclaimed', 'claimed', 'escheated'));
ALTER TABLE settlement_step ADD CONSTRAINT a_step_that_moves_money_names_its_entry CHECK (
    (entry_id IS NULL) = (act IN ('asked', 'refused', 'cleared', 'noticed')));
-- What stands behind the prefix of the entry: its cause is looked for by it. The trigger fills it.
ALTER TABLE settlement_step ADD CONSTRAINT an_entry_key_is_of_its_entry CHECK (
    entry_key IS NOT DISTINCT FROM substr(entry_id, strpos(entry_id, ':') + 1));

CREATE FUNCTION settlement_acts_after(kind text, act text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
SELECT CASE
    WHEN act = 'asked' THEN ARRAY['approved', 'refused']
    WHEN kind <> 'refund' THEN CASE WHEN act = 'approved' THEN ARRAY['reversed'] ELSE ARRAY[]::text[] END
    WHEN act IN ('approved', 'stopped', 'returned', 'claimed')
        THEN ARRAY['sent', 'unclaimed', 'reversed']
    WHEN act = 'sent' THEN ARRAY['cleared', 'stopped', 'returned']
    WHEN act IN ('unclaimed', 'noticed') THEN ARRAY['noticed', 'claimed', 'escheated']
    ELSE ARRAY[]::text[] END
$$;

-- Whoever takes from an account waits for who takes from it already: what is there is looked at once.
CREATE FUNCTION lock_settled_account(account text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
SELECT pg_advisory_xact_lock(hashtextextended('settlement of ' || coalesce(account, ''), 0))
$$;

CREATE FUNCTION settlement_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    settled record;
    last    record;
    asked   text;
BEGIN
    NEW.entry_key := substr(NEW.entry_id, strpos(NEW.entry_id, ':') + 1);
    SELECT s.* INTO settled FROM public.settlement s WHERE s.settlement_id = NEW.settlement_id;
    PERFORM public.lock_settled_account(settled.account_id);
    SELECT t.number, t.act INTO last FROM public.settlement_step t
     WHERE t.settlement_id = NEW.settlement_id ORDER BY t.number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'Step % of settlement % does not follow step %',
                        NEW.number, NEW.settlement_id, last.number
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'settlement_steps_in_order';
    END IF;
    IF (NEW.number = 1) <> (NEW.act = 'asked')
       OR NEW.number > 1 AND NEW.act <> ALL (public.settlement_acts_after(settled.kind, last.act)) THEN
        RAISE EXCEPTION 'Settlement % is % and cannot be % now', NEW.settlement_id, last.act, NEW.act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settlement_steps_follow';
    END IF;
    IF NEW.act = 'approved' AND settled.needs_two THEN
        SELECT t."by" INTO asked FROM public.settlement_step t
         WHERE t.settlement_id = NEW.settlement_id AND t.number = 1;
        IF lower(btrim(asked)) = lower(btrim(NEW."by")) THEN
            RAISE EXCEPTION 'Settlement % is approved by who asked for it', NEW.settlement_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'asker_is_not_approver';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER settlement_steps_follow BEFORE INSERT ON settlement_step
    FOR EACH ROW EXECUTE FUNCTION settlement_steps_follow();
ALTER TABLE settlement_step ENABLE ALWAYS TRIGGER settlement_steps_follow;

CREATE FUNCTION settlements_are_of_their_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.payment_id IS NOT NULL AND NOT EXISTS (
           SELECT FROM public.payment p
            WHERE p.payment_key = NEW.payment_id AND p.account_id = NEW.account_id)
       OR NEW.payee_id IS NOT NULL AND NOT EXISTS (
           SELECT FROM public.verified_payee v
            WHERE v.payee_id = NEW.payee_id AND v.account_id = NEW.account_id) THEN
        RAISE EXCEPTION 'Settlement % goes to somebody of another account', NEW.settlement_id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'settlements_are_of_their_account';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER settlements_are_of_their_account BEFORE INSERT ON settlement
    FOR EACH ROW EXECUTE FUNCTION settlements_are_of_their_account();
ALTER TABLE settlement ENABLE ALWAYS TRIGGER settlements_are_of_their_account;

-- At commit: the entry of a step moves the settlement's cents and nothing else, and what it was taken
-- from is not below what there was: a refund leaves no debt, a write-off and a transfer no credit.
CREATE FUNCTION settled_money_was_there() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    settled record;
    moved   record;
    there   bigint;
    takes_credit boolean;
BEGIN
    SELECT s.* INTO settled FROM public.settlement s WHERE s.settlement_id = NEW.settlement_id;
    takes_credit := settled.kind = 'refund' OR settled.source = 'credit';
    IF NEW.entry_id IS NOT NULL THEN
        SELECT count(*) AS legs, max(p.cents) AS most, min(p.cents) AS least INTO moved
          FROM public.entry_key k
          JOIN public.posting p ON p.entry_id = k.entry_id AND p.effective_day = k.effective_day
         WHERE k.entry_id = NEW.entry_id;
        IF moved.legs <> 2 OR moved.most <> settled.cents OR moved.least <> -settled.cents THEN
            RAISE EXCEPTION 'Entry % does not move the % cents of settlement %',
                            NEW.entry_id, settled.cents, NEW.settlement_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_step_moves_its_cents';
        END IF;
    END IF;
    IF NEW.act <> 'approved' OR settled.kind NOT IN ('refund', 'write-off', 'transfer') THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(sum(p.cents), 0) INTO there FROM public.posting p
     WHERE p.customer_account_id = settled.account_id
       AND CASE WHEN NOT takes_credit THEN p.ledger_account = '142'
                WHEN settled.source = '235' THEN split_part(p.ledger_account, '.', 1) = '235'
                ELSE split_part(p.ledger_account, '.', 1) IN ('142', '143') END;
    IF takes_credit AND there > 0 OR NOT takes_credit AND there < 0 THEN
        RAISE EXCEPTION 'Settlement % takes more from account % than there is',
                        NEW.settlement_id, settled.account_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_money_was_there';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER settled_money_was_there AFTER INSERT ON settlement_step
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION settled_money_was_there();
ALTER TABLE settlement_step ENABLE ALWAYS TRIGGER settled_money_was_there;

REVOKE ALL ON FUNCTION settlement_acts_after(text, text), lock_settled_account(text), settlement_steps_follow(),
    settlements_are_of_their_account(), settled_money_was_there() FROM PUBLIC;

SELECT register_cause('transfer', 'settlement_step', 'entry_key'),
       register_cause('refund', 'settlement_step', 'entry_key'),
       register_cause('write-off', 'settlement_step', 'entry_key'),
       register_cause('recovery', 'settlement_step', 'entry_key'),
       register_cause('fee', 'settlement_step', 'entry_key'),
       register_cause('credit', 'settlement_step', 'entry_key'),
       register_cause('provision', 'settlement_step', 'entry_key'),
       register_cause('unclaimed', 'settlement_step', 'entry_key');

SELECT keep_append_only('settlement'), keep_append_only('settlement_step'),
       keep_append_only('verified_payee'), keep_personal('settlement'),
       keep_personal('settlement_step'), keep_personal('verified_payee');
SELECT drop_like_indexes();
