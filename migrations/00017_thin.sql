-- +goose Up

-- Boards of meetings that are over are erased after a time (PROFFER_BOARD_KEEP). What a report may need stays: of a meeting that somebody reported
-- only the sealed keys go, so that who was a member at a time can still be told.
CREATE INDEX board_entries_keys ON board_entries (meeting) WHERE kind = 'keys';

-- +goose StatementBegin
CREATE FUNCTION board_entry_may_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM meetings WHERE id = OLD.meeting AND ended < now() - interval '23 hours')
        OR OLD.kind <> 'keys' AND EXISTS (SELECT FROM reports WHERE meeting = OLD.meeting)
    THEN
        RAISE EXCEPTION 'entry % of the board of meeting % stays', OLD.number, OLD.meeting USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
DROP TRIGGER immutable ON board_entries;
CREATE TRIGGER immutable BEFORE UPDATE ON board_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER may_go BEFORE DELETE ON board_entries FOR EACH ROW EXECUTE FUNCTION board_entry_may_go();
