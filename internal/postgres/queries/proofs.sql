-- name: ReplacePhoneAsk :execrows
-- A claim whose code is good no more stands in nobody's way.
UPDATE phone_asks SET closed_at = @at, outcome = 'replaced', phone = ''
WHERE subscriber_id = @subscriber_id AND closed_at IS NULL AND (asked_at <= @since OR (phone_index <> '' AND code_until < @at));

-- name: AskForPhone :execrows
INSERT INTO phone_asks (id, account_id, bot_id, subscriber_id, way, sms_id, asked_at, reconfirm_due_at, phone, phone_index)
VALUES (@id, @account_id, @bot_id, @subscriber_id, @way, @sms_id, @asked_at, sqlc.narg(reconfirm_due_at), @phone, @phone_index)
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
UPDATE phone_asks SET closed_at = @at, outcome = @outcome, phone = ''
WHERE bot_id = @bot_id AND subscriber_id = @subscriber_id AND closed_at IS NULL;

-- name: Withheld :many
-- Messages that wait for a proof of these people.
SELECT account_id, id FROM messages
WHERE state = 'withheld' AND confirmed_within_ms > 0 AND subscriber_id = ANY(@people::text[]) ORDER BY id LIMIT @at_most;

-- name: Proofs :many
SELECT * FROM phone_proofs WHERE account_id = @account_id AND subscriber_id = @subscriber_id ORDER BY proved_at DESC LIMIT @at_most;

-- name: ClaimedPhone :one
-- The phone that a person claims, before anything of theirs is locked.
SELECT k.phone_index FROM phone_asks k JOIN subscribers s ON s.id = k.subscriber_id
WHERE s.bot_id = @bot_id AND s.platform_id = @platform_id AND k.closed_at IS NULL AND k.phone_index <> '';

-- name: AskedForPhone :one
-- Whether one of the last messages to a person asked for their phone, whichever account sent it.
WITH latest AS (
    SELECT m.ask_phone, m.created_at FROM messages m
    WHERE m.subscriber_id = @subscriber_id AND m.direction = 'out' ORDER BY m.id DESC LIMIT @look)
SELECT EXISTS (SELECT FROM latest WHERE latest.ask_phone AND latest.created_at > @since::timestamptz) AS asked;

-- name: CountClaims :one
-- How many codes went out for phones that were claimed: for this person, to this phone, and by the bot.
SELECT count(*) FILTER (WHERE subscriber_id = @subscriber_id) AS of_person, count(*) FILTER (WHERE phone_index = @phone_index) AS of_phone, count(*) AS of_bot
FROM phone_asks WHERE bot_id = @bot_id AND phone_index <> '' AND asked_at > @since;
