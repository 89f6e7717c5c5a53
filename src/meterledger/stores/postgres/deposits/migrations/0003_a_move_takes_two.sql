-- What is held for one account is held for another after a move: one decides it and another agrees.
-- Names are compared as everywhere (record 0002).
--
-- NOT VALID: moves of before name who agreed in their reason alone, and are kept as they are told.

ALTER TABLE deposit_step
    ADD CONSTRAINT maker_is_not_approver CHECK (
        act NOT IN ('moved out', 'moved in')
        OR public.plain_name(approved_by) <> ''
           AND public.plain_name(approved_by) <> public.plain_name("by")) NOT VALID;
