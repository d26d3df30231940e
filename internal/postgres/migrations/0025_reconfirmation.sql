-- Why: phones change hands, and nobody tells. The owner of a bot may want every phone proved anew after a while: whoever's proof
-- has grown too old is asked, reminded, and in the end not found by that phone any more. Only those whose turn has come are
-- read for that, however many people there are.

-- +goose Up

ALTER TABLE bots
    ADD COLUMN reconfirm_every_ms  bigint NOT NULL DEFAULT 0 CHECK (reconfirm_every_ms >= 0), -- how long a proof is good; 0: for ever
    ADD COLUMN reconfirm_by        text NOT NULL DEFAULT 'contact' CHECK (reconfirm_by IN ('contact', 'sms')),
    ADD COLUMN reconfirm_remind_ms bigint NOT NULL DEFAULT 259200000 CHECK (reconfirm_remind_ms > 0), -- after the asking; 3 days
    ADD COLUMN reconfirm_lapse_ms  bigint NOT NULL DEFAULT 1209600000, -- after the asking, too; 14 days
    ADD CONSTRAINT bots_reconfirm_order CHECK (reconfirm_lapse_ms > reconfirm_remind_ms);
CREATE INDEX bots_reconfirming ON bots (id) WHERE reconfirm_every_ms > 0;

ALTER TABLE subscribers
    ADD COLUMN reconfirm_due_at timestamptz, -- when the proof grew too old about which the person is being asked; null: nobody asks
    ADD COLUMN phone_lapsed_at  timestamptz, -- when they lost the phone because they did not answer; null: they did not
    ADD CONSTRAINT subscribers_reconfirming CHECK (reconfirm_due_at IS NULL OR phone <> ''),
    ADD CONSTRAINT subscribers_lapsed CHECK (phone_lapsed_at IS NULL OR phone = '');
-- Whose proof is how old, of those who can be asked and are not yet. What a bot wants is compared when it is read, so that
-- another wish of its owner rewrites nothing here.
CREATE INDEX subscribers_reconfirm ON subscribers (bot_id, phone_proved_at, id)
    WHERE phone_proved_at IS NOT NULL AND reconfirm_due_at IS NULL AND connection = 'connected';

ALTER TABLE phone_proofs
    ADD COLUMN lapsed boolean NOT NULL DEFAULT false, -- it was not renewed in time
    ADD CONSTRAINT phone_proofs_lapsed CHECK (NOT lapsed OR closed_at IS NOT NULL);

ALTER TABLE phone_asks
    ADD COLUMN reconfirm_due_at timestamptz, -- the reconfirmation that it is part of; null: a message wants the proof
    DROP CONSTRAINT phone_asks_outcome_check,
    ADD CONSTRAINT phone_asks_outcome_check CHECK (outcome IN ('', 'proved', 'replaced', 'spent', 'lapsed'));
CREATE INDEX phone_asks_of ON phone_asks (subscriber_id, reconfirm_due_at);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_subscriber() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known CONSTANT boolean := TG_OP = 'UPDATE';
    noun  CONSTANT text := CASE NEW.kind WHEN 'person' THEN 'subscriber' ELSE 'chat' END;
BEGIN
    IF NOT known OR OLD.connection <> NEW.connection THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id, noun || '.' || NEW.connection, NEW.connection_at, NEW.bot_id, NEW.id,
                CASE WHEN NEW.connection = 'connected' THEN jsonb_strip_nulls(jsonb_build_object('start_payload', nullif(NEW.start_payload, '')))
                     ELSE jsonb_strip_nulls(jsonb_build_object('reason', nullif(NEW.reason, ''))) END);
    END IF;
    -- Sealed twice, a phone looks different: its index tells.
    IF NEW.phone <> '' AND (NOT known OR OLD.phone = '' OR OLD.phone_index NOT IN ('', NEW.phone_index) OR OLD.phone_proved_at < NEW.phone_proved_at) THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id,
                CASE WHEN known AND OLD.phone_index NOT IN ('', NEW.phone_index) THEN 'subscriber.phone_changed' ELSE 'subscriber.phone_proved' END,
                NEW.phone_proved_at, NEW.bot_id, NEW.id, jsonb_build_object('proof', NEW.phone_proof));
    ELSIF known AND OLD.phone <> '' AND NEW.phone = '' AND NEW.phone_lapsed_at IS NOT NULL THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id, 'subscriber.phone_lapsed', NEW.phone_lapsed_at, NEW.bot_id, NEW.id,
                jsonb_build_object('proof', OLD.phone_proof, 'proved_at', to_char(OLD.phone_proved_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
    ELSIF known AND OLD.phone <> '' AND NEW.phone = '' THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id)
        VALUES (new_event_id(), NEW.account_id, 'subscriber.phone_lost', now(), NEW.bot_id, NEW.id);
    END IF;
    IF known AND OLD.external_id <> NEW.external_id THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id, CASE NEW.external_id WHEN '' THEN 'subscriber.unlinked' ELSE 'subscriber.linked' END,
                NEW.last_seen_at, NEW.bot_id, NEW.id, jsonb_build_object('external_id', coalesce(nullif(NEW.external_id, ''), OLD.external_id)));
    END IF;
    IF known AND NEW.kind <> 'person' AND OLD.chat_id <> NEW.chat_id THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id, 'chat.migrated', NEW.last_seen_at, NEW.bot_id, NEW.id,
                jsonb_build_object('from', OLD.chat_id, 'to', NEW.chat_id));
    END IF;
    IF known AND NEW.kind = 'person' AND OLD.names_index NOT IN ('', NEW.names_index) THEN
        INSERT INTO subscriber_names (account_id, subscriber_id, names, until) VALUES (OLD.account_id, OLD.id, OLD.names, NEW.profile_at);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
