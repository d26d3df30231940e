-- name: LockMessage :one
-- A statement of its own: one that waits for a lock sees the locked row as it is then, but everything that it joins as it
-- was when the statement began.
SELECT id FROM messages WHERE account_id = $1 AND id = $2 AND direction = 'out' FOR NO KEY UPDATE;

-- name: Delivery :many
-- A locked message with its bot and the state of the reply that goes out before it, once for each of its legs.
SELECT sqlc.embed(m), sqlc.embed(b), sqlc.embed(l),
       coalesce((SELECT p.state FROM messages p WHERE p.id = m.after_id AND m.after_id <> ''), '')::text AS after_state,
       (SELECT a.suspended_at IS NOT NULL FROM accounts a WHERE a.id = m.account_id)::boolean AS suspended
FROM messages m JOIN bots b ON b.id = m.bot_id JOIN legs l ON l.message_id = m.id
WHERE m.account_id = $1 AND m.id = $2
ORDER BY l.number;

-- name: Recipient :one
-- The person whom the message's address names on its bot, with the bot's slots, both locked: whoever takes a slot next
-- waits until this one is written, and sees it. While a call is under way it is the person to whom it goes, whoever has
-- the address now: an address may change hands meanwhile, and what the answer says is not about the new holder. Names
-- change hands, too: the one seen last with it has it.
--
-- Their id is found first, by its index, and the row by the id. As a condition of the join, the same search is made once for each
-- person of the bot as long as the planner takes the table for a small one.
WITH named AS MATERIALIZED (
    SELECT m.bot_id, CASE
        WHEN m.subscriber_id IS NOT NULL AND EXISTS (
            SELECT FROM legs l WHERE l.message_id = m.id AND l.state = 'pending' AND l.intent_at IS NOT NULL) THEN m.subscriber_id
        WHEN m.address_kind = 'phone' THEN (
            SELECT p.id FROM subscribers p WHERE p.bot_id = m.bot_id AND p.phone_index = m.address_index AND p.phone_index <> '')
        WHEN m.address_kind = 'username' THEN (
            SELECT u.id FROM subscribers u WHERE u.bot_id = m.bot_id AND u.username_index = m.address_index AND u.username_index <> ''
            ORDER BY u.username_seen_at DESC LIMIT 1)
        WHEN m.address_kind = 'external' THEN (
            SELECT e.id FROM subscribers e WHERE e.bot_id = m.bot_id AND e.external_id = m.address AND e.external_id <> '')
        WHEN m.address_kind = 'chat' THEN coalesce(
            (SELECT c.id FROM subscribers c WHERE c.bot_id = m.bot_id AND c.platform_id = nullif(m.address, '')::bigint),
            (SELECT g.id FROM subscribers g WHERE g.bot_id = m.bot_id AND g.chat_id = nullif(m.address, '')::bigint AND g.kind <> 'person' LIMIT 1))
        ELSE (SELECT i.id FROM subscribers i WHERE i.bot_id = m.bot_id AND i.platform_id = nullif(m.address, '')::bigint)
    END AS id
    FROM messages m WHERE m.account_id = @account_id AND m.id = @id
)
SELECT sqlc.embed(s), sqlc.embed(t)
FROM named n JOIN bot_slots t ON t.bot_id = n.bot_id JOIN subscribers s ON s.id = n.id
FOR NO KEY UPDATE OF t, s;

-- name: LockFresh :one
-- Locks a message that this process has accepted a moment ago, with its bot. Whoever waits for the lock sees of the message
-- what it is then. Nothing has happened to it as long as its story has one line and its row is the one that was written with
-- that line: a turn that is a moment away is written without a line.
SELECT sqlc.embed(b),
       (m.event_sequence = 1 AND m.xmin = (SELECT e.xmin FROM message_events e WHERE e.message_id = m.id AND e.sequence = 1))::boolean AS untouched,
       (SELECT a.suspended_at IS NOT NULL FROM accounts a WHERE a.id = m.account_id)::boolean AS suspended
FROM messages m JOIN bots b ON b.id = m.bot_id
WHERE m.account_id = @account_id AND m.id = @id AND m.direction = 'out' AND b.id = @bot_id
FOR NO KEY UPDATE OF m;

-- name: ByPlatformID :one
-- Whom Recipient finds by the id of the messenger.
SELECT sqlc.embed(s), sqlc.embed(t)
FROM bot_slots t JOIN subscribers s ON s.bot_id = t.bot_id
WHERE t.bot_id = @bot_id AND s.platform_id = @platform_id
FOR NO KEY UPDATE OF t, s;

-- name: ByPhone :one
-- Whom Recipient finds by phone, for a message that nobody is called for. The person is found before the slots are waited
-- for, as there: a phone that changes hands meanwhile would be nobody's otherwise.
SELECT sqlc.embed(s), sqlc.embed(t)
FROM bot_slots t JOIN subscribers s ON s.id = (
    SELECT p.id FROM subscribers p WHERE p.bot_id = @bot_id AND p.phone_index = @phone_index AND p.phone_index <> '')
WHERE t.bot_id = @bot_id
FOR NO KEY UPDATE OF t, s;

-- name: ApplyChange :execrows
-- One statement, so one round trip: the message, its leg, the lines of its story, the end of its outbox row, and the
-- announcement to a sender who waits. It writes nothing if a line was added to the story since it was seen. Each part costs,
-- though it does nothing: ApplyTurn and ApplyOutcome are the same for what most changes say.
WITH moved AS (
    UPDATE messages m SET
        previous = CASE WHEN m.state = @state::text THEN m.previous ELSE m.state END,
        state = @state::text, reason = @reason, subscriber_id = coalesce(sqlc.narg(subscriber_id), m.subscriber_id),
        event_sequence = @event_sequence, updated_at = @at,
        evidence = CASE WHEN @new_evidence::text <> '' THEN @new_evidence ELSE m.evidence END,
        evidence_at = CASE WHEN @new_evidence <> '' THEN @evidence_at ELSE m.evidence_at END,
        cost = @cost, price = @price,
        translated_at = CASE WHEN @translated::boolean THEN @at ELSE m.translated_at END,
        translation = CASE WHEN @translated THEN @translation ELSE m.translation END,
        translated_buttons = CASE WHEN @translated THEN @translated_buttons ELSE m.translated_buttons END,
        translation_reason = CASE WHEN @translated THEN @translation_reason ELSE m.translation_reason END,
        translation_characters = CASE WHEN @translated THEN @translation_characters ELSE m.translation_characters END,
        translation_keys = CASE WHEN @translated THEN @translation_keys::bytea[] ELSE m.translation_keys END
    WHERE m.account_id = @account_id AND m.id = @id AND m.event_sequence = @seen_sequence
    RETURNING m.id, m.account_id
), leg AS (
    UPDATE legs l SET state = @leg_state, reason = @leg_reason, intent_at = sqlc.narg(intent_at), attempts = @attempts,
                    chat_id = @chat_id, platform_message_id = @platform_message_id, settled_at = sqlc.narg(settled_at),
                    slot_at = sqlc.narg(slot_at), provider = @provider, provider_id = @provider_id, segments = @segments,
                    report_due_at = sqlc.narg(report_due_at), phone = @phone, phone_index = @phone_index, plain = @plain,
                    not_before = sqlc.narg(leg_not_before), cost = @leg_cost, price = @leg_price
    FROM moved WHERE l.account_id = @account_id AND l.id = @leg_id AND @change_leg::boolean
), skipped AS (
    UPDATE legs l SET state = 'skipped', settled_at = @at
    FROM moved WHERE l.account_id = @account_id AND l.message_id = @id AND @skip_rest::boolean
      AND l.state = 'pending' AND l.intent_at IS NULL AND NOT (l.id = @leg_id AND @change_leg)
), story AS (
    INSERT INTO message_events (message_id, account_id, sequence, at, kind, from_state, state, leg, reason, detail, wait_ms)
    SELECT moved.id, moved.account_id, unnest(@sequences::integer[]), unnest(@ats::timestamptz[]), unnest(@kinds::text[]),
           unnest(@from_states::text[]), unnest(@states::text[]), unnest(@legs::integer[]), unnest(@reasons::text[]),
           unnest(@details::text[]), unnest(@wait_ms::bigint[]) FROM moved
), slots AS (
    UPDATE bot_slots t SET free_at = sqlc.narg(free_at), code_free_at = sqlc.narg(code_free_at), bulk_free_at = sqlc.narg(bulk_free_at), service_free_at = sqlc.narg(service_free_at),
                           blocked_until = sqlc.narg(blocked_until), rate = @rate, rate_since = sqlc.narg(rate_since),
                           refusals = t.refusals + @refusals
    FROM moved WHERE t.account_id = @bot_account_id AND t.bot_id = @bot_id AND @take_slot::boolean
), chat AS (
    UPDATE subscribers s SET chat_free_at = sqlc.narg(chat_free_at)
    FROM moved WHERE s.account_id = @bot_account_id AND s.id = @slot_subscriber_id AND @take_slot
), settled AS (
    DELETE FROM outbox o USING moved WHERE o.account_id = @account_id AND o.message_id = @id AND @leave_queue::boolean
), raised AS (
    -- An event from our own side, if the active rules are about it: an update like those of messengers.
    INSERT INTO updates (account_id, bot_id, update_id, chat_id, body, received_at)
    SELECT r.account_id, r.bot_id, -nextval('own_updates'), s.chat_id, @raise_body::bytea, @at
    FROM moved, rule_sets r JOIN subscribers s ON s.bot_id = r.bot_id
    WHERE @raise::text <> '' AND r.account_id = @account_id AND r.bot_id = @message_bot_id AND @raise = ANY(r.raises)
      AND s.id = sqlc.narg(subscriber_id)
    RETURNING 1
)
SELECT CASE WHEN @announce::boolean THEN pg_notify('herald_outcome', @id::text) END,
       CASE WHEN EXISTS (SELECT 1 FROM raised) THEN pg_notify('herald_inbox', '') END
FROM moved;

-- name: ApplyTurn :execrows
-- ApplyChange of a message that takes its turn: without evidence, translation, other legs, events for rules, and the end of its outbox row.
WITH moved AS (
    UPDATE messages m SET
        previous = CASE WHEN m.state = @state::text THEN m.previous ELSE m.state END,
        state = @state::text, reason = @reason, subscriber_id = coalesce(sqlc.narg(subscriber_id), m.subscriber_id),
        event_sequence = @event_sequence, updated_at = @at, cost = @cost, price = @price
    WHERE m.account_id = @account_id AND m.id = @id AND m.event_sequence = @seen_sequence
    RETURNING m.id, m.account_id
), leg AS (
    UPDATE legs l SET state = @leg_state, reason = @leg_reason, intent_at = sqlc.narg(intent_at), attempts = @attempts,
                    chat_id = @chat_id, platform_message_id = @platform_message_id, settled_at = sqlc.narg(settled_at),
                    slot_at = sqlc.narg(slot_at), provider = @provider, provider_id = @provider_id, segments = @segments,
                    report_due_at = sqlc.narg(report_due_at), phone = @phone, phone_index = @phone_index, plain = @plain,
                    not_before = sqlc.narg(leg_not_before), cost = @leg_cost, price = @leg_price
    FROM moved WHERE l.account_id = @account_id AND l.id = @leg_id AND @change_leg::boolean
), story AS (
    INSERT INTO message_events (message_id, account_id, sequence, at, kind, from_state, state, leg, reason, detail, wait_ms)
    SELECT moved.id, moved.account_id, unnest(@sequences::integer[]), unnest(@ats::timestamptz[]), unnest(@kinds::text[]),
           unnest(@from_states::text[]), unnest(@states::text[]), unnest(@legs::integer[]), unnest(@reasons::text[]),
           unnest(@details::text[]), unnest(@wait_ms::bigint[]) FROM moved
), slots AS (
    UPDATE bot_slots t SET free_at = sqlc.narg(free_at), code_free_at = sqlc.narg(code_free_at), bulk_free_at = sqlc.narg(bulk_free_at), service_free_at = sqlc.narg(service_free_at),
                           blocked_until = sqlc.narg(blocked_until), rate = @rate, rate_since = sqlc.narg(rate_since),
                           refusals = t.refusals + @refusals
    FROM moved WHERE t.account_id = @bot_account_id AND t.bot_id = @bot_id AND @take_slot::boolean
), chat AS (
    UPDATE subscribers s SET chat_free_at = sqlc.narg(chat_free_at)
    FROM moved WHERE s.account_id = @bot_account_id AND s.id = @slot_subscriber_id AND @take_slot
)
SELECT CASE WHEN @announce::boolean THEN pg_notify('herald_outcome', @id::text) END FROM moved;

-- name: ApplyOutcome :execrows
-- ApplyChange of a message that has had its turn: without what ApplyTurn leaves out, but the end of its outbox row, and without slots.
WITH moved AS (
    UPDATE messages m SET
        previous = CASE WHEN m.state = @state::text THEN m.previous ELSE m.state END,
        state = @state::text, reason = @reason, subscriber_id = coalesce(sqlc.narg(subscriber_id), m.subscriber_id),
        event_sequence = @event_sequence, updated_at = @at, cost = @cost, price = @price
    WHERE m.account_id = @account_id AND m.id = @id AND m.event_sequence = @seen_sequence
    RETURNING m.id, m.account_id
), leg AS (
    UPDATE legs l SET state = @leg_state, reason = @leg_reason, intent_at = sqlc.narg(intent_at), attempts = @attempts,
                    chat_id = @chat_id, platform_message_id = @platform_message_id, settled_at = sqlc.narg(settled_at),
                    slot_at = sqlc.narg(slot_at), provider = @provider, provider_id = @provider_id, segments = @segments,
                    report_due_at = sqlc.narg(report_due_at), phone = @phone, phone_index = @phone_index, plain = @plain,
                    not_before = sqlc.narg(leg_not_before), cost = @leg_cost, price = @leg_price
    FROM moved WHERE l.account_id = @account_id AND l.id = @leg_id AND @change_leg::boolean
), story AS (
    INSERT INTO message_events (message_id, account_id, sequence, at, kind, from_state, state, leg, reason, detail, wait_ms)
    SELECT moved.id, moved.account_id, unnest(@sequences::integer[]), unnest(@ats::timestamptz[]), unnest(@kinds::text[]),
           unnest(@from_states::text[]), unnest(@states::text[]), unnest(@legs::integer[]), unnest(@reasons::text[]),
           unnest(@details::text[]), unnest(@wait_ms::bigint[]) FROM moved
), settled AS (
    DELETE FROM outbox o USING moved WHERE o.account_id = @account_id AND o.message_id = @id AND @leave_queue::boolean
)
SELECT CASE WHEN @announce::boolean THEN pg_notify('herald_outcome', @id::text) END FROM moved;

-- name: SendQueue :many
-- Messages that hold a slot in the future, by lane.
SELECT m.lane, count(*) AS waiting, min(l.slot_at)::timestamptz AS next_slot, max(l.slot_at)::timestamptz AS last_slot
FROM legs l JOIN messages m ON m.id = l.message_id
WHERE l.state = 'pending' AND l.slot_at > @now
GROUP BY m.lane;

-- name: Refusals :one
SELECT coalesce(sum(refusals), 0)::bigint AS refusals, count(*) FILTER (WHERE blocked_until > @now) AS blocked FROM bot_slots;

-- name: LegInChat :one
-- The leg that the messenger knows by this name in this chat.
SELECT l.* FROM legs l JOIN messages m ON m.id = l.message_id
WHERE l.chat_id = $1 AND l.platform_message_id = $2 AND m.bot_id = $3;

-- name: LegByID :one
SELECT * FROM legs WHERE id = $1 AND channel = 'sms';

-- name: LegByProvider :one
SELECT * FROM legs WHERE provider = $1 AND provider_id = $2 AND provider_id <> '';

-- name: LegByPhone :one
-- The newest SMS that a phone got. One whose submission is not answered yet counts once a report says that it arrived: that may be
-- quicker, and so may people.
SELECT sqlc.embed(l), m.bot_id, m.subscriber_id FROM legs l JOIN messages m ON m.id = l.message_id
WHERE l.phone_index = $1 AND l.state NOT IN ('failed', 'skipped')
  AND (l.settled_at > @since OR l.settled_at IS NULL AND l.intent_at > @since AND m.evidence = 'report')
ORDER BY l.settled_at DESC NULLS FIRST, l.intent_at DESC LIMIT 1;

-- name: SaveReport :exec
INSERT INTO sms_reports (provider, provider_id, status, at, detail, received_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: EarlyReport :one
SELECT * FROM sms_reports WHERE provider = $1 AND provider_id = $2 ORDER BY received_at LIMIT 1;

-- name: DropOldReports :execrows
DELETE FROM sms_reports WHERE received_at < @before;

-- name: SaveReply :execrows
INSERT INTO sms_replies (provider, provider_id, phone, phone_index, written_to, text, at, received_at, message_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING;

-- name: KnownReply :one
SELECT count(*) FROM sms_replies WHERE provider = $1 AND provider_id = $2;

-- name: DueSMS :many
UPDATE legs SET report_due_at = greatest(sqlc.arg(next_at)::timestamptz, sqlc.arg(asked_at)::timestamptz + age(sqlc.arg(asked_at), settled_at) / 10)
WHERE id IN (SELECT l.id FROM legs l
             WHERE l.provider = sqlc.arg(provider) AND l.report_due_at <= sqlc.arg(asked_at) AND l.state = 'accepted' AND l.provider_id <> ''
             ORDER BY l.report_due_at LIMIT sqlc.arg(at_most) FOR UPDATE SKIP LOCKED)
RETURNING *;
