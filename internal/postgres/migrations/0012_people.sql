-- Why: senders know people by ids of their own, group them and keep their names' history; and bots are taken into groups and
-- channels, which are written to like people.

-- +goose Up

ALTER TABLE subscribers
    -- A chat that is no person has the chat's id as platform_id: negative, as the messenger gives them. When the group
    -- becomes a supergroup chat_id moves and platform_id stays, so that the earlier id goes on to name it.
    ADD COLUMN kind            text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'group', 'supergroup', 'channel')),
    ADD COLUMN external_id     text NOT NULL DEFAULT '' CHECK (length(external_id) <= 128),
    ADD COLUMN chosen_language text NOT NULL DEFAULT '',
    ADD COLUMN timezone        text NOT NULL DEFAULT '',
    ADD CONSTRAINT subscribers_kind_id CHECK ((kind = 'person') = (platform_id > 0));
CREATE UNIQUE INDEX subscribers_external ON subscribers (bot_id, external_id) WHERE external_id <> '';
CREATE INDEX subscribers_chat ON subscribers (bot_id, chat_id) WHERE kind <> 'person';
CREATE INDEX person_states_tags ON person_states USING gin (tags);

-- What people were called before.
CREATE TABLE subscriber_names (
    account_id    text NOT NULL REFERENCES accounts,
    subscriber_id text NOT NULL REFERENCES subscribers,
    username      text NOT NULL,
    first_name    text NOT NULL,
    last_name     text NOT NULL,
    until         timestamptz NOT NULL -- when another name was first seen
);
CREATE INDEX subscriber_names_of ON subscriber_names (subscriber_id, until DESC);

-- Links that tell who the person is whom the sender knows. People hold the token; what is looked up is its hash.
CREATE TABLE connect_links (
    token_hash  bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    account_id  text NOT NULL REFERENCES accounts,
    bot_id      text NOT NULL REFERENCES bots,
    external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 128),
    created_at  timestamptz NOT NULL,
    used_at     timestamptz,
    used_by     text REFERENCES subscribers
);

ALTER TABLE messages
    DROP CONSTRAINT messages_address_kind_check,
    ADD CONSTRAINT messages_address_kind_check CHECK (address_kind IN ('', 'phone', 'username', 'platform', 'external', 'chat'));

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
    IF NEW.phone <> '' AND (NOT known OR OLD.phone <> NEW.phone OR OLD.phone_proved_at < NEW.phone_proved_at) THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id,
                CASE WHEN known AND OLD.phone NOT IN ('', NEW.phone) THEN 'subscriber.phone_changed' ELSE 'subscriber.phone_proved' END,
                NEW.phone_proved_at, NEW.bot_id, NEW.id, jsonb_build_object('proof', NEW.phone_proof));
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
    IF known AND NEW.kind = 'person' AND (OLD.username, OLD.first_name, OLD.last_name) IS DISTINCT FROM (NEW.username, NEW.first_name, NEW.last_name) THEN
        INSERT INTO subscriber_names (account_id, subscriber_id, username, first_name, last_name, until)
        VALUES (OLD.account_id, OLD.id, OLD.username, OLD.first_name, OLD.last_name, NEW.profile_at);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

DROP TRIGGER subscribers_changed ON subscribers;
CREATE TRIGGER subscribers_changed AFTER UPDATE ON subscribers FOR EACH ROW
    WHEN (OLD.connection IS DISTINCT FROM NEW.connection OR OLD.phone_proved_at IS DISTINCT FROM NEW.phone_proved_at
          OR OLD.external_id IS DISTINCT FROM NEW.external_id OR OLD.chat_id IS DISTINCT FROM NEW.chat_id
          OR (OLD.username, OLD.first_name, OLD.last_name) IS DISTINCT FROM (NEW.username, NEW.first_name, NEW.last_name))
    EXECUTE FUNCTION tell_subscriber();
