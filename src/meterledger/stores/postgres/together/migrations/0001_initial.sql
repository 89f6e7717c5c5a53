-- Which meters come on one bill, on two clocks: the one update allowed closes `known`, once. The claims
-- of live bills are what is arranged: no day of a point is on two bills, on none, or on another's.

ALTER TABLE billed_together
    ADD CONSTRAINT together_begins_on_a_day CHECK (NOT isempty(days) AND NOT lower_inf(days)),
    ADD CONSTRAINT together_was_learned_at_an_instant CHECK (NOT isempty(known) AND NOT lower_inf(known)),
    ADD CONSTRAINT together_is_of_two_agreements CHECK (agreement_id <> joined_agreement),
    ADD CONSTRAINT together_names_who_said_so CHECK (btrim(by) <> ''),
    ADD CONSTRAINT together_states_its_reason CHECK (btrim(reason) <> '');
CREATE TRIGGER closed_once BEFORE UPDATE ON billed_together
    FOR EACH ROW EXECUTE FUNCTION close_known_once();
ALTER TABLE billed_together ENABLE ALWAYS TRIGGER closed_once;
SELECT keep_undeleted('billed_together'), keep_personal('billed_together');

-- Of some bills, or of every live one of the agreements: its claims are what is arranged now.
CREATE FUNCTION refuse_not_as_arranged(named text[], bills text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    broken text;
BEGIN
    WITH arranged AS (
        SELECT t.agreement_id, t.joined_agreement, t.days AS all_days, t.days * a.days AS days
          FROM public.billed_together t
          JOIN public.agreement a ON a.agreement_id = t.joined_agreement AND upper_inf(a.known)
         WHERE upper_inf(t.known)
           AND (t.agreement_id = ANY (named) OR t.joined_agreement = ANY (named))
    ),
    live AS (
        SELECT c.bill_id, c.part_of, c.account_id, c.agreement_id, c.days
          FROM public.service_period_claim c
         WHERE c.cancelled_by IS NULL
           AND c.agreement_id IN (SELECT unnest(named) UNION SELECT agreement_id FROM arranged
                                  UNION SELECT joined_agreement FROM arranged)
    ),
    asked AS (
        SELECT * FROM live WHERE bills IS NULL OR bill_id = ANY (bills) OR part_of = ANY (bills)
    )
    SELECT found.sentence INTO broken FROM (
        SELECT format('Bill %s has not the days of agreement %s, which is billed with it',
                      c.bill_id, r.joined_agreement) AS sentence
          FROM asked c
          JOIN arranged r ON r.agreement_id = c.agreement_id AND r.days && c.days
         WHERE c.part_of IS NULL
           AND NOT EXISTS (SELECT FROM live p WHERE p.part_of = c.bill_id
                              AND p.agreement_id = r.joined_agreement AND p.days = c.days * r.days)
        UNION ALL
        SELECT format('Bill %s is of agreement %s alone, which is billed with %s',
                      c.bill_id, c.agreement_id, r.agreement_id)
          FROM asked c
          JOIN arranged r ON r.joined_agreement = c.agreement_id AND r.all_days && c.days
         WHERE c.part_of IS NULL
        UNION ALL
        SELECT format('Bill %s has days of agreement %s, which is not billed with it so',
                      p.part_of, p.agreement_id)
          FROM asked p
          LEFT JOIN live c ON c.bill_id = p.part_of AND c.part_of IS NULL
         WHERE p.part_of IS NOT NULL
           AND NOT EXISTS (SELECT FROM arranged r WHERE r.agreement_id = c.agreement_id
                              AND r.joined_agreement = p.agreement_id
                              AND c.account_id = p.account_id AND p.days = c.days * r.days)
        UNION ALL
        SELECT format('Days of agreement %s before bill %s are on no bill', p.agreement_id, p.part_of)
          FROM asked p
          JOIN public.agreement a ON a.agreement_id = p.agreement_id AND upper_inf(a.known)
         WHERE p.part_of IS NOT NULL AND lower(p.days) <> lower(a.days)
           AND NOT EXISTS (SELECT FROM public.service_period_claim b
                            WHERE b.cancelled_by IS NULL AND b.agreement_id = p.agreement_id
                              AND upper(b.days) = lower(p.days))
    ) found LIMIT 1;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION '%', broken
            USING ERRCODE = 'check_violation', CONSTRAINT = 'claims_are_as_arranged';
    END IF;
END
$$;

CREATE FUNCTION claims_are_as_arranged() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    named text[];
    bills text[];
BEGIN
    SELECT array_agg(DISTINCT a.agreement_id), array_agg(DISTINCT coalesce(a.part_of, a.bill_id))
      INTO named, bills
      FROM added a
     WHERE a.part_of IS NOT NULL
        OR EXISTS (SELECT FROM public.billed_together t
                    WHERE t.agreement_id = a.agreement_id AND upper_inf(t.known))
        OR EXISTS (SELECT FROM public.billed_together t
                    WHERE t.joined_agreement = a.agreement_id AND upper_inf(t.known));
    IF named IS NOT NULL THEN
        PERFORM public.refuse_not_as_arranged(named, bills);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER claims_are_as_arranged AFTER INSERT ON service_period_claim
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION claims_are_as_arranged();
ALTER TABLE service_period_claim ENABLE ALWAYS TRIGGER claims_are_as_arranged;

-- No bill is claimed while an arrangement is written: what is claimed before is seen at its commit, and
-- what comes after sees the arrangement.
CREATE FUNCTION together_is_of_one_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    LOCK TABLE public.service_period_claim IN SHARE ROW EXCLUSIVE MODE;
    IF (SELECT count(*) FROM public.agreement a
         WHERE a.agreement_id IN (NEW.agreement_id, NEW.joined_agreement) AND upper_inf(a.known)
           AND a.account_id = NEW.account_id AND a.days @> lower(NEW.days)) <> 2 THEN
        RAISE EXCEPTION 'Agreements % and % are not of account % with service on %',
                        NEW.agreement_id, NEW.joined_agreement, NEW.account_id, lower(NEW.days)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'together_is_of_one_account';
    END IF;
    IF EXISTS (SELECT FROM public.billed_together t
                WHERE upper_inf(t.known) AND t.days && NEW.days
                  AND (t.agreement_id = NEW.joined_agreement OR t.joined_agreement = NEW.agreement_id))
    THEN
        RAISE EXCEPTION 'Agreements % and % are billed together with others then',
                        NEW.agreement_id, NEW.joined_agreement
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'billed_with_one_other_a_day';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER together_is_of_one_account BEFORE INSERT ON billed_together
    FOR EACH ROW EXECUTE FUNCTION together_is_of_one_account();
ALTER TABLE billed_together ENABLE ALWAYS TRIGGER together_is_of_one_account;

CREATE FUNCTION arranged_as_claimed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM public.refuse_not_as_arranged(ARRAY[NEW.agreement_id, NEW.joined_agreement], NULL);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER arranged_as_claimed AFTER INSERT OR UPDATE ON billed_together
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION arranged_as_claimed();
ALTER TABLE billed_together ENABLE ALWAYS TRIGGER arranged_as_claimed;

-- A bill ends the open cases of every agreement of which it has days.
CREATE OR REPLACE FUNCTION bills_end_held_cases() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT c.case_id, a.bill_id, a.total_cents, a.energy_wh, a.issued_day, a.known_at,
               (SELECT max(s.number) FROM public.held_step s WHERE s.case_id = c.case_id) AS number
          FROM (SELECT bill_id, agreement_id, days, total_cents, energy_wh, issued_day, known_at,
                       kind FROM added
                UNION ALL
                SELECT b.bill_id, p.agreement_id, p.days, b.total_cents, b.energy_wh, b.issued_day,
                       b.known_at, b.kind
                  FROM added b JOIN public.service_period_claim p ON p.part_of = b.bill_id) a
          JOIN public.held_case c
            ON c.agreement_id = a.agreement_id AND (c.days IS NULL OR c.days && a.days)
         WHERE a.kind <> 'corrected' AND NOT EXISTS (SELECT FROM public.held_step s
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

REVOKE ALL ON FUNCTION refuse_not_as_arranged(text[], text[]), claims_are_as_arranged(),
    together_is_of_one_account(), arranged_as_claimed() FROM PUBLIC;
SELECT drop_like_indexes();
