-- Relief is agreed by two people before its first month begins, a month of a service point is adjusted
-- by one agreement, what is taken off a bill is posted, and it is taken back with the bill.

ALTER TABLE relief_step
    ADD CONSTRAINT step_of_a_relief FOREIGN KEY (relief_id) REFERENCES relief_agreement (relief_id),
    ADD CONSTRAINT acts_of_a_relief CHECK (act IN ('asked', 'approved', 'ended')),
    ADD CONSTRAINT a_relief_step_has_a_name_and_a_reason CHECK (
        plain_name("by") <> '' AND btrim(reason) <> ''),
    ADD CONSTRAINT only_an_end_has_a_first_day CHECK (from_day IS NULL OR act = 'ended');
ALTER TABLE bill_relief
    ADD CONSTRAINT bills_relief_is_of_a_relief FOREIGN KEY (relief_id)
        REFERENCES relief_agreement (relief_id),
    ADD CONSTRAINT relief_takes_off CHECK (charge_cents >= 0 AND tax_cents >= 0);

-- Whoever agrees to months of a service point waits for who does so already.
CREATE FUNCTION lock_relief(point text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
SELECT pg_advisory_xact_lock(hashtextextended('relief at ' || point, 0))
$$;

CREATE FUNCTION relief_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    agreed record;
    last   record;
    asked  text;
    first  date;
    other  text;
BEGIN
    SELECT a.* INTO agreed FROM public.relief_agreement a WHERE a.relief_id = NEW.relief_id;
    PERFORM public.lock_relief(agreed.service_point_id);
    SELECT s.number, s.act INTO last FROM public.relief_step s
     WHERE s.relief_id = NEW.relief_id ORDER BY s.number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'Step % of relief % does not follow step %',
                        NEW.number, NEW.relief_id, last.number
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'relief_steps_in_order';
    END IF;
    IF (NEW.number = 1) <> (NEW.act = 'asked')
       OR NEW.act = 'approved' AND last.act <> 'asked' OR NEW.act = 'ended' AND last.act = 'ended' THEN
        RAISE EXCEPTION 'Relief % is % and cannot be % now', NEW.relief_id, last.act, NEW.act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'relief_steps_follow';
    END IF;
    IF NEW.act <> 'approved' THEN
        RETURN NEW;
    END IF;
    SELECT s."by" INTO asked FROM public.relief_step s
     WHERE s.relief_id = NEW.relief_id AND s.number = 1;
    IF public.plain_name(asked) = public.plain_name(NEW."by") THEN
        RAISE EXCEPTION 'Relief % is approved by who asked for it', NEW.relief_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'relief_needs_two_people';
    END IF;
    SELECT min((m ->> 'from')::date) INTO first FROM jsonb_array_elements(agreed.months) m;
    IF NEW.on_day > first THEN
        RAISE EXCEPTION 'Relief % is agreed on %, and its first month began on %',
                        NEW.relief_id, NEW.on_day, first
            USING ERRCODE = 'check_violation', CONSTRAINT = 'relief_is_agreed_before';
    END IF;
    SELECT o.relief_id INTO other
      FROM public.relief_agreement o
      JOIN public.relief_step a ON a.relief_id = o.relief_id AND a.act = 'approved'
      LEFT JOIN public.relief_step e ON e.relief_id = o.relief_id AND e.act = 'ended'
     WHERE o.service_point_id = agreed.service_point_id AND o.relief_id <> NEW.relief_id
       AND EXISTS (SELECT FROM jsonb_array_elements(o.months) theirs
                     JOIN jsonb_array_elements(agreed.months) mine
                       ON mine ->> 'from' = theirs ->> 'from'
                    WHERE e.from_day IS NULL OR (theirs ->> 'from')::date < e.from_day)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'A month of relief % is adjusted by relief %', NEW.relief_id, other
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_month_has_one_relief';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER relief_steps_follow BEFORE INSERT ON relief_step
    FOR EACH ROW EXECUTE FUNCTION relief_steps_follow();
ALTER TABLE relief_step ENABLE ALWAYS TRIGGER relief_steps_follow;

-- At commit: a bill's relief is of an agreement that two people made for its month, and its entry
-- lowers what the account owes by that and by nothing else.
CREATE FUNCTION bills_relief_is_agreed_and_posted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    posted bigint;
    issued date;
BEGIN
    PERFORM FROM public.service_period_claim c
       JOIN public.relief_agreement a ON a.relief_id = NEW.relief_id
                                     AND a.account_id = c.account_id
                                     AND a.service_point_id = c.service_point_id
       JOIN public.relief_step s ON s.relief_id = a.relief_id AND s.act = 'approved'
       LEFT JOIN public.relief_step e ON e.relief_id = a.relief_id AND e.act = 'ended'
      WHERE c.bill_id = NEW.bill_id AND c.account_id = NEW.account_id
        AND (e.from_day IS NULL OR lower(c.days) < e.from_day)
        AND EXISTS (SELECT FROM jsonb_array_elements(a.months) m
                     WHERE (m ->> 'from')::date = lower(c.days));
    IF NOT FOUND THEN
        RAISE EXCEPTION 'No agreement adjusts bill %', NEW.bill_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bills_relief_is_agreed';
    END IF;
    SELECT c.issued_day INTO issued FROM public.service_period_claim c WHERE c.bill_id = NEW.bill_id;
    SELECT sum(p.cents) INTO posted FROM public.posting p
     WHERE p.entry_id = 'relief:' || NEW.bill_id AND p.effective_day = issued
       AND p.ledger_account = '142' AND p.customer_account_id = NEW.account_id;
    IF coalesce(-posted, 0) <> NEW.charge_cents + NEW.tax_cents THEN
        RAISE EXCEPTION 'Relief of bill % is of % cents, and % cents are posted',
                        NEW.bill_id, NEW.charge_cents + NEW.tax_cents, coalesce(-posted, 0)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bills_relief_is_posted';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER bills_relief_is_agreed_and_posted AFTER INSERT ON bill_relief
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION bills_relief_is_agreed_and_posted();
ALTER TABLE bill_relief ENABLE ALWAYS TRIGGER bills_relief_is_agreed_and_posted;

CREATE FUNCTION relief_is_taken_back_with_its_bill() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.bill_relief r
      WHERE r.bill_id = NEW.cancelled_bill AND r.charge_cents + r.tax_cents > 0
        AND NOT EXISTS (SELECT FROM public.entry_key k
                         WHERE k.entry_id = 'reversal:relief:' || NEW.cancelled_bill);
    IF FOUND THEN
        RAISE EXCEPTION 'Bill % is cancelled, and what was taken off it is not taken back',
                        NEW.cancelled_bill
            USING ERRCODE = 'check_violation', CONSTRAINT = 'relief_is_taken_back_with_its_bill';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER relief_is_taken_back_with_its_bill AFTER INSERT ON bill_correction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION relief_is_taken_back_with_its_bill();
ALTER TABLE bill_correction ENABLE ALWAYS TRIGGER relief_is_taken_back_with_its_bill;

REVOKE ALL ON FUNCTION lock_relief(text), relief_steps_follow(),
    bills_relief_is_agreed_and_posted(), relief_is_taken_back_with_its_bill() FROM PUBLIC;

SELECT register_cause('relief', 'bill_relief', 'bill_id');
SELECT keep_append_only('relief_agreement'), keep_append_only('relief_step'),
       keep_append_only('bill_relief'), keep_personal('relief_agreement'),
       keep_personal('relief_step'), keep_personal('bill_relief');
SELECT drop_like_indexes();
