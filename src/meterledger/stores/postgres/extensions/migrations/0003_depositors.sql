-- The depositor of a contract is a verified payee of its account; contracts of before name none.

ALTER TABLE extension_contract NO FORCE ROW LEVEL SECURITY;
ALTER TABLE extension_contract ADD CONSTRAINT a_depositor_gives_a_deposit CHECK (
    depositor_id IS NULL OR terms ? 'deposit');
ALTER TABLE extension_contract FORCE ROW LEVEL SECURITY;

CREATE FUNCTION depositors_are_of_their_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.verified_payee v
         WHERE v.payee_id = NEW.depositor_id AND v.account_id = NEW.account_id
    ) THEN
        RAISE EXCEPTION 'The depositor of contract % is no payee of its account', NEW.contract_id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'depositors_are_of_their_account';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER depositors_are_of_their_account BEFORE INSERT ON extension_contract
    FOR EACH ROW WHEN (NEW.depositor_id IS NOT NULL)
    EXECUTE FUNCTION depositors_are_of_their_account();
ALTER TABLE extension_contract ENABLE ALWAYS TRIGGER depositors_are_of_their_account;
REVOKE ALL ON FUNCTION depositors_are_of_their_account() FROM PUBLIC;
