-- Why: codes take turns, too, so that a burst of them waits by the clock instead of asking for a slot again and again.

-- +goose Up

ALTER TABLE bot_slots ADD COLUMN code_free_at timestamptz;
