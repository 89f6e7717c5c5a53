-- Events and cases are added to and never changed.

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['meter_event', 'meter_case', 'meter_case_event', 'meter_case_step'] LOOP
        PERFORM keep_append_only(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
END
$$;

SELECT drop_like_indexes();
