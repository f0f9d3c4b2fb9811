-- +goose Up

-- Nobody can sign in with a closed account: the people of a demonstration that is over.
ALTER TABLE accounts ADD COLUMN closed boolean NOT NULL DEFAULT false;

-- What is disclosed is what the decision in force says. Packages of before are asked for anew.
ALTER TABLE packages ADD COLUMN decision text REFERENCES decisions DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX packages_decision ON packages (decision) WHERE decision IS NOT NULL;

-- Digest of the form that filed a report: the same form sent twice is one report, another one under its key is none.
ALTER TABLE reports ADD COLUMN form bytea CHECK (octet_length(form) = 32);
