-- +goose Up

CREATE TABLE packages (
    id        text PRIMARY KEY,
    case_id   text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    lane      text NOT NULL CHECK (lane IN ('general', 'child-safety')),
    recipient text NOT NULL,
    basis     text NOT NULL CHECK (basis IN ('warrant', 'court-order', 'subpoena', 'emergency', 'dsa-18', 'mlat', 'consent')),
    reference text NOT NULL,
    scope     text NOT NULL,
    requester text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    requested timestamptz NOT NULL,
    approver  text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    answered  timestamptz,
    answer    text NOT NULL,
    state     text NOT NULL CHECK (state IN ('requested', 'refused', 'approved', 'building', 'ready', 'failed')),
    done      bigint NOT NULL,
    total     bigint NOT NULL,
    why       text NOT NULL,
    key       text NOT NULL,
    sha256    bytea CHECK (octet_length(sha256) = 32),
    size      bigint NOT NULL,
    built     timestamptz,
    version   int NOT NULL,
    CONSTRAINT two_people CHECK (approver <> requester), -- DESIGN I7
    CONSTRAINT ready_is_complete CHECK (state <> 'ready' OR (key <> '' AND sha256 IS NOT NULL AND built IS NOT NULL))
);
CREATE INDEX packages_case ON packages (case_id, requested DESC, id);
CREATE INDEX packages_recent ON packages (lane, requested DESC, id);
CREATE INDEX packages_requester ON packages (requester);
CREATE INDEX packages_approver ON packages (approver) WHERE approver IS NOT NULL;
-- What was asked for and approved is what is built: none of it changes afterwards.
CREATE TRIGGER immutable BEFORE UPDATE ON packages
    FOR EACH ROW EXECUTE FUNCTION keep_but('approver', 'answered', 'answer', 'state', 'done', 'total', 'why', 'key', 'sha256',
                                           'size', 'built', 'version', 'lane');

-- A package is in its case's lane, also when the case moves (DESIGN I10).
-- +goose StatementBegin
CREATE FUNCTION packages_follow_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE packages SET lane = NEW.lane WHERE case_id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER packages_follow AFTER UPDATE OF lane ON cases
    FOR EACH ROW WHEN (OLD.lane <> NEW.lane) EXECUTE FUNCTION packages_follow_case();

CREATE TABLE package_exhibits (
    package text NOT NULL REFERENCES packages DEFERRABLE INITIALLY DEFERRED,
    number  int NOT NULL,
    exhibit text NOT NULL REFERENCES exhibits DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (package, number),
    UNIQUE (package, exhibit)
);
CREATE INDEX package_exhibits_exhibit ON package_exhibits (exhibit);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON package_exhibits FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON package_exhibits EXECUTE FUNCTION refuse_change();
