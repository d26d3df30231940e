-- Why: phones change hands. A sender may want a phone that was proved lately: a message is withheld, and the person is asked
-- once, whatever is withheld for them meanwhile. A proof is a shared contact, or a code that came by SMS to the number.

-- +goose Up

ALTER TABLE messages
    ADD COLUMN confirmed_within_ms bigint NOT NULL DEFAULT 0 CHECK (confirmed_within_ms >= 0), -- 0: however old the proof is
    ADD COLUMN confirm_by          text NOT NULL DEFAULT '' CHECK (confirm_by IN ('', 'contact', 'sms')),
    ADD COLUMN carries_code        boolean NOT NULL DEFAULT false, -- of a phone: it is made when the message leaves
    DROP CONSTRAINT messages_state_move,
    ADD CONSTRAINT messages_state_move CHECK (
        CASE direction WHEN 'in' THEN state = 'received' AND previous = ''
        ELSE (previous, state) IN (
            ('', 'queued'),
            ('queued', 'scheduled'), ('queued', 'sending'), ('queued', 'withheld'), ('queued', 'not_subscribed'),
            ('queued', 'failed'), ('queued', 'expired'), ('queued', 'cancelled'),
            ('scheduled', 'sending'), ('scheduled', 'withheld'), ('scheduled', 'not_subscribed'),
            ('scheduled', 'failed'), ('scheduled', 'expired'), ('scheduled', 'cancelled'),
            ('sending', 'accepted'), ('sending', 'not_subscribed'), ('sending', 'failed'), ('sending', 'unknown'),
            ('sending', 'expired'), ('sending', 'withheld'), ('sending', 'cancelled'), ('sending', 'delivered'), ('sending', 'read'),
            ('withheld', 'sending'), ('withheld', 'failed'), ('withheld', 'expired'), ('withheld', 'cancelled'), ('withheld', 'not_subscribed'),
            ('unknown', 'sending'), ('unknown', 'accepted'), ('unknown', 'delivered'), ('unknown', 'read'),
            ('unknown', 'failed'), ('unknown', 'expired'),
            ('accepted', 'sending'), ('accepted', 'delivered'), ('accepted', 'read'), ('accepted', 'failed'),
            ('delivered', 'sending'), ('delivered', 'read'))
        END);
-- What a proof of a person lets go.
CREATE INDEX messages_withheld ON messages (subscriber_id) WHERE state = 'withheld';

ALTER TABLE subscribers
    DROP CONSTRAINT subscribers_phone_proof_check,
    ADD CONSTRAINT subscribers_phone_proof_check CHECK (phone_proof IN ('', 'contact', 'sms'));
ALTER TABLE phone_proofs
    DROP CONSTRAINT phone_proofs_proof_check,
    ADD CONSTRAINT phone_proofs_proof_check CHECK (proof IN ('contact', 'sms'));
CREATE INDEX phone_proofs_of ON phone_proofs (subscriber_id, proved_at DESC);

-- A person is asked to prove their phone. At most one ask of a person is open.
CREATE TABLE phone_asks (
    id            text PRIMARY KEY, -- the message of the bot that asks
    account_id    text NOT NULL REFERENCES accounts,
    bot_id        text NOT NULL REFERENCES bots,
    subscriber_id text NOT NULL REFERENCES subscribers,
    way           text NOT NULL CHECK (way IN ('contact', 'sms')),
    sms_id        text NOT NULL DEFAULT '', -- the message that carries the code
    code_hash     bytea CHECK (length(code_hash) = 32),
    code_until    timestamptz, -- the code is good until then
    tries         integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    asked_at      timestamptz NOT NULL,
    closed_at     timestamptz,
    outcome       text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'proved', 'replaced', 'spent')),
    CHECK ((closed_at IS NULL) = (outcome = '')),
    CHECK ((way = 'sms') = (sms_id <> '')),
    CHECK ((code_hash IS NULL) = (code_until IS NULL))
);
CREATE UNIQUE INDEX phone_asks_open ON phone_asks (subscriber_id) WHERE closed_at IS NULL;
CREATE INDEX phone_asks_sms ON phone_asks (sms_id) WHERE sms_id <> '';
