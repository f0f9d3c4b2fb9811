-- +goose Up

-- What was written in a case, as search takes it: folded and split by triage.Tokens, not by PostgreSQL's parser, whose
-- idea of letters and of lower case depends on the database's locale. One row for each report, addition and note.
CREATE TABLE case_words (
    case_id text NOT NULL REFERENCES cases DEFERRABLE INITIALLY DEFERRED,
    kind    text NOT NULL CHECK (kind IN ('report', 'addition', 'note')),
    of      text NOT NULL, -- the report's or note's number; of an addition "report/number"
    folded  text NOT NULL, -- tokens with a space between them
    words   tsvector NOT NULL GENERATED ALWAYS AS (array_to_tsvector(string_to_array(folded, ' '))) STORED,
    PRIMARY KEY (kind, of)
);
CREATE INDEX case_words_case ON case_words (case_id);
CREATE INDEX case_words_words ON case_words USING gin (words);

-- +goose StatementBegin
-- What is there already is folded by ICU where PostgreSQL has it, which is as good as Go for all but exotic scripts.
DO $$
DECLARE
    folding text := 'trim(regexp_replace(lower(%s), ''[^[:alnum:]]+'', '' '', ''g''))';
    said text;
BEGIN
    IF EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') THEN
        folding := 'trim(regexp_replace(lower(%s COLLATE "und-x-icu"), ''[^[:alnum:]]+'' COLLATE "und-x-icu", '' '', ''g''))';
    END IF;
    said := 'r.words || '' '' || r.meeting_name || '' '' || coalesce((SELECT string_agg(p.name || '' '' || p.identifier, '' '') FROM report_people p WHERE p.report = r.id), '''')';
    EXECUTE 'INSERT INTO case_words (case_id, kind, of, folded) SELECT case_id, ''report'', id, ' || format(folding, '(' || said || ')') || ' FROM reports r';
    EXECUTE 'INSERT INTO case_words (case_id, kind, of, folded) SELECT r.case_id, ''addition'', a.report || ''/'' || a.number, ' || format(folding, 'a.words')
        || ' FROM report_additions a JOIN reports r ON r.id = a.report';
    EXECUTE 'INSERT INTO case_words (case_id, kind, of, folded) SELECT case_id, ''note'', id, ' || format(folding, 'words') || ' FROM notes';
END $$;
-- +goose StatementEnd

