-- name: LockDelivery :one
-- The message, locked, with its bot and the leg that is on its way.
SELECT sqlc.embed(m), sqlc.embed(b), sqlc.embed(l)
FROM messages m
JOIN bots b ON b.id = m.bot_id
JOIN legs l ON l.id = (SELECT c.id FROM legs c WHERE c.message_id = m.id ORDER BY (c.state <> 'pending'), c.number LIMIT 1)
WHERE m.account_id = $1 AND m.id = $2 AND m.direction = 'out'
FOR UPDATE OF m;

-- name: SubscriberByPhone :one
SELECT * FROM subscribers WHERE bot_id = $1 AND phone = $2;

-- name: SubscriberByUsername :one
-- Names change hands: the one seen last with it has it.
SELECT * FROM subscribers WHERE bot_id = $1 AND lower(username) = @username AND username <> ''
ORDER BY username_seen_at DESC LIMIT 1;

-- name: SubscriberByPlatformID :one
SELECT * FROM subscribers WHERE bot_id = $1 AND platform_id = $2;

-- name: ApplyChange :exec
-- One statement, so one round trip: the message, its leg, the lines of its story, the end of its outbox row, and the
-- announcement to a sender who waits.
WITH moved AS (
    UPDATE messages m SET
        previous = CASE WHEN m.state = @state::text THEN m.previous ELSE m.state END,
        state = @state::text, reason = @reason, subscriber_id = coalesce(sqlc.narg(subscriber_id), m.subscriber_id),
        event_sequence = @event_sequence, updated_at = @at
    WHERE m.account_id = @account_id AND m.id = @id
), leg AS (
    UPDATE legs l SET state = @leg_state, reason = @leg_reason, intent_at = sqlc.narg(intent_at), attempts = @attempts,
                    chat_id = @chat_id, platform_message_id = @platform_message_id, settled_at = sqlc.narg(settled_at)
    WHERE l.account_id = @account_id AND l.id = @leg_id
), story AS (
    INSERT INTO message_events (message_id, account_id, sequence, at, kind, from_state, state, leg, reason, detail, wait_ms)
    SELECT @id, @account_id, unnest(@sequences::integer[]), unnest(@ats::timestamptz[]), unnest(@kinds::text[]),
           unnest(@from_states::text[]), unnest(@states::text[]), unnest(@legs::integer[]), unnest(@reasons::text[]),
           unnest(@details::text[]), unnest(@wait_ms::bigint[])
), settled AS (
    DELETE FROM outbox o WHERE o.account_id = @account_id AND o.message_id = @id AND @leave_queue::boolean
)
SELECT CASE WHEN @announce::boolean THEN pg_notify('herald_outcome', @id::text) END;
