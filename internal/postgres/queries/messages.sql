-- name: AcceptMessage :execrows
-- One statement, so one round trip and one transaction: the message, its legs and links, the first line of its story, and
-- the outbox row from which its workflow is started if it has neither ended nor got one before. With a claim_key it is the claim as well: if
-- another request holds that, nothing is written; nor with own_bot if the bot is not the account's own, or does not work, or is shared.
WITH usable AS (
    SELECT WHERE NOT @own_bot::boolean
        OR EXISTS (SELECT FROM bots b WHERE b.account_id = @account_id AND b.id = @bot_id AND b.state = 'active' AND NOT b.shared)
), claimed AS (
    INSERT INTO idempotency_keys (account_id, key, request, suffix, claimed_at)
    SELECT @account_id, @claim_key, @claim_request, @claim_suffix, @created_at FROM usable WHERE @claim_key::text <> ''
    ON CONFLICT DO NOTHING RETURNING key
), m AS (
    INSERT INTO messages (id, account_id, bot_id, direction, address_kind, address, sealed_address, address_index, text, format, buttons, lane, on_unknown,
                          label, state, waited, event_sequence, read_link, not_before, expires_at, created_at, updated_at,
                          subscriber_id, rule, cause_id, after_id, ask_phone, language, translate_to, keep, media, silent, protected,
                          between_hours, timezone, timezone_of, max_price, price, currency,
                          confirmed_within_ms, confirm_by, carries_code, file_id)
    SELECT @id, @account_id, @bot_id, 'out', @address_kind, @address, @sealed_address, @address_index, @text, @format, @buttons, @lane, @on_unknown,
           @label, 'queued', @waited, 1, @read_link, sqlc.narg(not_before), @expires_at, @created_at, @created_at,
           sqlc.narg(subscriber_id), @rule, @cause_id, @after_id, @ask_phone, @language, @translate_to, @keep::text[], @media, @silent, @protected,
           @between_hours, @timezone, @timezone_of, sqlc.narg(max_price), @price, @currency,
           @confirmed_within_ms, @confirm_by, @carries_code, @file_id
    FROM usable WHERE @claim_key = '' OR EXISTS (SELECT FROM claimed)
    ON CONFLICT (id) DO NOTHING
    RETURNING id, account_id, lane, created_at
), l AS (
    INSERT INTO legs (account_id, message_id, state, id, number, channel, until, within_ms, price)
    SELECT account_id, id, 'pending', unnest(@leg_ids::text[]), unnest(@numbers::integer[]), unnest(@channels::text[]),
           unnest(@untils::text[]), unnest(@within_ms::bigint[]), unnest(@prices::text[])::numeric FROM m
), r AS (
    INSERT INTO read_links (account_id, message_id, number, link, token_hash, url)
    SELECT account_id, id, unnest(@link_numbers::integer[]), unnest(@links::bytea[]), unnest(@token_hashes::bytea[]),
           unnest(@urls::bytea[]) FROM m
), e AS (
    INSERT INTO message_events (message_id, sequence, account_id, at, kind, state, detail)
    SELECT id, 1, account_id, created_at, 'queued', 'queued', @detail FROM m
)
INSERT INTO outbox (message_id, account_id, lane, queued_at, due_at)
SELECT id, account_id, lane, created_at, @due_at::timestamptz FROM m;

-- name: Links :many
SELECT * FROM read_links WHERE account_id = $1 AND message_id = $2 ORDER BY number;

-- name: ReadLink :one
UPDATE read_links SET shown_at = coalesce(shown_at, @now) WHERE token_hash = $1 RETURNING *;

-- name: ConfirmLink :exec
UPDATE read_links SET confirmed_at = coalesce(confirmed_at, @now) WHERE token_hash = $1;

-- name: StoreInbound :exec
INSERT INTO messages (id, account_id, bot_id, direction, subscriber_id, kind, text, state, created_at, updated_at)
VALUES ($1, $2, $3, 'in', $4, $5, $6, 'received', $7, $7)
ON CONFLICT (id) DO NOTHING;

-- name: Message :one
SELECT * FROM messages WHERE account_id = $1 AND id = $2;

-- name: Messages :many
SELECT * FROM messages
WHERE account_id = $1
  AND (@after::text = '' OR id < @after)
  AND (@bot_id::text = '' OR bot_id = @bot_id)
  AND (@direction::text = '' OR direction = @direction)
  AND (@state::text = '' OR state = @state)
  AND (@subscriber_id::text = '' OR subscriber_id = @subscriber_id)
  AND (@label::text = '' OR label = @label)
ORDER BY id DESC LIMIT $2;

-- name: Events :many
SELECT * FROM message_events WHERE account_id = $1 AND message_id = $2 ORDER BY sequence;

-- name: Legs :many
SELECT * FROM legs WHERE account_id = $1 AND message_id = $2 ORDER BY number;

-- name: RefuseMessage :exec
-- In the transaction that stored it: nobody has seen it queued.
WITH m AS (
    UPDATE messages t SET previous = t.state, state = 'failed', reason = @reason::text, event_sequence = 2
    WHERE t.account_id = @account_id AND t.id = @id RETURNING t.id, t.account_id
), l AS (
    UPDATE legs g SET state = 'failed', reason = @reason, settled_at = @at::timestamptz FROM m WHERE g.account_id = m.account_id AND g.message_id = m.id
), e AS (
    INSERT INTO message_events (message_id, sequence, account_id, at, kind, from_state, state, reason, detail)
    SELECT m.id, 2, m.account_id, @at, 'state', 'queued', 'failed', @reason, @detail FROM m
)
DELETE FROM outbox o USING m WHERE o.account_id = m.account_id AND o.message_id = m.id;
