-- name: InsertClaim :execrows
-- Nobody waits for the disk: what the request itself writes goes there after its claim and takes the claim along, and a
-- request that wrote nothing needs none.
INSERT INTO idempotency_keys (account_id, key, request, suffix, claimed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING set_config('synchronous_commit', 'off', true);

-- name: Claim :one
SELECT * FROM idempotency_keys WHERE account_id = $1 AND key = $2;

-- name: TakeOverClaim :execrows
UPDATE idempotency_keys SET claimed_at = @now
WHERE account_id = $1 AND key = $2 AND done_at IS NULL AND claimed_at < @stale_before;

-- name: CompleteClaim :exec
-- Nobody waits for the disk: an answer that is lost with the database leaves a claim that grows stale, and whoever takes it over
-- does the same thing again, with the same id.
UPDATE idempotency_keys SET done_at = @now, status = @status, answer = @answer WHERE account_id = $1 AND key = $2
RETURNING set_config('synchronous_commit', 'off', true);

-- name: ReleaseClaim :exec
DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND done_at IS NULL;

-- name: DropOldClaims :execrows
DELETE FROM idempotency_keys WHERE claimed_at < @before;
