-- +goose Up

-- Passkeys (WebAuthn) of accounts. What is removed here stays readable in the signatures that it made.
CREATE TABLE passkeys (
    id         text PRIMARY KEY,
    account    text NOT NULL REFERENCES accounts,
    name       text NOT NULL,
    credential bytea NOT NULL UNIQUE CHECK (octet_length(credential) BETWEEN 1 AND 1023),
    public     bytea NOT NULL CHECK (octet_length(public) BETWEEN 1 AND 4096), -- COSE_Key
    count      bigint NOT NULL CHECK (count BETWEEN 0 AND 4294967295),         -- signature counter; 0: it has none
    synced     boolean NOT NULL,
    created    timestamptz NOT NULL,
    used       timestamptz
);
CREATE INDEX passkeys_account ON passkeys (account, created, id);

-- Challenges that were given out and not answered yet: each is taken once, and for a short time only.
CREATE TABLE passkey_challenges (
    challenge bytea PRIMARY KEY CHECK (octet_length(challenge) = 32), -- SHA-256 of the statement
    statement text NOT NULL,
    account   text REFERENCES accounts, -- who may answer; NULL: whoever signs in
    expires   timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_expires ON passkey_challenges (expires);

-- What passkeys signed: kept for good beside what it is about, with the public key, so that it can be checked again.
CREATE TABLE signatures (
    id          text PRIMARY KEY,
    account     text NOT NULL REFERENCES accounts,
    act         text NOT NULL,
    subject     text NOT NULL,
    case_id     text REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    at          timestamptz NOT NULL,
    statement   text NOT NULL,
    passkey     text NOT NULL, -- its number; it may have been removed since
    credential  bytea NOT NULL,
    public      bytea NOT NULL,
    auth_data   bytea NOT NULL,
    client_data bytea NOT NULL,
    signature   bytea NOT NULL,
    UNIQUE (statement)
);
CREATE INDEX signatures_subject ON signatures (subject, at, id);
CREATE INDEX signatures_account ON signatures (account);
CREATE INDEX signatures_case ON signatures (case_id) WHERE case_id IS NOT NULL;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON signatures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON signatures EXECUTE FUNCTION refuse_change();
