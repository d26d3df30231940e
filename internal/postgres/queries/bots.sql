-- name: AnnounceBots :exec
SELECT pg_notify('herald_bots', '');

-- name: CreateBot :execrows
WITH made AS (
    INSERT INTO bots (id, account_id, platform, network, platform_id, username, name, sealed_token, webhook_secret,
                      intake, state, state_reason, created_at, updated_at, shared, purpose, service)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    ON CONFLICT DO NOTHING
    RETURNING id, account_id
)
INSERT INTO bot_slots (bot_id, account_id) SELECT id, account_id FROM made;

-- name: Bot :one
SELECT * FROM bots WHERE account_id = $1 AND id = $2 AND state <> 'removed';

-- name: BotByUsername :one
SELECT * FROM bots WHERE account_id = $1 AND username_key = lower(@username) AND state <> 'removed'
ORDER BY created_at DESC LIMIT 1;

-- name: Bots :many
SELECT * FROM bots WHERE account_id = $1 AND (@after::text = '' OR id < @after) AND state <> 'removed' ORDER BY id DESC LIMIT $2;

-- name: UsableBot :one
SELECT * FROM bots WHERE (account_id = $1 OR shared) AND id = $2 AND state <> 'removed';

-- name: UsableBotByUsername :one
SELECT * FROM bots WHERE (account_id = $1 OR shared) AND username_key = lower(@username) AND state <> 'removed'
ORDER BY account_id <> $1, created_at DESC LIMIT 1;

-- name: UsableBots :many
SELECT * FROM bots WHERE (account_id = $1 OR shared) AND (@after::text = '' OR id < @after) AND state <> 'removed' ORDER BY id DESC LIMIT $2;

-- name: Aliases :many
SELECT * FROM bots WHERE account_id = $1 AND shared AND service = @service AND service <> '' AND state IN ('active', 'conflict') ORDER BY id;

-- name: ShareBot :one
UPDATE bots SET shared = $3, purpose = $4, service = $5, updated_at = @at
WHERE account_id = $1 AND id = $2 AND state <> 'removed' RETURNING *;

-- name: ReplaceToken :execrows
-- A paused bot stays paused; any other one works again.
UPDATE bots SET sealed_token = $3, webhook_secret = $4, intake = $5, username = $6, name = $7,
                state = CASE WHEN state = 'paused' THEN state ELSE 'active' END,
                state_reason = CASE WHEN state = 'paused' THEN state_reason ELSE '' END, updated_at = $8
WHERE account_id = $1 AND id = $2;

-- name: SetBotState :exec
-- Only by who used the token that the bot has now: what befell an earlier one says nothing about it. What the owner
-- rests or removes stays as it is.
UPDATE bots SET state = $3, state_reason = $4, updated_at = $5
WHERE account_id = $1 AND id = $2 AND sealed_token = @sealed_token AND (state, state_reason) IS DISTINCT FROM ($3, $4)
  AND state NOT IN ('paused', 'removed');

-- name: PauseBot :one
UPDATE bots SET state = 'paused', state_reason = '', poll_holder = '', poll_until = NULL, updated_at = @at
WHERE account_id = $1 AND id = $2 AND state <> 'removed' RETURNING *;

-- name: ResumeBot :one
UPDATE bots SET state = 'active', state_reason = '', growing = 0, updated_at = @at
WHERE account_id = $1 AND id = $2 AND state = 'paused' RETURNING *;

-- name: RemoveBot :one
UPDATE bots SET state = 'removed', state_reason = '', sealed_token = '', webhook_secret = @new_secret, poll_holder = '', poll_until = NULL,
                lagging = false, updated_at = @at
WHERE account_id = $1 AND id = $2 AND state <> 'removed' RETURNING *;

-- name: DescribeBot :one
UPDATE bots SET ask_phone_on_start = @ask_phone_on_start, contact_only = @contact_only, reclaim = $3, commands = $4, description = $5, about = $6, intake = $7, updated_at = @at,
                reconfirm_every_ms = @reconfirm_every_ms, reconfirm_by = @reconfirm_by,
                reconfirm_remind_ms = @reconfirm_remind_ms, reconfirm_lapse_ms = @reconfirm_lapse_ms
WHERE account_id = $1 AND id = $2 AND state <> 'removed' RETURNING *;

-- name: BotForIntake :one
-- A webhook names its bot by id alone: the secret that comes with it stands for the account.
SELECT * FROM bots WHERE id = $1 AND state <> 'removed';

-- name: LiveBots :many
SELECT * FROM bots WHERE state IN ('active', 'conflict') ORDER BY id;

-- name: BotByPlatformID :one
-- Also a removed one: it comes back with its people.
SELECT * FROM bots WHERE account_id = $1 AND platform = $2 AND network = $3 AND platform_id = $4
ORDER BY state = 'removed', created_at DESC LIMIT 1;

-- name: AcquirePolls :many
UPDATE bots SET poll_holder = @holder, poll_until = @until
WHERE id IN (SELECT b.id FROM bots b
             WHERE b.intake = 'polling' AND b.state IN ('active', 'conflict')
               AND (b.poll_holder = @holder OR b.poll_until IS NULL OR b.poll_until < @now)
             FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: ReleasePolls :exec
UPDATE bots SET poll_holder = '', poll_until = NULL WHERE poll_holder = @holder;

-- name: TakeWatches :many
-- Bots whose turn it is to be looked at, each by one process.
UPDATE bots SET watched_at = @now
WHERE id IN (SELECT b.id FROM bots b
             WHERE b.state IN ('active', 'conflict') AND (b.watched_at IS NULL OR b.watched_at <= @before)
             ORDER BY b.watched_at NULLS FIRST LIMIT @most
             FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: NoteWatch :exec
UPDATE bots SET watched_at = @at, pending = @pending, growing = @growing, lagging = @lagging, hook_error = @hook_error
WHERE account_id = $1 AND id = $2 AND state <> 'removed';

-- name: StillPolls :one
-- Whoever was polled until its owner wanted a webhook is polled no more, though the lease has not ended.
SELECT EXISTS (SELECT 1 FROM bots WHERE id = $1 AND poll_holder = @holder AND poll_until > @now AND intake = 'polling');

-- name: BotStats :many
-- Over all accounts, for metrics.
SELECT b.id, b.username, b.state, b.pending, b.lagging, t.refusals
FROM bots b JOIN bot_slots t ON t.bot_id = b.id WHERE b.state <> 'removed' ORDER BY b.id LIMIT @most;

-- name: CountSubscribers :many
-- Everybody, and of them those who left and those of whom nothing is left, each by an index that holds what is counted.
SELECT b.id AS bot_id,
       (SELECT count(*) FROM subscribers s WHERE s.account_id = b.account_id AND s.bot_id = b.id) AS everybody,
       (SELECT count(*) FROM subscribers g
        WHERE g.account_id = b.account_id AND g.bot_id = b.id AND g.connection = 'disconnected' AND g.kind <> 'forgotten') AS gone,
       (SELECT count(*) FROM subscribers f
        WHERE f.account_id || '' = b.account_id AND f.bot_id = b.id AND f.kind <> 'person' AND f.kind = 'forgotten') AS forgotten
FROM bots b;
