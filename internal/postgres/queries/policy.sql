-- name: PolicySource :one
SELECT source FROM policy;

-- name: SetPolicy :exec
INSERT INTO policy (source, changed_at) VALUES (@source, @at) ON CONFLICT (one) DO UPDATE SET source = excluded.source, changed_at = excluded.changed_at;

-- name: ResetPolicy :exec
DELETE FROM policy;

-- name: CountForPolicy :one
-- One trip: counts a message by a shared bot, and tells what was counted and what the operator allows.
WITH person AS (
    INSERT INTO policy_people (account_id, day, text_hash, person_hash) VALUES (@account_id, @day, @text_hash, @person_hash)
    ON CONFLICT DO NOTHING RETURNING 1
), same AS (
    INSERT INTO policy_texts (account_id, day, text_hash, people) VALUES (@account_id, @day, @text_hash, (SELECT count(*) FROM person))
    ON CONFLICT (account_id, day, text_hash) DO UPDATE SET people = policy_texts.people + excluded.people RETURNING people
), sent AS (
    INSERT INTO policy_days (account_id, day, messages) VALUES (@account_id, @day, 1)
    ON CONFLICT (account_id, day) DO UPDATE SET messages = policy_days.messages + 1 RETURNING messages
)
SELECT same.people, sent.messages, (SELECT count(*) FROM person) AS fresh,
       EXISTS (SELECT FROM policy_allowances a WHERE a.account_id = @account_id AND a.text_hash IN ('', @text_hash)) AS allowed
FROM same, sent;

-- name: UncountForPolicy :exec
-- What was refused was not sent.
WITH person AS (
    DELETE FROM policy_people p WHERE p.account_id = @account_id AND p.day = @day AND p.text_hash = @text_hash AND p.person_hash = @person_hash AND @fresh::boolean
), same AS (
    UPDATE policy_texts t SET people = people - 1 WHERE t.account_id = @account_id AND t.day = @day AND t.text_hash = @text_hash AND @fresh
)
UPDATE policy_days d SET messages = messages - 1 WHERE d.account_id = @account_id AND d.day = @day;

-- name: AllowByPolicy :exec
INSERT INTO policy_allowances (account_id, text_hash, note, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, text_hash) DO UPDATE SET note = excluded.note;

-- name: DisallowByPolicy :exec
DELETE FROM policy_allowances WHERE account_id = $1 AND text_hash = $2;

-- name: PolicyAllowances :many
-- Those after one that a page ended with; the first page begins after nothing.
SELECT * FROM policy_allowances a
WHERE @after_account::text = '' OR (a.account_id, a.text_hash) < (@after_account, @after_hash::bytea)
ORDER BY a.account_id DESC, a.text_hash DESC LIMIT @most;

-- name: DropOldPolicyCounts :exec
WITH people AS (DELETE FROM policy_people p WHERE p.day < @before), texts AS (DELETE FROM policy_texts t WHERE t.day < @before)
DELETE FROM policy_days d WHERE d.day < @before;
