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

-- name: CompleteClaims :exec
-- However many there are, of all accounts. How many is hidden from the planner, which would plan anew for each number.
-- Nobody waits for the disk: an answer that is lost with the database leaves a claim that grows stale, and whoever takes it over
-- does the same thing again, with the same id.
UPDATE idempotency_keys k SET done_at = d.done_at, status = d.status, answer = d.answer
FROM (SELECT unnest((SELECT @account_ids::text[])) AS account_id, unnest((SELECT @keys::text[])) AS key,
             unnest((SELECT @done_ats::timestamptz[])) AS done_at, unnest((SELECT @statuses::integer[])) AS status,
             unnest((SELECT @answers::bytea[])) AS answer) d
WHERE k.account_id = d.account_id AND k.key = d.key
RETURNING set_config('synchronous_commit', 'off', true);

-- name: ReleaseClaim :exec
DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND done_at IS NULL;

-- name: DropOldClaims :execrows
DELETE FROM idempotency_keys WHERE claimed_at < @before;
