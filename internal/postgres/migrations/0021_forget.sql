-- Why: a person may want to be forgotten. Their row becomes a stone without a name at once, so that nobody finds them any
-- more; what they wrote and got is erased after that, in small batches, while states, times and prices stay.

-- +goose Up

ALTER TABLE subscribers
    DROP CONSTRAINT subscribers_kind_check,
    ADD CONSTRAINT subscribers_kind_check CHECK (kind IN ('person', 'group', 'supergroup', 'channel', 'forgotten')),
    ADD CONSTRAINT subscribers_forgotten CHECK (kind <> 'forgotten' OR (
        names = '' AND username_index = '' AND phone = '' AND external_id = '' AND start_payload = '' AND chat_id = 0 AND connection = 'disconnected'));

-- Whom to forget, until everything is erased.
CREATE TABLE forgettings (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts,
    bot_id        text NOT NULL REFERENCES bots,
    subscriber_id text NOT NULL UNIQUE REFERENCES subscribers,
    chat_id       bigint NOT NULL,
    addresses     bytea[] NOT NULL, -- indexes under which messages may be addressed to them
    phones        bytea[] NOT NULL, -- and under which they may have written SMS
    reached       text NOT NULL DEFAULT '', -- the last of their messages that was erased
    asked_at      timestamptz NOT NULL,
    due_at        timestamptz NOT NULL,
    done_at       timestamptz,
    CHECK (done_at IS NULL OR (chat_id = 0 AND addresses = '{}' AND phones = '{}'))
);
SELECT secure_rows('forgettings');
CREATE INDEX forgettings_due ON forgettings (due_at) WHERE done_at IS NULL;

-- Where no person is: below the ids that messengers give to chats.
CREATE SEQUENCE forgotten_people;

CREATE INDEX messages_address ON messages (address_index, id) WHERE address_index <> '';
CREATE INDEX updates_chat ON updates (bot_id, chat_id);
CREATE INDEX events_subscriber ON events (subscriber_id) WHERE subscriber_id <> '';

-- +goose StatementBegin
CREATE FUNCTION tell_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id)
    VALUES (new_event_id(), NEW.account_id, 'subscriber.forgotten', NEW.disconnected_at, NEW.bot_id, NEW.id);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
DROP TRIGGER subscribers_changed ON subscribers;
CREATE TRIGGER subscribers_changed AFTER UPDATE ON subscribers FOR EACH ROW
    WHEN (NEW.kind <> 'forgotten'
          AND (OLD.connection IS DISTINCT FROM NEW.connection OR OLD.phone_proved_at IS DISTINCT FROM NEW.phone_proved_at
               OR OLD.external_id IS DISTINCT FROM NEW.external_id OR OLD.chat_id IS DISTINCT FROM NEW.chat_id
               OR OLD.names_index IS DISTINCT FROM NEW.names_index))
    EXECUTE FUNCTION tell_subscriber();
CREATE TRIGGER subscribers_forgotten AFTER UPDATE ON subscribers FOR EACH ROW
    WHEN (NEW.kind = 'forgotten' AND OLD.kind <> 'forgotten') EXECUTE FUNCTION tell_forgotten();
