-- name: Subscriber :one
SELECT sqlc.embed(s), coalesce(p.tags, '{}')::text[] AS tags, coalesce(p.fields, '')::bytea AS fields
FROM subscribers s LEFT JOIN person_states p ON p.account_id = s.account_id AND p.subscriber_id = s.id
WHERE s.account_id = $1 AND s.bot_id = $2 AND s.id = $3 AND s.kind <> 'forgotten';

-- name: LockPersonOf :one
-- Whom a message was for. The lock keeps changes by hand out until the rules have had their say.
SELECT s.* FROM messages m JOIN subscribers s ON s.id = m.subscriber_id
WHERE m.account_id = $1 AND m.id = @message_id FOR NO KEY UPDATE OF s;

-- name: Subscribers :many
-- People of a bot between two ids. A language also means its regional forms: en is en-GB, too.
SELECT sqlc.embed(s), coalesce(p.tags, '{}')::text[] AS tags, coalesce(p.fields, '')::bytea AS fields
FROM subscribers s LEFT JOIN person_states p ON p.account_id = s.account_id AND p.subscriber_id = s.id
WHERE s.account_id = $1 AND s.bot_id = $2 AND s.id < @before AND s.id >= @lowest
  AND s.kind <> 'forgotten'
  AND (@kind::text = '' OR s.kind = @kind OR (@kind = 'chat' AND s.kind <> 'person'))
  AND (@has_phone::text = '' OR (s.phone <> '') = (@has_phone = 'yes'))
  AND (@connection::text = '' OR s.connection = @connection)
  AND (@language::text = '' OR coalesce(nullif(s.chosen_language, ''), s.language) = @language
       OR starts_with(coalesce(nullif(s.chosen_language, ''), s.language), @language || '-'))
ORDER BY s.id DESC LIMIT $3;

-- name: LowestLooked :one
-- So many people further down the list.
SELECT id FROM subscribers WHERE account_id = $1 AND bot_id = $2 AND id < @before ORDER BY id DESC OFFSET $3 LIMIT 1;

-- name: SubscribersAmong :many
-- Those of the people with these ids whom all filters mean. Each is looked up by itself, and account and bot are compared in a way
-- that no index serves: no figures let the planner read the whole bot.
SELECT sqlc.embed(s), coalesce(p.tags, '{}')::text[] AS tags, coalesce(p.fields, '')::bytea AS fields
FROM unnest(@ids::text[]) AS w(id) JOIN subscribers s ON s.id = w.id
LEFT JOIN person_states p ON p.account_id = s.account_id AND p.subscriber_id = s.id
WHERE s.account_id || '' = @account_id::text AND s.bot_id || '' = @bot_id::text AND s.id < @before
  AND s.kind <> 'forgotten'
  AND (@kind::text = '' OR s.kind = @kind OR (@kind = 'chat' AND s.kind <> 'person'))
  AND (@phone_index::bytea = '' OR s.phone_index = @phone_index)
  AND (@username_index::bytea = '' OR s.username_index = @username_index)
  AND (@platform_id::bigint = 0 OR s.platform_id = @platform_id)
  AND (@external_id::text = '' OR s.external_id = @external_id)
  AND (@has_phone::text = '' OR (s.phone <> '') = (@has_phone = 'yes'))
  AND (@connection::text = '' OR s.connection = @connection)
  AND (@tag::text = '' OR p.tags @> ARRAY[@tag])
  AND (@language::text = '' OR coalesce(nullif(s.chosen_language, ''), s.language) = @language
       OR starts_with(coalesce(nullif(s.chosen_language, ''), s.language), @language || '-'))
ORDER BY s.id DESC LIMIT @at_most;

-- name: NamedSubscribers :many
-- Whoever one of these names: no more than a few. What is empty names nobody. The account is compared as above.
SELECT p.id FROM subscribers p
WHERE p.account_id || '' = @account_id::text AND p.bot_id = @bot_id AND p.phone_index = @phone_index AND p.phone_index <> ''
UNION SELECT u.id FROM subscribers u
WHERE u.account_id || '' = @account_id AND u.bot_id = @bot_id AND u.username_index = @username_index AND u.username_index <> ''
UNION SELECT i.id FROM subscribers i
WHERE i.account_id || '' = @account_id AND i.bot_id = @bot_id AND i.platform_id = @platform_id
UNION SELECT e.id FROM subscribers e
WHERE e.account_id || '' = @account_id AND e.bot_id = @bot_id AND e.external_id = @external_id AND e.external_id <> '';

-- name: TaggedSubscribers :many
SELECT subscriber_id FROM person_tags
WHERE account_id = $1 AND bot_id = $2 AND tag = @tag AND subscriber_id < @before ORDER BY subscriber_id DESC LIMIT $3;

-- name: GoneSubscribers :many
SELECT id FROM subscribers
WHERE account_id = $1 AND bot_id = $2 AND id < @before AND connection = 'disconnected' AND kind <> 'forgotten' ORDER BY id DESC LIMIT $3;

-- name: Groups :many
SELECT id FROM subscribers
WHERE account_id = $1 AND bot_id = $2 AND id < @before AND kind IN ('group', 'supergroup', 'channel') ORDER BY id DESC LIMIT $3;

-- name: SubscriberNames :many
SELECT * FROM subscriber_names WHERE account_id = $1 AND subscriber_id = $2 ORDER BY until DESC LIMIT $3;

-- name: LockSubscriber :one
SELECT * FROM subscribers WHERE account_id = $1 AND bot_id = $2 AND id = $3 AND kind <> 'forgotten' FOR NO KEY UPDATE;

-- name: LeaveExternalID :exec
-- An id of the sender's names one person of a bot: whoever had it loses it.
UPDATE subscribers SET external_id = '' WHERE bot_id = @bot_id AND external_id = @external_id AND external_id <> '' AND id <> @id;

-- name: ChangeSubscriber :exec
UPDATE subscribers SET external_id = $3, chosen_language = $4, timezone = $5 WHERE account_id = $1 AND id = $2;

-- name: ChangeStateByHand :exec
INSERT INTO person_states (account_id, subscriber_id, tags, fields) VALUES ($1, $2, @tags::text[], @fields)
ON CONFLICT (account_id, subscriber_id) DO UPDATE SET tags = excluded.tags, fields = excluded.fields;

-- name: StateForChange :one
SELECT tags, fields FROM person_states WHERE account_id = $1 AND subscriber_id = $2 FOR UPDATE;

-- name: CreateConnectLink :exec
INSERT INTO connect_links (token_hash, account_id, bot_id, external_id, created_at) VALUES ($1, $2, $3, $4, $5);

-- name: UseConnectLink :one
-- Once: whoever comes by it again has the id already, or has lost it since to somebody whom the sender meant more lately. A
-- link of another bot or account is none.
UPDATE connect_links SET used_at = @at, used_by = @subscriber_id
WHERE token_hash = $1 AND bot_id = $2 AND account_id = @account_id AND used_by IS NULL
RETURNING external_id;

-- name: SetExternalID :exec
UPDATE subscribers SET external_id = $3 WHERE account_id = $1 AND id = $2;

-- name: KnownChat :one
-- Under which id a chat is known that was another one before.
SELECT platform_id FROM subscribers WHERE bot_id = $1 AND chat_id = @chat_id AND kind <> 'person' LIMIT 1;

-- name: PersonKnown :one
SELECT EXISTS (SELECT FROM subscribers WHERE account_id = $1 AND bot_id = $2 AND platform_id = $3);

-- name: MigrateChat :exec
UPDATE subscribers SET chat_id = @to_chat, kind = 'supergroup' WHERE bot_id = $1 AND chat_id = @from_chat AND kind <> 'person';

-- name: UpsertSubscriber :one
-- Particulars and connection move forward only: an older update that arrives later leaves what is known. Whoever stopped the
-- bot stays so until they start it again.
INSERT INTO subscribers (id, account_id, bot_id, platform_id, chat_id, names, names_index, username_index, username_seen_at, language,
                          connection, reason, start_payload, connected_at, disconnected_at, last_seen_at, profile_at, profile_update_id, connection_at, connection_update_id, created_at, kind)
VALUES (@id, @account_id, @bot_id, @platform_id, @chat_id, @names, @names_index, @username_index, @username_seen_at, @language, @connection, @reason, @start_payload,
        CASE WHEN @connection::text = 'connected' THEN @at::timestamptz END,
        CASE WHEN @connection::text = 'disconnected' THEN @at::timestamptz END,
        @at, @at, @update_id, @at, @update_id, @created_at, @kind)
ON CONFLICT (bot_id, platform_id) DO UPDATE SET
    kind = excluded.kind,
    names = CASE WHEN newer_mark(excluded.profile_at, excluded.profile_update_id, subscribers.profile_at, subscribers.profile_update_id) AND excluded.names_index <> subscribers.names_index THEN excluded.names ELSE subscribers.names END,
    names_index = CASE WHEN newer_mark(excluded.profile_at, excluded.profile_update_id, subscribers.profile_at, subscribers.profile_update_id) THEN excluded.names_index ELSE subscribers.names_index END,
    username_index = CASE WHEN newer_mark(excluded.profile_at, excluded.profile_update_id, subscribers.profile_at, subscribers.profile_update_id) THEN excluded.username_index ELSE subscribers.username_index END,
    username_seen_at = CASE WHEN newer_mark(excluded.profile_at, excluded.profile_update_id, subscribers.profile_at, subscribers.profile_update_id) THEN excluded.username_seen_at ELSE subscribers.username_seen_at END,
    language = CASE WHEN newer_mark(excluded.profile_at, excluded.profile_update_id, subscribers.profile_at, subscribers.profile_update_id) THEN excluded.language ELSE subscribers.language END,
    start_payload = CASE WHEN excluded.start_payload <> '' AND newer_mark(excluded.profile_at, excluded.profile_update_id, subscribers.profile_at, subscribers.profile_update_id) THEN excluded.start_payload ELSE subscribers.start_payload END,
    connection = CASE WHEN newer_mark(excluded.connection_at, excluded.connection_update_id, subscribers.connection_at, subscribers.connection_update_id)
        AND NOT (@keeps_stop::boolean AND subscribers.reason = 'stopped' AND excluded.connection = 'connected') THEN excluded.connection ELSE subscribers.connection END,
    reason = CASE WHEN newer_mark(excluded.connection_at, excluded.connection_update_id, subscribers.connection_at, subscribers.connection_update_id)
        AND NOT (@keeps_stop::boolean AND subscribers.reason = 'stopped' AND excluded.connection = 'connected') THEN excluded.reason ELSE subscribers.reason END,
    connected_at = CASE WHEN newer_mark(excluded.connection_at, excluded.connection_update_id, subscribers.connection_at, subscribers.connection_update_id)
                         AND excluded.connection = 'connected' AND subscribers.connection <> 'connected' AND NOT (@keeps_stop AND subscribers.reason = 'stopped') THEN excluded.connection_at ELSE coalesce(subscribers.connected_at, excluded.connected_at) END,
    disconnected_at = CASE WHEN newer_mark(excluded.connection_at, excluded.connection_update_id, subscribers.connection_at, subscribers.connection_update_id)
                         AND excluded.connection = 'disconnected' AND subscribers.connection <> 'disconnected' THEN excluded.connection_at ELSE subscribers.disconnected_at END,
    last_seen_at = greatest(subscribers.last_seen_at, excluded.last_seen_at),
    profile_at = greatest(subscribers.profile_at, excluded.profile_at),
    profile_update_id = CASE WHEN newer_mark(excluded.profile_at, excluded.profile_update_id, subscribers.profile_at, subscribers.profile_update_id) THEN excluded.profile_update_id ELSE subscribers.profile_update_id END,
    connection_at = greatest(subscribers.connection_at, excluded.connection_at),
    connection_update_id = CASE WHEN newer_mark(excluded.connection_at, excluded.connection_update_id, subscribers.connection_at, subscribers.connection_update_id) THEN excluded.connection_update_id ELSE subscribers.connection_update_id END
RETURNING *;

-- name: ClosePhone :exec
-- Somebody else proved the phone now: whoever had it loses it, and the proof stays in the history as closed. Here and elsewhere, that
-- a phone is one stands there for the index that holds no others.
WITH closed AS (
    UPDATE phone_proofs p SET closed_at = @at
    FROM subscribers s
    WHERE s.bot_id = @bot_id AND s.phone_index = @phone_index AND s.phone_index <> '' AND s.platform_id <> @platform_id
      AND s.phone_proved_at <= @at
      AND p.subscriber_id = s.id AND p.phone_index = s.phone_index AND p.closed_at IS NULL
), unasked AS (
    UPDATE phone_asks a SET closed_at = @at, outcome = 'replaced', phone = ''
    FROM subscribers s
    WHERE s.bot_id = @bot_id AND s.phone_index = @phone_index AND s.phone_index <> '' AND s.platform_id <> @platform_id
      AND s.phone_proved_at <= @at
      AND a.subscriber_id = s.id AND a.closed_at IS NULL)
UPDATE subscribers o SET phone = '', phone_index = '', phone_proof = '', phone_proved_at = NULL, reconfirm_due_at = NULL
WHERE o.bot_id = @bot_id AND o.phone_index = @phone_index AND o.phone_index <> '' AND o.platform_id <> @platform_id AND o.phone_proved_at <= @at;

-- name: PhoneHolder :one
SELECT id FROM subscribers WHERE bot_id = @bot_id AND phone_index = @phone_index AND phone_index <> '';

-- name: SetPhone :execrows
UPDATE subscribers SET phone = @phone, phone_index = @phone_index, phone_proof = @proof, phone_proved_at = @at, phone_update_id = @update_id,
                       phone_lapsed_at = NULL, reconfirm_due_at = NULL
WHERE account_id = $1 AND id = $2
  AND (phone_proved_at IS NULL OR NOT newer_mark(phone_proved_at, phone_update_id, @at, @update_id));

-- name: RecordProof :exec
WITH closed AS (
    UPDATE phone_proofs SET closed_at = @at
    WHERE subscriber_id = @subscriber_id AND phone_index <> @phone_index AND closed_at IS NULL)
INSERT INTO phone_proofs (account_id, bot_id, subscriber_id, phone, phone_index, proof, proved_at)
VALUES (@account_id, @bot_id, @subscriber_id, @phone, @phone_index, @proof, @at)
ON CONFLICT DO NOTHING;

-- name: Disconnect :exec
UPDATE subscribers SET connection = 'disconnected', reason = @reason, disconnected_at = @at,
                       connection_at = greatest(connection_at, @at::timestamptz)
WHERE account_id = $1 AND id = $2 AND connection = 'connected';

-- name: MoveChat :exec
UPDATE subscribers SET chat_id = @chat_id WHERE account_id = $1 AND id = $2;

-- name: LockPhone :exec
-- Two people who prove one phone at the same moment go one after the other.
SELECT pg_advisory_xact_lock(hashtextextended(encode(@phone_index::bytea, 'hex'), 0));

-- name: LockPeople :many
-- A person and whoever has the phone that they prove. Each is looked up by itself: as two conditions of one search, no figures keep the
-- planner from reading the whole bot.
WITH w AS MATERIALIZED (
    SELECT i.id FROM subscribers i WHERE i.account_id || '' = @account_id::text AND i.bot_id = @bot_id AND i.platform_id = @platform_id
    UNION SELECT p.id FROM subscribers p
    WHERE p.account_id || '' = @account_id AND p.bot_id = @bot_id AND p.phone_index = @phone_index AND p.phone_index <> '')
SELECT s.id FROM w JOIN subscribers s ON s.id = w.id ORDER BY s.id FOR NO KEY UPDATE OF s;

-- name: ChooseLanguage :exec
UPDATE subscribers SET chosen_language = @language WHERE bot_id = @bot_id AND id = @id;
