-- +goose Up

-- Tokens with which other programs act for an account. Only the SHA-256 of a token is kept.
CREATE TABLE tokens (
    hash    bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    id      text NOT NULL UNIQUE,
    account text NOT NULL REFERENCES accounts,
    name    text NOT NULL,
    scopes  text[] NOT NULL CHECK (scopes <@ ARRAY['reports:write', 'reports:read', 'uploads'] AND cardinality(scopes) > 0),
    created timestamptz NOT NULL,
    expires timestamptz NOT NULL,
    used    timestamptz -- the last use, to within five minutes
);
CREATE INDEX tokens_account ON tokens (account);
