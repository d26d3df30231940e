-- name: AnnounceBots :exec
SELECT pg_notify('herald_bots', '');

-- name: CreateBot :execrows
WITH made AS (
    INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret,
                      intake, state, state_reason, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT DO NOTHING
    RETURNING id, account_id
)
INSERT INTO bot_slots (bot_id, account_id) SELECT id, account_id FROM made;

-- name: Bot :one
SELECT * FROM bots WHERE account_id = $1 AND id = $2;

-- name: BotByUsername :one
SELECT * FROM bots WHERE account_id = $1 AND lower(username) = lower(@username)
ORDER BY created_at DESC LIMIT 1;

-- name: Bots :many
SELECT * FROM bots WHERE account_id = $1 AND (@after::text = '' OR id < @after) ORDER BY id DESC LIMIT $2;

-- name: ReplaceToken :execrows
UPDATE bots SET sealed_token = $3, webhook_secret = $4, intake = $5, username = $6, name = $7,
                state = 'active', state_reason = '', updated_at = $8
WHERE account_id = $1 AND id = $2;

-- name: SetBotState :exec
-- Only by who used the token that the bot has now: what befell an earlier one says nothing about it.
UPDATE bots SET state = $3, state_reason = $4, updated_at = $5
WHERE account_id = $1 AND id = $2 AND sealed_token = @sealed_token AND (state, state_reason) IS DISTINCT FROM ($3, $4);

-- name: BotForIntake :one
-- A webhook names its bot by id alone: the secret that comes with it stands for the account.
SELECT * FROM bots WHERE id = $1;

-- name: LiveBots :many
SELECT * FROM bots WHERE state <> 'revoked' ORDER BY id;

-- name: BotByPlatformID :one
SELECT * FROM bots WHERE account_id = $1 AND platform = $2 AND network = $3 AND platform_id = $4;

-- name: AcquirePolls :many
UPDATE bots SET poll_holder = @holder, poll_until = @until
WHERE id IN (SELECT b.id FROM bots b
             WHERE b.intake = 'polling' AND b.state <> 'revoked'
               AND (b.poll_holder = @holder OR b.poll_until IS NULL OR b.poll_until < @now)
             FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: ReleasePolls :exec
UPDATE bots SET poll_holder = '', poll_until = NULL WHERE poll_holder = @holder;
