-- What became of a published file stays as it was written.

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY[
        'lake_superseded', 'lake_tombstone', 'lake_hold', 'lake_hold_released'
    ] LOOP
        PERFORM keep_append_only(kept::regclass);
    END LOOP;
    PERFORM keep_personal('lake_hold'), keep_personal('lake_hold_released');
END
$$;

SELECT drop_like_indexes();
