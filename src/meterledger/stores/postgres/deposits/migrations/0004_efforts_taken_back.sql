-- An effort to return a deposit that was none is taken back, once, of its day, by another person than
-- who kept it.

ALTER TABLE deposit_step
    DROP CONSTRAINT acts_of_a_deposit,
    ADD CONSTRAINT acts_of_a_deposit CHECK (act IN (
        'noticed', 'asked', 'guaranteed', 'missed', 'paused', 'cancelled', 'disputed', 'settled',
        'reviewed', 'interest credited', 'interest added', 'applied', 'given back', 'requested',
        'effort', 'effort taken back', 'released', 'moved out', 'moved in', 'undone', 'owed back'));

CREATE UNIQUE INDEX an_effort_is_taken_back_once ON deposit_step (deposit_id, note)
    WHERE act = 'effort taken back';

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
    ELSIF NEW.act = 'effort taken back' THEN
        SELECT * INTO root FROM public.deposit_step s
         WHERE s.deposit_id = NEW.deposit_id AND s.key = NEW.note;
        IF root.act IS DISTINCT FROM 'effort' OR root.on_day <> NEW.on_day THEN
            RAISE EXCEPTION 'Step % takes back no effort', NEW.step_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_deposit_step_undoes_what_stands';
        END IF;
        IF public.plain_name(root."by") = public.plain_name(NEW."by") THEN
            RAISE EXCEPTION 'Step % takes back what the same person kept', NEW.step_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'another_takes_an_effort_back';
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
