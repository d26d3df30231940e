-- Why: what stands in a chat may be changed or taken away later. Each such wish is a row that a worker carries out; the
-- newest one of a message counts.

-- +goose Up

ALTER TABLE messages
    ADD COLUMN edited_at  timestamptz,
    ADD COLUMN deleted_at timestamptz;

CREATE TABLE edits (
    id         text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts,
    message_id text NOT NULL REFERENCES messages,
    number     integer NOT NULL CHECK (number >= 1),
    kind       text NOT NULL CHECK (kind IN ('edit', 'delete')),
    text       text NOT NULL DEFAULT '',
    format     text NOT NULL DEFAULT 'plain' CHECK (format IN ('plain', 'html', 'markdown')),
    buttons    jsonb,
    state      text NOT NULL CHECK (state IN ('pending', 'done', 'failed', 'replaced')),
    reason     text NOT NULL DEFAULT '',
    intent_at  timestamptz,
    plain      boolean NOT NULL DEFAULT false,
    attempts   integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    slot_at    timestamptz,
    due_at     timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    settled_at timestamptz,
    UNIQUE (message_id, number),
    CHECK ((state = 'pending') = (settled_at IS NULL)),
    CHECK (state <> 'failed' OR reason <> '')
);
CREATE INDEX edits_due ON edits (due_at) WHERE state = 'pending';
-- Two changes of one message are never on their way together.
CREATE UNIQUE INDEX edits_pending ON edits (message_id) WHERE state = 'pending';
