-- A credit to a bank account is ordered, and leaves, for a refund that two people agreed to and that is
-- not on its way: of its account and its cents, once for each sending. What left with a file is marked
-- as sent with that file before anything else is done with its refund.

CREATE FUNCTION next_order_of_refund(refund text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
SELECT refund || CASE WHEN count(*) = 0 THEN '' ELSE ':' || count(*) + 1 END
  FROM public.settlement_step t WHERE t.settlement_id = refund AND t.act = 'sent'
$$;

CREATE FUNCTION credit_is_of_a_refund(told public.ach_order) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF told.kind <> 'credit' THEN RETURN; END IF;
    PERFORM public.lock_settled_account(told.account_id);
    PERFORM FROM public.settlement s
      WHERE s.settlement_id = split_part(told.order_id, ':', 1) || ':' || split_part(told.order_id, ':', 2)
        AND s.kind = 'refund' AND s.payee_means = 'ach'
        AND s.account_id = told.account_id AND s.cents = told.cents
        AND public.next_order_of_refund(s.settlement_id) = told.order_id
        AND (SELECT t.act FROM public.settlement_step t WHERE t.settlement_id = s.settlement_id
              ORDER BY t.number DESC LIMIT 1) IN ('approved', 'stopped', 'returned', 'claimed');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Order % is a credit, and no refund is to be sent as it', told.order_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credits_are_refunds';
    END IF;
END
$$;

CREATE FUNCTION credits_are_ordered_for_refunds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM public.credit_is_of_a_refund(NEW);
    RETURN NEW;
END
$$;
CREATE TRIGGER credits_are_ordered_for_refunds BEFORE INSERT ON ach_order
    FOR EACH ROW EXECUTE FUNCTION credits_are_ordered_for_refunds();
ALTER TABLE ach_order ENABLE ALWAYS TRIGGER credits_are_ordered_for_refunds;

CREATE FUNCTION credits_leave_for_refunds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.file_id IS NOT NULL THEN
        PERFORM public.credit_is_of_a_refund(o) FROM public.ach_order o
         WHERE o.order_id = NEW.order_id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER credits_leave_for_refunds BEFORE INSERT ON ach_order_end
    FOR EACH ROW EXECUTE FUNCTION credits_leave_for_refunds();
ALTER TABLE ach_order_end ENABLE ALWAYS TRIGGER credits_leave_for_refunds;

-- Runs after settlement_steps_follow, which holds the lock of the account.
CREATE FUNCTION what_left_is_marked_first() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    left_with text;
BEGIN
    SELECT e.file_id INTO left_with FROM public.ach_order_end e
     WHERE e.order_id = public.next_order_of_refund(NEW.settlement_id) AND e.file_id IS NOT NULL;
    IF FOUND AND NOT (NEW.act = 'sent' AND NEW.reference = left_with) THEN
        RAISE EXCEPTION 'Settlement % left with file %', NEW.settlement_id, left_with
            USING ERRCODE = 'check_violation', CONSTRAINT = 'what_left_is_marked_first';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER what_left_is_marked_first BEFORE INSERT ON settlement_step
    FOR EACH ROW WHEN (NEW.act IN ('sent', 'reversed', 'unclaimed'))
    EXECUTE FUNCTION what_left_is_marked_first();
ALTER TABLE settlement_step ENABLE ALWAYS TRIGGER what_left_is_marked_first;

REVOKE ALL ON FUNCTION next_order_of_refund(text), credit_is_of_a_refund(ach_order),
    credits_are_ordered_for_refunds(), credits_leave_for_refunds(), what_left_is_marked_first()
    FROM PUBLIC;
