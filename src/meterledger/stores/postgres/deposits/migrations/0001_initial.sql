-- A deposit goes step by step, ends once, and at the end of the transaction nothing has left an
-- account's deposits that was not held there.

ALTER TABLE deposit ADD CONSTRAINT kinds_of_a_deposit CHECK (
    kind IN ('initial', 'continued', 'non-residential'));
ALTER TABLE deposit_step
    ADD CONSTRAINT acts_of_a_deposit CHECK (act IN (
        'noticed', 'asked', 'guaranteed', 'missed', 'paused', 'cancelled', 'disputed', 'settled',
        'reviewed', 'interest credited', 'interest added', 'applied', 'given back', 'requested',
        'effort', 'released', 'moved out', 'moved in')),
    ADD CONSTRAINT a_deposit_step_is_named_after_itself CHECK (step_id = deposit_id || '.' || key);

CREATE UNIQUE INDEX a_deposit_is_asked_for_once ON deposit_step (deposit_id) WHERE act = 'asked';
CREATE UNIQUE INDEX a_deposit_ends_once ON deposit_step (deposit_id)
    WHERE act IN ('given back', 'released', 'moved out');

-- Whoever adds a step waits for who adds one already: the same deposit goes one way.
CREATE FUNCTION deposit_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('deposit ' || NEW.deposit_id, 0));
    SELECT max(s.number) INTO last FROM public.deposit_step s WHERE s.deposit_id = NEW.deposit_id;
    IF NEW.number <> coalesce(last, 0) + 1 THEN
        RAISE EXCEPTION 'Step % of deposit % does not follow step %', NEW.number, NEW.deposit_id, last
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'deposit_steps_in_order';
    END IF;
    IF (NEW.number = 1) AND NEW.act NOT IN ('noticed', 'asked', 'moved in') THEN
        RAISE EXCEPTION 'Deposit % does not begin with what is %', NEW.deposit_id, NEW.act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_deposit_begins';
    END IF;
    IF NEW.act NOT IN ('requested', 'effort') AND EXISTS (
        SELECT FROM public.deposit_step s WHERE s.deposit_id = NEW.deposit_id
           AND s.act IN ('given back', 'released', 'moved out')) THEN
        RAISE EXCEPTION 'Deposit % has ended', NEW.deposit_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_deposit_that_ended_stays_so';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER deposit_steps_follow BEFORE INSERT ON deposit_step
    FOR EACH ROW EXECUTE FUNCTION deposit_steps_follow();
ALTER TABLE deposit_step ENABLE ALWAYS TRIGGER deposit_steps_follow;

-- A payment that is taken back later may leave less than nothing; what is decided here may not. And
-- a step that moves money has moved it, in the same transaction, by as much as it says.
CREATE FUNCTION deposits_hold_what_leaves() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    account text;
    held    bigint;
    moved   bigint;
    name    text;
BEGIN
    SELECT d.account_id INTO account FROM public.deposit d WHERE d.deposit_id = NEW.deposit_id;
    PERFORM pg_advisory_xact_lock(hashtextextended('deposits of ' || account, 0));
    name := CASE WHEN NEW.act LIKE 'interest%' THEN 'deposit-interest:'
                 WHEN NEW.act = 'applied' THEN 'deposit-applied:'
                 ELSE 'deposit-transfer:' END || NEW.step_id;
    SELECT sum(p.cents) INTO moved FROM public.posting p
     WHERE p.entry_id = name AND p.effective_day = NEW.on_day AND p.cents > 0;
    IF moved IS DISTINCT FROM NEW.cents THEN
        RAISE EXCEPTION 'Step % moves % cents and its entry %', NEW.step_id, NEW.cents, moved
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_deposit_step_moves_what_it_says';
    END IF;
    SELECT -sum(p.cents) INTO held FROM public.posting p
     WHERE p.customer_account_id = account AND p.ledger_account = '235';
    IF held < 0 THEN
        RAISE EXCEPTION 'More leaves the deposits of account % than they hold', account
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deposits_hold_what_leaves';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER deposits_hold_what_leaves AFTER INSERT ON deposit_step
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.cents > 0 AND NEW.act IN ('interest credited', 'interest added', 'applied', 'moved out'))
    EXECUTE FUNCTION deposits_hold_what_leaves();
ALTER TABLE deposit_step ENABLE ALWAYS TRIGGER deposits_hold_what_leaves;

REVOKE ALL ON FUNCTION deposit_steps_follow(), deposits_hold_what_leaves() FROM PUBLIC;

SELECT register_cause('deposit-interest', 'deposit_step', 'step_id'),
       register_cause('deposit-applied', 'deposit_step', 'step_id'),
       register_cause('deposit-transfer', 'deposit_step', 'step_id');
SELECT keep_append_only('deposit'), keep_append_only('deposit_step'),
       keep_personal('deposit'), keep_personal('deposit_step');
SELECT drop_like_indexes();
