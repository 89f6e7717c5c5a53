-- The tools with which every table is kept safe, and the record itself.
--
-- Functions that guard are SECURITY DEFINER with a fixed search_path: a check must see every row,
-- whoever writes. Row-level security binds the owner too (FORCE), except inside a trigger.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Whether this transaction has said who looks and why. store.viewing() is the door that says it.
CREATE FUNCTION is_viewing() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('meterledger.viewer', true), '') <> ''
   AND coalesce(current_setting('meterledger.purpose', true), '') <> '';

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% refused: table % is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Add a row that corrects or reverses; what is written stays.';
END
$$;

-- Rows are added, never changed or removed, whoever asks.
CREATE FUNCTION keep_append_only(kept regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', kept);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', kept);
END
$$;

-- Nothing is removed; a row-level trigger of the table says which update is allowed.
CREATE FUNCTION keep_undeleted(kept regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER undeleted BEFORE DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', kept);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER undeleted', kept);
END
$$;

-- Personal or usage data: rows are seen only by a named viewer for a stated purpose.
CREATE FUNCTION keep_personal(kept regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', kept);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', kept);
    EXECUTE format('CREATE POLICY seen_by_viewers ON %s FOR SELECT '
                   'USING ((SELECT public.is_viewing()))', kept);
    EXECUTE format('CREATE POLICY seen_by_checks ON %s FOR SELECT TO CURRENT_USER '
                   'USING ((SELECT pg_catalog.pg_trigger_depth() > 0))', kept);
    EXECUTE format('CREATE POLICY written ON %s FOR INSERT WITH CHECK (true)', kept);
    EXECUTE format('CREATE POLICY closed_by_viewers ON %s FOR UPDATE '
                   'USING ((SELECT public.is_viewing())) WITH CHECK (true)', kept);
END
$$;

-- Indexes for LIKE that Django adds to every text key: nobody asks that way, and they cost writes.
CREATE FUNCTION drop_like_indexes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    doomed regclass;
BEGIN
    FOR doomed IN
        SELECT i.indexrelid FROM pg_index i
          JOIN pg_class c ON c.oid = i.indexrelid
          JOIN pg_opclass o ON o.oid = ANY (i.indclass::oid[])
         WHERE o.opcname IN ('text_pattern_ops', 'varchar_pattern_ops')
           AND c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('DROP INDEX %s', doomed);
    END LOOP;
END
$$;

-- Make the partition of a table that holds a day's month. The application may call it and may
-- create nothing else. A finished table is attached, which does not stop writers of the parent.
CREATE FUNCTION ensure_month(parent text, day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    first date := date_trunc('month', day)::date;
    after date := (date_trunc('month', day) + interval '1 month')::date;
    name text := format('%s_%s', parent, to_char(day, 'YYYY_MM'));
BEGIN
    IF parent NOT IN ('bill', 'bill_line', 'entry', 'posting', 'record') THEN
        RAISE EXCEPTION 'Table % has no months', parent USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF day NOT BETWEEN date '1990-01-01' AND date '2100-12-31' THEN
        RAISE EXCEPTION 'No month is kept for %', day USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF to_regclass('public.' || name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('meterledger months'));
    -- Not to_regclass: it remembers the "no" of before we waited.
    PERFORM FROM pg_class WHERE relname = name AND relnamespace = 'public'::regnamespace;
    IF FOUND THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
                   'INCLUDING STORAGE)', name, parent);
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, name, first, after);
    PERFORM public.keep_append_only(format('public.%I', name)::regclass);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
    -- No policy and no grant on the partition itself: it is reached through its parent.
END
$$;

CREATE SEQUENCE record_number;

CREATE TABLE record (
    event_number bigint NOT NULL DEFAULT nextval('record_number'),
    recorded_day date NOT NULL,
    event        text NOT NULL CHECK (event <> ''),
    subject      text NOT NULL,
    data         jsonb NOT NULL,
    viewer       text NOT NULL,
    learned_at   timestamptz NOT NULL,
    written_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_number, recorded_day),
    CHECK (recorded_day = (learned_at AT TIME ZONE 'UTC')::date)
) PARTITION BY RANGE (recorded_day);

CREATE INDEX record_by_subject ON record (subject);

SELECT keep_append_only('record'), keep_append_only('read_log'), keep_personal('record');
SELECT drop_like_indexes();

REVOKE ALL ON FUNCTION refuse_change(), keep_append_only(regclass), keep_undeleted(regclass),
    keep_personal(regclass), drop_like_indexes(), ensure_month(text, date) FROM PUBLIC;
