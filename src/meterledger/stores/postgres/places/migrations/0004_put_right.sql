-- Who said that a fact of an agreement was entered wrong, and why: kept for ever, and personal.

ALTER TABLE agreement_put_right
    ADD CONSTRAINT put_right_by_somebody CHECK (btrim(author) <> ''),
    ADD CONSTRAINT put_right_for_a_reason CHECK (btrim(reason) <> '');

SELECT keep_append_only('agreement_put_right'), keep_personal('agreement_put_right');
SELECT drop_like_indexes();
