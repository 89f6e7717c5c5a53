-- What was found, estimated and decided stays as it was written.

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY[
        'usage_run', 'usage_batch', 'usage_finding', 'usage_finding_cleared', 'usage_review',
        'usage_edit', 'usage_estimate', 'reading_effort'
    ] LOOP
        PERFORM keep_append_only(kept::regclass);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY[
        'usage_finding', 'usage_finding_cleared', 'usage_review', 'usage_edit', 'usage_estimate',
        'reading_effort'
    ] LOOP
        PERFORM keep_personal(kept::regclass);
    END LOOP;
END
$$;

SELECT drop_like_indexes();
