-- name: TryImport :one
-- Two imports into one bot do not go at the same time. It is let go with the transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended('import/' || @bot_id::text, 0))::boolean;

-- name: KnownPeople :many
-- Each is looked up by itself, here and below, and the account is compared in a way that no index serves. Else a planner
-- whose figures are from before the import, as they are in its own transaction, takes the base of the bot for a handful of
-- rows and reads all of it.
WITH w AS MATERIALIZED (
    SELECT (SELECT f.id FROM subscribers f WHERE f.bot_id = @bot_id AND f.platform_id = u.platform_id) AS id FROM unnest(@platform_ids::bigint[]) AS u(platform_id))
SELECT sqlc.embed(s), coalesce(p.tags, '{}')::text[] AS tags, coalesce(p.fields, '')::bytea AS fields
FROM w JOIN subscribers s ON s.id = w.id
LEFT JOIN person_states p ON p.account_id = s.account_id AND p.subscriber_id = s.id
WHERE s.account_id || '' = @account_id::text;

-- name: LockKnownPeople :many
-- In the order of their ids, as everybody locks people.
SELECT s.id FROM unnest(@ids::text[]) AS w(id) JOIN subscribers s ON s.id = w.id
WHERE s.account_id || '' = @account_id::text FOR NO KEY UPDATE OF s;

-- name: PhoneHolders :many
-- Who has these phones now.
WITH w AS MATERIALIZED (
    SELECT (SELECT f.id FROM subscribers f WHERE f.bot_id = @bot_id AND f.phone_index = u.phone_index AND f.phone_index <> '') AS id
    FROM unnest(@phone_indexes::bytea[]) AS u(phone_index))
SELECT s.id, s.platform_id, s.phone_index, s.phone_proved_at
FROM w JOIN subscribers s ON s.id = w.id
WHERE s.account_id || '' = @account_id::text FOR NO KEY UPDATE OF s;

-- name: LeavePhones :exec
-- Somebody else proved these people's phones later.
WITH lost AS (SELECT unnest(@ids::text[]) AS id, unnest(@ats::timestamptz[]) AS at),
closed AS (
    UPDATE phone_proofs p SET closed_at = lost.at
    FROM lost JOIN subscribers s ON s.id = lost.id
    WHERE p.subscriber_id = s.id AND p.phone_index = s.phone_index AND p.closed_at IS NULL
), unasked AS (
    UPDATE phone_asks a SET closed_at = lost.at, outcome = 'replaced', phone = '' FROM lost WHERE a.subscriber_id = lost.id AND a.closed_at IS NULL)
UPDATE subscribers o SET phone = '', phone_index = '', phone_proof = '', phone_proved_at = NULL, reconfirm_due_at = NULL
FROM lost WHERE o.account_id || '' = @account_id::text AND o.id = lost.id;

-- name: LeaveExternalIDs :exec
-- An id of the sender's names one person of a bot: whoever had it loses it.
WITH w AS MATERIALIZED (
    SELECT (SELECT f.id FROM subscribers f
            WHERE f.bot_id = @bot_id AND f.external_id = u.external_id AND f.external_id <> '' AND f.platform_id <> u.platform_id) AS id
    FROM (SELECT unnest(@external_ids::text[]) AS external_id, unnest(@platform_ids::bigint[]) AS platform_id) u)
UPDATE subscribers s SET external_id = '' FROM w
WHERE s.id = w.id AND s.account_id || '' = @account_id::text;

-- name: PutPeople :many
-- New people, and known ones as they shall be: they are locked. Whoever came meanwhile under another id is not returned. A
-- time that is not known is Go's zero time.
INSERT INTO subscribers (id, platform_id, names, names_index, username_index, username_seen_at, language, chosen_language, timezone, external_id,
                         phone, phone_index, phone_proof, phone_proved_at, phone_update_id, connection, reason, start_payload, connected_at,
                         disconnected_at, last_seen_at, profile_at, profile_update_id, connection_at, connection_update_id, account_id, bot_id,
                         chat_id, created_at, kind)
SELECT n.id, n.platform_id, n.names, n.names_index, n.username_index, nullif(n.username_seen_at, '0001-01-01 00:00Z'), n.language, n.chosen_language,
       n.timezone, n.external_id, n.phone, n.phone_index, n.phone_proof, nullif(n.phone_proved_at, '0001-01-01 00:00Z'), n.phone_update_id, n.connection,
       n.reason, n.start_payload, nullif(n.connected_at, '0001-01-01 00:00Z'), nullif(n.disconnected_at, '0001-01-01 00:00Z'), n.last_seen_at, n.profile_at,
       n.profile_update_id, n.connection_at, n.connection_update_id, @account_id, @bot_id, n.platform_id, @at, 'person'
FROM (SELECT unnest(@ids::text[]) AS id, unnest(@platform_ids::bigint[]) AS platform_id, unnest(@names::bytea[]) AS names,
             unnest(@names_indexes::bytea[]) AS names_index, unnest(@username_indexes::bytea[]) AS username_index,
             unnest(@username_seen_ats::timestamptz[]) AS username_seen_at, unnest(@languages::text[]) AS language,
             unnest(@chosen_languages::text[]) AS chosen_language, unnest(@timezones::text[]) AS timezone,
             unnest(@external_ids::text[]) AS external_id, unnest(@phones::bytea[]) AS phone, unnest(@phone_indexes::bytea[]) AS phone_index,
             unnest(@phone_proofs::text[]) AS phone_proof, unnest(@phone_proved_ats::timestamptz[]) AS phone_proved_at,
             unnest(@phone_update_ids::bigint[]) AS phone_update_id, unnest(@connections::text[]) AS connection,
             unnest(@reasons::text[]) AS reason, unnest(@start_payloads::text[]) AS start_payload,
             unnest(@connected_ats::timestamptz[]) AS connected_at, unnest(@disconnected_ats::timestamptz[]) AS disconnected_at,
             unnest(@last_seen_ats::timestamptz[]) AS last_seen_at, unnest(@profile_ats::timestamptz[]) AS profile_at,
             unnest(@profile_update_ids::bigint[]) AS profile_update_id, unnest(@connection_ats::timestamptz[]) AS connection_at,
             unnest(@connection_update_ids::bigint[]) AS connection_update_id) n
ON CONFLICT (bot_id, platform_id) DO UPDATE SET
    names = excluded.names, names_index = excluded.names_index, username_index = excluded.username_index,
    username_seen_at = excluded.username_seen_at, language = excluded.language, chosen_language = excluded.chosen_language,
    timezone = excluded.timezone, external_id = excluded.external_id, phone = excluded.phone, phone_index = excluded.phone_index,
    phone_proof = excluded.phone_proof, phone_proved_at = excluded.phone_proved_at, phone_update_id = excluded.phone_update_id,
    connection = excluded.connection, reason = excluded.reason, start_payload = excluded.start_payload, connected_at = excluded.connected_at,
    disconnected_at = excluded.disconnected_at, last_seen_at = excluded.last_seen_at, profile_at = excluded.profile_at,
    profile_update_id = excluded.profile_update_id, connection_at = excluded.connection_at, connection_update_id = excluded.connection_update_id,
    phone_lapsed_at = CASE excluded.phone WHEN '' THEN subscribers.phone_lapsed_at END,
    reconfirm_due_at = CASE WHEN excluded.phone <> '' AND excluded.phone_proved_at = subscribers.phone_proved_at THEN subscribers.reconfirm_due_at END
WHERE subscribers.id = excluded.id
RETURNING platform_id;

-- name: CloseProofs :exec
-- Of known people who prove another phone, with what they were asked.
WITH n AS (SELECT unnest(@subscriber_ids::text[]) AS subscriber_id, unnest(@phone_indexes::bytea[]) AS phone_index, unnest(@proved_ats::timestamptz[]) AS proved_at),
unasked AS (
    UPDATE phone_asks a SET closed_at = @at, outcome = 'proved', phone = '' FROM n WHERE a.subscriber_id = n.subscriber_id AND a.closed_at IS NULL)
UPDATE phone_proofs p SET closed_at = n.proved_at FROM n
WHERE p.account_id || '' = @account_id::text AND p.subscriber_id = n.subscriber_id AND p.phone_index <> n.phone_index AND p.closed_at IS NULL;

-- name: RecordProofs :exec
-- A proof that came too late to count is closed from the beginning.
INSERT INTO phone_proofs (account_id, bot_id, subscriber_id, phone, phone_index, proof, proved_at, closed_at)
SELECT @account_id, @bot_id, n.subscriber_id, n.phone, n.phone_index, 'import', n.proved_at, nullif(n.closed_at, '0001-01-01 00:00Z')
FROM (SELECT unnest(@subscriber_ids::text[]) AS subscriber_id, unnest(@phones::bytea[]) AS phone, unnest(@phone_indexes::bytea[]) AS phone_index,
             unnest(@proved_ats::timestamptz[]) AS proved_at, unnest(@closed_ats::timestamptz[]) AS closed_at) n
ON CONFLICT DO NOTHING;

-- name: WriteStates :exec
INSERT INTO person_states (account_id, subscriber_id, tags, fields)
SELECT @account_id, n.subscriber_id, ARRAY(SELECT jsonb_array_elements_text(n.tags)), n.fields
FROM (SELECT unnest(@subscriber_ids::text[]) AS subscriber_id, unnest(@tags::jsonb[]) AS tags, unnest(@fields::bytea[]) AS fields) n
ON CONFLICT (account_id, subscriber_id) DO UPDATE SET tags = excluded.tags, fields = excluded.fields;
