-- +goose Up

-- SHA-256 digests of the chunks of an original (triage.Chunks), by which a range of it is checked before it is shown. NULL
-- only where the original was sealed before there were any and has not been opened since.
ALTER TABLE blobs ADD COLUMN chunks bytea CHECK (octet_length(chunks) = (size + 1048575) / 1048576 * 32);

-- +goose StatementBegin
CREATE FUNCTION chunks_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.chunks IS NOT NULL AND NEW.chunks IS DISTINCT FROM OLD.chunks THEN
        RAISE EXCEPTION 'the chunks of % are never changed', encode(OLD.sha256, 'hex') USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER chunks BEFORE UPDATE ON blobs FOR EACH ROW EXECUTE FUNCTION chunks_are_kept();
DROP TRIGGER immutable ON blobs;
CREATE TRIGGER immutable BEFORE UPDATE ON blobs FOR EACH ROW EXECUTE FUNCTION keep_but('retain_until', 'chunks');

-- What waits in the staging object of an upload is compared with this before it becomes part of an original.
ALTER TABLE uploads ADD COLUMN tail_sum bytea CHECK (octet_length(tail_sum) = 32);

ALTER TABLE exhibits DROP CONSTRAINT exhibits_processing_check;
ALTER TABLE exhibits ADD CONSTRAINT exhibits_processing_check
    CHECK (processing IN ('waiting', 'running', 'done', 'failed', 'altered'));

-- A clip that no report took goes when its lock has ended. What is an exhibit stays.
CREATE INDEX uploads_forgotten ON uploads (touched) WHERE state = 'sealed' AND exhibit IS NULL;
CREATE INDEX uploads_sealed ON uploads (sha256) WHERE state = 'sealed' AND exhibit IS NULL;
-- +goose StatementBegin
CREATE FUNCTION blob_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.retain_until > now() OR EXISTS (SELECT FROM exhibits WHERE sha256 = OLD.sha256) THEN
        RAISE EXCEPTION 'the bytes % are locked or an exhibit', encode(OLD.sha256, 'hex') USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
DROP TRIGGER no_delete ON blobs;
CREATE TRIGGER no_delete BEFORE DELETE ON blobs FOR EACH ROW EXECUTE FUNCTION blob_is_free();
