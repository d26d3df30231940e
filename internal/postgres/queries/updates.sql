-- name: StoreUpdates :execrows
-- One statement however many there are. The inbox is woken by another one: see AnnounceUpdates.
INSERT INTO updates (account_id, bot_id, update_id, chat_id, body, received_at)
SELECT unnest(@account_ids::text[]), unnest(@bot_ids::text[]), unnest(@update_ids::bigint[]), unnest(@chat_ids::bigint[]),
       unnest(@bodies::bytea[]), unnest(@received_ats::timestamptz[])
ON CONFLICT (bot_id, update_id) DO NOTHING;

-- name: AnnounceUpdates :exec
-- A transaction that notifies holds a lock of the whole database until it is on disk: those that also write would wait for
-- the disk one after another. This one writes nothing, so it holds the lock for a moment.
SELECT pg_notify('herald_inbox', '');

-- name: TakeUpdate :one
-- The oldest waiting update that is the first of its chat and that nobody else is working on.
SELECT sqlc.embed(u), sqlc.embed(b), coalesce(r.active, 0)::integer AS rules_version
FROM updates u JOIN bots b ON b.id = u.bot_id
LEFT JOIN rule_sets r ON r.account_id = u.account_id AND r.bot_id = u.bot_id
WHERE u.done_at IS NULL AND u.error = ''
  AND NOT EXISTS (SELECT 1 FROM updates e
                  WHERE e.bot_id = u.bot_id AND e.chat_id = u.chat_id AND e.sequence < u.sequence
                    AND e.done_at IS NULL AND e.error = '')
ORDER BY u.sequence
LIMIT 1
FOR UPDATE OF u SKIP LOCKED;

-- name: AnsweredOwner :one
-- Whose the message is that a person answers, by the messenger's name for it.
SELECT l.account_id, coalesce(r.active, 0)::integer AS rules_version
FROM legs l JOIN messages m ON m.id = l.message_id
LEFT JOIN rule_sets r ON r.account_id = l.account_id AND r.bot_id = m.bot_id
WHERE l.chat_id = @chat_id AND l.platform_message_id = @answered AND m.bot_id = @bot_id;

-- name: LastWriter :one
-- Who last wrote to a person by a bot. The latest messages are looked at alone: one that was stored long before it was sent
-- may be missed, and then the account that wrote after it has the answer.
SELECT t.account_id, coalesce(r.active, 0)::integer AS rules_version
FROM (SELECT m.id, m.account_id, m.bot_id FROM messages m JOIN subscribers s ON s.id = m.subscriber_id
      WHERE s.bot_id = @bot_id AND s.platform_id = @platform_id AND m.direction = 'out'
      ORDER BY m.id DESC LIMIT 100) t
JOIN legs l ON l.message_id = t.id
LEFT JOIN rule_sets r ON r.account_id = t.account_id AND r.bot_id = t.bot_id
WHERE l.channel = 'telegram' AND l.state IN ('accepted', 'delivered', 'read', 'unknown') AND l.settled_at > @since
ORDER BY l.settled_at DESC LIMIT 1;

-- name: FinishUpdate :exec
UPDATE updates SET done_at = @at, note = @note WHERE sequence = $1;

-- name: EmptyUpdate :exec
-- Nothing is kept of it but that it came.
UPDATE updates SET body = '', chat_id = 0, done_at = @at, note = 'unknown_person' WHERE sequence = $1;

-- name: PutUpdateAside :exec
UPDATE updates SET error = @error, attempts = attempts + 1 WHERE sequence = $1;

-- name: CountUpdateFailure :exec
UPDATE updates SET attempts = attempts + 1,
                   error = CASE WHEN attempts + 1 >= @max_tries::integer THEN @error::text ELSE '' END
WHERE sequence = $1 AND done_at IS NULL;

-- name: InboxDepth :one
SELECT count(*) FILTER (WHERE error = '') AS waiting, count(*) FILTER (WHERE error <> '') AS aside
FROM updates WHERE done_at IS NULL;

-- name: DropOldUpdates :execrows
DELETE FROM updates WHERE done_at < @before;

-- name: PendingUpdates :many
-- For the operator, over all accounts: without what they say, and without whom they are from.
SELECT sequence, account_id, bot_id, received_at, attempts, error FROM updates
WHERE done_at IS NULL AND (NOT @aside::boolean OR error <> '')
  AND (@bot_id::text = '' OR bot_id = @bot_id)
  AND (@before::bigint = 0 OR sequence < @before)
ORDER BY sequence DESC LIMIT @at_most;

-- name: RetryUpdate :one
-- The operator's, too. Marks of time keep what is known about a person from going backwards, however late it comes.
UPDATE updates SET error = '', attempts = 0 WHERE sequence = $1 AND done_at IS NULL AND error <> ''
RETURNING account_id, bot_id, received_at;
