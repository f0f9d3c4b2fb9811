-- +goose Up

-- Nobody can sign in with a closed account: the people of a demonstration that is over.
ALTER TABLE accounts ADD COLUMN closed boolean NOT NULL DEFAULT false;
