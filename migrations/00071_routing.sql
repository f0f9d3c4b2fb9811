-- +goose Up

-- Parts of a lane's cases that some people take.
CREATE TABLE work_queues (
    id      text PRIMARY KEY,
    lane    text NOT NULL CHECK (lane IN ('general', 'child-safety')),
    name    text NOT NULL CHECK (name <> ''),
    members text[] NOT NULL, -- accounts; none: everybody
    closed  boolean NOT NULL,
    version int NOT NULL,
    UNIQUE (id, lane)
);
CREATE UNIQUE INDEX work_queues_name ON work_queues (lane, lower(name)) WHERE NOT closed;
CREATE TRIGGER immutable BEFORE UPDATE ON work_queues FOR EACH ROW EXECUTE FUNCTION keep_but('name', 'members', 'closed', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON work_queues FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON work_queues EXECUTE FUNCTION refuse_change();

-- Rules over the facts of a case, in CEL (triage/routing). The first of a lane that holds applies.
CREATE TABLE routing_rules (
    id        text PRIMARY KEY,
    lane      text NOT NULL CHECK (lane IN ('general', 'child-safety')),
    position  int NOT NULL CHECK (position >= 0),
    name      text NOT NULL CHECK (name <> ''),
    condition text NOT NULL CHECK (condition <> ''),
    queue     text,
    points    int NOT NULL CHECK (points BETWEEN -100 AND 100),
    switched_on boolean NOT NULL,
    tried     timestamptz,
    by        text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    changed   timestamptz NOT NULL,
    version   int NOT NULL,
    FOREIGN KEY (queue, lane) REFERENCES work_queues (id, lane) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT tried_before_it_is_on CHECK (NOT switched_on OR tried IS NOT NULL)
);
CREATE INDEX routing_rules_order ON routing_rules (lane, position, id);
CREATE INDEX routing_rules_queue ON routing_rules (queue, lane) WHERE queue IS NOT NULL;
CREATE INDEX routing_rules_by ON routing_rules (by);
CREATE TRIGGER immutable BEFORE UPDATE ON routing_rules
    FOR EACH ROW EXECUTE FUNCTION keep_but('position', 'name', 'condition', 'queue', 'points', 'switched_on', 'tried', 'by', 'changed', 'version');

-- Why a case is as urgent as it is, whose it is, and until when nobody is offered it. A case's queue is of its lane.
ALTER TABLE cases ADD COLUMN reasons jsonb, ADD COLUMN queue text, ADD COLUMN placed boolean NOT NULL DEFAULT false, ADD COLUMN deferred timestamptz,
    ADD FOREIGN KEY (queue, lane) REFERENCES work_queues (id, lane) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX cases_in_queue ON cases (queue, lane, state, rank, opened, id) WHERE queue IS NOT NULL;
