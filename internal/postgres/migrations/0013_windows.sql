-- Why: the hours in which a message may be sent count before each of its legs, by the clock of the person, and not only
-- before the first.

-- +goose Up

ALTER TABLE messages
    ADD COLUMN between_hours text NOT NULL DEFAULT '',
    ADD COLUMN timezone      text NOT NULL DEFAULT '',
    ADD COLUMN timezone_of   text NOT NULL DEFAULT '' CHECK (timezone_of IN ('', 'message', 'account')),
    ADD CHECK ((timezone = '') = (timezone_of = ''));

ALTER TABLE legs ADD COLUMN not_before timestamptz; -- when its hours begin, if it waits for them
