-- +goose Up

-- The settled case about the same person and meeting that a later report could not join any more.
ALTER TABLE cases ADD COLUMN follows text REFERENCES cases DEFERRABLE INITIALLY DEFERRED CHECK (follows <> id);
CREATE INDEX cases_follows ON cases (follows) WHERE follows IS NOT NULL;
