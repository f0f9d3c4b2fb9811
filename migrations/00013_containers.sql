-- +goose Up

-- Every container that media/derive knows: telephones make QuickTime, recorders make Matroska.
ALTER TABLE exhibits DROP CONSTRAINT exhibits_container_check;
ALTER TABLE exhibits ADD CONSTRAINT exhibits_container_check CHECK (container IN ('', 'webm', 'matroska', 'mp4', 'mov'));
