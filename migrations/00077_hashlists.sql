-- +goose Up

-- Lists of hashes of known clips, from elsewhere. A list of the child-safety lane is there for that lane only. What is removed is
-- gone with its entries and matches; that it was here is in the custody log.
CREATE TABLE hash_lists (
    id      text PRIMARY KEY,
    lane    text NOT NULL CHECK (lane IN ('general', 'child-safety')),
    source  text NOT NULL CHECK (source <> ''),
    label   text NOT NULL CHECK (label <> ''),
    kind    text NOT NULL CHECK (kind IN ('sha256', 'md5', 'pdq')),
    entries int NOT NULL CHECK (entries > 0),
    done    int NOT NULL CHECK (done BETWEEN 0 AND entries), -- compared with the exhibits that were there
    by      text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    at      timestamptz NOT NULL,
    version int NOT NULL
);
CREATE INDEX hash_lists_by ON hash_lists (by);
CREATE TRIGGER immutable BEFORE UPDATE ON hash_lists FOR EACH ROW EXECUTE FUNCTION keep_but('done', 'version');

CREATE TABLE hash_entries (
    list   text NOT NULL REFERENCES hash_lists ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    number int NOT NULL CHECK (number > 0),
    hash   bytea NOT NULL CHECK (octet_length(hash) IN (16, 32)),
    label  text NOT NULL,
    pdq    bit(256), -- of perceptual hashes, with their bands: see frame_hashes
    bands  int[] CHECK (cardinality(bands) = 16),
    PRIMARY KEY (list, number),
    UNIQUE (hash, list),
    CHECK ((pdq IS NULL) = (bands IS NULL))
);
CREATE INDEX hash_entries_bands ON hash_entries USING gin (bands);

CREATE TABLE hash_matches (
    list     text NOT NULL,
    entry    int NOT NULL,
    exhibit  text NOT NULL REFERENCES exhibits ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    at_ms    int NOT NULL CHECK (at_ms >= 0), -- of the frame; 0 for hashes of the whole
    distance int NOT NULL CHECK (distance BETWEEN 0 AND 31),
    PRIMARY KEY (list, entry, exhibit),
    FOREIGN KEY (list, entry) REFERENCES hash_entries ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX hash_matches_exhibit ON hash_matches (exhibit);

-- +goose StatementBegin
-- The entries near a hash, as frames_near.
CREATE FUNCTION entries_near(h bit, keys int[]) RETURNS TABLE (list text, number int, distance int) LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT e.list, e.number, bit_count(e.pdq # h)::int FROM hash_entries e WHERE e.bands && keys AND bit_count(e.pdq # h) <= 31
$$;
-- +goose StatementEnd
