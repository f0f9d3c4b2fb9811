-- +goose Up

CREATE TABLE skips (
    case_id text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    account text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    at      timestamptz NOT NULL,
    PRIMARY KEY (account, case_id)
);
CREATE INDEX skips_case ON skips (case_id);

CREATE TABLE notes (
    id      text PRIMARY KEY,
    case_id text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    author  text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    at      timestamptz NOT NULL,
    words   text NOT NULL
);
CREATE INDEX notes_case ON notes (case_id, at, id);
CREATE INDEX notes_author ON notes (author);

CREATE TABLE decisions (
    id         text PRIMARY KEY,
    case_id    text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    number     int NOT NULL CHECK (number > 0),
    decider    text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    decided    timestamptz NOT NULL,
    approver   text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    answered   timestamptz,
    answer     text NOT NULL,
    state      text NOT NULL CHECK (state IN ('proposed', 'in force', 'refused', 'superseded')),
    supersedes text REFERENCES decisions DEFERRABLE INITIALLY DEFERRED,
    version    int NOT NULL,
    UNIQUE (case_id, number),
    CONSTRAINT two_people CHECK (approver <> decider), -- DESIGN I7
    CONSTRAINT answered_by_somebody CHECK ((approver IS NULL) = (answered IS NULL)),
    -- Checked at commit, so that the new decision and the end of the old one may come in either order.
    CONSTRAINT one_in_force EXCLUDE USING btree (case_id WITH =) WHERE (state = 'in force') DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT one_proposed EXCLUDE USING btree (case_id WITH =) WHERE (state = 'proposed') DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX decisions_decider ON decisions (decider);
CREATE INDEX decisions_approver ON decisions (approver) WHERE approver IS NOT NULL;
CREATE INDEX decisions_supersedes ON decisions (supersedes) WHERE supersedes IS NOT NULL;

-- +goose StatementBegin
-- A decision is never overwritten: it is answered once, and comes into force, is refused or is superseded once.
CREATE FUNCTION decision_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approver IS NOT NULL AND (NEW.approver, NEW.answered, NEW.answer) IS DISTINCT FROM (OLD.approver, OLD.answered, OLD.answer)
        OR NEW.state <> OLD.state AND (OLD.state IN ('refused', 'superseded') OR OLD.state = 'in force' AND NEW.state <> 'superseded')
    THEN
        RAISE EXCEPTION 'decision % was answered already', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER forward BEFORE UPDATE ON decisions FOR EACH ROW EXECUTE FUNCTION decision_goes_forward();
CREATE TRIGGER immutable BEFORE UPDATE ON decisions
    FOR EACH ROW EXECUTE FUNCTION keep_but('approver', 'answered', 'answer', 'state', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON decisions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON decisions EXECUTE FUNCTION refuse_change();

CREATE TABLE decision_findings (
    decision text NOT NULL REFERENCES decisions DEFERRABLE INITIALLY DEFERRED,
    number   int NOT NULL,
    person   text NOT NULL REFERENCES report_people DEFERRABLE INITIALLY DEFERRED,
    policy   text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('', 'low', 'medium', 'high', 'critical')),
    action   text NOT NULL CHECK (action IN ('none', 'warn', 'remove', 'no-hosting', 'suspend', 'ban', 'refer')),
    days     int NOT NULL CHECK (days >= 0),
    reasons  text NOT NULL,
    PRIMARY KEY (decision, number),
    UNIQUE (decision, person)
);
CREATE INDEX decision_findings_person ON decision_findings (person);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON decision_findings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON decision_findings EXECUTE FUNCTION refuse_change();

CREATE TABLE enforcements (
    id       text PRIMARY KEY,
    decision text NOT NULL REFERENCES decisions DEFERRABLE INITIALLY DEFERRED,
    case_id  text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    account  text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED, -- NULL: a referral of somebody without an account
    host     text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    kind     text NOT NULL CHECK (kind IN ('warn', 'remove', 'no-hosting', 'suspend', 'ban', 'refer')),
    starts   timestamptz NOT NULL,
    ends     timestamptz CHECK (ends >= starts),
    reversed timestamptz
);
CREATE INDEX enforcements_decision ON enforcements (decision);
CREATE INDEX enforcements_case ON enforcements (case_id, starts, id);
CREATE INDEX enforcements_account ON enforcements (account, starts DESC, id);
CREATE INDEX enforcements_host ON enforcements (host) WHERE host IS NOT NULL;
CREATE TRIGGER immutable BEFORE UPDATE ON enforcements FOR EACH ROW EXECUTE FUNCTION keep_but('reversed');

CREATE TABLE messages (
    id        text PRIMARY KEY,
    account   text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED, -- whom it is for
    address   text NOT NULL,
    subject   text NOT NULL,
    body      text NOT NULL,
    case_id   text REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    created   timestamptz NOT NULL,
    state     text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'kept')),
    tries     int NOT NULL,
    error     text NOT NULL,
    delivered timestamptz,
    version   int NOT NULL
);
CREATE INDEX messages_account ON messages (account, created DESC, id);
CREATE INDEX messages_case ON messages (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX messages_undelivered ON messages (created, id) WHERE state IN ('waiting', 'failed');
CREATE TRIGGER immutable BEFORE UPDATE ON messages
    FOR EACH ROW EXECUTE FUNCTION keep_but('state', 'tries', 'error', 'delivered', 'version', 'body');
