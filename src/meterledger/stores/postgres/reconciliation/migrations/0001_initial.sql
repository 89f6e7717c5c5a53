-- A statement adds up, a match is the same money on both sides, an adjustment has two people.

CREATE INDEX posting_of_cash ON posting (effective_day) WHERE ledger_account LIKE '131%';

ALTER TABLE bank_match ADD CONSTRAINT rules_of_a_match CHECK (rule IN (
    'exact by reference', 'by amount and days', 'many to one, as a batch',
    'taken back before the bank saw it', 'the bank''s mistake and its correction',
    'adjusted by two people'));
ALTER TABLE bank_line_step
    ADD CONSTRAINT acts_on_a_bank_line CHECK (act IN (
        'explained', 'adjustment proposed', 'adjustment approved', 'adjustment rejected')),
    ADD CONSTRAINT a_person_says_why CHECK (btrim(by) <> '' AND btrim(reason) <> '');
ALTER TABLE bank_adjustment
    ADD CONSTRAINT maker_is_not_approver CHECK (lower(btrim(proposed_by)) <> lower(btrim(approved_by)));
ALTER TABLE bank_match_expectation
    ADD CONSTRAINT an_expectation_is_named_after_its_leg
        CHECK (expectation_id = entry_id || '#' || number);
ALTER TABLE bank_statement ADD COLUMN written_in xid8 NOT NULL DEFAULT pg_current_xact_id();

CREATE FUNCTION bank_statements_add_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    moved numeric;
BEGIN
    SELECT coalesce(sum(l.cents), 0) INTO moved FROM public.bank_line l
     WHERE l.statement_id = NEW.statement_id;
    IF NEW.opening_cents + moved <> NEW.closing_cents THEN
        RAISE EXCEPTION 'Statement % does not add up: % and % are not %', NEW.statement_id,
                        NEW.opening_cents, moved, NEW.closing_cents
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_statements_add_up';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER bank_statements_add_up AFTER INSERT ON bank_statement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank_statements_add_up();
ALTER TABLE bank_statement ENABLE ALWAYS TRIGGER bank_statements_add_up;

-- A line comes in the transaction of its statement, so that the sum that was checked stays the sum.
CREATE FUNCTION bank_lines_come_with_their_statement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM public.bank_statement s
      WHERE s.statement_id = NEW.statement_id AND s.written_in = pg_current_xact_id();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Line % does not come with its statement', NEW.line_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_lines_come_with_their_statement';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER bank_lines_come_with_their_statement AFTER INSERT ON bank_line
    FOR EACH ROW EXECUTE FUNCTION bank_lines_come_with_their_statement();
ALTER TABLE bank_line ENABLE ALWAYS TRIGGER bank_lines_come_with_their_statement;

CREATE FUNCTION a_match_is_the_same_money() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    named    text := NEW.match_id;
    seen     record;
    expected record;
BEGIN
    SELECT count(*) AS pieces, coalesce(sum(l.cents), 0) AS cents INTO seen
      FROM public.bank_match_line m JOIN public.bank_line l ON l.line_id = m.line_id
     WHERE m.match_id = named;
    SELECT count(*) AS pieces, coalesce(sum(m.cents), 0) AS cents,
           bool_or(p.cents IS DISTINCT FROM m.cents
                   OR split_part(p.ledger_account, '.', 1) IS DISTINCT FROM '131') AS other
      INTO expected
      FROM public.bank_match_expectation m
      LEFT JOIN public.posting p ON p.entry_id = m.entry_id AND p.number = m.number
                                AND p.effective_day = m.effective_day
     WHERE m.match_id = named;
    IF seen.pieces + expected.pieces = 0 OR seen.cents <> expected.cents
       OR coalesce(expected.other, false) THEN
        RAISE EXCEPTION 'Match % is of % cents at the bank and % of ours', named, seen.cents,
                        expected.cents
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_match_is_the_same_money';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER a_match_is_the_same_money AFTER INSERT ON bank_match
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION a_match_is_the_same_money();
CREATE CONSTRAINT TRIGGER a_match_is_the_same_money AFTER INSERT ON bank_match_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION a_match_is_the_same_money();
CREATE CONSTRAINT TRIGGER a_match_is_the_same_money AFTER INSERT ON bank_match_expectation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION a_match_is_the_same_money();
ALTER TABLE bank_match ENABLE ALWAYS TRIGGER a_match_is_the_same_money;
ALTER TABLE bank_match_line ENABLE ALWAYS TRIGGER a_match_is_the_same_money;
ALTER TABLE bank_match_expectation ENABLE ALWAYS TRIGGER a_match_is_the_same_money;

CREATE FUNCTION bank_line_steps_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last   record;
    number integer;
BEGIN
    SELECT coalesce(max(s.number), 0) + 1 INTO number FROM public.bank_line_step s
     WHERE s.line_id = NEW.line_id;
    SELECT s.act, s.by AS who INTO last FROM public.bank_line_step s
     WHERE s.line_id = NEW.line_id AND s.act <> 'explained' ORDER BY s.number DESC LIMIT 1;
    IF NEW.number <> number THEN
        RAISE EXCEPTION 'Step % of line % is not its next', NEW.number, NEW.line_id
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'bank_line_steps_in_order';
    END IF;
    IF (NEW.act IN ('adjustment approved', 'adjustment rejected')
        AND last.act IS DISTINCT FROM 'adjustment proposed')
       OR (NEW.act = 'adjustment proposed' AND last.act IN ('adjustment proposed', 'adjustment approved'))
    THEN
        RAISE EXCEPTION 'Line %: % does not follow %', NEW.line_id, NEW.act, last.act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_line_steps_follow';
    END IF;
    IF NEW.act = 'adjustment approved' AND lower(btrim(last.who)) = lower(btrim(NEW."by")) THEN
        RAISE EXCEPTION 'The adjustment of line % is approved by who proposed it', NEW.line_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'maker_is_not_approver';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER bank_line_steps_follow BEFORE INSERT ON bank_line_step
    FOR EACH ROW EXECUTE FUNCTION bank_line_steps_follow();
ALTER TABLE bank_line_step ENABLE ALWAYS TRIGGER bank_line_steps_follow;

CREATE FUNCTION an_adjustment_was_approved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    made   record;
    let_go record;
BEGIN
    SELECT s.by AS who, s.ledger_account INTO made FROM public.bank_line_step s
     WHERE s.line_id = NEW.line_id AND s.act = 'adjustment proposed' ORDER BY s.number DESC LIMIT 1;
    SELECT s.by AS who, s.act INTO let_go FROM public.bank_line_step s
     WHERE s.line_id = NEW.line_id AND s.act <> 'explained' ORDER BY s.number DESC LIMIT 1;
    IF let_go.act IS DISTINCT FROM 'adjustment approved' OR let_go.who <> NEW.approved_by
       OR made.who <> NEW.proposed_by OR made.ledger_account <> NEW.ledger_account THEN
        RAISE EXCEPTION 'The adjustment of line % was not proposed and approved so', NEW.line_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_adjustment_was_approved';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER an_adjustment_was_approved BEFORE INSERT ON bank_adjustment
    FOR EACH ROW EXECUTE FUNCTION an_adjustment_was_approved();
ALTER TABLE bank_adjustment ENABLE ALWAYS TRIGGER an_adjustment_was_approved;

ALTER TABLE accrual ADD CONSTRAINT an_accrual_is_of_a_month_end CHECK (
    extract(day FROM month_end + 1) = 1 AND accrual_key = month_end::text);

CREATE FUNCTION accruals_add_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    lines numeric;
BEGIN
    SELECT coalesce(sum(l.cents), 0) INTO lines FROM public.accrual_line l
     WHERE l.accrual_id = NEW.accrual_key;
    IF lines <> NEW.total_cents THEN
        RAISE EXCEPTION 'Accrual % is of % cents and its lines are %', NEW.accrual_key,
                        NEW.total_cents, lines
            USING ERRCODE = 'check_violation', CONSTRAINT = 'accruals_add_up';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER accruals_add_up AFTER INSERT ON accrual
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accruals_add_up();
ALTER TABLE accrual ENABLE ALWAYS TRIGGER accruals_add_up;

SELECT register_cause('bank-adjustment', 'bank_adjustment', 'line_id'),
       register_cause('accrual', 'accrual', 'accrual_key');

REVOKE ALL ON FUNCTION bank_statements_add_up(), bank_lines_come_with_their_statement(),
    a_match_is_the_same_money(), bank_line_steps_follow(), an_adjustment_was_approved(),
    accruals_add_up() FROM PUBLIC;

SELECT keep_append_only('bank_file'), keep_append_only('bank_statement'),
       keep_append_only('bank_line'), keep_append_only('bank_match'),
       keep_append_only('bank_match_line'), keep_append_only('bank_match_expectation'),
       keep_append_only('bank_line_step'), keep_append_only('bank_adjustment'),
       keep_append_only('accrual'), keep_append_only('accrual_line'),
       keep_personal('bank_line'), keep_personal('bank_match_expectation'),
       keep_personal('bank_line_step'), keep_personal('accrual_line');
SELECT drop_like_indexes();
