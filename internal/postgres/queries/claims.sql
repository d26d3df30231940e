-- name: InsertClaim :execrows
INSERT INTO idempotency_keys (account_id, key, request, suffix, claimed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: Claim :one
SELECT * FROM idempotency_keys WHERE account_id = $1 AND key = $2;

-- name: TakeOverClaim :execrows
UPDATE idempotency_keys SET claimed_at = @now
WHERE account_id = $1 AND key = $2 AND done_at IS NULL AND claimed_at < @stale_before;

-- name: CompleteClaim :exec
UPDATE idempotency_keys SET done_at = @now, status = @status, answer = @answer WHERE account_id = $1 AND key = $2;

-- name: ReleaseClaim :exec
DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND done_at IS NULL;

-- name: DropOldClaims :execrows
DELETE FROM idempotency_keys WHERE claimed_at < @before;
