-- +goose Up

-- Visitors who are in their meeting now, and the node that keeps it (NULL: none did any more). Where that died, nobody said that they left: the sweep
-- does. A table of its own, since a visit that was answered does not change any more.
CREATE TABLE visitors_inside (
    visit text PRIMARY KEY REFERENCES visits DEFERRABLE INITIALLY DEFERRED,
    since timestamptz NOT NULL,
    node  int
);
