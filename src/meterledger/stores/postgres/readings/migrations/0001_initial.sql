-- What came in stays as it came.

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY[
        'received_file', 'lake_version', 'lake_file', 'quarantined_line', 'register_reading'
    ] LOOP
        PERFORM keep_append_only(kept::regclass);
    END LOOP;
    PERFORM keep_personal('quarantined_line'), keep_personal('register_reading');
END
$$;

SELECT drop_like_indexes();
