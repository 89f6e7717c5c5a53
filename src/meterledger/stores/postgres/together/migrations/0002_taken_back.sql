-- An arrangement that is taken back writes no row, it only closes one. A bill on its sum could be claimed
-- beside that: neither saw the other, and its points would stand on a bill that nobody has arranged.

CREATE FUNCTION no_claims_while_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    LOCK TABLE public.service_period_claim IN SHARE ROW EXCLUSIVE MODE;
    RETURN NEW;
END
$$;
CREATE TRIGGER no_claims_while_closed BEFORE UPDATE ON billed_together
    FOR EACH ROW EXECUTE FUNCTION no_claims_while_closed();
ALTER TABLE billed_together ENABLE ALWAYS TRIGGER no_claims_while_closed;
REVOKE ALL ON FUNCTION no_claims_while_closed() FROM PUBLIC;
