-- Why: whoever has a phone may want to be forgotten though they never connected to a bot. What was sent to their phone, and what
-- they answered by SMS, is of nobody that has a row of their own. So is what was sent to an id and has not found its person yet.

-- +goose Up

ALTER TABLE forgettings
    ALTER COLUMN bot_id DROP NOT NULL, -- a phone alone, on all bots of the account
    ALTER COLUMN subscriber_id DROP NOT NULL,
    ADD CONSTRAINT forgettings_whom CHECK ((bot_id IS NULL) = (subscriber_id IS NULL) AND (bot_id IS NOT NULL OR chat_id = 0)),
    ADD COLUMN open_addresses text[] NOT NULL DEFAULT '{}', -- ids under which messages may be addressed to them, with their kinds
    ADD CONSTRAINT forgettings_open CHECK (done_at IS NULL OR open_addresses = '{}');

CREATE INDEX messages_unfound ON messages (bot_id, address) WHERE subscriber_id IS NULL AND address <> '';
