-- Why: phones and names of people must not lie open in a dump or a backup. They are sealed with a key that lies elsewhere,
-- and looked up by an index, a keyed hash of theirs. What is here already cannot be sealed by a statement: it is marked by a
-- first byte of zero, and the program that runs this migration seals it right afterwards.

-- +goose Up

CREATE TABLE vault (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one), -- there is one
    index_check bytea NOT NULL DEFAULT '', -- tells another index key than that of this database
    sealed_by   text NOT NULL DEFAULT '',  -- the key by which everything is sealed, as far as that was looked at
    plain       boolean NOT NULL           -- some values wait to be sealed for the first time
);
INSERT INTO vault (plain) SELECT EXISTS (SELECT FROM accounts);

DROP TRIGGER subscribers_changed ON subscribers;
DROP INDEX subscribers_phone, subscribers_username, phone_proofs_phone;

ALTER TABLE subscribers
    DROP CONSTRAINT subscribers_phone_check, DROP CONSTRAINT subscribers_check, DROP CONSTRAINT subscribers_check1,
    ADD COLUMN names          bytea NOT NULL DEFAULT '', -- username, first and last name, sealed together
    ADD COLUMN names_index    bytea NOT NULL DEFAULT '', -- tells whether they have changed
    ADD COLUMN username_index bytea NOT NULL DEFAULT '',
    ADD COLUMN phone_index    bytea NOT NULL DEFAULT '',
    ALTER COLUMN phone DROP DEFAULT,
    ALTER COLUMN phone TYPE bytea USING CASE phone WHEN '' THEN ''::bytea ELSE '\x00'::bytea || convert_to(phone, 'UTF8') END,
    ALTER COLUMN phone SET DEFAULT '';
UPDATE subscribers SET names = '\x00'::bytea || convert_to(json_build_object('u', username, 'f', first_name, 'l', last_name)::text, 'UTF8');
ALTER TABLE subscribers
    DROP COLUMN username, DROP COLUMN first_name, DROP COLUMN last_name,
    ADD CONSTRAINT subscribers_phone_proved CHECK ((phone = '') = (phone_proved_at IS NULL)),
    ADD CONSTRAINT subscribers_phone_proof CHECK ((phone = '') = (phone_proof = '')),
    ADD CONSTRAINT subscribers_phone_found CHECK (phone <> '' OR phone_index = '');
-- A phone names one person of a bot: the last proof wins.
CREATE UNIQUE INDEX subscribers_phone ON subscribers (bot_id, phone_index) WHERE phone_index <> '';
CREATE INDEX subscribers_username ON subscribers (bot_id, username_index, username_seen_at DESC) WHERE username_index <> '';

-- As they were sealed in the row of the person.
ALTER TABLE subscriber_names
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ADD COLUMN names bytea NOT NULL DEFAULT '';
UPDATE subscriber_names SET names = '\x00'::bytea || convert_to(json_build_object('u', username, 'f', first_name, 'l', last_name)::text, 'UTF8');
ALTER TABLE subscriber_names DROP COLUMN username, DROP COLUMN first_name, DROP COLUMN last_name;

ALTER TABLE phone_proofs DROP CONSTRAINT phone_proofs_pkey, ADD COLUMN phone_index bytea;
UPDATE phone_proofs SET phone_index = convert_to(phone, 'UTF8'); -- until it is sealed
ALTER TABLE phone_proofs
    ALTER COLUMN phone TYPE bytea USING '\x00'::bytea || convert_to(phone, 'UTF8'),
    ADD PRIMARY KEY (subscriber_id, proved_at, phone_index);
CREATE INDEX phone_proofs_phone ON phone_proofs (bot_id, phone_index);

-- The address of a message is sealed if it is a phone or a username; ids stand open.
ALTER TABLE messages
    ADD COLUMN sealed_address bytea NOT NULL DEFAULT '',
    ADD COLUMN address_index  bytea NOT NULL DEFAULT '',
    DROP CONSTRAINT messages_check1; -- an address for each kind: sealed or open, and gone once its person is forgotten
UPDATE messages SET sealed_address = '\x00'::bytea || convert_to(address, 'UTF8'), address = '' WHERE address_kind IN ('phone', 'username');
ALTER TABLE messages ADD CONSTRAINT messages_address CHECK (
    (address = '' OR address_kind IN ('platform', 'external', 'chat')) AND (address_index = '' OR address_kind IN ('phone', 'username')));

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

CREATE TRIGGER subscribers_changed AFTER UPDATE ON subscribers FOR EACH ROW
    WHEN (OLD.connection IS DISTINCT FROM NEW.connection OR OLD.phone_proved_at IS DISTINCT FROM NEW.phone_proved_at
          OR OLD.external_id IS DISTINCT FROM NEW.external_id OR OLD.chat_id IS DISTINCT FROM NEW.chat_id
          OR OLD.names_index IS DISTINCT FROM NEW.names_index)
    EXECUTE FUNCTION tell_subscriber();
