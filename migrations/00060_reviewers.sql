-- +goose Up

-- How each reviewer wants clips to be shown, and the policies that they are not to be given.
CREATE TABLE preferences (
    account  text PRIMARY KEY REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    blur     boolean NOT NULL,
    grey     boolean NOT NULL,
    mute     boolean NOT NULL,
    small    boolean NOT NULL,
    stills   boolean NOT NULL,
    opt_outs text[] NOT NULL
);

-- A lead lifts a budget of somebody else for a while.
CREATE TABLE budget_overrides (
    id      text PRIMARY KEY,
    account text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    budget  text NOT NULL CHECK (budget IN ('shift', 'urgent')),
    reason  text NOT NULL,
    by      text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    at      timestamptz NOT NULL,
    until   timestamptz NOT NULL,
    CONSTRAINT nobody_lifts_their_own CHECK (by <> account),
    CONSTRAINT it_ends CHECK (until > at AND until <= at + interval '24 hours')
);
CREATE INDEX budget_overrides_account ON budget_overrides (account, until);
CREATE INDEX budget_overrides_until ON budget_overrides (until);
CREATE INDEX budget_overrides_by ON budget_overrides (by);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON budget_overrides FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON budget_overrides EXECUTE FUNCTION refuse_change();
