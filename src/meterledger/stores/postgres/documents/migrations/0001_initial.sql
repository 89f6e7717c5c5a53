-- What was issued stays as it was written, and belongs to a bill.

ALTER TABLE document ADD CONSTRAINT document_is_of_a_bill
    FOREIGN KEY (bill_id) REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE document_set_aside ADD CONSTRAINT set_aside_is_of_a_bill
    FOREIGN KEY (bill_id) REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE document_came_back ADD CONSTRAINT came_back_is_of_a_bill
    FOREIGN KEY (bill_id) REFERENCES service_period_claim (bill_id) DEFERRABLE INITIALLY DEFERRED;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['document', 'document_set_aside', 'document_came_back'] LOOP
        PERFORM keep_append_only(kept::regclass), keep_personal(kept::regclass);
    END LOOP;
END
$$;

SELECT drop_like_indexes();
