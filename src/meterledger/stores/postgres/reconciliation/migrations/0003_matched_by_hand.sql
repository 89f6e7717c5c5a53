-- A match by hand has a name and a reason; one of a rule has neither.
ALTER TABLE bank_match
    DROP CONSTRAINT rules_of_a_match,
    ADD CONSTRAINT rules_of_a_match CHECK (rule IN (
        'exact by reference', 'by amount and days', 'many to one, as a batch',
        'taken back before the bank saw it', 'the bank''s mistake and its correction',
        'adjusted by two people', 'by hand')),
    ADD CONSTRAINT a_match_by_hand_is_of_a_person CHECK (
        CASE WHEN rule = 'by hand' THEN btrim("by") <> '' AND btrim(reason) <> ''
             ELSE "by" = '' AND reason = '' END);
