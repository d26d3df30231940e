-- Why: a bot may greet whoever presses Start, and ask for the phone at once: its owner says so.

-- +goose Up

ALTER TABLE bots ADD COLUMN ask_phone_on_start boolean NOT NULL DEFAULT false;
