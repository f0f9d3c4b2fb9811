-- +goose Up

-- Visits that wait for a second person stand in the approvals.
CREATE INDEX visits_waiting ON visits (requested, id) WHERE state = 'requested';
