-- name: SealedTokens :many
-- Over all accounts: the key is the installation's.
SELECT id, sealed_token FROM bots WHERE state <> 'removed' AND id > @after::text ORDER BY id LIMIT @most;

-- name: SealTokenAnew :execrows
-- A token that was replaced meanwhile is sealed by the new key already.
UPDATE bots SET sealed_token = @sealed WHERE id = $1 AND sealed_token = @was;

-- name: SealedAnswers :many
SELECT account_id, key, answer FROM idempotency_keys
WHERE answer IS NOT NULL AND (account_id, key) > (@after_account::text, @after_key::text) ORDER BY account_id, key LIMIT @most;

-- name: SealAnswerAnew :execrows
UPDATE idempotency_keys SET answer = @sealed WHERE account_id = $1 AND key = $2 AND answer = @was;

-- name: SealedSecrets :many
SELECT account_id, sealed FROM translation_secrets WHERE account_id > @after::text ORDER BY account_id LIMIT @most;

-- name: SealSecretAnew :execrows
UPDATE translation_secrets SET sealed = @sealed WHERE account_id = $1 AND sealed = @was;
