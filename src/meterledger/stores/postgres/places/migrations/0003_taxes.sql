-- On two clocks like the other dated facts: the one update allowed closes `known`, once.

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['sales_tax_place', 'tax_exemption'] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (NOT isempty(days) AND NOT lower_inf(days))',
                       kept, kept || '_begins_on_a_day');
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (NOT isempty(known) AND NOT lower_inf(known))',
                       kept, kept || '_was_learned_at_an_instant');
        EXECUTE format('CREATE TRIGGER closed_once BEFORE UPDATE ON %I '
                       'FOR EACH ROW EXECUTE FUNCTION close_known_once()', kept);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER closed_once', kept);
        PERFORM keep_undeleted(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
END
$$;

SELECT drop_like_indexes();
