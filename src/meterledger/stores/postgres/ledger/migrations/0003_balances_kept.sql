-- What each customer owes and what each ledger account comes to, kept beside the legs, so that
-- nobody adds up the journal to know it. Triggers alone write it, in the transaction of the legs.

-- Each statement leaves one row here, and at commit the first of a transaction moves all its sums
-- and takes the rows of the others with it. Rows of balances are locked by nobody who still works:
-- only while a commit ends, and in the order of their names. The application has no right to it.
CREATE UNLOGGED TABLE moved_at_commit (
    written_in      xid8 NOT NULL DEFAULT pg_current_xact_id(),
    accounts        text[],
    cents           bigint[],
    deferred_cents  bigint[],
    since_days      date[],
    last_days       date[],
    ledger_accounts text[] NOT NULL,
    ledger_cents    bigint[] NOT NULL
);
CREATE INDEX moved_by_transaction ON moved_at_commit (written_in);

CREATE FUNCTION remember_balances() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO public.moved_at_commit (accounts, cents, deferred_cents, since_days, last_days,
                                        ledger_accounts, ledger_cents)
    SELECT c.accounts, c.cents, c.deferred_cents, c.since_days, c.last_days, l.names, l.cents
      FROM (SELECT array_agg(name) AS names, array_agg(cents) AS cents
              FROM (SELECT ledger_account AS name, sum(cents)::bigint AS cents
                      FROM added GROUP BY 1) each) l
     CROSS JOIN (
            SELECT array_agg(account) AS accounts, array_agg(cents) AS cents,
                   array_agg(deferred) AS deferred_cents, array_agg(since) AS since_days,
                   array_agg(last) AS last_days
              FROM (SELECT customer_account_id AS account,
                           coalesce(sum(cents) FILTER (WHERE ledger_account <> '142.budget'),
                                    0)::bigint AS cents,
                           coalesce(sum(cents) FILTER (WHERE ledger_account = '142.budget'),
                                    0)::bigint AS deferred,
                           min(effective_day) FILTER (WHERE ledger_account <> '142.budget')
                               AS since,
                           max(effective_day) FILTER (WHERE ledger_account <> '142.budget') AS last
                      FROM added
                     WHERE split_part(ledger_account, '.', 1) IN ('142', '143')
                     GROUP BY 1) each) c
     WHERE l.names IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER remember_balances AFTER INSERT ON posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION remember_balances();
ALTER TABLE posting ENABLE ALWAYS TRIGGER remember_balances;

-- A sum has 64 rows, and a server process moves one of them: two that commit at once seldom meet.
CREATE FUNCTION move_balances() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO public.receivable_balance AS kept (account_id, cents, deferred_cents, since_day,
                                                  last_day)
    SELECT a.account, sum(a.cents), sum(a.deferred_cents), min(a.since), max(a.last)
      FROM public.moved_at_commit m
     CROSS JOIN LATERAL unnest(m.accounts, m.cents, m.deferred_cents, m.since_days, m.last_days)
           AS a (account, cents, deferred_cents, since, last)
     WHERE m.written_in = NEW.written_in
     GROUP BY a.account ORDER BY a.account
        ON CONFLICT (account_id) DO UPDATE
       SET cents = kept.cents + excluded.cents,
           deferred_cents = kept.deferred_cents + excluded.deferred_cents,
           since_day = least(kept.since_day, excluded.since_day),
           last_day = greatest(kept.last_day, excluded.last_day);
    INSERT INTO public.ledger_sum AS kept (ledger_account, shard, cents)
    SELECT a.name, pg_backend_pid() % 64, sum(a.cents)
      FROM public.moved_at_commit m
     CROSS JOIN LATERAL unnest(m.ledger_accounts, m.ledger_cents) AS a (name, cents)
     WHERE m.written_in = NEW.written_in
     GROUP BY a.name ORDER BY a.name
        ON CONFLICT (ledger_account, shard) DO UPDATE SET cents = kept.cents + excluded.cents;
    DELETE FROM public.moved_at_commit WHERE written_in = NEW.written_in;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER move_balances AFTER INSERT ON moved_at_commit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION move_balances();
ALTER TABLE moved_at_commit ENABLE ALWAYS TRIGGER move_balances;

-- Rows are written over where they lie.
ALTER TABLE receivable_balance SET (fillfactor = 50);
ALTER TABLE ledger_sum SET (fillfactor = 50);

-- These rows are shown to viewers alone, and nobody views while the database is made new.
ALTER TABLE posting NO FORCE ROW LEVEL SECURITY;
INSERT INTO receivable_balance (account_id, cents, deferred_cents, since_day, last_day)
SELECT customer_account_id, coalesce(sum(cents) FILTER (WHERE ledger_account <> '142.budget'), 0),
       coalesce(sum(cents) FILTER (WHERE ledger_account = '142.budget'), 0),
       min(effective_day) FILTER (WHERE ledger_account <> '142.budget'),
       max(effective_day) FILTER (WHERE ledger_account <> '142.budget')
  FROM posting WHERE split_part(ledger_account, '.', 1) IN ('142', '143')
 GROUP BY 1;
INSERT INTO ledger_sum (ledger_account, shard, cents)
SELECT ledger_account, 0, sum(cents) FROM posting GROUP BY 1;
ALTER TABLE posting FORCE ROW LEVEL SECURITY;

REVOKE ALL ON FUNCTION remember_balances(), move_balances() FROM PUBLIC;
ALTER TABLE receivable_balance ENABLE ROW LEVEL SECURITY;
ALTER TABLE receivable_balance FORCE ROW LEVEL SECURITY;
CREATE POLICY seen_by_viewers ON receivable_balance FOR SELECT
    USING ((SELECT public.is_viewing()));
CREATE POLICY kept_by_triggers ON receivable_balance TO CURRENT_USER
    USING ((SELECT pg_catalog.pg_trigger_depth() > 0))
    WITH CHECK ((SELECT pg_catalog.pg_trigger_depth() > 0));
SELECT drop_like_indexes();
