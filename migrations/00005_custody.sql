-- +goose Up

-- The custody log (DESIGN I6). An event holds ids, act, time and a salted hash; what can name a person stands in
-- custody_details with its salt and is erased with the content.
CREATE TABLE custody_events (
    id         text PRIMARY KEY,
    at         timestamptz NOT NULL,
    act        text NOT NULL,
    actor      text NOT NULL, -- an account, or "system"
    case_id    text,          -- no foreign key: the log outlives what it speaks of
    subject    text NOT NULL,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    number     bigint GENERATED ALWAYS AS IDENTITY UNIQUE -- order of insertion, not of commit; the tree's order is custody_leaves.index
);
CREATE INDEX custody_events_case ON custody_events (case_id, at, number) WHERE case_id IS NOT NULL;

CREATE TABLE custody_details (
    event  text PRIMARY KEY REFERENCES custody_events,
    salt   bytea NOT NULL CHECK (octet_length(salt) = 32),
    detail text NOT NULL -- canonical JSON, as the commitment hashes it
);

-- Events that wait for their place in the tree. An event whose transaction commits late is here when it commits,
-- however far the sequencer has come: no high-water mark can pass it.
CREATE TABLE custody_pending (
    number bigint PRIMARY KEY,
    event  text NOT NULL UNIQUE REFERENCES custody_events
);

CREATE TABLE custody_leaves (
    index bigint PRIMARY KEY CHECK (index >= 0),
    event text NOT NULL UNIQUE REFERENCES custody_events,
    data  bytea NOT NULL
);

CREATE TABLE custody_hashes (
    index bigint PRIMARY KEY CHECK (index >= 0), -- tlog's storage order
    hash  bytea NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE TABLE custody_checkpoints (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size   bigint NOT NULL CHECK (size >= 0),
    signed bytea NOT NULL,
    at     timestamptz NOT NULL
);
CREATE INDEX custody_checkpoints_size ON custody_checkpoints (size DESC, number DESC);

-- +goose StatementBegin
-- An event stops waiting only by having its place: nobody can keep one out of the tree.
CREATE FUNCTION pending_has_leaf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM custody_leaves WHERE event = OLD.event) THEN
        RAISE EXCEPTION 'event % has no place in the tree yet', OLD.event USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
CREATE TRIGGER sequenced BEFORE DELETE ON custody_pending FOR EACH ROW EXECUTE FUNCTION pending_has_leaf();
CREATE TRIGGER no_change BEFORE UPDATE ON custody_pending FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_hashes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON custody_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_change BEFORE UPDATE ON custody_details FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON custody_events EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON custody_leaves EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON custody_hashes EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON custody_checkpoints EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON custody_details EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON custody_pending EXECUTE FUNCTION refuse_change();
