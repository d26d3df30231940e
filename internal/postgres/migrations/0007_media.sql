-- Why: a message may carry a photo or a document. What accounts upload is kept in parts, so that no process ever holds a
-- whole file, until it expires; what a messenger calls a file is remembered, so that it is uploaded once for each bot.

-- +goose Up

ALTER TABLE messages
    ADD COLUMN media     jsonb,
    ADD COLUMN silent    boolean NOT NULL DEFAULT false,
    ADD COLUMN protected boolean NOT NULL DEFAULT false;

CREATE TABLE files (
    id          text PRIMARY KEY,
    account_id  text NOT NULL REFERENCES accounts,
    name        text NOT NULL,
    type        text NOT NULL DEFAULT '',
    size        bigint NOT NULL DEFAULT 0 CHECK (size >= 0),
    width       integer NOT NULL DEFAULT 0,
    height      integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz, -- null while it arrives
    expires_at  timestamptz NOT NULL
);
CREATE INDEX files_account ON files (account_id);
CREATE INDEX files_expiry ON files (expires_at);

CREATE TABLE file_parts (
    file_id    text NOT NULL REFERENCES files ON DELETE CASCADE,
    number     integer NOT NULL CHECK (number >= 1),
    account_id text NOT NULL REFERENCES accounts,
    body       bytea NOT NULL,
    PRIMARY KEY (file_id, number)
);
ALTER TABLE file_parts ALTER COLUMN body SET STORAGE EXTERNAL; -- pictures do not compress

-- What a messenger calls a file that a bot has sent once. It is good for that bot alone.
CREATE TABLE file_handles (
    file_id    text NOT NULL REFERENCES files ON DELETE CASCADE,
    bot_id     text NOT NULL REFERENCES bots,
    kind       text NOT NULL CHECK (kind IN ('photo', 'document')),
    account_id text NOT NULL REFERENCES accounts,
    handle     text NOT NULL,
    PRIMARY KEY (file_id, bot_id, kind)
);
