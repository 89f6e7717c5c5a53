-- Events of a contract follow each other, no advance is paid out twice or overdrawn, a bill is held
-- against one guarantee, and a month of a facility is charged once.

ALTER TABLE extension_contract ADD CONSTRAINT account_of_a_contract
    FOREIGN KEY (account_id) REFERENCES account (account_id);
ALTER TABLE extension_contract ADD CONSTRAINT a_contract_is_opened_by_a_name CHECK (btrim(by) <> '');
ALTER TABLE extension_event ADD CONSTRAINT contract_of_an_event
    FOREIGN KEY (contract_id) REFERENCES extension_contract (contract_id);
ALTER TABLE extension_event ADD CONSTRAINT acts_on_a_contract CHECK (act IN (
    'paid', 'payment returned', 'signed', 'released', 'served', 'notified', 'verified', 'rejected',
    'refunded', 'forfeited', 'tested', 'given back', 'charged', 'changed'));
ALTER TABLE extension_event ADD CONSTRAINT the_night_has_no_name CHECK (
    (act IN ('refunded', 'forfeited', 'tested', 'charged')) = (btrim(by) = ''));
-- Only what was paid raises an advance; a refund takes off it what it refunds, to the cent.
ALTER TABLE extension_event ADD CONSTRAINT what_moves_an_advance CHECK (CASE
    WHEN act = 'paid' THEN cents > 0 AND advance_cents IN (0, cents)
    WHEN act = 'payment returned' THEN cents > 0 AND advance_cents IN (0, -cents)
    WHEN act IN ('refunded', 'forfeited', 'given back') THEN cents >= 0 AND advance_cents = -cents
    ELSE advance_cents = 0 END);

CREATE UNIQUE INDEX a_bill_is_tested_and_a_month_charged_once ON extension_event (act, about)
    WHERE act IN ('tested', 'charged');

CREATE FUNCTION extension_events_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    known record;
BEGIN
    SELECT coalesce(max(e.number), 0) AS number, coalesce(sum(e.advance_cents), 0) AS held INTO known
      FROM public.extension_event e WHERE e.contract_id = NEW.contract_id;
    IF NEW.number <> known.number + 1 THEN
        RAISE EXCEPTION 'Event % of contract % does not follow', NEW.number, NEW.contract_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'extension_event_pkey';
    END IF;
    IF known.held + NEW.advance_cents < 0 THEN
        RAISE EXCEPTION 'More of the advance of contract % would go than is held', NEW.contract_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'no_advance_is_overdrawn';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER extension_events_follow BEFORE INSERT ON extension_event
    FOR EACH ROW EXECUTE FUNCTION extension_events_follow();
ALTER TABLE extension_event ENABLE ALWAYS TRIGGER extension_events_follow;

SELECT register_cause('ext-refund', 'extension_event', 'event_key'),
       register_cause('ext-forfeit', 'extension_event', 'event_key'),
       register_cause('ext-guarantee', 'extension_event', 'event_key'),
       register_cause('ext-credit', 'extension_event', 'event_key'),
       register_cause('special-facility', 'extension_event', 'event_key');

REVOKE ALL ON FUNCTION extension_events_follow() FROM PUBLIC;

SELECT keep_append_only('extension_contract'), keep_append_only('extension_event'),
       keep_personal('extension_contract'), keep_personal('extension_event');
SELECT drop_like_indexes();
