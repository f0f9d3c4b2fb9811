-- +goose Up

-- For how many seconds devices of hosts of an organisation's meetings keep what they received, so that abuse can be reported (media/PROTOCOL.md, section 16).
ALTER TABLE organisations ADD COLUMN window_seconds int NOT NULL DEFAULT 60 CHECK (window_seconds BETWEEN 15 AND 120);
