-- Why: a messenger takes only so many messages a second from one bot. One row per bot, shared by all workers, says when
-- it is free; a person's row says when their chat is; a leg remembers the slot that it holds.

-- +goose Up

CREATE TABLE bot_slots (
    bot_id        text PRIMARY KEY REFERENCES bots,
    account_id    text NOT NULL REFERENCES accounts,
    free_at       timestamptz,
    service_free_at timestamptz,
    bulk_free_at  timestamptz,
    blocked_until timestamptz,
    rate          double precision NOT NULL DEFAULT 0 CHECK (rate >= 0),
    rate_since    timestamptz,
    refusals      bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50); -- updated with every message: leave room for it in the page
INSERT INTO bot_slots (bot_id, account_id) SELECT id, account_id FROM bots;

ALTER TABLE subscribers ADD COLUMN chat_free_at timestamptz;

ALTER TABLE legs ADD COLUMN slot_at timestamptz;
CREATE INDEX legs_waiting ON legs (slot_at) WHERE state = 'pending' AND slot_at IS NOT NULL;
