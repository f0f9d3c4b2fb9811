-- +goose Up

-- +goose StatementBegin
-- refuse_change makes a table append-only.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows are never changed', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
-- keep_but refuses to change any column that is not among the trigger's arguments.
CREATE FUNCTION keep_but() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) - TG_ARGV IS DISTINCT FROM to_jsonb(NEW) - TG_ARGV THEN
        RAISE EXCEPTION 'UPDATE on % is refused: only % may change', TG_TABLE_NAME, array_to_string(TG_ARGV, ', ')
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TABLE organisations (
    id      text PRIMARY KEY,
    name    text NOT NULL,
    plan    text NOT NULL CHECK (plan IN ('free', 'business', 'enterprise')),
    comped  boolean NOT NULL,
    created timestamptz NOT NULL
);

CREATE TABLE accounts (
    id      text PRIMARY KEY CHECK (id NOT IN ('', 'system')),
    org     text REFERENCES organisations DEFERRABLE INITIALLY DEFERRED,
    name    text NOT NULL,
    email   text UNIQUE CHECK (email <> ''),
    roles   text[] NOT NULL CHECK (roles <@ ARRAY['reviewer', 'lead', 'investigator', 'child-safety', 'liaison', 'auditor', 'administrator']),
    created timestamptz NOT NULL
);
CREATE INDEX accounts_org ON accounts (org);
CREATE INDEX accounts_name ON accounts (name, id);
CREATE INDEX accounts_staff ON accounts (name, id) WHERE cardinality(roles) > 0;

CREATE TABLE sign_in_links (
    hash    bytea PRIMARY KEY CHECK (octet_length(hash) = 32), -- SHA-256 of the token; the token itself is nowhere
    account text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    used    timestamptz
);
CREATE INDEX sign_in_links_account ON sign_in_links (account, created);

CREATE TABLE sessions (
    token   text PRIMARY KEY,        -- the hash of the cookie's token (scs HashTokenInStore)
    id      text NOT NULL UNIQUE,    -- public handle for the list of one's own sessions
    account text REFERENCES accounts, -- NULL before sign-in
    agent   text NOT NULL,
    data    bytea NOT NULL,
    created timestamptz NOT NULL,
    seen    timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    revoked timestamptz -- kept until it expires, so that a request still under way cannot bring it back
);
CREATE INDEX sessions_account ON sessions (account) WHERE account IS NOT NULL;
CREATE INDEX sessions_expires ON sessions (expires);
