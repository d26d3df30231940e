-- name: ReplacePhoneAsk :execrows
UPDATE phone_asks SET closed_at = @at, outcome = 'replaced'
WHERE subscriber_id = @subscriber_id AND closed_at IS NULL AND asked_at <= @since;

-- name: AskForPhone :execrows
INSERT INTO phone_asks (id, account_id, bot_id, subscriber_id, way, sms_id, asked_at, reconfirm_due_at)
VALUES (@id, @account_id, @bot_id, @subscriber_id, @way, @sms_id, @asked_at, sqlc.narg(reconfirm_due_at))
ON CONFLICT (subscriber_id) WHERE closed_at IS NULL DO NOTHING;

-- name: PhoneAskOfSMS :one
SELECT id FROM phone_asks WHERE account_id = @account_id AND sms_id = @sms_id AND sms_id <> '' AND closed_at IS NULL;

-- name: SetPhoneCode :execrows
UPDATE phone_asks SET code_hash = @code_hash, code_until = @code_until
WHERE account_id = @account_id AND id = @id AND closed_at IS NULL;

-- name: OpenPhoneAsk :one
-- The ask of a person, locked: codes are tried one after another. On a shared bot it is that of any account.
SELECT * FROM phone_asks WHERE bot_id = @bot_id AND subscriber_id = @subscriber_id AND closed_at IS NULL FOR UPDATE;

-- name: CountPhoneTry :exec
UPDATE phone_asks SET tries = tries + 1 WHERE bot_id = @bot_id AND id = @id;

-- name: ClosePhoneAsk :exec
UPDATE phone_asks SET closed_at = @at, outcome = @outcome
WHERE bot_id = @bot_id AND subscriber_id = @subscriber_id AND closed_at IS NULL;

-- name: Withheld :many
-- Messages that wait for a proof of these people.
SELECT account_id, id FROM messages WHERE state = 'withheld' AND subscriber_id = ANY(@people::text[]) ORDER BY id LIMIT @at_most;

-- name: Proofs :many
SELECT * FROM phone_proofs WHERE account_id = @account_id AND subscriber_id = @subscriber_id ORDER BY proved_at DESC LIMIT @at_most;
