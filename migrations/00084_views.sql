-- +goose Up

-- Filters of the queue under a name. Neither cases nor counts are in them.
CREATE TABLE saved_views (
    id      text PRIMARY KEY,
    owner   text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    name    text NOT NULL CHECK (name <> ''),
    shared  boolean NOT NULL,
    tab     text NOT NULL, -- of the queue; '' for a search
    ask     text NOT NULL, -- JSON: triage.FindAsk
    made    timestamptz NOT NULL,
    deleted timestamptz,
    version int NOT NULL
);
CREATE INDEX saved_views_owner ON saved_views (owner) WHERE deleted IS NULL;
CREATE INDEX saved_views_shared ON saved_views (shared) WHERE deleted IS NULL AND shared;
CREATE TRIGGER immutable BEFORE UPDATE ON saved_views FOR EACH ROW EXECUTE FUNCTION keep_but('name', 'shared', 'deleted', 'version');
