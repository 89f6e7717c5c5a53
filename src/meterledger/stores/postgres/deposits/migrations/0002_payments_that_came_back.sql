-- A payment of a deposit that comes back takes back what the deposit did: a step is undone once, by as
-- much as it moved and on its day, and what still stands of it is taken anew right after.

ALTER TABLE deposit_step
    DROP CONSTRAINT acts_of_a_deposit,
    ADD CONSTRAINT acts_of_a_deposit CHECK (act IN (
        'noticed', 'asked', 'guaranteed', 'missed', 'paused', 'cancelled', 'disputed', 'settled',
        'reviewed', 'interest credited', 'interest added', 'applied', 'given back', 'requested',
        'effort', 'released', 'moved out', 'moved in', 'undone', 'owed back'));

CREATE UNIQUE INDEX a_deposit_step_is_undone_once ON deposit_step (deposit_id, note)
    WHERE act = 'undone';

CREATE OR REPLACE FUNCTION deposit_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last   integer;
    before public.deposit_step;
    root   public.deposit_step;
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
    IF NEW.act = 'undone' THEN
        SELECT * INTO root FROM public.deposit_step s
         WHERE s.deposit_id = NEW.deposit_id AND s.key = NEW.note;
        IF root.act IS NULL OR (root.on_day, root.cents) IS DISTINCT FROM (NEW.on_day, NEW.cents)
           OR root.act NOT IN ('interest credited', 'interest added', 'applied', 'owed back') THEN
            RAISE EXCEPTION 'Step % undoes nothing that stands', NEW.step_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_deposit_step_undoes_what_stands';
        END IF;
    ELSIF NEW.key LIKE '%.again.%' THEN
        SELECT * INTO before FROM public.deposit_step s
         WHERE s.deposit_id = NEW.deposit_id AND s.number = NEW.number - 1;
        SELECT * INTO root FROM public.deposit_step s
         WHERE s.deposit_id = NEW.deposit_id AND s.key = split_part(NEW.key, '.again.', 1);
        IF before.act IS DISTINCT FROM 'undone' OR root.act IS DISTINCT FROM NEW.act
           OR split_part(before.note, '.again.', 1) <> root.key OR root.on_day <> NEW.on_day
           OR NEW.cents NOT BETWEEN 1 AND before.cents - 1 THEN
            RAISE EXCEPTION 'Step % takes nothing anew that was undone', NEW.step_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_deposit_step_undoes_what_stands';
        END IF;
    ELSIF NEW.act NOT IN ('requested', 'effort', 'owed back') AND EXISTS (
        SELECT FROM public.deposit_step s WHERE s.deposit_id = NEW.deposit_id
           AND s.act IN ('given back', 'released', 'moved out')) THEN
        RAISE EXCEPTION 'Deposit % has ended', NEW.deposit_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_deposit_that_ended_stays_so';
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION deposits_hold_what_leaves() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    account text;
    held    bigint;
    moved   bigint;
    name    text;
    root    public.deposit_step := NEW;
BEGIN
    SELECT d.account_id INTO account FROM public.deposit d WHERE d.deposit_id = NEW.deposit_id;
    PERFORM pg_advisory_xact_lock(hashtextextended('deposits of ' || account, 0));
    IF NEW.act = 'undone' THEN
        SELECT * INTO root FROM public.deposit_step s
         WHERE s.deposit_id = NEW.deposit_id AND s.key = NEW.note;
    END IF;
    name := CASE WHEN NEW.act = 'undone' THEN 'reversal:' ELSE '' END
         || CASE WHEN root.act LIKE 'interest%' THEN 'deposit-interest:'
                 WHEN root.act = 'applied' THEN 'deposit-applied:'
                 WHEN root.act = 'owed back' THEN 'deposit-owed:'
                 ELSE 'deposit-transfer:' END || root.step_id;
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
DROP TRIGGER deposits_hold_what_leaves ON deposit_step;
CREATE CONSTRAINT TRIGGER deposits_hold_what_leaves AFTER INSERT ON deposit_step
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.cents > 0 AND NEW.act IN ('interest credited', 'interest added', 'applied',
                                        'moved out', 'undone', 'owed back'))
    EXECUTE FUNCTION deposits_hold_what_leaves();
ALTER TABLE deposit_step ENABLE ALWAYS TRIGGER deposits_hold_what_leaves;

SELECT register_cause('deposit-owed', 'deposit_step', 'step_id');
