-- +goose Up

-- Severe decisions, which two people took, are drawn at a rate of their own.
ALTER TABLE sampling_rates DROP CONSTRAINT sampling_rates_kind_check;
ALTER TABLE sampling_rates ADD CHECK (kind IN ('default', 'severe', 'reviewer', 'policy'));
ALTER TABLE sampling_rates DROP CONSTRAINT default_is_of_nobody;
ALTER TABLE sampling_rates ADD CONSTRAINT default_is_of_nobody CHECK ((kind IN ('default', 'severe')) = (subject = ''));

-- Whoever gives an opinion on one, or settles it, is neither of the two.
ALTER TABLE opinions ADD COLUMN approver text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED; -- of the decision; NULL where one person took it
ALTER TABLE opinions ADD CONSTRAINT nor_who_approved CHECK (taker <> approver AND settler <> approver AND decider <> approver);
CREATE INDEX opinions_approver ON opinions (approver) WHERE approver IS NOT NULL;
