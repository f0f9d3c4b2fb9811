-- +goose Up

-- A file of lines of chat (media/PROTOCOL.md, section 18) is an exhibit of its own, and its own proof.
ALTER TABLE exhibits DROP CONSTRAINT exhibits_container_check;
ALTER TABLE exhibits ADD CONSTRAINT exhibits_container_check CHECK (container IN ('', 'webm', 'matroska', 'mp4', 'mov', 'lines'));
