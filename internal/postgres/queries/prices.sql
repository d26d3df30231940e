-- name: Terms :one
-- What an account sends by: its own defaults, and the price list of the installation.
SELECT a.defaults, a.region, coalesce(l.currency, '')::text AS currency,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('channel', p.channel, 'prefix', p.prefix, 'amount', p.amount::text)
                                  ORDER BY p.channel DESC, p.prefix), '[]') FROM prices p)::jsonb AS prices
FROM accounts a LEFT JOIN price_list l ON true
WHERE a.id = @account_id;

-- name: NamePriceList :exec
INSERT INTO price_list (currency, changed_at) VALUES ($1, $2)
ON CONFLICT (one) DO UPDATE SET currency = excluded.currency, changed_at = excluded.changed_at;

-- name: DropPrices :exec
DELETE FROM prices;

-- name: InsertPrices :exec
INSERT INTO prices (channel, prefix, amount)
SELECT unnest(@channels::text[]), unnest(@prefixes::text[]), unnest(@amounts::text[])::numeric;

-- name: SetDefaults :execrows
UPDATE accounts SET defaults = @defaults WHERE id = @account_id;
