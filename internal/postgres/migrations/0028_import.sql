-- Why: a bot comes here with people whom another program knew. Its owner says who they are and when their phones were
-- proved; nobody may take that for a proof that was given to us, or greet those people as if they had just come.

-- +goose Up

ALTER TABLE subscribers
    DROP CONSTRAINT subscribers_phone_proof_check,
    ADD CONSTRAINT subscribers_phone_proof_check CHECK (phone_proof IN ('', 'contact', 'sms', 'import'));
ALTER TABLE phone_proofs
    DROP CONSTRAINT phone_proofs_proof_check,
    ADD CONSTRAINT phone_proofs_proof_check CHECK (proof IN ('contact', 'sms', 'import'));

-- Updates of messengers begin at 1: what has the mark 0 was said by an import. Its proofs are as old as they are, and its
-- events of today.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_subscriber() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known CONSTANT boolean := TG_OP = 'UPDATE';
    noun  CONSTANT text := CASE NEW.kind WHEN 'person' THEN 'subscriber' ELSE 'chat' END;
BEGIN
    IF NOT known OR OLD.connection <> NEW.connection THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id, noun || '.' || NEW.connection, NEW.connection_at, NEW.bot_id, NEW.id,
                jsonb_strip_nulls(jsonb_build_object(
                    'start_payload', CASE NEW.connection WHEN 'connected' THEN nullif(NEW.start_payload, '') END,
                    'reason', CASE NEW.connection WHEN 'disconnected' THEN nullif(NEW.reason, '') END,
                    'imported', CASE NEW.connection_update_id WHEN 0 THEN true END)));
    END IF;
    -- Sealed twice, a phone looks different: its index tells.
    IF NEW.phone <> '' AND (NOT known OR OLD.phone = '' OR OLD.phone_index NOT IN ('', NEW.phone_index) OR OLD.phone_proved_at < NEW.phone_proved_at) THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id,
                CASE WHEN known AND OLD.phone_index NOT IN ('', NEW.phone_index) THEN 'subscriber.phone_changed' ELSE 'subscriber.phone_proved' END,
                CASE NEW.phone_proof WHEN 'import' THEN now() ELSE NEW.phone_proved_at END, NEW.bot_id, NEW.id, jsonb_build_object('proof', NEW.phone_proof));
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
