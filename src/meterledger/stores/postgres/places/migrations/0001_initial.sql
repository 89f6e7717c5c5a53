-- Rows on two clocks: the one update allowed closes `known`, once.

CREATE FUNCTION close_known_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF upper_inf(OLD.known)
       AND to_jsonb(NEW) - 'known' = to_jsonb(OLD) - 'known'
       AND lower(NEW.known) = lower(OLD.known)
       AND NOT upper_inf(NEW.known)
       AND NOT isempty(NEW.known)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE refused: in table % only known may be closed, once', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Close what was believed and add what is believed now.';
END
$$;
REVOKE ALL ON FUNCTION close_known_once() FROM PUBLIC;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['account_holder', 'tax_place', 'meter_installation', 'agreement'] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (NOT isempty(days) AND NOT lower_inf(days))',
                       kept, kept || '_begins_on_a_day');
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (NOT isempty(known) AND NOT lower_inf(known))',
                       kept, kept || '_was_learned_at_an_instant');
        EXECUTE format('CREATE TRIGGER closed_once BEFORE UPDATE ON %I '
                       'FOR EACH ROW EXECUTE FUNCTION close_known_once()', kept);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER closed_once', kept);
        PERFORM keep_undeleted(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['person', 'account', 'premise', 'service_point'] LOOP
        PERFORM keep_append_only(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
END
$$;

SELECT drop_like_indexes();
