-- +goose Up

-- Visible entries of staff into standard meetings: for a case, with a reason, by two people's decision (DESIGN I4, I7).
CREATE TABLE visits (
    id        text PRIMARY KEY,
    case_id   text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    meeting   text NOT NULL REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    visitor   text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    reason    text NOT NULL CHECK (reason <> ''),
    requested timestamptz NOT NULL,
    state     text NOT NULL CHECK (state IN ('requested', 'approved', 'refused', 'ended')),
    approver  text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    answered  timestamptz,
    answer    text NOT NULL,
    ended     timestamptz,
    version   int NOT NULL,
    CONSTRAINT two_people CHECK (approver <> visitor),
    CONSTRAINT answered_by_somebody CHECK ((approver IS NULL) = (answered IS NULL)),
    CONSTRAINT approved_by_somebody CHECK (state NOT IN ('approved', 'refused') OR approver IS NOT NULL),
    CONSTRAINT ended_at_some_time CHECK ((state = 'ended') = (ended IS NOT NULL))
);
CREATE INDEX visits_case ON visits (case_id, requested DESC);
CREATE INDEX visits_meeting ON visits (meeting, visitor, requested DESC);
CREATE INDEX visits_visitor ON visits (visitor);
CREATE INDEX visits_approver ON visits (approver) WHERE approver IS NOT NULL;

-- +goose StatementBegin
-- Nobody is let into an end-to-end encrypted meeting, or one that is over (DESIGN I4); nothing that was answered is answered again.
CREATE FUNCTION visit_is_to_a_standard_meeting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('requested', 'approved')
        AND NOT EXISTS (SELECT FROM meetings WHERE id = NEW.meeting AND mode = 'standard' AND ended IS NULL FOR SHARE)
    THEN
        RAISE EXCEPTION 'meeting % is not a standard meeting that goes on', NEW.meeting USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.state IN ('refused', 'ended') OR OLD.state = 'approved' AND NEW.state <> 'ended') THEN
        RAISE EXCEPTION 'visit % was answered already', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER standard_only BEFORE INSERT OR UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION visit_is_to_a_standard_meeting();
CREATE TRIGGER immutable BEFORE UPDATE ON visits
    FOR EACH ROW EXECUTE FUNCTION keep_but('state', 'approver', 'answered', 'answer', 'ended', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON visits EXECUTE FUNCTION refuse_change();
