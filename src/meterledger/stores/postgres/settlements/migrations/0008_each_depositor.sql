-- What a depositor is due is counted by the contract that it is about: another contract of the same
-- account is another party's money.

CREATE OR REPLACE FUNCTION settled_money_was_there() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    settled record;
    moved   record;
    there   bigint;
    takes_credit boolean;
BEGIN
    SELECT s.* INTO settled FROM public.settlement s WHERE s.settlement_id = NEW.settlement_id;
    takes_credit := settled.kind = 'refund' OR settled.source = 'credit';
    IF NEW.entry_id IS NOT NULL THEN
        SELECT count(*) AS legs, max(p.cents) AS most, min(p.cents) AS least INTO moved
          FROM public.entry_key k
          JOIN public.posting p ON p.entry_id = k.entry_id AND p.effective_day = k.effective_day
         WHERE k.entry_id = NEW.entry_id;
        IF moved.legs <> 2 OR moved.most <> settled.cents OR moved.least <> -settled.cents THEN
            RAISE EXCEPTION 'Entry % does not move the % cents of settlement %',
                            NEW.entry_id, settled.cents, NEW.settlement_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_step_moves_its_cents';
        END IF;
    END IF;
    IF NEW.act <> 'approved' OR settled.kind NOT IN ('refund', 'write-off', 'transfer') THEN
        RETURN NULL;
    END IF;
    IF settled.source = '252.depositors' THEN
        SELECT coalesce(sum(s.cents), 0) INTO there FROM public.settlement s
         WHERE s.account_id = settled.account_id AND s.about = settled.about
           AND s.source = '252.depositors'
           AND (SELECT t.act FROM public.settlement_step t WHERE t.settlement_id = s.settlement_id
                 ORDER BY t.number DESC LIMIT 1) NOT IN ('asked', 'refused', 'reversed');
        SELECT there - coalesce(sum(e.cents), 0) INTO there FROM public.extension_event e
         WHERE e.contract_id = settled.about AND e.act = 'refunded'
           AND NOT EXISTS (SELECT FROM public.extension_event g
                            WHERE g.contract_id = e.contract_id AND g.act = 'taken back'
                              AND g.data ->> 'event' = e.event_key);
    ELSE
        SELECT coalesce(sum(p.cents), 0) INTO there FROM public.posting p
         WHERE p.customer_account_id = settled.account_id
           AND CASE WHEN NOT takes_credit THEN p.ledger_account = '142'
                    WHEN settled.source = '235' THEN split_part(p.ledger_account, '.', 1) = '235'
                    ELSE split_part(p.ledger_account, '.', 1) IN ('142', '143') END;
    END IF;
    IF takes_credit AND there > 0 OR NOT takes_credit AND there < 0 THEN
        RAISE EXCEPTION 'Settlement % takes more from account % than there is',
                        NEW.settlement_id, settled.account_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_money_was_there';
    END IF;
    RETURN NULL;
END
$$;
