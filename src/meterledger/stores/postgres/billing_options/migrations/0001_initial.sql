-- Choices on two clocks: the one update allowed closes `known`, once. Everything else is added.

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['budget_plan', 'due_date_choice', 'delivery_preference'] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (NOT isempty(days) AND NOT lower_inf(days))',
                       kept, kept || '_begins_on_a_day');
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (NOT isempty(known) AND NOT lower_inf(known))',
                       kept, kept || '_was_learned_at_an_instant');
        EXECUTE format('CREATE TRIGGER closed_once BEFORE UPDATE ON %I '
                       'FOR EACH ROW EXECUTE FUNCTION close_known_once()', kept);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER closed_once', kept);
        PERFORM keep_undeleted(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['budget_amount', 'budget_election', 'budget_bill'] LOOP
        PERFORM keep_append_only(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
END
$$;

ALTER TABLE budget_plan ADD CONSTRAINT a_plan_that_ended_says_why CHECK (
    (ended = '') = upper_inf(days)
    AND ended IN ('', 'by the customer', 'for non-payment', 'with the final bill'));
ALTER TABLE budget_amount ADD CONSTRAINT decided_for_a_month CHECK (
    extract(day FROM month) = 1 AND cause IN ('joined', 'interim review', 're-evaluation'));
ALTER TABLE budget_election ADD CONSTRAINT options_of_an_election CHECK (
    month_option IN ('a', 'b') AND settlement_option IN ('', 'a', 'b')
    AND reevaluation_month BETWEEN 1 AND 12);
ALTER TABLE budget_bill ADD CONSTRAINT kinds_of_what_is_asked CHECK (
    kind IN ('plan', 'settled', 'ended'));
ALTER TABLE budget_bill ADD CONSTRAINT asked_by_a_bill
    FOREIGN KEY (bill_id) REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED;

SELECT drop_like_indexes();
