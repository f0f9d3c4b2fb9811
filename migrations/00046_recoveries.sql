-- +goose Up

-- Members of staff who lost all their passkeys ask to start anew; two administrators, neither of them the person, have to agree.
CREATE TABLE recoveries (
    id        text PRIMARY KEY,
    account   text NOT NULL REFERENCES accounts,
    words     text NOT NULL,
    asked     timestamptz NOT NULL,
    expires   timestamptz NOT NULL CHECK (expires > asked),
    first     text REFERENCES accounts,
    first_at  timestamptz,
    second    text REFERENCES accounts,
    second_at timestamptz,
    refuser   text REFERENCES accounts,
    refused   timestamptz,
    answer    text NOT NULL,
    version   int NOT NULL,
    CONSTRAINT three_people CHECK (first <> account AND second <> account AND first <> second AND refuser <> account), -- DESIGN I7
    CONSTRAINT in_order CHECK (second IS NULL OR first IS NOT NULL),
    CONSTRAINT one_answer CHECK (second IS NULL OR refuser IS NULL)
);
CREATE INDEX passkey_challenges_account ON passkey_challenges (account) WHERE account IS NOT NULL;
CREATE INDEX recoveries_account ON recoveries (account, asked DESC);
CREATE INDEX recoveries_asked ON recoveries (asked DESC, id);
CREATE INDEX recoveries_first ON recoveries (first) WHERE first IS NOT NULL;
CREATE INDEX recoveries_second ON recoveries (second) WHERE second IS NOT NULL;
CREATE INDEX recoveries_refuser ON recoveries (refuser) WHERE refuser IS NOT NULL;
CREATE TRIGGER immutable BEFORE UPDATE ON recoveries
    FOR EACH ROW EXECUTE FUNCTION keep_but('first', 'first_at', 'second', 'second_at', 'refuser', 'refused', 'answer', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON recoveries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON recoveries EXECUTE FUNCTION refuse_change();
