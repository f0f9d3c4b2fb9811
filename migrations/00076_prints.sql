-- +goose Up

-- What a clip is compared by: digests and perceptual hashes, no pictures. They go with their exhibit.
CREATE TABLE prints (
    exhibit text PRIMARY KEY REFERENCES exhibits ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    md5     bytea CHECK (octet_length(md5) = 16) -- NULL where the clip was not read, as of lines of chat
);
CREATE INDEX prints_md5 ON prints (md5) WHERE md5 IS NOT NULL;

-- One row a frame. Hashes at most 31 of 256 bits apart differ by at most one bit in one of 16 bands of 16 bits (pdq.Index), so
-- an inverted index of the bands finds every near one by 272 keys. One array a row with GIN rather than a table of bands: a
-- sixteenth of the rows, and an index whose lists are compressed.
CREATE TABLE frame_hashes (
    exhibit text NOT NULL REFERENCES prints ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    at_ms   int NOT NULL CHECK (at_ms >= 0),
    hash    bit(256) NOT NULL,
    quality int NOT NULL CHECK (quality BETWEEN 50 AND 100), -- below, a hash says too little to be matched
    bands   int[] NOT NULL CHECK (cardinality(bands) = 16),
    PRIMARY KEY (exhibit, at_ms)
);
CREATE INDEX frame_hashes_bands ON frame_hashes USING gin (bands);

-- Clips of which most frames are near each other, both ways round: each pair is here twice.
CREATE TABLE near_clips (
    exhibit text NOT NULL REFERENCES exhibits ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    other   text NOT NULL REFERENCES exhibits ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    share   int NOT NULL CHECK (share BETWEEN 1 AND 100), -- percent of frames that match, the smaller of the two ways
    PRIMARY KEY (exhibit, other),
    CHECK (exhibit <> other)
);
CREATE INDEX near_clips_other ON near_clips (other);

-- +goose StatementBegin
-- The frames near a hash, by the index and no other way: the planner takes 272 keys for most of the table, and would compare the
-- arrays of every row, which takes thirty times as long as counting the bits of all of them.
CREATE FUNCTION frames_near(h bit, keys int[]) RETURNS TABLE (exhibit text, at_ms int, distance int) LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT f.exhibit, f.at_ms, bit_count(f.hash # h)::int FROM frame_hashes f WHERE f.bands && keys AND bit_count(f.hash # h) <= 31
$$;
-- +goose StatementEnd
