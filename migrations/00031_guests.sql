-- +goose Up

-- Guests who were let into a meeting, by the device that they joined with: it is by that that they report (media/PROTOCOL.md, section 19).
CREATE TABLE meeting_guests (
    meeting text NOT NULL REFERENCES meetings DEFERRABLE INITIALLY DEFERRED,
    device  bytea NOT NULL CHECK (octet_length(device) = 32),
    name    text NOT NULL, -- that they chose
    PRIMARY KEY (meeting, device)
);

-- A report is by an account, or by a guest of its meeting.
ALTER TABLE reports ALTER COLUMN reporter DROP NOT NULL,
    ADD COLUMN guest_device bytea CHECK (octet_length(guest_device) = 32),
    ADD COLUMN guest_name   text NOT NULL DEFAULT '',
    ADD CONSTRAINT by_account_or_guest CHECK ((reporter IS NULL) = (guest_device IS NOT NULL)),
    ADD CONSTRAINT guests_name_their_meeting CHECK (guest_device IS NULL AND guest_name = '' OR guest_device IS NOT NULL AND meeting IS NOT NULL);
CREATE UNIQUE INDEX reports_guest ON reports (guest_device, key) WHERE guest_device IS NOT NULL;
