-- Why: a text may be marked up, and a messenger that does not understand the markup gets the text once more without it.

-- +goose Up

ALTER TABLE messages ADD COLUMN format text NOT NULL DEFAULT 'plain' CHECK (format IN ('plain', 'html', 'markdown'));

ALTER TABLE legs ADD COLUMN plain boolean NOT NULL DEFAULT false; -- the markup was refused: sent without
