-- Why: whoever reads events now and then stops at the first one that it knows. So ids follow the order in which events are
-- stored, also within one millisecond; when something happened stands in its own column and may be long before.

-- +goose Up

CREATE SEQUENCE event_order AS bigint CYCLE;

-- 48 bits of milliseconds, 48 bits of order and 32 random bits in Crockford's base 32.
-- +goose StatementBegin
CREATE FUNCTION new_event_id() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    alphabet CONSTANT text := '0123456789abcdefghjkmnpqrstvwxyz';
    raw      CONSTANT bytea := substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3 FOR 6)
                               || substring(int8send(nextval('event_order')) FROM 3 FOR 6) || substring(uuid_send(gen_random_uuid()) FROM 1 FOR 4);
    bits     bigint := 0;
    have     int := 0;
    out      text := 'evt_';
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
    RETURN out || substr(alphabet, ((bits << (5 - have)) & 31)::int + 1, 1);
END
$$;
-- +goose StatementEnd

-- Events of people and bots are written by the change itself, whoever makes it: an update, a refusal, an import.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_subscriber() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known CONSTANT boolean := TG_OP = 'UPDATE';
BEGIN
    IF NOT known OR OLD.connection <> NEW.connection THEN
        INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, data)
        VALUES (new_event_id(), NEW.account_id, 'subscriber.' || NEW.connection, NEW.connection_at, NEW.bot_id, NEW.id,
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
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION tell_bot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (id, account_id, kind, at, bot_id, data)
    VALUES (new_event_id(), NEW.account_id,
            'bot.' || CASE NEW.state WHEN 'active' THEN 'recovered' ELSE NEW.state END, NEW.updated_at, NEW.id,
            jsonb_strip_nulls(jsonb_build_object('from', OLD.state, 'reason_text', nullif(NEW.state_reason, ''))));
    RETURN NULL;
END
$$;
-- +goose StatementEnd

DROP FUNCTION new_id(text, timestamptz);
