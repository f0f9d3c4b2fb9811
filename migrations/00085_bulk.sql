-- +goose Up

-- One decision on many cases: what its preview showed, and what became of each.
CREATE TABLE bulks (
    id        text PRIMARY KEY,
    by        text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    policy    text NOT NULL,
    action    text NOT NULL CHECK (action IN ('none', 'warn', 'remove')), -- nothing that needs two people (DESIGN I7)
    severity  text NOT NULL,
    reasons   text NOT NULL,
    made      timestamptz NOT NULL,
    confirmed timestamptz,
    version   int NOT NULL
);
CREATE INDEX bulks_by ON bulks (by);
CREATE TRIGGER immutable BEFORE UPDATE ON bulks FOR EACH ROW EXECUTE FUNCTION keep_but('confirmed', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON bulks FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON bulks EXECUTE FUNCTION refuse_change();

CREATE TABLE bulk_items (
    bulk     text NOT NULL REFERENCES bulks DEFERRABLE INITIALLY DEFERRED,
    number   int NOT NULL CHECK (number BETWEEN 1 AND 100),
    case_id  text NOT NULL, -- as it was chosen: there may be no such case
    basis    text NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN ('', 'left out', 'decided', 'undone')),
    why      text NOT NULL,
    decision text REFERENCES decisions DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (bulk, number),
    UNIQUE (bulk, case_id),
    CONSTRAINT decided_by_a_decision CHECK (outcome NOT IN ('decided', 'undone') OR decision IS NOT NULL)
);
CREATE INDEX bulk_items_decision ON bulk_items (decision) WHERE decision IS NOT NULL;
CREATE TRIGGER immutable BEFORE UPDATE ON bulk_items FOR EACH ROW EXECUTE FUNCTION keep_but('outcome', 'why', 'decision');
CREATE TRIGGER no_delete BEFORE DELETE ON bulk_items FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON bulk_items EXECUTE FUNCTION refuse_change();

ALTER TABLE decisions ADD COLUMN bulk text REFERENCES bulks DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX decisions_bulk ON decisions (bulk) WHERE bulk IS NOT NULL;

-- Whoever decided may take it back within minutes, before anybody was told.
ALTER TABLE decisions DROP CONSTRAINT decisions_state_check;
ALTER TABLE decisions ADD CONSTRAINT decisions_state_check CHECK (state IN ('proposed', 'in force', 'refused', 'superseded', 'undone'));
ALTER TABLE decisions ADD CONSTRAINT undone_by_one_person CHECK (state <> 'undone' OR approver IS NULL);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION decision_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approver IS NOT NULL AND (NEW.approver, NEW.answered, NEW.answer) IS DISTINCT FROM (OLD.approver, OLD.answered, OLD.answer)
        OR NEW.state <> OLD.state AND (OLD.state IN ('refused', 'superseded', 'undone') OR OLD.state = 'in force' AND NEW.state NOT IN ('superseded', 'undone')
            OR OLD.state = 'proposed' AND NEW.state = 'undone')
    THEN
        RAISE EXCEPTION 'decision % was answered already', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- Which notices tell of a decision, so that they can be withdrawn with it.
ALTER TABLE messages ADD COLUMN decision text REFERENCES decisions DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX messages_decision ON messages (decision) WHERE decision IS NOT NULL;
ALTER TABLE messages DROP CONSTRAINT messages_state_check;
ALTER TABLE messages ADD CONSTRAINT messages_state_check CHECK (state IN ('waiting', 'delivered', 'failed', 'kept', 'withdrawn'));
