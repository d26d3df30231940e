-- Why: when a person is forgotten, what their messages carried is to go with them: a file that went to nobody else, and the
-- translations that are kept of what they wrote and got. Both are named in sealed values, or by hashes that nobody can make
-- again, so messages name them openly: by an id, and by the keys under which translations are kept. Of messages that were there
-- before neither is known: their files go within 7 days, their translations within 30.

-- +goose Up

ALTER TABLE messages
    ADD COLUMN file_id          text NOT NULL DEFAULT '', -- that it carries
    ADD COLUMN translation_keys bytea[] NOT NULL DEFAULT '{}';
CREATE INDEX messages_file ON messages (file_id) WHERE file_id <> '';
