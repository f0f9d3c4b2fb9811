-- +goose Up

-- A clip from a live meeting comes with a proof (media/PROTOCOL.md, section 18), sealed as the clip is, and with what was found about it.
ALTER TABLE exhibits
    ADD COLUMN proof      bytea REFERENCES blobs DEFERRABLE INITIALLY DEFERRED,
    ADD COLUMN proof_size bigint NOT NULL DEFAULT 0,
    ADD COLUMN verdict    text, -- JSON, kept as it was written: the custody log has its digest
    ADD CONSTRAINT proof_has_size CHECK ((proof IS NULL) = (proof_size = 0)),
    ADD CONSTRAINT trust_has_verdict CHECK (trust = 'unverified' OR verdict IS NOT NULL);
CREATE INDEX exhibits_proof ON exhibits (proof) WHERE proof IS NOT NULL;

DROP TRIGGER immutable ON exhibits;
CREATE TRIGGER immutable BEFORE UPDATE ON exhibits
    FOR EACH ROW EXECUTE FUNCTION keep_but('container', 'processing', 'why', 'probe', 'trust', 'verdict', 'version');

-- Clip and proof are two uploads of one exhibit.
DROP INDEX uploads_exhibit;
CREATE UNIQUE INDEX uploads_exhibit ON uploads (exhibit, sha256) WHERE exhibit IS NOT NULL;
