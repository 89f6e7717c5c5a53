-- What the bank's lines come to, and what of both sides is matched, kept beside them, so that nobody
-- adds up years to know it. Triggers alone write it, in the transaction of the lines.
CREATE FUNCTION move_bank_sum(of_side text, more_cents bigint, more_pieces bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog
BEGIN ATOMIC
    UPDATE public.bank_sum SET cents = cents + more_cents, pieces = pieces + more_pieces
     WHERE side = of_side AND more_pieces <> 0;
END;

CREATE FUNCTION lines_are_summed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM public.move_bank_sum('lines', coalesce(sum(cents), 0)::bigint, count(*)) FROM added;
    RETURN NULL;
END
$$;
CREATE TRIGGER lines_are_summed AFTER INSERT ON bank_line
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION lines_are_summed();
ALTER TABLE bank_line ENABLE ALWAYS TRIGGER lines_are_summed;

CREATE FUNCTION matched_lines_are_summed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM public.move_bank_sum('lines matched', coalesce(sum(l.cents), 0)::bigint, count(*))
       FROM added a JOIN public.bank_line l ON l.line_id = a.line_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER matched_lines_are_summed AFTER INSERT ON bank_match_line
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION matched_lines_are_summed();
ALTER TABLE bank_match_line ENABLE ALWAYS TRIGGER matched_lines_are_summed;

CREATE FUNCTION matched_cash_is_summed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM public.move_bank_sum('expectations matched', coalesce(sum(cents), 0)::bigint, count(*))
       FROM added;
    RETURN NULL;
END
$$;
CREATE TRIGGER matched_cash_is_summed AFTER INSERT ON bank_match_expectation
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION matched_cash_is_summed();
ALTER TABLE bank_match_expectation ENABLE ALWAYS TRIGGER matched_cash_is_summed;

-- Lines before expectations, as a match comes: two who write wait for each other in one order.
CREATE FUNCTION undone_matches_are_summed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM public.move_bank_sum('lines matched', coalesce(-sum(l.cents), 0)::bigint, -count(*))
       FROM public.bank_match_line k JOIN public.bank_line l ON l.line_id = k.line_id
      WHERE k.match_id = NEW.match_id;
    PERFORM public.move_bank_sum('expectations matched', coalesce(-sum(k.cents), 0)::bigint,
                                 -count(*))
       FROM public.bank_match_expectation k WHERE k.match_id = NEW.match_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER undone_matches_are_summed AFTER INSERT ON bank_unmatch
    FOR EACH ROW EXECUTE FUNCTION undone_matches_are_summed();
ALTER TABLE bank_unmatch ENABLE ALWAYS TRIGGER undone_matches_are_summed;

-- These rows are shown to viewers alone, and nobody views while the database is made new.
ALTER TABLE bank_line NO FORCE ROW LEVEL SECURITY;
ALTER TABLE bank_match_expectation NO FORCE ROW LEVEL SECURITY;
INSERT INTO bank_sum (side, cents, pieces)
SELECT 'lines', coalesce(sum(cents), 0), count(*) FROM bank_line
UNION ALL
SELECT 'lines matched', coalesce(sum(l.cents), 0), count(*)
  FROM bank_match_line k JOIN bank_line l ON l.line_id = k.line_id
 WHERE NOT EXISTS (SELECT FROM bank_unmatch u WHERE u.match_id = k.match_id)
UNION ALL
SELECT 'expectations matched', coalesce(sum(k.cents), 0), count(*)
  FROM bank_match_expectation k
 WHERE NOT EXISTS (SELECT FROM bank_unmatch u WHERE u.match_id = k.match_id);
ALTER TABLE bank_line FORCE ROW LEVEL SECURITY;
ALTER TABLE bank_match_expectation FORCE ROW LEVEL SECURITY;

REVOKE ALL ON FUNCTION move_bank_sum(text, bigint, bigint), lines_are_summed(),
    matched_lines_are_summed(), matched_cash_is_summed(), undone_matches_are_summed() FROM PUBLIC;
SELECT drop_like_indexes();
