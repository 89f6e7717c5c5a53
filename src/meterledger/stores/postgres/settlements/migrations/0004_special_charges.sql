-- A charge that is no part of electric service, which says what it is for: asked for by one person and
-- approved by another, like all that takes two.

ALTER TABLE settlement
    DROP CONSTRAINT kinds_of_a_settlement,
    ADD CONSTRAINT kinds_of_a_settlement CHECK (kind IN (
        'transfer', 'refund', 'write-off', 'recovery', 'fee', 'credit', 'provision', 'special')),
    ADD CONSTRAINT a_special_charge_says_what_for CHECK (kind <> 'special' OR btrim(about) <> '');

SELECT register_cause('special', 'settlement_step', 'entry_key');
