-- +goose Up

-- How many of a hundred decisions are drawn for a second opinion: by default, of one reviewer, on one policy.
CREATE TABLE sampling_rates (
    kind    text NOT NULL CHECK (kind IN ('default', 'reviewer', 'policy')),
    subject text NOT NULL,
    percent int NOT NULL CHECK (percent BETWEEN 0 AND 100),
    by      text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    at      timestamptz NOT NULL,
    PRIMARY KEY (kind, subject),
    CONSTRAINT default_is_of_nobody CHECK ((kind = 'default') = (subject = '')),
    CONSTRAINT nobody_sets_their_own CHECK (kind <> 'reviewer' OR by <> subject)
);
CREATE INDEX sampling_rates_by ON sampling_rates (by);

-- A decision that was drawn for a second opinion. Whoever gives it is not the decider, and whoever settles it is neither of the two.
CREATE TABLE opinions (
    id       text PRIMARY KEY,
    decision text NOT NULL UNIQUE REFERENCES decisions DEFERRABLE INITIALLY DEFERRED,
    case_id  text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    decider  text NOT NULL REFERENCES accounts DEFERRABLE INITIALLY DEFERRED, -- of the decision, so that the constraints below can see it
    drawn    timestamptz NOT NULL,
    percent  int NOT NULL CHECK (percent BETWEEN 1 AND 100),
    taker    text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    taken    timestamptz,
    given    timestamptz,
    agrees   boolean NOT NULL,
    settler  text REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
    settled  timestamptz,
    verdict  text NOT NULL CHECK (verdict IN ('', 'first', 'second', 'either')),
    words    text NOT NULL,
    version  int NOT NULL,
    CONSTRAINT somebody_else CHECK (taker <> decider),
    CONSTRAINT neither_of_the_two CHECK (settler <> decider AND settler <> taker),
    CONSTRAINT taken_by_somebody CHECK ((taker IS NULL) = (taken IS NULL)),
    CONSTRAINT given_by_somebody CHECK (given IS NULL OR taker IS NOT NULL),
    CONSTRAINT agrees_once_given CHECK (NOT agrees OR given IS NOT NULL),
    CONSTRAINT settled_by_somebody CHECK ((settler IS NULL) = (settled IS NULL) AND (settler IS NULL) = (verdict = '')),
    CONSTRAINT only_what_differs_is_settled CHECK (settler IS NULL OR given IS NOT NULL AND NOT agrees)
);
CREATE INDEX opinions_open ON opinions (drawn, id) WHERE given IS NULL;
CREATE INDEX opinions_disputed ON opinions (given DESC, id) WHERE given IS NOT NULL AND NOT agrees AND settled IS NULL;
CREATE INDEX opinions_taker ON opinions (taker, drawn DESC, id) WHERE taker IS NOT NULL;
CREATE INDEX opinions_given ON opinions (given) WHERE given IS NOT NULL;
CREATE INDEX opinions_case ON opinions (case_id, drawn, id);
CREATE INDEX opinions_decider ON opinions (decider);
CREATE INDEX opinions_settler ON opinions (settler) WHERE settler IS NOT NULL;

-- +goose StatementBegin
-- What was said once is not said otherwise later.
CREATE FUNCTION opinion_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.given IS NOT NULL AND (NEW.taker, NEW.taken, NEW.given, NEW.agrees) IS DISTINCT FROM (OLD.taker, OLD.taken, OLD.given, OLD.agrees)
        OR OLD.settled IS NOT NULL AND (NEW.settler, NEW.settled, NEW.verdict, NEW.words) IS DISTINCT FROM (OLD.settler, OLD.settled, OLD.verdict, OLD.words)
    THEN
        RAISE EXCEPTION 'opinion % was given already', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER forward BEFORE UPDATE ON opinions FOR EACH ROW EXECUTE FUNCTION opinion_goes_forward();
CREATE TRIGGER immutable BEFORE UPDATE ON opinions
    FOR EACH ROW EXECUTE FUNCTION keep_but('taker', 'taken', 'given', 'agrees', 'settler', 'settled', 'verdict', 'words', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON opinions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON opinions EXECUTE FUNCTION refuse_change();

CREATE TABLE opinion_findings (
    opinion text NOT NULL REFERENCES opinions DEFERRABLE INITIALLY DEFERRED,
    number  int NOT NULL,
    person  text NOT NULL REFERENCES report_people DEFERRABLE INITIALLY DEFERRED,
    policy  text NOT NULL,
    action  text NOT NULL CHECK (action IN ('none', 'warn', 'remove', 'no-hosting', 'suspend', 'ban', 'refer')),
    reasons text NOT NULL,
    PRIMARY KEY (opinion, number),
    UNIQUE (opinion, person)
);
CREATE INDEX opinion_findings_person ON opinion_findings (person);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON opinion_findings FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON opinion_findings EXECUTE FUNCTION refuse_change();
