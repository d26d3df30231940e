-- name: InsertTranslationSecret :execrows
INSERT INTO translation_secrets (account_id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: TranslationSecret :one
SELECT sealed FROM translation_secrets WHERE account_id = $1;

-- name: KeptTranslation :one
SELECT sealed FROM translations WHERE account_id = $1 AND key = $2 AND kept_at >= @since;

-- name: KeepTranslation :exec
INSERT INTO translations (account_id, key, sealed, kept_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, key) DO UPDATE SET sealed = excluded.sealed, kept_at = excluded.kept_at;

-- name: DropTranslations :exec
DELETE FROM translations WHERE account_id = $1 AND key = ANY(@keys::bytea[]);

-- name: DropOldTranslations :execrows
DELETE FROM translations WHERE kept_at < @before;

-- name: DropSurplusTranslations :execrows
DELETE FROM translations t USING (
    SELECT account_id, key, row_number() OVER (PARTITION BY account_id ORDER BY kept_at DESC, key) AS place FROM translations
) surplus
WHERE surplus.place > @most::bigint AND t.account_id = surplus.account_id AND t.key = surplus.key;

-- name: SpendTranslation :execrows
INSERT INTO translation_days AS d (account_id, day, currency, calls, characters, cost) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, day, currency) DO UPDATE
SET calls = d.calls + excluded.calls, characters = d.characters + excluded.characters, cost = d.cost + excluded.cost
WHERE @most::bigint = 0 OR d.characters + excluded.characters <= @most::bigint;

-- name: RefundTranslation :execrows
UPDATE translation_days SET calls = calls - @calls::bigint, characters = characters - @characters::bigint, cost = cost - @cost::bigint
WHERE account_id = $1 AND day = $2 AND currency = $3;

-- name: TranslationDays :many
SELECT * FROM translation_days WHERE account_id = $1 AND day BETWEEN @first::date AND @last::date ORDER BY day DESC, currency;
