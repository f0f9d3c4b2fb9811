-- +goose Up

CREATE TABLE meetings (
    id      text PRIMARY KEY,
    org     text REFERENCES organisations DEFERRABLE INITIALLY DEFERRED,
    host    text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    title   text NOT NULL,
    mode    text NOT NULL CHECK (mode IN ('', 'standard', 'e2ee')),
    started timestamptz NOT NULL,
    ended   timestamptz
);
CREATE INDEX meetings_org ON meetings (org);
CREATE INDEX meetings_host ON meetings (host, started DESC, id);

-- +goose StatementBegin
-- DESIGN I2: a meeting can go from standard to end-to-end encrypted; it never goes back.
CREATE FUNCTION meeting_mode_is_sticky() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.mode = 'e2ee' AND NEW.mode <> 'e2ee' THEN
        RAISE EXCEPTION 'meeting % is end-to-end encrypted and stays so', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER sticky_mode BEFORE UPDATE ON meetings FOR EACH ROW EXECUTE FUNCTION meeting_mode_is_sticky();

CREATE TABLE attendees (
    meeting text NOT NULL REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    number  int NOT NULL,
    name    text NOT NULL,
    account text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (meeting, number)
);
CREATE INDEX attendees_account ON attendees (account);

CREATE TABLE cases (
    id        text PRIMARY KEY,
    lane      text NOT NULL CHECK (lane IN ('general', 'child-safety')), -- DESIGN I10
    policy    text NOT NULL,
    state     text NOT NULL CHECK (state IN ('received', 'processing', 'queued', 'claimed', 'escalated',
                                             'awaiting_approval', 'decided', 'closed')),
    priority  int NOT NULL CHECK (priority BETWEEN 0 AND 100),
    rank      int NOT NULL GENERATED ALWAYS AS (-priority) STORED, -- so that the queue's order is all ascending
    opened    timestamptz NOT NULL,
    due       timestamptz,
    claimant  text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    lease     timestamptz,
    escalated boolean NOT NULL,
    simulated boolean NOT NULL,
    version   int NOT NULL,
    CONSTRAINT claimed_has_claimant CHECK ((state = 'claimed') = (claimant IS NOT NULL)),
    CONSTRAINT claim_is_a_lease CHECK ((claimant IS NULL) = (lease IS NULL))
);
-- One page of the queue reads one short run of one of these for each lane and state asked for, whatever the table's size.
CREATE INDEX cases_queue ON cases (lane, state, rank, opened, id);
CREATE INDEX cases_policy ON cases (policy, lane, state, rank, opened, id);
CREATE INDEX cases_recent ON cases (lane, state, opened DESC, id DESC);
CREATE INDEX cases_next ON cases (rank, opened, id) WHERE state = 'queued';
CREATE INDEX cases_next_general ON cases (rank, opened, id) WHERE state = 'queued' AND lane = 'general';
CREATE INDEX cases_next_child_safety ON cases (rank, opened, id) WHERE state = 'queued' AND lane = 'child-safety';
CREATE INDEX cases_claimant ON cases (claimant) WHERE claimant IS NOT NULL;
CREATE INDEX cases_lease ON cases (lease) WHERE state = 'claimed';
CREATE INDEX cases_decided ON cases (opened, id) WHERE state = 'decided';

CREATE TABLE reports (
    id           text PRIMARY KEY,
    case_id      text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    reporter     text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    org          text REFERENCES organisations DEFERRABLE INITIALLY DEFERRED,
    key          text NOT NULL,
    meeting      text REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    meeting_name text NOT NULL,
    meeting_mode text NOT NULL CHECK (meeting_mode IN ('', 'standard', 'e2ee')),
    occurred     timestamptz NOT NULL,
    policy       text NOT NULL,
    words        text NOT NULL,
    exhibits     text[] NOT NULL,
    simulated    boolean NOT NULL,
    filed        timestamptz NOT NULL,
    withdrawn    timestamptz,
    receipt      bytea,
    version      int NOT NULL,
    UNIQUE (reporter, key)
);
CREATE INDEX reports_reporter ON reports (reporter, filed DESC, id);
CREATE INDEX reports_case ON reports (case_id, filed, id);
CREATE INDEX reports_org ON reports (org);
CREATE INDEX reports_meeting ON reports (meeting) WHERE meeting IS NOT NULL;
CREATE INDEX reports_meeting_name ON reports (meeting_name);
CREATE TRIGGER immutable BEFORE UPDATE ON reports
    FOR EACH ROW EXECUTE FUNCTION keep_but('withdrawn', 'receipt', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON reports FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON reports EXECUTE FUNCTION refuse_change();

CREATE TABLE report_people (
    id                text PRIMARY KEY,
    report            text NOT NULL REFERENCES reports DEFERRABLE INITIALLY DEFERRED,
    case_id           text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    number            int NOT NULL,
    name              text NOT NULL,
    identifier        text NOT NULL,
    account           text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    name_folded       text NOT NULL, -- lower case by Unicode, whatever the database's locale
    identifier_folded text NOT NULL,
    UNIQUE (report, number)
);
CREATE INDEX report_people_case ON report_people (case_id);
CREATE INDEX report_people_account ON report_people (account) WHERE account IS NOT NULL;
CREATE INDEX report_people_name ON report_people (name_folded text_pattern_ops);
CREATE INDEX report_people_identifier ON report_people (identifier_folded) WHERE identifier_folded <> '';
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON report_people FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON report_people EXECUTE FUNCTION refuse_change();

-- +goose StatementBegin
-- Searching for a part of a name is correct without pg_trgm and quick with it. It is a trusted extension (PostgreSQL 13
-- and newer): whoever may create tables here may create it, unless the server does not have it at all.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX report_people_name_part ON report_people USING gin (name_folded gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
    RAISE NOTICE 'pg_trgm is not available: searching for a part of a name reads all names';
END $$;
-- +goose StatementEnd

CREATE TABLE report_additions (
    report   text NOT NULL REFERENCES reports DEFERRABLE INITIALLY DEFERRED,
    number   int NOT NULL,
    at       timestamptz NOT NULL,
    words    text NOT NULL,
    exhibits text[] NOT NULL,
    receipt  bytea,
    PRIMARY KEY (report, number)
);
CREATE TRIGGER immutable BEFORE UPDATE ON report_additions FOR EACH ROW EXECUTE FUNCTION keep_but('receipt');
CREATE TRIGGER no_delete BEFORE DELETE ON report_additions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON report_additions EXECUTE FUNCTION refuse_change();

CREATE TABLE blobs (
    sha256       bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    size         bigint NOT NULL CHECK (size >= 0),
    sealed       timestamptz NOT NULL,
    retain_until timestamptz NOT NULL
);

-- +goose StatementBegin
-- DESIGN I5: the end of an object lock is only ever moved later.
CREATE FUNCTION retention_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.retain_until < OLD.retain_until THEN
        RAISE EXCEPTION 'retention of % would end earlier', encode(OLD.sha256, 'hex') USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER retention BEFORE UPDATE ON blobs FOR EACH ROW EXECUTE FUNCTION retention_only_grows();
CREATE TRIGGER immutable BEFORE UPDATE ON blobs FOR EACH ROW EXECUTE FUNCTION keep_but('retain_until');

CREATE TABLE exhibits (
    id         text PRIMARY KEY,
    report     text NOT NULL REFERENCES reports DEFERRABLE INITIALLY DEFERRED,
    case_id    text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    number     int NOT NULL CHECK (number > 0),
    name       text NOT NULL,
    sha256     bytea NOT NULL REFERENCES blobs DEFERRABLE INITIALLY DEFERRED,
    size       bigint NOT NULL,
    container  text NOT NULL CHECK (container IN ('', 'webm', 'mp4')),
    received   timestamptz NOT NULL,
    processing text NOT NULL CHECK (processing IN ('waiting', 'running', 'done', 'failed')),
    why        text NOT NULL,
    probe      jsonb NOT NULL,
    trust      text NOT NULL CHECK (trust IN ('unverified', 'verified', 'partly verified', 'contradicted')),
    version    int NOT NULL,
    UNIQUE (case_id, number)
);
CREATE INDEX exhibits_report ON exhibits (report);
CREATE INDEX exhibits_sha256 ON exhibits (sha256);
CREATE TRIGGER immutable BEFORE UPDATE ON exhibits
    FOR EACH ROW EXECUTE FUNCTION keep_but('container', 'processing', 'why', 'probe', 'trust', 'version');

CREATE TABLE uploads (
    id        text PRIMARY KEY,
    owner     text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    name      text NOT NULL,
    size      bigint NOT NULL CHECK (size >= 0),
    sha256    bytea NOT NULL CHECK (octet_length(sha256) = 32),
    "offset"  bigint NOT NULL,
    multipart text NOT NULL,
    parts     jsonb NOT NULL,
    tail      bigint NOT NULL,
    hash      bytea,
    state     text NOT NULL CHECK (state IN ('open', 'sealed', 'refused', 'cancelled', 'expired')),
    why       text NOT NULL,
    exhibit   text REFERENCES exhibits DEFERRABLE INITIALLY DEFERRED,
    created   timestamptz NOT NULL,
    touched   timestamptz NOT NULL,
    version   int NOT NULL,
    CONSTRAINT offset_within_size CHECK ("offset" BETWEEN 0 AND size),
    CONSTRAINT tail_within_offset CHECK (tail BETWEEN 0 AND "offset")
);
CREATE INDEX uploads_owner ON uploads (owner, created DESC) WHERE exhibit IS NULL;
CREATE INDEX uploads_open ON uploads (touched) WHERE state = 'open';
CREATE UNIQUE INDEX uploads_exhibit ON uploads (exhibit) WHERE exhibit IS NOT NULL;

CREATE TABLE derivatives (
    exhibit      text NOT NULL REFERENCES exhibits DEFERRABLE INITIALLY DEFERRED,
    kind         text NOT NULL CHECK (kind IN ('poster', 'contact', 'waveform', 'preview')),
    key          text NOT NULL,
    content_type text NOT NULL,
    sha256       bytea NOT NULL CHECK (octet_length(sha256) = 32),
    size         bigint NOT NULL,
    command      text NOT NULL,
    meta         text, -- JSON, kept as it was written
    made         timestamptz NOT NULL,
    PRIMARY KEY (exhibit, kind)
);

CREATE TABLE watches (
    number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exhibit text NOT NULL REFERENCES exhibits DEFERRABLE INITIALLY DEFERRED,
    account text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    session text NOT NULL,
    from_ns bigint NOT NULL, -- position in the clip, nanoseconds
    to_ns   bigint NOT NULL,
    clear   boolean NOT NULL,
    sound   boolean NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX watches_exhibit ON watches (exhibit, at, number);
CREATE INDEX watches_account ON watches (account, at);

CREATE TABLE views (
    subject text NOT NULL CHECK (subject ~ '^(case|exhibit)/'),
    account text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    kind    text NOT NULL,
    at      timestamptz NOT NULL,
    before  timestamptz, -- the time of the viewing before this one
    PRIMARY KEY (subject, account, kind)
);
CREATE INDEX views_account ON views (account);
