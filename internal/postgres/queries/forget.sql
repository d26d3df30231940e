-- name: LockForgetting :one
-- Whoever is to be forgotten, or was.
SELECT * FROM subscribers WHERE account_id = $1 AND bot_id = $2 AND id = $3 FOR UPDATE;

-- name: ProofsOf :many
SELECT phone FROM phone_proofs WHERE account_id = $1 AND subscriber_id = $2;

-- name: Forget :exec
-- The person's row becomes a stone, and what hangs on it alone goes with it.
WITH proofs AS (DELETE FROM phone_proofs d WHERE d.subscriber_id = @id),
     called AS (DELETE FROM subscriber_names d WHERE d.subscriber_id = @id),
     kept AS (DELETE FROM person_states d WHERE d.subscriber_id = @id),
     phones AS (DELETE FROM phone_asks d WHERE d.subscriber_id = @id),
     links AS (DELETE FROM connect_links d WHERE d.used_by = @id),
     asked AS (
    INSERT INTO forgettings (account_id, bot_id, subscriber_id, chat_id, addresses, open_addresses, phones, asked_at, due_at)
    SELECT s.account_id, s.bot_id, s.id, s.chat_id, @addresses::bytea[],
           array_remove(ARRAY['platform ' || s.platform_id, 'external ' || nullif(s.external_id, '')], NULL), @phones::bytea[], @at::timestamptz, @at::timestamptz
    FROM subscribers s WHERE s.id = @id)
UPDATE subscribers s SET
    kind = 'forgotten', platform_id = -4611686018427387904 - nextval('forgotten_people'), chat_id = 0, names = '', names_index = '',
    username_index = '', username_seen_at = NULL, phone = '', phone_index = '', phone_proof = '', phone_proved_at = NULL,
    phone_lapsed_at = NULL, reconfirm_due_at = NULL,
    external_id = '', language = '', chosen_language = '', timezone = '', start_payload = '',
    connection = 'disconnected', reason = 'forgotten', disconnected_at = @at::timestamptz
WHERE s.account_id = @account_id AND s.id = @id;

-- name: BotsOfPhone :many
-- Bots that an account has or had, and those that it may have used.
SELECT id, account_id = @account_id::text AS own FROM bots WHERE account_id = @account_id OR shared;

-- name: HoldersOfPhone :many
-- Of each of these bots, whoever has the phone that stands beside it.
WITH w AS MATERIALIZED (
    SELECT (SELECT f.id FROM subscribers f WHERE f.bot_id = u.bot_id AND f.phone_index = u.phone_index AND f.phone_index <> '') AS id
    FROM (SELECT unnest(@bots::text[]) AS bot_id, unnest(@phones::bytea[]) AS phone_index) u)
SELECT s.bot_id, s.id FROM w JOIN subscribers s ON s.id = w.id
WHERE s.account_id || '' = @account_id::text ORDER BY s.id;

-- name: ForgetPhone :exec
-- Who had it before keeps everything but that they had it.
WITH proofs AS (
    DELETE FROM phone_proofs d USING (SELECT unnest(@bots::text[]) AS bot_id, unnest(@own::bytea[]) AS phone_index) w
    WHERE d.account_id || '' = @account_id AND d.bot_id = w.bot_id AND d.phone_index = w.phone_index)
INSERT INTO forgettings (account_id, chat_id, addresses, phones, asked_at, due_at)
VALUES (@account_id, 0, @addresses::bytea[], @phones::bytea[], @at, @at);

-- name: TakeForgetting :one
SELECT * FROM forgettings WHERE done_at IS NULL AND due_at <= @now ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: MessagesOfForgotten :many
-- A call that is under way holds up what comes after it.
SELECT m.id, EXISTS (SELECT FROM legs l WHERE l.message_id = m.id AND l.state = 'pending' AND l.intent_at IS NOT NULL) AS called
FROM messages m WHERE m.subscriber_id = @subscriber_id AND m.id > @reached ORDER BY m.id LIMIT @most FOR UPDATE OF m;

-- name: MessagesToForgotten :many
-- Messages to their phones, names and ids that found nobody, by whichever way, and what came from their phones by SMS: on the bot where they were a
-- person, or, of a phone alone, whatever is the account's or went by its bots.
SELECT m.id, EXISTS (SELECT FROM legs l WHERE l.message_id = m.id AND l.state = 'pending' AND l.intent_at IS NOT NULL) AS called
FROM messages m
WHERE m.id IN (SELECT a.id FROM messages a WHERE a.address_index = ANY(@addresses::bytea[])
               UNION SELECT o.id FROM messages o
                     WHERE o.bot_id = sqlc.narg(bot_id) AND o.subscriber_id IS NULL AND o.address <> ''
                       AND o.address = ANY(SELECT substr(w, strpos(w, ' ') + 1) FROM unnest(@open_addresses::text[]) w)
                       AND o.address_kind || ' ' || o.address = ANY(@open_addresses)
               UNION SELECT l.message_id FROM legs l WHERE l.phone_index = ANY(@phones::bytea[])
               UNION SELECT r.message_id FROM sms_replies r WHERE r.phone_index = ANY(@phones))
  AND m.created_at <= @asked_at
  AND CASE WHEN sqlc.narg(bot_id)::text IS NOT NULL THEN m.bot_id = sqlc.narg(bot_id)
           ELSE m.account_id = @account_id OR EXISTS (SELECT FROM bots b WHERE b.id = m.bot_id AND b.account_id = @account_id) END
ORDER BY m.id LIMIT @most FOR UPDATE OF m;

-- name: EraseMessages :exec
-- What they said, and whom they were for. What has not left yet is taken back. States, times, counts and prices stay.
WITH gone AS (
    UPDATE messages m SET text = '', buttons = '', media = '', read_link = '', translation = '', translated_buttons = '', keep = '{}',
                          translation_keys = '{}', file_id = '',
                          address = '', sealed_address = '', address_index = '', event_sequence = m.event_sequence + 1,
                          previous = CASE WHEN m.state IN ('queued', 'scheduled', 'sending', 'withheld') THEN m.state ELSE m.previous END,
                          reason = CASE WHEN m.state IN ('queued', 'scheduled', 'sending', 'withheld') THEN 'forgotten' ELSE m.reason END,
                          state = CASE WHEN m.state IN ('queued', 'scheduled', 'sending', 'withheld') THEN 'cancelled' ELSE m.state END
    WHERE m.id = ANY(@ids::text[])
    RETURNING m.id, m.account_id, m.event_sequence, m.previous, m.state, m.reason
), told AS (
    INSERT INTO message_events (message_id, sequence, account_id, at, kind, from_state, state, reason, detail)
    SELECT id, event_sequence, account_id, @at, 'erased', CASE WHEN reason = 'forgotten' THEN previous ELSE state END, state, 'forgotten',
           'The person was forgotten: what it said and whom it was for is erased.' FROM gone
), legs AS (
    UPDATE legs l SET phone = '', phone_index = '', chat_id = 0, slot_at = NULL,
                      settled_at = CASE WHEN l.state = 'pending' THEN @at ELSE l.settled_at END,
                      state = CASE WHEN l.state = 'pending' THEN 'skipped' ELSE l.state END
    WHERE l.message_id = ANY(@ids::text[])
), links AS (DELETE FROM read_links d WHERE d.message_id = ANY(@ids::text[])),
   kept AS ( -- translations; others who got the same text pay for it once more
    DELETE FROM translations t USING messages c
    WHERE c.id = ANY(@ids::text[]) AND t.account_id = c.account_id AND t.key = ANY(c.translation_keys)
),
   wishes AS (
    UPDATE edits e SET text = '', buttons = '', settled_at = CASE WHEN e.state = 'pending' THEN @at ELSE e.settled_at END,
                       state = CASE WHEN e.state = 'pending' THEN 'replaced' ELSE e.state END
    WHERE e.message_id = ANY(@ids::text[])
), replies AS (UPDATE sms_replies r SET phone = '', phone_index = '', text = '' WHERE r.message_id = ANY(@ids::text[]))
DELETE FROM verdicts d WHERE d.message_id = ANY(@ids::text[]);

-- name: FilesOfMessages :many
SELECT DISTINCT file_id FROM messages WHERE id = ANY(@ids::text[]) AND file_id <> '';

-- name: DropLoneFiles :exec
-- Those of these files that no message carries any more.
DELETE FROM files f WHERE f.id = ANY(@ids::text[]) AND NOT EXISTS (SELECT FROM messages m WHERE m.file_id = f.id);

-- name: EraseUpdates :execrows
UPDATE updates SET body = '', chat_id = 0, error = '', note = 'forgotten', done_at = coalesce(done_at, @at)
WHERE sequence IN (SELECT u.sequence FROM updates u
                   WHERE u.bot_id = @bot_id AND u.chat_id = @chat_id AND u.received_at <= @asked_at AND u.body <> '' AND u.update_id >= 0
                   LIMIT @most FOR UPDATE SKIP LOCKED);

-- name: EraseEvents :execrows
UPDATE events SET data = '{}', sealed = ''
WHERE id IN (SELECT e.id FROM events e WHERE e.subscriber_id = @subscriber_id AND (e.data <> '{}' OR e.sealed <> '') LIMIT @most);

-- name: EraseReplies :execrows
UPDATE sms_replies SET phone = '', phone_index = '', text = ''
WHERE phone_index = ANY(@phones::bytea[]) AND received_at <= @asked_at;

-- name: MoveForgetting :exec
UPDATE forgettings SET reached = @reached, due_at = @due_at WHERE id = $1;

-- name: EndForgetting :exec
UPDATE forgettings SET done_at = @at::timestamptz, chat_id = 0, addresses = '{}', open_addresses = '{}', phones = '{}' WHERE id = $1;
