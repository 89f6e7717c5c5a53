-- Names of two people are compared as everywhere, whatever spaces a server knows (record 0002).
--
-- NOT VALID: a row of before may have such names, and is kept as it is told.

ALTER TABLE late_charge_reversal
    DROP CONSTRAINT maker_is_not_approver,
    ADD CONSTRAINT maker_is_not_approver CHECK (
        cause <> 'by decision'
        OR public.plain_name(by) <> '' AND public.plain_name(approved_by) <> ''
           AND public.plain_name(by) <> public.plain_name(approved_by)) NOT VALID;
