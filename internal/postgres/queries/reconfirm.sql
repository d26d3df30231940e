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
