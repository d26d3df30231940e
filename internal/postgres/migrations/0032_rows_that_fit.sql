-- Why: PostgreSQL reads the text of every CHECK of a table anew for each statement that writes to it. The pairs of states alone
-- are 38 KB of it, the others of messages, legs and subscribers 43 KB, and a message writes to these tables seven times: a third of the
-- processor time that the database spent on it. The body of a function is read once for each connection. Each function below takes
-- the whole row, so a column that is renamed has to be renamed here, too; a rule that is added may stand in a CHECK of its own.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION state_may_follow(direction text, previous text, state text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE
        WHEN direction = 'in' THEN previous = '' AND state = 'received'
        WHEN previous = '' THEN state = 'queued'
        WHEN previous = 'queued' THEN state IN ('scheduled', 'sending', 'withheld', 'not_subscribed', 'failed', 'expired', 'cancelled')
        WHEN previous = 'scheduled' THEN state IN ('sending', 'withheld', 'not_subscribed', 'failed', 'expired', 'cancelled')
        WHEN previous = 'withheld' THEN state IN ('sending', 'not_subscribed', 'failed', 'expired', 'cancelled')
        WHEN previous = 'sending' THEN state IN ('accepted', 'not_subscribed', 'failed', 'unknown', 'expired', 'withheld', 'cancelled', 'delivered', 'read')
        WHEN previous = 'unknown' THEN state IN ('sending', 'accepted', 'delivered', 'read', 'failed', 'expired')
        WHEN previous = 'accepted' THEN state IN ('sending', 'delivered', 'read', 'failed')
        WHEN previous = 'delivered' THEN state IN ('sending', 'read')
        ELSE false
    END;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION message_fits(m messages) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN m.direction IN ('out', 'in')
        AND m.address_kind IN ('', 'phone', 'username', 'platform', 'external', 'chat')
        AND m.format IN ('plain', 'html', 'markdown')
        AND m.lane IN ('code', 'service', 'bulk')
        AND m.on_unknown IN ('resend', 'hold')
        AND m.evidence IN ('', 'report', 'link', 'button', 'reply')
        AND m.timezone_of IN ('', 'message', 'account')
        AND m.confirm_by IN ('', 'contact', 'sms')
        AND (m.currency = '' OR m.currency ~ '^[A-Z]{3}$')
        -- what goes out is addressed to somebody, and not for ever
        AND (m.direction = 'out') = (m.address_kind <> '')
        AND (m.direction = 'out') = (m.expires_at IS NOT NULL)
        -- an address is open, or is found by an index and sealed, as its kind asks for
        AND (m.address = '' OR m.address_kind IN ('platform', 'external', 'chat'))
        AND (m.address_index = '' OR m.address_kind IN ('phone', 'username'))
        -- what stands together
        AND (m.state NOT IN ('not_subscribed', 'failed', 'unknown', 'expired') OR m.reason <> '')
        AND (m.evidence = '') = (m.evidence_at IS NULL)
        AND (m.timezone = '') = (m.timezone_of = '')
        AND (m.translation = '' OR m.translation_reason = '')
        -- what cannot be less than nothing
        AND m.confirmed_within_ms >= 0 AND m.translation_characters >= 0
        AND m.price >= 0 AND m.cost >= 0 AND (m.max_price IS NULL OR m.max_price >= 0);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION leg_fits(l legs) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN l.channel IN ('telegram', 'sms')
        AND l.state IN ('pending', 'accepted', 'delivered', 'read', 'failed', 'unknown', 'skipped')
        AND l.until IN ('accepted', 'delivered', 'read', 'replied')
        AND l.number >= 1 AND l.attempts >= 0 AND l.within_ms >= 0 AND l.segments >= 0 AND l.price >= 0
        -- nothing is called without an intent, and what was taken has a name at the one who took it
        AND (l.intent_at IS NULL OR l.attempts > 0)
        AND (l.state <> 'unknown' OR l.attempts > 0)
        AND (l.state NOT IN ('accepted', 'delivered', 'read') OR (l.attempts > 0 AND (l.platform_message_id <> 0 OR l.provider_id <> '')))
        -- an end has its time, and a bad one its reason
        AND (l.state = 'pending') = (l.settled_at IS NULL)
        AND (l.state NOT IN ('failed', 'unknown') OR l.reason <> '')
        -- what was taken costs its price, everything else nothing
        AND (l.cost = 0 OR (l.cost = l.price AND (l.platform_message_id <> 0 OR l.provider_id <> '')));
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION subscriber_fits(s subscribers) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN s.connection IN ('connected', 'disconnected')
        AND s.kind IN ('person', 'group', 'supergroup', 'channel', 'forgotten')
        AND s.phone_proof IN ('', 'contact', 'sms', 'import')
        AND (s.kind = 'person') = (s.platform_id > 0)
        AND length(s.external_id) <= 128
        -- a phone stands with its proof, and is found by its index
        AND (s.phone = '') = (s.phone_proof = '')
        AND (s.phone = '') = (s.phone_proved_at IS NULL)
        AND (s.phone <> '' OR s.phone_index = '')
        AND (s.reconfirm_due_at IS NULL OR s.phone <> '')
        AND (s.phone_lapsed_at IS NULL OR s.phone = '')
        -- of who was forgotten nothing is left
        AND (s.kind <> 'forgotten' OR (s.names = '' AND s.username_index = '' AND s.phone = '' AND s.external_id = ''
            AND s.start_payload = '' AND s.chat_id = 0 AND s.connection = 'disconnected'));
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE c record;
BEGIN
    FOR c IN SELECT conrelid::regclass AS of_table, conname FROM pg_constraint
             WHERE contype = 'c' AND conrelid IN ('messages'::regclass, 'legs'::regclass, 'subscribers'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.of_table, c.conname);
    END LOOP;
END $$;
-- +goose StatementEnd

ALTER TABLE messages
    ADD CONSTRAINT messages_state_move CHECK (state_may_follow(direction, previous, state)),
    ADD CONSTRAINT messages_fit CHECK (message_fits(messages));
ALTER TABLE legs ADD CONSTRAINT legs_fit CHECK (leg_fits(legs));
ALTER TABLE subscribers ADD CONSTRAINT subscribers_fit CHECK (subscriber_fits(subscribers));
