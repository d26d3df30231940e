-- name: LastEdit :one
SELECT * FROM edits WHERE account_id = $1 AND message_id = $2 ORDER BY number DESC LIMIT 1;

-- name: ReplaceEdit :exec
UPDATE edits SET state = 'replaced', settled_at = @at WHERE account_id = $1 AND message_id = $2 AND state = 'pending';

-- name: AskEdit :exec
WITH new AS (
    INSERT INTO edits (id, account_id, message_id, number, kind, text, format, buttons, state, due_at, created_at, expires_at)
    VALUES (@id, @account_id, @message_id, @number, @kind, @text, @format, @buttons, 'pending', @due_at, @created_at, @expires_at)
)
SELECT pg_notify('herald_edits', '');

-- name: ChangeEdit :exec
WITH changed AS (
    UPDATE edits e SET state = @state::text, reason = @reason, intent_at = sqlc.narg(intent_at), attempts = @attempts, plain = @plain,
                     slot_at = sqlc.narg(slot_at), due_at = @due_at, settled_at = sqlc.narg(settled_at)
    WHERE e.account_id = @account_id AND e.id = @id
), content AS (
    UPDATE messages m SET text = e.text, format = e.format, buttons = e.buttons, edited_at = @at,
                          translation = '', translated_buttons = ''
    FROM edits e WHERE e.account_id = @account_id AND e.id = @id AND m.account_id = e.account_id AND m.id = e.message_id
      AND e.kind = 'edit' AND @state = 'done'
), gone AS (
    UPDATE messages m SET deleted_at = @at
    FROM edits e WHERE e.account_id = @account_id AND e.id = @id AND m.account_id = e.account_id AND m.id = e.message_id
      AND e.kind = 'delete' AND @state = 'done'
)
SELECT CASE WHEN @state <> 'pending' THEN pg_notify('herald_outcome', @message_id::text) END;

-- name: DueEdits :many
-- Changes that are due, the longest first, hidden from other workers for a while.
UPDATE edits SET due_at = @hide_until
WHERE id IN (SELECT e.id FROM edits e WHERE e.state = 'pending' AND e.due_at <= @now
             ORDER BY e.due_at LIMIT @at_most FOR UPDATE SKIP LOCKED)
RETURNING id, account_id, message_id;

-- name: Reached :one
-- The person whom a message reached, whoever has its address now, with the bot's slots, both locked as for a message.
SELECT sqlc.embed(s), sqlc.embed(t)
FROM messages m JOIN bot_slots t ON t.bot_id = m.bot_id JOIN subscribers s ON s.id = m.subscriber_id
WHERE m.account_id = @account_id AND m.id = @id
FOR NO KEY UPDATE OF t, s;
