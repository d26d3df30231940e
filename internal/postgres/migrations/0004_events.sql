-- Why: what happens in an account is of use to programs of its owner: who connected, whose phone was proved, which bot was
-- taken over. Each event is stored in the transaction of its cause, so none is lost and none is told that did not happen.

-- +goose Up

-- Ids as package gateway makes them: a prefix, 48 bits of milliseconds and 80 random bits in Crockford's base 32. So a
-- statement that changes something can tell about it in the same breath.
-- +goose StatementBegin
CREATE FUNCTION new_id(prefix text, at timestamptz) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    alphabet CONSTANT text := '0123456789abcdefghjkmnpqrstvwxyz';
    random   CONSTANT bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
    -- 48 bits of time; of a random uuid the first six bytes and the last seven are random throughout.
    raw      CONSTANT bytea := substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3 FOR 6)
                               || substring(random FROM 1 FOR 6) || substring(random FROM 26 FOR 4);
    bits     bigint := 0;
    have     int := 0;
    out      text := '';
BEGIN
    FOR i IN 0..15 LOOP
        bits := (bits << 8) | get_byte(raw, i);
        have := have + 8;
        WHILE have >= 5 LOOP
            have := have - 5;
            out := out || substr(alphabet, ((bits >> have) & 31)::int + 1, 1);
            bits := bits & ((1::bigint << have) - 1);
        END LOOP;
    END LOOP;
    RETURN prefix || '_' || out || substr(alphabet, ((bits << (5 - have)) & 31)::int + 1, 1);
END
$$;
-- +goose StatementEnd

CREATE TABLE events (
    id            text PRIMARY KEY,
    account_id    text NOT NULL REFERENCES accounts,
    kind          text NOT NULL CHECK (kind ~ '^[a-z_]+\.[a-z_]+$'),
    at            timestamptz NOT NULL,
    -- What it is about, as far as it is about these. No foreign keys: an event tells about what was, too.
    bot_id        text NOT NULL DEFAULT '',
    subscriber_id text NOT NULL DEFAULT '',
    message_id    text NOT NULL DEFAULT '',
    label         text NOT NULL DEFAULT '',
    data          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object' AND length(data::text) <= 65536)
);
CREATE INDEX events_account ON events (account_id, id DESC);
CREATE INDEX events_kind ON events (account_id, kind, id DESC);
CREATE INDEX events_age ON events (at);

-- Events of people and bots are written by the change itself, whoever makes it: an update, a refusal, an import.
-- +goose StatementBegin
CREATE FUNCTION tell_subscriber() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known CONSTANT boolean := TG_OP = 'UPDATE';
BEGIN
    IF NOT known OR OLD.connection <> NEW.connection THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_id('evt', NEW.connection_at), NEW.account_id, 'subscriber.' || NEW.connection, NEW.connection_at, NEW.bot_id, NEW.id,
                CASE WHEN NEW.connection = 'connected' THEN jsonb_strip_nulls(jsonb_build_object('start_payload', nullif(NEW.start_payload, '')))
                     ELSE jsonb_strip_nulls(jsonb_build_object('reason', nullif(NEW.reason, ''))) END);
    END IF;
    IF NEW.phone <> '' AND (NOT known OR OLD.phone <> NEW.phone OR OLD.phone_proved_at < NEW.phone_proved_at) THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_id('evt', NEW.phone_proved_at), NEW.account_id,
                CASE WHEN known AND OLD.phone NOT IN ('', NEW.phone) THEN 'subscriber.phone_changed' ELSE 'subscriber.phone_proved' END,
                NEW.phone_proved_at, NEW.bot_id, NEW.id, jsonb_build_object('proof', NEW.phone_proof));
    ELSIF known AND OLD.phone <> '' AND NEW.phone = '' THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id)
        VALUES (new_id('evt', now()), NEW.account_id, 'subscriber.phone_lost', now(), NEW.bot_id, NEW.id);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION tell_bot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (id, account_id, kind, at, bot_id, data)
    VALUES (new_id('evt', NEW.updated_at), NEW.account_id,
            'bot.' || CASE NEW.state WHEN 'active' THEN 'recovered' ELSE NEW.state END, NEW.updated_at, NEW.id,
            jsonb_strip_nulls(jsonb_build_object('from', OLD.state, 'reason_text', nullif(NEW.state_reason, ''))));
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER subscribers_new AFTER INSERT ON subscribers FOR EACH ROW EXECUTE FUNCTION tell_subscriber();
CREATE TRIGGER subscribers_changed AFTER UPDATE ON subscribers FOR EACH ROW
    WHEN (OLD.connection IS DISTINCT FROM NEW.connection OR OLD.phone_proved_at IS DISTINCT FROM NEW.phone_proved_at)
    EXECUTE FUNCTION tell_subscriber();
CREATE TRIGGER bots_changed AFTER UPDATE ON bots FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION tell_bot();
