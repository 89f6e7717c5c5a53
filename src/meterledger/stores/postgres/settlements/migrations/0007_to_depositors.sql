-- What came back of a deposit of another party (252.depositors) leaves as a refund to that party, named
-- by the contract that it is about, and as no more than is due.

CREATE FUNCTION depositors_get_their_own() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.kind <> 'refund' OR NOT EXISTS (
        SELECT FROM public.extension_contract c
         WHERE c.contract_id = NEW.about AND c.account_id = NEW.account_id
           AND c.depositor_id = NEW.payee_id
    ) THEN
        RAISE EXCEPTION 'Settlement % takes what is due to a depositor, and goes to somebody else',
                        NEW.settlement_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'depositors_get_their_own';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER depositors_get_their_own BEFORE INSERT ON settlement
    FOR EACH ROW WHEN (NEW.source = '252.depositors') EXECUTE FUNCTION depositors_get_their_own();
ALTER TABLE settlement ENABLE ALWAYS TRIGGER depositors_get_their_own;
REVOKE ALL ON FUNCTION depositors_get_their_own() FROM PUBLIC;

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
    SELECT coalesce(sum(p.cents), 0) INTO there FROM public.posting p
     WHERE p.customer_account_id = settled.account_id
       AND CASE WHEN NOT takes_credit THEN p.ledger_account = '142'
                WHEN settled.source = '235' THEN split_part(p.ledger_account, '.', 1) = '235'
                WHEN settled.source = '252.depositors' THEN p.ledger_account = '252.depositors'
                ELSE split_part(p.ledger_account, '.', 1) IN ('142', '143') END;
    IF takes_credit AND there > 0 OR NOT takes_credit AND there < 0 THEN
        RAISE EXCEPTION 'Settlement % takes more from account % than there is',
                        NEW.settlement_id, settled.account_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_money_was_there';
    END IF;
    RETURN NULL;
END
$$;
