-- What banks, processor and agencies said is added and never changed. The database itself refuses
-- a second debit for a bill's attempt, a debit of a bank account whose customer said that it was not
-- authorized, a checkout that posts twice, and anything that looks like a card number.

ALTER TABLE autopay_enrollment ADD CONSTRAINT enrollment_begins_on_a_day
    CHECK (NOT isempty(days) AND NOT lower_inf(days));
ALTER TABLE autopay_enrollment ADD CONSTRAINT enrollment_was_learned_at_an_instant
    CHECK (NOT isempty(known) AND NOT lower_inf(known));
CREATE TRIGGER closed_once BEFORE UPDATE ON autopay_enrollment
    FOR EACH ROW EXECUTE FUNCTION close_known_once();
ALTER TABLE autopay_enrollment ENABLE ALWAYS TRIGGER closed_once;

ALTER TABLE ach_order ADD CONSTRAINT kinds_of_order CHECK (kind IN ('debit', 'credit'));
ALTER TABLE bank_stop ADD CONSTRAINT kinds_of_stop
    CHECK (kind IN ('stopped', 'not authorized', 'changed'));
ALTER TABLE checkout ADD CONSTRAINT tenders_of_a_checkout CHECK (tender IN ('card', 'wallet'));
ALTER TABLE checkout_step ADD CONSTRAINT states_of_a_checkout
    CHECK (state IN ('unknown', 'posted', 'refused', 'taken back'));
ALTER TABLE pledge_step ADD CONSTRAINT acts_on_a_pledge CHECK (
    act = 'received' AND cents > 0 AND payment_key <> ''
    OR act = 'withdrawn' AND cents = 0 AND btrim(by) <> '' AND btrim(reason) <> '');
CREATE UNIQUE INDEX pledge_money_comes_once ON pledge_step (payment_key) WHERE payment_key <> '';

-- Thirteen to nineteen digits in a row that end with their Luhn digit.
CREATE FUNCTION looks_like_a_card(told text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
    digits text;
    total integer;
    one integer;
BEGIN
    FOR digits IN SELECT (regexp_matches(told, '[0-9]{13,}', 'g'))[1] LOOP
        CONTINUE WHEN length(digits) > 19;
        total := 0;
        FOR place IN 0 .. length(digits) - 1 LOOP
            one := substr(digits, length(digits) - place, 1)::integer;
            IF place % 2 = 1 THEN
                one := one * 2;
                IF one > 9 THEN one := one - 9; END IF;
            END IF;
            total := total + one;
        END LOOP;
        IF total % 10 = 0 THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END
$$;
ALTER TABLE checkout ADD CONSTRAINT no_card_number_in_a_checkout
    CHECK (NOT looks_like_a_card(checkout_id));
ALTER TABLE checkout_step ADD CONSTRAINT no_card_number_in_an_answer
    CHECK (NOT looks_like_a_card(reference || ' ' || redirect || ' ' || sentence));

-- While the outcome of one checkout of an account is unknown no other is begun: two buttons pressed at
-- once wait for each other here.
CREATE FUNCTION one_unknown_checkout() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('checkout of ' || NEW.account_id, 0));
    PERFORM FROM public.checkout c
      WHERE c.account_id = NEW.account_id AND c.checkout_id <> NEW.checkout_id
        AND coalesce((SELECT s.state FROM public.checkout_step s
                       WHERE s.checkout_id = c.checkout_id ORDER BY s.number DESC LIMIT 1),
                     'unknown') = 'unknown';
    IF FOUND THEN
        RAISE EXCEPTION 'Another checkout of account % has no known outcome', NEW.account_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'one_unknown_checkout';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER one_unknown_checkout BEFORE INSERT ON checkout
    FOR EACH ROW EXECUTE FUNCTION one_unknown_checkout();
ALTER TABLE checkout ENABLE ALWAYS TRIGGER one_unknown_checkout;

CREATE FUNCTION never_debited_again() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.ach_order o
       JOIN public.bank_account b ON b.bank_id = o.bank_id
       JOIN public.bank_stop s ON s.account_id = o.account_id AND s.fingerprint = b.fingerprint
      WHERE o.order_id = NEW.order_id AND o.kind = 'debit' AND s.kind = 'not authorized'
        AND NEW.file_id IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'Order % would debit a bank account that said it was not authorized',
            NEW.order_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'never_debited_again';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER never_debited_again BEFORE INSERT ON ach_order_end
    FOR EACH ROW EXECUTE FUNCTION never_debited_again();
ALTER TABLE ach_order_end ENABLE ALWAYS TRIGGER never_debited_again;
REVOKE ALL ON FUNCTION never_debited_again(), one_unknown_checkout() FROM PUBLIC;

SELECT keep_append_only('bank_account'), keep_append_only('bank_stop'), keep_append_only('ach_order'),
       keep_append_only('ach_file'), keep_append_only('ach_order_end'),
       keep_append_only('ach_returned'), keep_append_only('autopay_question'),
       keep_append_only('autopay_answer'), keep_append_only('checkout'),
       keep_append_only('checkout_step'), keep_append_only('pledge'),
       keep_append_only('pledge_step'), keep_append_only('expected_bank_line'),
       keep_undeleted('autopay_enrollment');
SELECT keep_personal('bank_account'), keep_personal('bank_stop'), keep_personal('ach_order'),
       keep_personal('ach_returned'), keep_personal('autopay_enrollment'),
       keep_personal('autopay_question'), keep_personal('autopay_answer'),
       keep_personal('checkout'), keep_personal('checkout_step'),
       keep_personal('pledge'), keep_personal('pledge_step');
SELECT drop_like_indexes();
