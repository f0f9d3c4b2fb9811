-- +goose Up

-- Who people are to the house's own sign-in provider (OpenID Connect).
CREATE TABLE identities (
    issuer  text NOT NULL,
    subject text NOT NULL,
    account text NOT NULL REFERENCES accounts,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_account ON identities (account);
