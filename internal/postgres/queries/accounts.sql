-- name: Operator :one
SELECT * FROM accounts WHERE operator;

-- name: CreateAccount :exec
INSERT INTO accounts (id, name, operator, region, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;

-- name: Account :one
SELECT * FROM accounts WHERE id = $1;

-- name: Accounts :many
SELECT * FROM accounts WHERE (@after::text = '' OR id < @after) ORDER BY id DESC LIMIT $1;

-- name: ChangeAccount :one
-- A name and a region that are left out stay. Who is suspended already stays so since then.
UPDATE accounts SET name = CASE WHEN @name::text = '' THEN name ELSE @name END,
                    region = coalesce(sqlc.narg('region'), region),
                    suspended_at = CASE WHEN NOT @change_suspension::boolean THEN suspended_at
                                        WHEN @suspend::boolean THEN coalesce(suspended_at, @at::timestamptz) END
WHERE id = @account_id RETURNING *;

-- name: CreateKey :exec
-- The same id once more is a request that died before its secret was shown: the key gets a new secret.
INSERT INTO api_keys (id, account_id, name, hint, hash, scopes, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, hint = excluded.hint
WHERE api_keys.account_id = excluded.account_id;

-- name: Keys :many
SELECT * FROM api_keys
WHERE account_id = $1 AND (@after::text = '' OR id < @after)
ORDER BY id DESC LIMIT $2;

-- name: KeyByHash :one
SELECT sqlc.embed(k), (a.suspended_at IS NOT NULL)::boolean AS suspended
FROM api_keys k JOIN accounts a ON a.id = k.account_id WHERE k.hash = $1;

-- name: TouchKey :exec
UPDATE api_keys SET last_used_at = $3 WHERE account_id = $1 AND id = $2;

-- name: RevokeKey :one
UPDATE api_keys SET revoked_at = coalesce(revoked_at, $3) WHERE account_id = $1 AND id = $2
RETURNING *;
