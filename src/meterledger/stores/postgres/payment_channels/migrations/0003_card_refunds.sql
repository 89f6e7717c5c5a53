-- A card refund is of a refund that two people approved, of its account and its cents, to the card of
-- the checkout that its payment was; one at a time, and never more than the payment brought. While
-- its outcome is unknown the refund goes no other way.

ALTER TABLE card_refund
    ADD CONSTRAINT a_card_refund_is_of_money CHECK (cents > 0),
    ADD CONSTRAINT a_person_sends_a_card_refund CHECK (btrim("by") <> '');
ALTER TABLE card_refund_step
    ADD CONSTRAINT states_of_a_card_refund CHECK (
        state IN ('unknown', 'done', 'refused', 'came back')),
    ADD CONSTRAINT no_card_number_in_a_card_refund CHECK (
        NOT looks_like_a_card(reference || ' ' || sentence));

CREATE FUNCTION card_refund_state(refund text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
SELECT coalesce((SELECT s.state FROM public.card_refund_step s
                  WHERE s.refund_id = refund ORDER BY s.number DESC LIMIT 1), 'unknown')
$$;

CREATE FUNCTION card_refunds_are_refunds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    out_already bigint;
    brought     bigint;
BEGIN
    PERFORM public.lock_settled_account(NEW.account_id);
    PERFORM FROM public.settlement s
      WHERE s.settlement_id = NEW.settlement_id AND s.kind = 'refund' AND s.payee_means = 'card'
        AND s.account_id = NEW.account_id AND s.cents = NEW.cents
        AND s.payment_id = 'checkout:' || NEW.checkout_id
        AND (SELECT t.act FROM public.settlement_step t WHERE t.settlement_id = s.settlement_id
              ORDER BY t.number DESC LIMIT 1) IN ('approved', 'stopped', 'returned', 'claimed')
        AND NOT EXISTS (SELECT FROM public.card_refund r
                         WHERE r.settlement_id = s.settlement_id
                           AND public.card_refund_state(r.refund_id) = 'unknown');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Card refund % is of no refund that is to be sent to its card', NEW.refund_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'card_refunds_are_refunds';
    END IF;
    SELECT coalesce(sum(r.cents), 0) INTO out_already FROM public.card_refund r
     WHERE r.checkout_id = NEW.checkout_id
       AND public.card_refund_state(r.refund_id) IN ('unknown', 'done');
    SELECT p.cents INTO brought FROM public.payment p
     WHERE p.payment_key = 'checkout:' || NEW.checkout_id
       AND NOT EXISTS (SELECT FROM public.entry_key k
                        WHERE k.entry_id = 'reversal:payment:' || p.payment_key);
    IF out_already + NEW.cents > coalesce(brought, 0) THEN
        RAISE EXCEPTION 'Card refund % of % cents is more than is left of checkout %',
                        NEW.refund_id, NEW.cents, NEW.checkout_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'no_more_than_was_taken';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER card_refunds_are_refunds BEFORE INSERT ON card_refund
    FOR EACH ROW EXECUTE FUNCTION card_refunds_are_refunds();
ALTER TABLE card_refund ENABLE ALWAYS TRIGGER card_refunds_are_refunds;

-- Runs after settlement_steps_follow, which holds the lock of the account.
CREATE FUNCTION what_may_have_left_waits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    settled record;
    newest  text;
BEGIN
    SELECT s.* INTO settled FROM public.settlement s WHERE s.settlement_id = NEW.settlement_id;
    IF settled.payee_means IS DISTINCT FROM 'card' OR settled.payment_id NOT LIKE 'checkout:%' THEN
        RETURN NEW;
    END IF;
    SELECT public.card_refund_state(r.refund_id) INTO newest FROM public.card_refund r
     WHERE r.settlement_id = NEW.settlement_id ORDER BY r.started_at DESC, r.refund_id DESC LIMIT 1;
    IF newest = 'unknown' OR NEW.act = 'sent' AND newest IS DISTINCT FROM 'done' THEN
        RAISE EXCEPTION 'Settlement % goes to a card, and the processor has not said that it left',
                        NEW.settlement_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'what_may_have_left_waits';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER what_may_have_left_waits BEFORE INSERT ON settlement_step
    FOR EACH ROW WHEN (NEW.act IN ('sent', 'reversed', 'unclaimed'))
    EXECUTE FUNCTION what_may_have_left_waits();
ALTER TABLE settlement_step ENABLE ALWAYS TRIGGER what_may_have_left_waits;

REVOKE ALL ON FUNCTION card_refund_state(text), card_refunds_are_refunds(), what_may_have_left_waits()
    FROM PUBLIC;

SELECT keep_append_only('card_refund'), keep_append_only('card_refund_step'),
       keep_personal('card_refund'), keep_personal('card_refund_step');
SELECT drop_like_indexes();
