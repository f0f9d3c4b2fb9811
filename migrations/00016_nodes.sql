-- +goose Up

-- Which process (node) keeps a meeting that goes on: the one that has its room (storage/postgres, Relay). A node holds an advisory lock
-- on its number for as long as it is connected, so that one that died keeps nothing.
CREATE TABLE meeting_keepers (
    meeting text PRIMARY KEY REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    node    int NOT NULL CHECK (node > 0)
);
CREATE INDEX meeting_keepers_node ON meeting_keepers (node);

-- +goose StatementBegin
CREATE FUNCTION node_lives(node int) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1347571526 AND objid = node::oid AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()));
$$;

CREATE FUNCTION keeper_goes_with_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM meeting_keepers WHERE meeting = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER keeper_goes AFTER UPDATE ON meetings FOR EACH ROW WHEN (NEW.ended IS NOT NULL) EXECUTE FUNCTION keeper_goes_with_the_end();
