-- name: StoreEvents :exec
-- One statement however many there are, in the transaction of their cause. An event without an id gets one.
INSERT INTO events (id, account_id, kind, at, bot_id, subscriber_id, message_id, label, data, sealed)
SELECT coalesce(nullif(e.id, ''), new_event_id()), e.account_id, e.kind, e.at, e.bot_id, e.subscriber_id, e.message_id, e.label, '{}', e.sealed
FROM (SELECT unnest(@ids::text[]) AS id, unnest(@account_ids::text[]) AS account_id, unnest(@kinds::text[]) AS kind,
             unnest(@ats::timestamptz[]) AS at, unnest(@bot_ids::text[]) AS bot_id, unnest(@subscriber_ids::text[]) AS subscriber_id,
             unnest(@message_ids::text[]) AS message_id, unnest(@labels::text[]) AS label, unnest(@sealed::bytea[]) AS sealed) e;

-- name: AccountEvents :many
SELECT * FROM events
WHERE account_id = $1
  AND (@after::text = '' OR id < @after)
  AND (@kind::text = '' OR kind = @kind OR (right(@kind, 2) = '.*' AND starts_with(kind, left(@kind, -1))))
  AND (@bot_id::text = '' OR bot_id = @bot_id)
  AND (@subscriber_id::text = '' OR subscriber_id = @subscriber_id)
  AND (@label::text = '' OR label = @label)
ORDER BY id DESC LIMIT $2;

-- name: DropOldEvents :execrows
DELETE FROM events WHERE at < @before;
