-- Who approves is another person than who asks: two names are one whatever their spaces, inside
-- too, and capitals.
--
-- NOT VALID: a row of before may have such names, and is kept as it is told. An upgrade is not
-- stopped by it; each new row is checked.

ALTER TABLE late_charge_reversal
    DROP CONSTRAINT maker_is_not_approver,
    ADD CONSTRAINT maker_is_not_approver CHECK (
        cause <> 'by decision'
        OR btrim(by) <> '' AND btrim(approved_by) <> ''
           AND lower(btrim(regexp_replace(by, '\s+', ' ', 'g')))
            <> lower(btrim(regexp_replace(approved_by, '\s+', ' ', 'g')))) NOT VALID;
