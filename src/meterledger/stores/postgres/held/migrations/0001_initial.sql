-- A case goes step by step, a person's approval is of another person's release, and the bill of its
-- days ends it in the transaction that records the bill.

ALTER TABLE held_step ADD CONSTRAINT acts_of_a_held_case CHECK (act IN (
    'opened', 'seen', 'released', 'approved', 'excluded', 'reopened', 'billed', 'replaced'));
ALTER TABLE bill_run ADD CONSTRAINT states_of_a_run CHECK (state IN ('finished', 'stopped', 'let go'));
ALTER TABLE bill_run ADD CONSTRAINT a_run_is_let_go_by_a_name CHECK (
    state <> 'let go' OR (btrim(by) <> '' AND btrim(reason) <> ''));

CREATE INDEX held_step_that_ends ON held_step (case_id) WHERE act IN ('billed', 'replaced');
CREATE INDEX held_step_of_a_person ON held_step (case_id) WHERE by <> '';

CREATE FUNCTION one_open_held_case() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.held_case c
      WHERE c.agreement_id = NEW.agreement_id AND c.days IS NOT DISTINCT FROM NEW.days
        AND NOT EXISTS (SELECT FROM public.held_step s
                         WHERE s.case_id = c.case_id AND s.act IN ('billed', 'replaced'));
    IF FOUND THEN
        RAISE EXCEPTION 'A case of agreement % for these days is open already', NEW.agreement_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'one_open_held_case';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER one_open_held_case BEFORE INSERT ON held_case
    FOR EACH ROW EXECUTE FUNCTION one_open_held_case();
ALTER TABLE held_case ENABLE ALWAYS TRIGGER one_open_held_case;

CREATE FUNCTION held_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last record;
    seen record;
    decided record;
    made record;
BEGIN
    SELECT s.number, s.act INTO last FROM public.held_step s
     WHERE s.case_id = NEW.case_id ORDER BY s.number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'Step % of case % does not follow step %', NEW.number, NEW.case_id, last.number
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'held_steps_in_order';
    END IF;
    IF (NEW.act = 'opened') <> (NEW.number = 1) THEN
        RAISE EXCEPTION 'Case % is opened once, by its first step', NEW.case_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_held_case_is_opened_once';
    END IF;
    IF last.act IN ('billed', 'replaced') THEN
        RAISE EXCEPTION 'Case % has ended', NEW.case_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_held_case_ends_once';
    END IF;
    IF NEW.act NOT IN ('approved', 'billed') THEN
        RETURN NEW;
    END IF;
    SELECT s.total_cents, s.ceiling_cents INTO seen FROM public.held_step s
     WHERE s.case_id = NEW.case_id AND s.act IN ('opened', 'seen') ORDER BY s.number DESC LIMIT 1;
    SELECT s.act INTO decided FROM public.held_step s
     WHERE s.case_id = NEW.case_id AND s.by <> '' ORDER BY s.number DESC LIMIT 1;
    SELECT s.by AS who, s.total_cents INTO made FROM public.held_step s
     WHERE s.case_id = NEW.case_id AND s.act = 'released' ORDER BY s.number DESC LIMIT 1;
    IF NEW.act = 'approved' THEN
        IF decided.act IS DISTINCT FROM 'released'
           OR made.total_cents IS DISTINCT FROM seen.total_cents THEN
            RAISE EXCEPTION 'Nobody has released case % as it is now', NEW.case_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'an_approval_is_of_a_release';
        END IF;
        IF lower(btrim(made.who)) = lower(btrim(NEW."by")) THEN
            RAISE EXCEPTION 'Case % is approved by who released it', NEW.case_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'maker_is_not_approver';
        END IF;
    ELSIF seen.ceiling_cents IS NOT NULL AND NEW.total_cents > seen.ceiling_cents
          AND (decided.act IS DISTINCT FROM 'approved'
               OR made.total_cents IS DISTINCT FROM NEW.total_cents) THEN
        RAISE EXCEPTION 'Bill % is above the ceiling and was not let go by two people', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_people_above_the_ceiling';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER held_steps_follow BEFORE INSERT ON held_step
    FOR EACH ROW EXECUTE FUNCTION held_steps_follow();
ALTER TABLE held_step ENABLE ALWAYS TRIGGER held_steps_follow;

CREATE FUNCTION bills_end_held_cases() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT c.case_id, a.bill_id, a.total_cents, a.energy_wh, a.issued_day, a.known_at,
               (SELECT max(s.number) FROM public.held_step s WHERE s.case_id = c.case_id) AS number
          FROM added a
          JOIN public.held_case c
            ON c.agreement_id = a.agreement_id AND (c.days IS NULL OR c.days && a.days)
         WHERE NOT EXISTS (SELECT FROM public.held_step s
                            WHERE s.case_id = c.case_id AND s.act IN ('billed', 'replaced'))
         ORDER BY c.case_id
    LOOP
        INSERT INTO public.held_step (case_id, number, act, on_day, by, reason, code, sentence,
               findings, total_cents, energy_wh, ceiling_cents, bill_id, learned_at)
        VALUES (one.case_id, one.number + 1, 'billed', one.issued_day, '', '', '', '', '[]',
                one.total_cents, one.energy_wh, NULL, one.bill_id, one.known_at);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER bills_end_held_cases AFTER INSERT ON bill
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION bills_end_held_cases();
ALTER TABLE bill ENABLE ALWAYS TRIGGER bills_end_held_cases;

CREATE FUNCTION only_a_stopped_run_is_let_go() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.state = 'let go' AND NOT EXISTS (
        SELECT FROM public.bill_run r WHERE r.run_id = NEW.run_id AND r.state = 'stopped') THEN
        RAISE EXCEPTION 'Run % was not stopped', NEW.run_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'only_a_stopped_run_is_let_go';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER only_a_stopped_run_is_let_go BEFORE INSERT ON bill_run
    FOR EACH ROW EXECUTE FUNCTION only_a_stopped_run_is_let_go();
ALTER TABLE bill_run ENABLE ALWAYS TRIGGER only_a_stopped_run_is_let_go;

REVOKE ALL ON FUNCTION one_open_held_case(), held_steps_follow(), bills_end_held_cases(),
    only_a_stopped_run_is_let_go() FROM PUBLIC;

SELECT keep_append_only('held_case'), keep_append_only('held_step'), keep_append_only('bill_run'),
       keep_personal('held_case'), keep_personal('held_step');
SELECT drop_like_indexes();
