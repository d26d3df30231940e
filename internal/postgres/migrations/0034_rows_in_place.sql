-- Why: counted in instructions of the processor, half of what a change of a message costs here is not the change. A CHECK that calls
-- a function costs six times a trigger that does, and a rule about many columns is worked out for each statement though few of them
-- change. A state that an index looks at makes a new entry in every index of the table. A trigger with a condition costs as much as
-- the row itself, unless it says of which columns. And a reference from what a statement writes to the row that the same statement
-- has just written finds what it knows.

-- +goose Up

-- 1. The rules of messages, legs and subscribers are held by triggers, which name the rule as a constraint would. What is written
-- once is looked at once.

-- +goose StatementBegin
CREATE FUNCTION refuse_row(relation text, rule text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = format('new row for relation "%s" violates the rule "%s"', relation, rule), TABLE = relation, CONSTRAINT = rule;
END $$;

CREATE FUNCTION check_message_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The usual way, before all pairs are looked at.
    IF NEW.previous || '>' || NEW.state NOT IN ('>queued', 'queued>sending', 'sending>accepted') OR NEW.direction <> 'out' THEN
        IF NOT state_may_follow(NEW.direction, NEW.previous, NEW.state) THEN
            PERFORM refuse_row('messages', 'messages_state_move');
        END IF;
    END IF;
    IF (NEW.reason <> '' OR NEW.state NOT IN ('not_subscribed', 'failed', 'unknown', 'expired'))
        AND (NEW.evidence = '') = (NEW.evidence_at IS NULL)
        AND (NEW.translation = '' OR NEW.translation_reason = '')
        AND NEW.translation_characters >= 0 AND NEW.price >= 0 AND NEW.cost >= 0
    THEN
        RETURN NEW;
    END IF;
    PERFORM refuse_row('messages', 'messages_fit');
END $$;

CREATE FUNCTION check_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.direction IN ('out', 'in')
        AND NEW.address_kind IN ('', 'phone', 'username', 'platform', 'external', 'chat')
        AND NEW.format IN ('plain', 'html', 'markdown')
        AND NEW.lane IN ('code', 'service', 'bulk')
        AND NEW.on_unknown IN ('resend', 'hold')
        AND NEW.evidence IN ('', 'report', 'link', 'button', 'reply')
        AND NEW.timezone_of IN ('', 'message', 'account')
        AND NEW.confirm_by IN ('', 'contact', 'sms')
        AND (NEW.currency = '' OR NEW.currency ~ '^[A-Z]{3}$')
        -- what goes out is addressed to somebody, and not for ever
        AND (NEW.direction = 'out') = (NEW.address_kind <> '')
        AND (NEW.direction = 'out') = (NEW.expires_at IS NOT NULL)
        -- an address is open, or is found by an index and sealed, as its kind asks for
        AND (NEW.address = '' OR NEW.address_kind IN ('platform', 'external', 'chat'))
        AND (NEW.address_index = '' OR NEW.address_kind IN ('phone', 'username'))
        AND (NEW.timezone = '') = (NEW.timezone_of = '')
        AND NEW.confirmed_within_ms >= 0
        AND (NEW.max_price IS NULL OR NEW.max_price >= 0)
    THEN
        RETURN NEW;
    END IF;
    PERFORM refuse_row('messages', 'messages_fit');
END $$;

CREATE FUNCTION check_leg_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'pending' THEN
        -- nothing is called without an intent
        IF NEW.settled_at IS NULL AND (NEW.intent_at IS NULL OR NEW.attempts > 0) AND NEW.attempts >= 0 AND NEW.segments >= 0 AND NEW.price >= 0
            AND (NEW.cost = 0 OR NEW.cost = NEW.price AND (NEW.platform_message_id <> 0 OR NEW.provider_id <> ''))
        THEN
            RETURN NEW;
        END IF;
    ELSIF NEW.state IN ('accepted', 'delivered', 'read', 'failed', 'unknown', 'skipped')
        AND NEW.settled_at IS NOT NULL AND (NEW.intent_at IS NULL OR NEW.attempts > 0) AND NEW.attempts >= 0 AND NEW.segments >= 0 AND NEW.price >= 0
        -- what was taken has a name at the one who took it
        AND (NEW.state NOT IN ('accepted', 'delivered', 'read') OR (NEW.attempts > 0 AND (NEW.platform_message_id <> 0 OR NEW.provider_id <> '')))
        -- a bad end has its reason
        AND (NEW.reason <> '' OR NEW.state NOT IN ('failed', 'unknown'))
        AND (NEW.attempts > 0 OR NEW.state <> 'unknown')
        -- what was taken costs its price, everything else nothing
        AND (NEW.cost = 0 OR NEW.cost = NEW.price AND (NEW.platform_message_id <> 0 OR NEW.provider_id <> ''))
    THEN
        RETURN NEW;
    END IF;
    PERFORM refuse_row('legs', 'legs_fit');
END $$;

CREATE FUNCTION check_leg() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.channel IN ('telegram', 'sms') AND NEW.until IN ('accepted', 'delivered', 'read', 'replied') AND NEW.number >= 1 AND NEW.within_ms >= 0 THEN
        RETURN NEW;
    END IF;
    PERFORM refuse_row('legs', 'legs_fit');
END $$;

CREATE FUNCTION check_subscriber() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.connection IN ('connected', 'disconnected')
        AND NEW.kind IN ('person', 'group', 'supergroup', 'channel', 'forgotten')
        AND NEW.phone_proof IN ('', 'contact', 'sms', 'import')
        AND (NEW.kind = 'person') = (NEW.platform_id > 0)
        AND length(NEW.external_id) <= 128
        -- a phone stands with its proof, and is found by its index
        AND (NEW.phone = '') = (NEW.phone_proof = '')
        AND (NEW.phone = '') = (NEW.phone_proved_at IS NULL)
        AND (NEW.phone <> '' OR NEW.phone_index = '')
        AND (NEW.reconfirm_due_at IS NULL OR NEW.phone <> '')
        AND (NEW.phone_lapsed_at IS NULL OR NEW.phone = '')
        -- of who was forgotten nothing is left
        AND (NEW.kind <> 'forgotten' OR (NEW.names = '' AND NEW.username_index = '' AND NEW.phone = '' AND NEW.external_id = ''
            AND NEW.start_payload = '' AND NEW.chat_id = 0 AND NEW.connection = 'disconnected'))
    THEN
        RETURN NEW;
    END IF;
    PERFORM refuse_row('subscribers', 'subscribers_fit');
END $$;
-- +goose StatementEnd

ALTER TABLE messages DROP CONSTRAINT messages_fit, DROP CONSTRAINT messages_state_move;
ALTER TABLE legs DROP CONSTRAINT legs_fit;
ALTER TABLE subscribers DROP CONSTRAINT subscribers_fit;
DROP FUNCTION message_fits, leg_fits, subscriber_fits;

CREATE TRIGGER message_way_fits BEFORE INSERT OR UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION check_message_way();
CREATE TRIGGER message_fits BEFORE INSERT OR UPDATE OF direction, address_kind, address, address_index, format, lane, on_unknown, evidence,
    timezone, timezone_of, confirm_by, confirmed_within_ms, currency, expires_at, max_price
    ON messages FOR EACH ROW EXECUTE FUNCTION check_message();
CREATE TRIGGER leg_way_fits BEFORE INSERT OR UPDATE ON legs FOR EACH ROW EXECUTE FUNCTION check_leg_way();
CREATE TRIGGER leg_fits BEFORE INSERT OR UPDATE OF channel, until, number, within_ms ON legs FOR EACH ROW EXECUTE FUNCTION check_leg();
CREATE TRIGGER subscriber_fits BEFORE INSERT OR UPDATE OF connection, kind, platform_id, chat_id, external_id, start_payload, names,
    username_index, phone, phone_proof, phone_proved_at, phone_index, phone_lapsed_at, reconfirm_due_at
    ON subscribers FOR EACH ROW EXECUTE FUNCTION check_subscriber();

-- 2. What happens to people is told when what it is about is written, and not when a chat takes its turn.

DROP TRIGGER subscribers_changed ON subscribers;
CREATE TRIGGER subscribers_changed AFTER UPDATE OF kind, connection, phone_proved_at, external_id, chat_id, names_index ON subscribers FOR EACH ROW
    WHEN (NEW.kind <> 'forgotten'
          AND (OLD.connection IS DISTINCT FROM NEW.connection OR OLD.phone_proved_at IS DISTINCT FROM NEW.phone_proved_at
               OR OLD.external_id IS DISTINCT FROM NEW.external_id OR OLD.chat_id IS DISTINCT FROM NEW.chat_id
               OR OLD.names_index IS DISTINCT FROM NEW.names_index))
    EXECUTE FUNCTION tell_subscriber();
DROP TRIGGER subscribers_forgotten ON subscribers;
CREATE TRIGGER subscribers_forgotten AFTER UPDATE OF kind ON subscribers FOR EACH ROW
    WHEN (NEW.kind = 'forgotten' AND OLD.kind <> 'forgotten') EXECUTE FUNCTION tell_forgotten();

-- 3. The end of a message changes nothing that an index holds: its row gets another version on the same page, and no index hears
-- of it. Pages keep room for that. A message that may be withheld is one that wants a proof.

DROP INDEX messages_withheld;
CREATE INDEX messages_to_prove ON messages (subscriber_id, id) WHERE confirmed_within_ms > 0;
ALTER TABLE messages SET (fillfactor = 70);

-- One index of legs that are open, in the order of their turns, for those who look for any of them.
DROP INDEX legs_open, legs_waiting;
CREATE INDEX legs_pending ON legs (slot_at) WHERE state = 'pending';
ALTER TABLE legs SET (fillfactor = 70);

-- 4. Legs, the lines of a story and the outbox name the account of their message, which the statement that writes them takes from
-- the row of the message itself; the message refers to the account. Messages are never deleted, so lines and the outbox, which only
-- statements write that read or write the message, cannot lose it.

ALTER TABLE legs DROP CONSTRAINT legs_account_id_fkey;
ALTER TABLE message_events DROP CONSTRAINT message_events_account_id_fkey, DROP CONSTRAINT message_events_message_id_fkey;
ALTER TABLE outbox DROP CONSTRAINT outbox_account_id_fkey, DROP CONSTRAINT outbox_message_id_fkey;

-- 5. Most sessions work for one account: it is compared first, before a list of several is taken apart.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION in_scope(account text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT account = current_setting('herald.account', true) OR current_setting('herald.account', true) = '*'
        OR account = ANY (string_to_array(current_setting('herald.account', true), ','))
$$;
-- +goose StatementEnd
