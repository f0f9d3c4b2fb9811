-- +goose Up
-- What waits for a second person lapses when its case has to go to the child-safety lane: nobody answers it any more.
ALTER TABLE decisions DROP CONSTRAINT decisions_state_check;
ALTER TABLE decisions ADD CONSTRAINT decisions_state_check CHECK (state IN ('proposed', 'in force', 'refused', 'superseded', 'undone', 'lapsed'));
ALTER TABLE decisions ADD CONSTRAINT lapsed_by_nobody CHECK (state <> 'lapsed' OR approver IS NULL);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION decision_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approver IS NOT NULL AND (NEW.approver, NEW.answered, NEW.answer) IS DISTINCT FROM (OLD.approver, OLD.answered, OLD.answer)
        OR NEW.state <> OLD.state AND (OLD.state IN ('refused', 'superseded', 'undone', 'lapsed') OR OLD.state = 'in force' AND NEW.state NOT IN ('superseded', 'undone')
            OR OLD.state = 'proposed' AND NEW.state = 'undone')
    THEN
        RAISE EXCEPTION 'decision % was answered already', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
