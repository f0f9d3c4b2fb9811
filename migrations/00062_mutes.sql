-- +goose Up

-- Reporters whose reports a lead puts last for a while.
CREATE TABLE mutes (
    id      text PRIMARY KEY,
    account text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    reason  text NOT NULL,
    by      text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    at      timestamptz NOT NULL,
    until   timestamptz NOT NULL CHECK (until > at),
    undone  timestamptz,
    CONSTRAINT nobody_mutes_themselves CHECK (by <> account)
);
CREATE INDEX mutes_account ON mutes (account, until);
CREATE INDEX mutes_by ON mutes (by);
CREATE TRIGGER immutable BEFORE UPDATE ON mutes FOR EACH ROW EXECUTE FUNCTION keep_but('undone');
CREATE TRIGGER no_delete BEFORE DELETE ON mutes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON mutes EXECUTE FUNCTION refuse_change();
