-- name: EnsureRuleSet :exec
INSERT INTO rule_sets (account_id, bot_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: LockRuleSet :one
SELECT * FROM rule_sets WHERE account_id = $1 AND bot_id = $2 FOR UPDATE;

-- name: InsertRuleVersion :exec
WITH counted AS (
    UPDATE rule_sets s SET last_version = @version::integer WHERE s.account_id = @account_id AND s.bot_id = @bot_id
)
INSERT INTO rule_versions (account_id, bot_id, version, source, hash, raises, author, note, created_at)
VALUES (@account_id, @bot_id, @version, @source, @hash, @raises, @author, @note, @created_at);

-- name: ActivateRules :exec
-- The version answers from the next update on. Workers are told, so that they can compile it before it is needed.
WITH one AS (
    UPDATE rule_sets s SET active = sqlc.narg(version), activations = s.activations + 1,
           raises = coalesce((SELECT v.raises FROM rule_versions v
                              WHERE v.account_id = @account_id AND v.bot_id = @bot_id AND v.version = sqlc.narg(version)), '{}')
    WHERE s.account_id = @account_id AND s.bot_id = @bot_id
    RETURNING s.activations
), story AS (
    INSERT INTO rule_activations (account_id, bot_id, sequence, version, author, at)
    SELECT @account_id, @bot_id, one.activations, sqlc.narg(version)::integer, @author, @at FROM one
)
SELECT pg_notify('herald_rules', @account_id::text || ' ' || @bot_id::text);

-- name: ActiveRules :one
SELECT sqlc.embed(v), coalesce(k.name, '')::text AS author_name FROM rule_sets s
JOIN rule_versions v ON v.account_id = s.account_id AND v.bot_id = s.bot_id AND v.version = s.active
LEFT JOIN api_keys k ON k.account_id = v.account_id AND k.id = v.author
WHERE s.account_id = $1 AND s.bot_id = $2;

-- name: RuleVersion :one
SELECT sqlc.embed(v), coalesce(k.name, '')::text AS author_name, (coalesce(s.active, 0) = v.version)::boolean AS active FROM rule_versions v
JOIN rule_sets s ON s.account_id = v.account_id AND s.bot_id = v.bot_id
LEFT JOIN api_keys k ON k.account_id = v.account_id AND k.id = v.author
WHERE v.account_id = $1 AND v.bot_id = $2 AND v.version = $3;

-- name: RuleSource :one
SELECT source FROM rule_versions WHERE account_id = $1 AND bot_id = $2 AND version = $3;

-- name: RuleVersions :many
-- Without their sources: a list is for choosing.
SELECT v.account_id, v.bot_id, v.version, v.hash, v.author, v.note, v.created_at, octet_length(v.source)::integer AS bytes,
       coalesce(k.name, '')::text AS author_name, (coalesce(s.active, 0) = v.version)::boolean AS active
FROM rule_versions v
JOIN rule_sets s ON s.account_id = v.account_id AND s.bot_id = v.bot_id
LEFT JOIN api_keys k ON k.account_id = v.account_id AND k.id = v.author
WHERE v.account_id = $1 AND v.bot_id = $2 AND (@before::integer = 0 OR v.version < @before)
ORDER BY v.version DESC LIMIT $3;

-- name: RuleActivations :many
SELECT a.*, coalesce(k.name, '')::text AS author_name FROM rule_activations a
LEFT JOIN api_keys k ON k.account_id = a.account_id AND k.id = a.author
WHERE a.account_id = $1 AND a.bot_id = $2 ORDER BY a.sequence DESC LIMIT $3;

-- name: PersonState :one
-- By what the messenger calls the person, so that it can be asked for in the trip in which the person is first written. As
-- a join it cost many times as much while the tables were new and unknown to the planner.
SELECT p.* FROM person_states p
WHERE p.account_id = $1 AND p.subscriber_id = (SELECT s.id FROM subscribers s WHERE s.bot_id = $2 AND s.platform_id = $3);

-- name: LastToPerson :one
-- The last message that went to the person, or is on its way.
SELECT m.* FROM messages m
WHERE m.subscriber_id = (SELECT s.id FROM subscribers s WHERE s.bot_id = $2 AND s.platform_id = $3)
  AND m.account_id = $1 AND m.direction = 'out' AND m.state IN ('queued', 'sending', 'accepted', 'delivered', 'read', 'unknown')
ORDER BY m.id DESC LIMIT 1;

-- name: StoreAnswer :exec
-- What the rules decided, with what they keep about the person.
WITH kept AS (
    INSERT INTO person_states (account_id, subscriber_id, messages, tags, fields, fired, muted_until, replied_at, last_reply)
    VALUES (@account_id, @subscriber_id, @messages, @tags::text[], @fields, @fired, sqlc.narg(muted_until), @replied_at::timestamptz[], @last_reply)
    ON CONFLICT (account_id, subscriber_id) DO UPDATE SET
        messages = excluded.messages, tags = excluded.tags, fields = excluded.fields, fired = excluded.fired,
        muted_until = excluded.muted_until, replied_at = excluded.replied_at, last_reply = excluded.last_reply
), wanted AS (
    UPDATE messages m SET translate_to = @translate_to, language = @language, keep = @keep::text[]
    WHERE m.account_id = @account_id AND m.id = @message_id AND @translate_to::text <> '' AND @event::text = ''
)
INSERT INTO verdicts (message_id, event, account_id, bot_id, version, rules, note, input, effects, created_at)
VALUES (@message_id, @event, @account_id, @bot_id, @version, @rules::text[], @note, @input, @effects, @created_at)
ON CONFLICT (message_id, event) DO NOTHING;

-- name: CountInbound :exec
-- A person wrote and no rules answer.
INSERT INTO person_states (account_id, subscriber_id, messages) VALUES ($1, $2, 1)
ON CONFLICT (account_id, subscriber_id) DO UPDATE SET messages = person_states.messages + 1;

-- name: Verdict :one
SELECT * FROM verdicts WHERE account_id = $1 AND message_id = $2 ORDER BY created_at DESC LIMIT 1;

-- name: Answers :many
-- What went out because of a message.
SELECT * FROM messages WHERE account_id = $1 AND cause_id = $2 AND direction = 'out' ORDER BY id;

-- name: Recorded :many
-- What people wrote to a bot since a moment, with what rules saw of it then.
SELECT sqlc.embed(m), v.input, v.rules FROM messages m
LEFT JOIN verdicts v ON v.message_id = m.id AND v.event = ''
WHERE m.account_id = @account_id AND m.bot_id = @bot_id AND m.direction = 'in' AND m.kind <> 'sms'
  AND m.created_at >= @since AND m.id > @after::text
ORDER BY m.id LIMIT @at_most;

-- name: CountRecorded :one
SELECT count(*) FROM messages
WHERE account_id = @account_id AND bot_id = @bot_id AND direction = 'in' AND kind <> 'sms' AND created_at >= @since;

-- name: UntranslatedInbound :many
SELECT sqlc.embed(m), b.network FROM messages m JOIN bots b ON b.id = m.bot_id
WHERE m.direction = 'in' AND m.translate_to <> '' AND m.translated_at IS NULL
ORDER BY m.id LIMIT $1;

-- name: StoreTranslation :exec
-- Whoever wrote it may have been forgotten meanwhile: then what they said must not come back.
WITH message AS (
    UPDATE messages u SET translated_at = @at, translation = CASE WHEN u.text = '' THEN '' ELSE sqlc.arg(translation)::bytea END, translation_reason = @reason,
                        translation_characters = @characters, translation_keys = CASE WHEN u.text = '' THEN '{}' ELSE sqlc.arg(keys)::bytea[] END
    WHERE u.account_id = @account_id AND u.id = @id AND u.translated_at IS NULL
    RETURNING u.account_id, u.text = '' AS erased
)
DELETE FROM translations t USING message m WHERE t.account_id = m.account_id AND m.erased AND t.key = ANY(sqlc.arg(keys)::bytea[]);
