-- Why: a phone that is not that of the person's own account at the messenger can be proved, too: the person writes the number, and
-- then the code that an SMS brings to it. The number is kept while the code is good; what stays is how many went where.

-- +goose Up

ALTER TABLE bots ADD COLUMN contact_only boolean NOT NULL DEFAULT false; -- numbers that people write get no SMS

ALTER TABLE phone_asks
    ADD COLUMN phone       bytea NOT NULL DEFAULT '', -- that the person claims, sealed; empty: the one that they proved before
    ADD COLUMN phone_index bytea NOT NULL DEFAULT '',
    ADD CONSTRAINT phone_asks_claim CHECK (phone = '' OR (phone_index <> '' AND way = 'sms'));
CREATE INDEX phone_asks_claims ON phone_asks (bot_id, asked_at) WHERE phone_index <> '';
