-- name: StoreUpdates :one
-- One statement however many there are. New ones wake the inbox.
WITH new AS (
    INSERT INTO updates (account_id, bot_id, update_id, chat_id, body, received_at)
    SELECT unnest(@account_ids::text[]), unnest(@bot_ids::text[]), unnest(@update_ids::bigint[]), unnest(@chat_ids::bigint[]),
           unnest(@bodies::bytea[]), unnest(@received_ats::timestamptz[])
    ON CONFLICT (bot_id, update_id) DO NOTHING
    RETURNING 1
)
SELECT count(*) AS stored, CASE WHEN count(*) > 0 THEN pg_notify('herald_inbox', '') END AS woken FROM new;

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

-- name: FinishUpdate :exec
UPDATE updates SET done_at = @at, note = @note WHERE sequence = $1;

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
