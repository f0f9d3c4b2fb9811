-- +goose Up

-- When somebody first took a case up; cases of before have it from the log.
ALTER TABLE cases ADD COLUMN looked timestamptz;
UPDATE cases c SET looked = e.at FROM (SELECT case_id, min(at) AS at FROM custody_events WHERE act = 'case.claimed' GROUP BY case_id) e WHERE e.case_id = c.id;

-- +goose StatementBegin
-- A first look is had once.
CREATE FUNCTION first_look_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.looked IS DISTINCT FROM OLD.looked THEN
        RAISE EXCEPTION 'case % was looked at before', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER first_look BEFORE UPDATE OF looked ON cases FOR EACH ROW WHEN (OLD.looked IS NOT NULL) EXECUTE FUNCTION first_look_stays();

-- Figures read a period: what was opened, filed and decided in it.
CREATE INDEX cases_opened ON cases (opened);
CREATE INDEX reports_filed ON reports (filed);
CREATE INDEX decisions_decided ON decisions ((coalesce(answered, decided)));
CREATE INDEX watches_at ON watches (at);
