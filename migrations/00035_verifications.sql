-- +goose Up

-- Each time that somebody has an exhibit held against its proof again. What was found when it was prepared stays in exhibits.
CREATE TABLE verifications (
    id      text PRIMARY KEY,
    exhibit text NOT NULL REFERENCES exhibits,
    asker   text NOT NULL REFERENCES accounts,
    asked   timestamptz NOT NULL,
    done    timestamptz,
    trust   text NOT NULL DEFAULT '',
    verdict text, -- JSON, kept as it was written: the custody log has its digest
    differs text NOT NULL DEFAULT '',
    failed  text NOT NULL DEFAULT '',
    CHECK (done IS NOT NULL OR verdict IS NULL AND differs = '' AND failed = ''),
    CHECK (done IS NULL OR (verdict IS NULL) = (failed <> ''))
);
CREATE INDEX verifications_exhibit ON verifications (exhibit);
CREATE INDEX verifications_asker ON verifications (asker);
CREATE UNIQUE INDEX verifications_one_at_a_time ON verifications (exhibit) WHERE done IS NULL;

-- +goose StatementBegin
CREATE FUNCTION verification_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.done IS NOT NULL THEN
        RAISE EXCEPTION 'what a verification found is never changed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER final BEFORE UPDATE ON verifications FOR EACH ROW EXECUTE FUNCTION verification_is_final();
CREATE TRIGGER immutable BEFORE UPDATE ON verifications FOR EACH ROW EXECUTE FUNCTION keep_but('done', 'trust', 'verdict', 'differs', 'failed');
CREATE TRIGGER no_delete BEFORE DELETE ON verifications FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON verifications EXECUTE FUNCTION refuse_change();
