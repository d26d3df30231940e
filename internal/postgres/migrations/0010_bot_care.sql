-- Why: owners rest and remove bots, give them words of their own, and are told when somebody else took a bot or when
-- its updates pile up at the messenger.

-- +goose Up

ALTER TABLE bots
    ADD COLUMN reclaim     boolean NOT NULL DEFAULT false,
    ADD COLUMN commands    jsonb,
    ADD COLUMN description text NOT NULL DEFAULT '',
    ADD COLUMN about       text NOT NULL DEFAULT '',
    -- What the watchdog saw: how many updates wait at the messenger, in how many looks in a row they grew, and what the
    -- messenger says of our webhook.
    ADD COLUMN watched_at  timestamptz,
    ADD COLUMN pending     integer NOT NULL DEFAULT 0,
    ADD COLUMN growing     integer NOT NULL DEFAULT 0,
    ADD COLUMN lagging     boolean NOT NULL DEFAULT false,
    ADD COLUMN hook_error  text NOT NULL DEFAULT '',
    DROP CONSTRAINT bots_state_check,
    ADD CONSTRAINT bots_state_check CHECK (state IN ('active', 'revoked', 'conflict', 'paused', 'removed')),
    ADD CONSTRAINT bots_removed CHECK ((state = 'removed') = (sealed_token = '')),
    DROP CONSTRAINT bots_platform_network_platform_id_key;
-- A removed bot keeps its row, since messages and people belong to it; another account may register it then.
CREATE UNIQUE INDEX bots_at_messenger ON bots (platform, network, platform_id) WHERE state <> 'removed';
CREATE INDEX bots_watch ON bots (watched_at NULLS FIRST) WHERE state IN ('active', 'conflict');

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION tell_bot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kinds text[] := '{}';
    kind  text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        kinds := '{added}';
    ELSE
        IF OLD.webhook_secret <> NEW.webhook_secret AND 'removed' NOT IN (OLD.state, NEW.state) THEN
            kinds := kinds || 'token_replaced'::text;
        END IF;
        IF OLD.state <> NEW.state THEN
            kinds := kinds || CASE WHEN NEW.state <> 'active' THEN NEW.state
                                   WHEN OLD.state = 'paused' THEN 'resumed' WHEN OLD.state = 'removed' THEN 'added' ELSE 'recovered' END;
        END IF;
        IF OLD.lagging <> NEW.lagging THEN
            kinds := kinds || CASE WHEN NEW.lagging THEN 'lagging' ELSE 'caught_up' END;
        END IF;
    END IF;
    FOREACH kind IN ARRAY kinds LOOP
        INSERT INTO events (id, account_id, kind, at, bot_id, data)
        VALUES (new_event_id(), NEW.account_id, 'bot.' || kind, CASE WHEN kind IN ('lagging', 'caught_up') THEN NEW.watched_at ELSE NEW.updated_at END, NEW.id,
                CASE WHEN kind IN ('lagging', 'caught_up') THEN jsonb_build_object('pending', NEW.pending)
                     ELSE jsonb_strip_nulls(jsonb_build_object('reason_text', nullif(NEW.state_reason, ''))) END);
    END LOOP;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

DROP TRIGGER bots_changed ON bots;
CREATE TRIGGER bots_new AFTER INSERT ON bots FOR EACH ROW EXECUTE FUNCTION tell_bot();
CREATE TRIGGER bots_changed AFTER UPDATE ON bots FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.lagging IS DISTINCT FROM NEW.lagging OR OLD.webhook_secret IS DISTINCT FROM NEW.webhook_secret)
    EXECUTE FUNCTION tell_bot();
