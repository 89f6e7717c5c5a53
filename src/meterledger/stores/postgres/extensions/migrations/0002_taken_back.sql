-- A refund, what is kept, a guarantee's deposit given back or a charged month is taken back once, by
-- a person, with all of what it moved. Rows of before have none of it, and pass as they did.

ALTER TABLE extension_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE extension_event DROP CONSTRAINT acts_on_a_contract;
ALTER TABLE extension_event ADD CONSTRAINT acts_on_a_contract CHECK (act IN (
    'paid', 'payment returned', 'signed', 'released', 'served', 'notified', 'verified', 'rejected',
    'refunded', 'forfeited', 'tested', 'given back', 'charged', 'changed', 'taken back'));
ALTER TABLE extension_event DROP CONSTRAINT what_moves_an_advance;
ALTER TABLE extension_event ADD CONSTRAINT what_moves_an_advance CHECK (CASE
    WHEN act = 'paid' THEN cents > 0 AND advance_cents IN (0, cents)
    WHEN act = 'payment returned' THEN cents > 0 AND advance_cents IN (0, -cents)
    WHEN act IN ('refunded', 'forfeited', 'given back') THEN cents >= 0 AND advance_cents = -cents
    WHEN act = 'taken back' THEN cents >= 0 AND advance_cents IN (0, cents)
    ELSE advance_cents = 0 END);
ALTER TABLE extension_event FORCE ROW LEVEL SECURITY;

CREATE FUNCTION extension_events_take_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.extension_event e
         WHERE e.event_key = NEW.data ->> 'event' AND e.contract_id = NEW.contract_id
           AND e.act IN ('refunded', 'forfeited', 'given back', 'charged')
           AND e.cents = NEW.cents AND e.advance_cents = -NEW.advance_cents
    ) OR EXISTS (
        SELECT FROM public.extension_event e
         WHERE e.contract_id = NEW.contract_id AND e.act = 'taken back'
           AND e.data ->> 'event' = NEW.data ->> 'event'
    ) THEN
        RAISE EXCEPTION 'Nothing of contract % stands that is taken back so', NEW.contract_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'what_stands_is_taken_back_once';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER extension_events_take_back BEFORE INSERT ON extension_event
    FOR EACH ROW WHEN (NEW.act = 'taken back') EXECUTE FUNCTION extension_events_take_back();
ALTER TABLE extension_event ENABLE ALWAYS TRIGGER extension_events_take_back;
REVOKE ALL ON FUNCTION extension_events_take_back() FROM PUBLIC;
