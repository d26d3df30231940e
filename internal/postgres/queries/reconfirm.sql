-- name: ReconfirmingBots :many
-- Bots whose owners want proofs renewed, and that can ask for it and hear the answer.
SELECT b.id, b.account_id, b.reconfirm_every_ms FROM bots b JOIN accounts a ON a.id = b.account_id
WHERE b.reconfirm_every_ms > 0 AND b.state = 'active' AND a.suspended_at IS NULL AND b.id >= @from_bot
ORDER BY b.id LIMIT @at_most;

-- name: DueSubscribers :many
-- People of a bot whose proof is too old, the oldest first, of those who can be asked and are not yet. It is what the index
-- subscribers_reconfirm holds, and reads nobody else.
SELECT id, phone_proved_at FROM subscribers
WHERE account_id = @account_id AND bot_id = @bot_id
  AND phone_proved_at IS NOT NULL AND reconfirm_due_at IS NULL AND connection = 'connected'
  AND phone_proved_at <= @proved_until::timestamptz AND (phone_proved_at, id) > (@after_proved::timestamptz, @after_id::text)
ORDER BY phone_proved_at, id LIMIT @at_most;

-- name: Reconfirming :one
SELECT sqlc.embed(s), sqlc.embed(b), (a.suspended_at IS NOT NULL)::boolean AS suspended
FROM subscribers s JOIN bots b ON b.id = s.bot_id JOIN accounts a ON a.id = b.account_id
WHERE s.account_id = @account_id AND s.bot_id = @bot_id AND s.id = @id AND s.kind = 'person';

-- name: ReconfirmAsks :many
-- On a shared bot the message may be that of another account.
SELECT k.asked_at, m.state IN ('accepted', 'delivered', 'read', 'unknown') AS reached
FROM phone_asks k JOIN messages m ON m.id = k.id
WHERE k.subscriber_id = @subscriber_id AND k.reconfirm_due_at = @due_at::timestamptz ORDER BY k.asked_at;

-- name: HoldReconfirming :execrows
-- Locks the person, and marks them as being asked.
UPDATE subscribers SET reconfirm_due_at = @due_at::timestamptz
WHERE account_id = @account_id AND id = @id AND connection = 'connected' AND phone_proved_at = @proved_at::timestamptz
  AND (reconfirm_due_at = @due_at OR (reconfirm_due_at IS NULL AND @begins::boolean));

-- name: CountReconfirmAsks :one
SELECT count(*) FROM phone_asks WHERE subscriber_id = @subscriber_id AND reconfirm_due_at = @due_at::timestamptz;

-- name: JoinPhoneAsk :exec
-- Somebody else has just asked the same: that counts.
UPDATE phone_asks SET reconfirm_due_at = @due_at::timestamptz WHERE subscriber_id = @subscriber_id AND closed_at IS NULL;

-- name: LapsePhone :many
WITH lapsed AS (
    UPDATE subscribers s SET phone = '', phone_index = '', phone_proof = '', phone_proved_at = NULL,
                             phone_lapsed_at = @at::timestamptz, reconfirm_due_at = NULL
    WHERE s.account_id = @account_id AND s.id = @id AND s.reconfirm_due_at = @due_at::timestamptz AND s.connection = 'connected'
    RETURNING s.id
), asks AS (
    UPDATE phone_asks k SET closed_at = @at, outcome = 'lapsed', phone = '' FROM lapsed WHERE k.subscriber_id = lapsed.id AND k.closed_at IS NULL
), proofs AS (
    UPDATE phone_proofs p SET closed_at = @at, lapsed = true FROM lapsed WHERE p.subscriber_id = lapsed.id AND p.closed_at IS NULL)
SELECT id FROM lapsed;

-- name: WithdrawReconfirmation :exec
WITH free AS (
    UPDATE subscribers s SET reconfirm_due_at = NULL
    WHERE s.account_id = @account_id AND s.id = @id AND s.reconfirm_due_at = @due_at::timestamptz RETURNING s.id)
UPDATE phone_asks k SET reconfirm_due_at = NULL FROM free WHERE k.subscriber_id = free.id AND k.reconfirm_due_at = @due_at;

-- name: PhoneLapsed :one
-- Whether the newest proof of a phone that names nobody was not renewed in time.
SELECT coalesce((SELECT p.lapsed FROM phone_proofs p
                 WHERE p.account_id = @account_id AND p.bot_id = @bot_id AND p.phone_index = @phone_index
                 ORDER BY p.proved_at DESC LIMIT 1), false)::boolean AS lapsed;

-- name: WithdrawLostReconfirmations :execrows
-- Those that should have ended a day ago.
WITH lost AS (
    SELECT s.id, s.reconfirm_due_at FROM subscribers s JOIN bots b ON b.id = s.bot_id
    WHERE s.reconfirm_due_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM phone_asks k WHERE k.subscriber_id = s.id AND k.reconfirm_due_at = s.reconfirm_due_at
          AND k.asked_at + (b.reconfirm_lapse_ms || ' ms')::interval + interval '1 day' > @now::timestamptz)
    ORDER BY s.reconfirm_due_at LIMIT @at_most FOR UPDATE OF s SKIP LOCKED
), asks AS (
    UPDATE phone_asks k SET reconfirm_due_at = NULL FROM lost WHERE k.subscriber_id = lost.id AND k.reconfirm_due_at = lost.reconfirm_due_at)
UPDATE subscribers s SET reconfirm_due_at = NULL FROM lost WHERE s.id = lost.id;
