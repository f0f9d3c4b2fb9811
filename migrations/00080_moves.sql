-- +goose Up

-- A case that was merged into another has no reports any more; its number, notes and history stay.
ALTER TABLE cases DROP CONSTRAINT cases_state_check;
ALTER TABLE cases ADD CONSTRAINT cases_state_check CHECK (state IN ('received', 'processing', 'queued', 'claimed', 'escalated',
    'awaiting_approval', 'decided', 'closed', 'merged'));
ALTER TABLE cases
    ADD COLUMN merged_into text REFERENCES cases DEFERRABLE INITIALLY DEFERRED CHECK (merged_into <> id),
    ADD CONSTRAINT merged_into_another CHECK ((state = 'merged') = (merged_into IS NOT NULL));
CREATE INDEX cases_merged_into ON cases (merged_into) WHERE merged_into IS NOT NULL;

-- +goose StatementBegin
-- DESIGN I10: a merged case is of the lane of the case that it went into, also when that one moves.
CREATE FUNCTION merged_case_is_in_the_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM cases c JOIN cases o ON o.id = c.merged_into WHERE (c.id = NEW.id OR c.merged_into = NEW.id) AND o.lane <> c.lane) THEN
        RAISE EXCEPTION 'case % and one merged into the other would be of two lanes', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- case_now is the case that a case has ended in: itself, unless it was merged.
CREATE FUNCTION case_now(of text) RETURNS text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE chain AS (SELECT id, merged_into FROM cases WHERE id = of
        UNION SELECT c.id, c.merged_into FROM cases c JOIN chain ON c.id = chain.merged_into)
    SELECT id FROM chain WHERE merged_into IS NULL
$$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER merged_lane AFTER UPDATE ON cases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.lane, OLD.merged_into) IS DISTINCT FROM (NEW.lane, NEW.merged_into)) EXECUTE FUNCTION merged_case_is_in_the_lane();

-- Merges of two cases and splits of one: which reports went from where to where, by whom and why. One that is undone stays on record.
CREATE TABLE case_moves (
    id        text PRIMARY KEY,
    number    bigint GENERATED ALWAYS AS IDENTITY UNIQUE, -- order of insertion
    kind      text NOT NULL CHECK (kind IN ('merge', 'split')),
    from_case text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    into_case text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    reports   text[] NOT NULL CHECK (cardinality(reports) > 0),
    reason    text NOT NULL CHECK (reason <> ''),
    by        text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    at        timestamptz NOT NULL,
    kept      jsonb NOT NULL, -- what undoing gives back
    undone    timestamptz,
    undone_by text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    version   int NOT NULL,
    CONSTRAINT two_cases CHECK (from_case <> into_case),
    CONSTRAINT undone_by_somebody CHECK ((undone IS NULL) = (undone_by IS NULL))
);
CREATE INDEX case_moves_from ON case_moves (from_case, number);
CREATE INDEX case_moves_into ON case_moves (into_case, number);
CREATE INDEX case_moves_by ON case_moves (by);
CREATE INDEX case_moves_undone_by ON case_moves (undone_by) WHERE undone_by IS NOT NULL;
CREATE INDEX case_moves_reports ON case_moves USING gin (reports);

-- +goose StatementBegin
-- Nothing moves between lanes, between samples and what is none, or once somebody decided.
CREATE FUNCTION move_is_of_two_open_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.undone IS NOT NULL THEN
        RAISE EXCEPTION 'move % was undone already', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF (SELECT count(*) FROM (SELECT DISTINCT lane, simulated FROM cases WHERE id IN (NEW.from_case, NEW.into_case)) kinds) <> 1
        OR EXISTS (SELECT FROM decisions WHERE case_id IN (NEW.from_case, NEW.into_case))
    THEN
        RAISE EXCEPTION 'nothing moves between the cases % and %', NEW.from_case, NEW.into_case USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- A report lies where its last move put it, and nowhere else.
CREATE FUNCTION report_moves_on_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM (SELECT * FROM case_moves WHERE reports @> ARRAY[NEW.id] ORDER BY number DESC LIMIT 1) m
        WHERE (OLD.case_id, NEW.case_id) = CASE WHEN m.undone IS NULL THEN (m.from_case, m.into_case) ELSE (m.into_case, m.from_case) END)
    THEN
        RAISE EXCEPTION 'no move on record takes report % from case % to %', NEW.id, OLD.case_id, NEW.case_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- Whom it names, and what search knows of it, goes along. Who was a party to a case stays one: its history tells of the report.
CREATE FUNCTION report_takes_along() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO former_parties (case_id, account) SELECT OLD.case_id, account FROM report_people WHERE report = NEW.id AND account IS NOT NULL
        UNION SELECT OLD.case_id, NEW.reporter WHERE NEW.reporter IS NOT NULL ON CONFLICT DO NOTHING;
    UPDATE report_people SET case_id = NEW.case_id WHERE report = NEW.id;
    UPDATE case_words SET case_id = NEW.case_id WHERE kind = 'report' AND of = NEW.id OR kind = 'addition' AND of IN (
        SELECT NEW.id || '/' || number FROM report_additions WHERE report = NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION in_the_case_of_its_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.case_id IS DISTINCT FROM (SELECT case_id FROM reports WHERE id = NEW.report) THEN
        RAISE EXCEPTION '% % would be in another case than its report', TG_TABLE_NAME, NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION exhibits_are_with_their_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM exhibits x JOIN reports r ON r.id = x.report WHERE r.id = NEW.id AND x.case_id <> r.case_id) THEN
        RAISE EXCEPTION 'report % moved without its exhibits', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER open_cases BEFORE INSERT OR UPDATE ON case_moves FOR EACH ROW EXECUTE FUNCTION move_is_of_two_open_cases();
CREATE TRIGGER immutable BEFORE UPDATE ON case_moves FOR EACH ROW EXECUTE FUNCTION keep_but('undone', 'undone_by', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON case_moves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON case_moves EXECUTE FUNCTION refuse_change();

CREATE TABLE former_parties (
    account text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    case_id text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (account, case_id)
);
CREATE INDEX former_parties_case ON former_parties (case_id);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON former_parties FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON former_parties EXECUTE FUNCTION refuse_change();

DROP TRIGGER immutable ON reports;
CREATE TRIGGER immutable BEFORE UPDATE ON reports FOR EACH ROW EXECUTE FUNCTION keep_but('withdrawn', 'receipt', 'version', 'case_id');
CREATE TRIGGER moves BEFORE UPDATE ON reports FOR EACH ROW WHEN (OLD.case_id <> NEW.case_id) EXECUTE FUNCTION report_moves_on_record();
CREATE TRIGGER takes_along AFTER UPDATE ON reports FOR EACH ROW WHEN (OLD.case_id <> NEW.case_id) EXECUTE FUNCTION report_takes_along();
CREATE CONSTRAINT TRIGGER with_exhibits AFTER UPDATE ON reports DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.case_id <> NEW.case_id) EXECUTE FUNCTION exhibits_are_with_their_report();

DROP TRIGGER immutable ON report_people;
CREATE TRIGGER immutable BEFORE UPDATE ON report_people FOR EACH ROW EXECUTE FUNCTION keep_but('case_id');
CREATE TRIGGER moves BEFORE UPDATE ON report_people FOR EACH ROW EXECUTE FUNCTION in_the_case_of_its_report();
CREATE TRIGGER no_delete BEFORE DELETE ON report_people FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- An exhibit has its number for as long as it is in a case.
DROP TRIGGER immutable ON exhibits;
CREATE TRIGGER immutable BEFORE UPDATE ON exhibits FOR EACH ROW WHEN (OLD.case_id = NEW.case_id)
    EXECUTE FUNCTION keep_but('container', 'processing', 'why', 'probe', 'trust', 'verdict', 'version');
CREATE TRIGGER immutable_moving BEFORE UPDATE ON exhibits FOR EACH ROW WHEN (OLD.case_id <> NEW.case_id)
    EXECUTE FUNCTION keep_but('case_id', 'number', 'version');
CREATE TRIGGER moves BEFORE UPDATE ON exhibits FOR EACH ROW WHEN (OLD.case_id <> NEW.case_id) EXECUTE FUNCTION in_the_case_of_its_report();

-- +goose StatementBegin
-- A first look is had once. What a case has from one that was merged into it goes back with that one, which is known when all is done.
CREATE OR REPLACE FUNCTION first_look_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.looked IS DISTINCT FROM OLD.looked AND NOT (NEW.looked IS NULL AND EXISTS (SELECT FROM case_moves
        WHERE into_case = OLD.id AND undone IS NOT NULL AND kept -> 'before' ->> 'looked' = '0001-01-01T00:00:00Z'))
    THEN
        RAISE EXCEPTION 'case % was looked at before', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
DROP TRIGGER first_look ON cases;
CREATE CONSTRAINT TRIGGER first_look AFTER UPDATE ON cases DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.looked IS NOT NULL AND OLD.looked IS DISTINCT FROM NEW.looked) EXECUTE FUNCTION first_look_stays();
