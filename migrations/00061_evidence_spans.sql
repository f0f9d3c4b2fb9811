-- +goose Up

-- The stretches of exhibits that support a finding, in JSON.
ALTER TABLE decision_findings ADD COLUMN spans text NOT NULL DEFAULT '';
