-- +goose Up
-- What an account's uploads of the last day come to is asked whenever one begins.
CREATE INDEX uploads_day ON uploads (owner, created) WHERE state IN ('open', 'sealed');
