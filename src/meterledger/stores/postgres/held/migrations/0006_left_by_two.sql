-- A bill at zero ends no case of a charged period that one person alone would leave uncharged: another
-- approves it first, as it is now. Who approves is another person already (maker_is_not_approver).

CREATE OR REPLACE FUNCTION held_steps_follow() RETURNS trigger
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
    SELECT s.act INTO decided FROM public.held_step s
     WHERE s.case_id = NEW.case_id AND s.by <> '' ORDER BY s.number DESC LIMIT 1;
    IF decided.act = 'excluded' AND NEW.act IN ('released', 'waived', 'approved', 'excluded') THEN
        RAISE EXCEPTION 'Case % is excluded, and nobody has reopened it', NEW.case_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_exclusion_is_taken_back_first';
    END IF;
    IF decided.act = 'excluded' AND NEW.act = 'billed' THEN
        RAISE EXCEPTION 'Bill % is of a window that a person has excluded', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'what_is_excluded_does_not_leave';
    END IF;
    IF NEW.act NOT IN ('approved', 'billed') THEN
        RETURN NEW;
    END IF;
    SELECT s.total_cents, s.ceiling_cents INTO seen FROM public.held_step s
     WHERE s.case_id = NEW.case_id AND s.act IN ('opened', 'seen') ORDER BY s.number DESC LIMIT 1;
    SELECT s.by AS who, s.total_cents, s.act INTO made FROM public.held_step s
     WHERE s.case_id = NEW.case_id AND s.act IN ('released', 'waived')
     ORDER BY s.number DESC LIMIT 1;
    IF NEW.act = 'approved' THEN
        IF coalesce(decided.act, '') NOT IN ('released', 'waived')
           OR made.total_cents IS DISTINCT FROM seen.total_cents THEN
            RAISE EXCEPTION 'Nobody has released case % as it is now', NEW.case_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'an_approval_is_of_a_release';
        END IF;
        IF public.plain_name(made.who) = public.plain_name(NEW."by") THEN
            RAISE EXCEPTION 'Case % is approved by who released it', NEW.case_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'maker_is_not_approver';
        END IF;
    ELSIF made.act = 'waived' AND decided.act = 'approved' AND NEW.total_cents > 0
          AND made.total_cents IS NOT DISTINCT FROM seen.total_cents THEN
        RAISE EXCEPTION 'Bill % charges a period that two people left uncharged', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'what_is_left_is_not_charged';
    ELSIF made.act = 'waived' AND decided.act IN ('waived', 'approved')
          AND NEW.total_cents = 0 AND seen.total_cents > 0
          AND (decided.act <> 'approved' OR made.total_cents IS DISTINCT FROM seen.total_cents) THEN
        RAISE EXCEPTION 'Bill % leaves a period uncharged that two people have not left so', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_people_leave_a_period';
    ELSIF seen.ceiling_cents IS NOT NULL AND NEW.total_cents > seen.ceiling_cents
          AND (decided.act IS DISTINCT FROM 'approved'
               OR made.total_cents IS DISTINCT FROM NEW.total_cents) THEN
        RAISE EXCEPTION 'Bill % is above the ceiling and was not let go by two people', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'two_people_above_the_ceiling';
    END IF;
    RETURN NEW;
END
$$;
