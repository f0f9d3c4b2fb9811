-- +goose Up

-- Meetings that people hold here, and not only such as were noted for the sake of reports.
ALTER TABLE meetings
    ADD COLUMN opened boolean NOT NULL DEFAULT true, -- somebody came; until then started is when it is planned for
    ADD COLUMN locked boolean NOT NULL DEFAULT false,
    ADD COLUMN lobby  boolean NOT NULL DEFAULT false;

-- +goose StatementBegin
-- A meeting that is over stays as it is.
CREATE FUNCTION meeting_stays_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended IS NOT NULL AND OLD IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'meeting % is over and stays so', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER stays_over BEFORE UPDATE ON meetings FOR EACH ROW EXECUTE FUNCTION meeting_stays_over();
CREATE TRIGGER no_delete BEFORE DELETE ON meetings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON meetings EXECUTE FUNCTION refuse_change();

-- The board of a meeting (media/PROTOCOL.md, section 3): signed messages as they came, numbered from 1.
CREATE TABLE board_entries (
    meeting text NOT NULL REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    number  bigint NOT NULL CHECK (number > 0),
    at      timestamptz NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('join', 'link', 'keys', 'leave', 'deny', 'end', 'leader', 'upgrade')),
    message bytea NOT NULL,
    PRIMARY KEY (meeting, number)
);
CREATE INDEX board_entries_outline ON board_entries (meeting, number) WHERE kind NOT IN ('link', 'keys');
CREATE INDEX board_entries_links ON board_entries (meeting, number) WHERE kind = 'link';

-- +goose StatementBegin
-- No holes, nothing after the end, and a participant list in end-to-end encrypted meetings only.
CREATE FUNCTION board_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    m record;
BEGIN
    SELECT mode, ended INTO STRICT m FROM meetings WHERE id = NEW.meeting FOR SHARE;
    IF m.ended IS NOT NULL
        OR m.mode <> 'e2ee' AND NEW.kind NOT IN ('join', 'leave', 'upgrade')
        OR m.mode <> 'standard' AND NEW.kind = 'upgrade'
    THEN
        RAISE EXCEPTION 'the board of meeting % takes no % now', NEW.meeting, NEW.kind USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.number > 1 AND NOT EXISTS (SELECT FROM board_entries WHERE meeting = NEW.meeting AND number = NEW.number - 1) THEN
        RAISE EXCEPTION 'the board of meeting % has no entry before %', NEW.meeting, NEW.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER goes_on BEFORE INSERT ON board_entries FOR EACH ROW EXECUTE FUNCTION board_goes_on();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON board_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON board_entries EXECUTE FUNCTION refuse_change();

-- What a standard meeting is encrypted with, under a master key that lies in a file and nowhere here. An end-to-end encrypted
-- meeting has none (DESIGN I1).
CREATE TABLE meeting_wrapped (
    meeting text PRIMARY KEY REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    number  int NOT NULL CHECK (number BETWEEN 1 AND 16777215),
    sealed  bytea CHECK (octet_length(sealed) = 60) -- nonce, 32 bytes, tag; NULL: destroyed, the number stays
);

-- +goose StatementBegin
CREATE FUNCTION wrapped_is_of_a_standard_meeting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    m record;
BEGIN
    SELECT mode, ended INTO STRICT m FROM meetings WHERE id = NEW.meeting FOR SHARE;
    IF m.mode <> 'standard' OR m.ended IS NOT NULL THEN
        RAISE EXCEPTION 'meeting % is not a standard meeting that goes on', NEW.meeting USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.number < OLD.number THEN
        RAISE EXCEPTION 'the number of meeting % would fall', NEW.meeting USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION wrapped_goes_with_the_standard_meeting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM meeting_wrapped WHERE meeting = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER standard_only BEFORE INSERT OR UPDATE ON meeting_wrapped FOR EACH ROW EXECUTE FUNCTION wrapped_is_of_a_standard_meeting();
CREATE TRIGGER wrapped_goes AFTER UPDATE ON meetings FOR EACH ROW WHEN (NEW.mode <> 'standard' OR NEW.ended IS NOT NULL)
    EXECUTE FUNCTION wrapped_goes_with_the_standard_meeting();

-- Whom the hosts of a standard meeting let in, made hosts, or took out, by device.
CREATE TABLE meeting_seated (
    meeting text NOT NULL REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    device  bytea NOT NULL CHECK (octet_length(device) = 32),
    account text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    let_in  boolean NOT NULL,
    hosts   boolean NOT NULL,
    PRIMARY KEY (meeting, device),
    CONSTRAINT hosts_are_let_in CHECK (let_in OR NOT hosts)
);
CREATE INDEX meeting_seated_account ON meeting_seated (account) WHERE account IS NOT NULL;
