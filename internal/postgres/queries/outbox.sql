-- name: DueOutbox :many
-- What an UPDATE returns has no order: it is put into the one in which it was taken.
WITH taken AS (
    UPDATE outbox SET due_at = @hide_until, attempts = attempts + 1
    WHERE message_id IN (
        SELECT o.message_id FROM outbox o WHERE o.due_at <= @now
        ORDER BY array_position(ARRAY['code', 'service', 'bulk'], o.lane), o.queued_at, o.message_id
        LIMIT @at_most FOR UPDATE SKIP LOCKED)
    RETURNING *
)
SELECT * FROM taken ORDER BY array_position(ARRAY['code', 'service', 'bulk'], lane), queued_at, message_id;

-- name: ReleaseOutbox :exec
UPDATE outbox SET due_at = @now WHERE message_id = ANY(@message_ids::text[]);

-- name: DropOutbox :exec
-- In one order, and without those that somebody else has in hand, so that nobody waits for each other.
DELETE FROM outbox WHERE message_id IN (
    SELECT o.message_id FROM outbox o WHERE o.message_id = ANY(@message_ids::text[]) ORDER BY o.message_id FOR UPDATE SKIP LOCKED);

-- name: OutboxDepth :one
SELECT count(*) AS waiting, coalesce(min(queued_at), @now)::timestamptz AS oldest FROM outbox WHERE due_at <= @now;

-- name: RequeueForgotten :execrows
-- Messages that should have gone on long ago and whose workflow may be lost, as after one database was restored without
-- the other. Starting a workflow that runs changes nothing.
INSERT INTO outbox (message_id, account_id, lane, queued_at, due_at)
SELECT DISTINCT m.id, m.account_id, m.lane, m.created_at, @now::timestamptz
FROM legs l JOIN messages m ON m.id = l.message_id
WHERE l.state = 'pending' AND m.updated_at < @before::timestamptz
  AND coalesce(m.not_before, m.updated_at) < @before AND coalesce(l.slot_at, m.updated_at) < @before
  AND coalesce(l.not_before, m.updated_at) < @before
LIMIT @at_most
ON CONFLICT DO NOTHING;
