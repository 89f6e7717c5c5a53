-- Participations on two clocks: the one update allowed closes `known`, once.

ALTER TABLE participation ADD CONSTRAINT participation_begins_on_a_day
    CHECK (NOT isempty(days) AND NOT lower_inf(days));
ALTER TABLE participation ADD CONSTRAINT participation_was_learned_at_an_instant
    CHECK (NOT isempty(known) AND NOT lower_inf(known));
CREATE TRIGGER closed_once BEFORE UPDATE ON participation
    FOR EACH ROW EXECUTE FUNCTION close_known_once();
ALTER TABLE participation ENABLE ALWAYS TRIGGER closed_once;
SELECT keep_undeleted('participation'), keep_personal('participation');
SELECT drop_like_indexes();
