-- name: DueOutbox :many
UPDATE outbox SET due_at = @hide_until, attempts = attempts + 1
WHERE message_id IN (
    SELECT o.message_id FROM outbox o WHERE o.due_at <= @now
    ORDER BY array_position(ARRAY['code', 'service', 'bulk'], o.lane), o.queued_at
    LIMIT @at_most FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: DropOutbox :exec
DELETE FROM outbox WHERE message_id = ANY(@message_ids::text[]);

-- name: OutboxDepth :one
SELECT count(*) AS waiting, coalesce(min(queued_at), @now)::timestamptz AS oldest FROM outbox WHERE due_at <= @now;
