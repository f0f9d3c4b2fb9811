-- +goose Up

-- What the server wrote down of standard meetings, for their hosts. It is no evidence: it goes when the host deletes it, or when
-- its time has come.
CREATE TABLE recordings (
    id       text PRIMARY KEY,
    meeting  text NOT NULL REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    begun_by text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED, -- NULL: a co-host without an account
    began    timestamptz NOT NULL,
    seen     timestamptz NOT NULL, -- the server that writes it was last heard of
    ended    timestamptz,
    "end"    text NOT NULL DEFAULT '' CHECK ("end" IN ('', 'stopped', 'failed', 'interrupted')),
    version  int NOT NULL DEFAULT 0,
    CONSTRAINT ended_somehow CHECK ((ended IS NULL) = ("end" = ''))
);
CREATE INDEX recordings_meeting ON recordings (meeting, began DESC, id);
CREATE INDEX recordings_begun_by ON recordings (begun_by) WHERE begun_by IS NOT NULL;
CREATE INDEX recordings_running ON recordings (seen, id) WHERE ended IS NULL;
CREATE INDEX recordings_ended ON recordings (ended, id) WHERE ended IS NOT NULL;

-- +goose StatementBegin
-- Nothing is recorded of a meeting that is end-to-end encrypted or over (DESIGN I1).
CREATE FUNCTION recording_is_of_a_standard_meeting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    m record;
BEGIN
    SELECT mode, ended INTO STRICT m FROM meetings WHERE id = NEW.meeting FOR SHARE;
    IF m.mode <> 'standard' OR m.ended IS NOT NULL THEN
        RAISE EXCEPTION 'meeting % is not a standard meeting that goes on', NEW.meeting USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- What ended stays so.
CREATE FUNCTION recording_stays_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended IS NOT NULL THEN
        RAISE EXCEPTION 'recording % has ended and stays so', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER standard_only BEFORE INSERT ON recordings FOR EACH ROW EXECUTE FUNCTION recording_is_of_a_standard_meeting();
CREATE TRIGGER stays_over BEFORE UPDATE ON recordings FOR EACH ROW EXECUTE FUNCTION recording_stays_over();

CREATE TABLE recording_files (
    id        text PRIMARY KEY,
    recording text NOT NULL REFERENCES recordings, -- which cannot go before its files
    meeting   text NOT NULL REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    person    text NOT NULL,
    screen    boolean NOT NULL,
    part      int NOT NULL CHECK (part > 0),
    type      text NOT NULL,
    began     timestamptz NOT NULL,
    ended     timestamptz,
    size      bigint NOT NULL CHECK (size >= 0),
    state     text NOT NULL CHECK (state IN ('writing', 'ready', 'incomplete', 'erased')),
    version   int NOT NULL DEFAULT 0,
    CONSTRAINT stored_files_have_ended CHECK (state NOT IN ('ready', 'incomplete') OR ended IS NOT NULL),
    CONSTRAINT erased_files_name_nobody CHECK (state <> 'erased' OR person = '')
);
CREATE INDEX recording_files_recording ON recording_files (recording, began, id);
CREATE INDEX recording_files_meeting ON recording_files (meeting);
CREATE INDEX recording_files_erased ON recording_files (id) WHERE state = 'erased';

-- +goose StatementBegin
-- What is erased comes back for nobody, and nothing goes that was not erased.
CREATE FUNCTION recording_file_is_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (TG_OP = 'UPDATE') = (OLD.state = 'erased') THEN
        RAISE EXCEPTION 'recording file % is %', OLD.id, OLD.state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW ELSE OLD END;
END $$;
-- +goose StatementEnd
CREATE TRIGGER erased BEFORE UPDATE OR DELETE ON recording_files FOR EACH ROW EXECUTE FUNCTION recording_file_is_erased();

-- The ranges of one download are one download.
ALTER TABLE views DROP CONSTRAINT views_subject_check;
ALTER TABLE views ADD CONSTRAINT views_subject_check CHECK (subject ~ '^(case|exhibit|recording_file)/');
