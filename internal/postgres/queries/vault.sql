-- name: CheckVault :one
-- The first program that comes leaves what tells its index key from another one.
UPDATE vault SET index_check = CASE WHEN index_check = '' THEN @index_check ELSE index_check END RETURNING index_check, plain;

-- name: PlainLeft :one
SELECT plain FROM vault;

-- name: SealedPlain :exec
UPDATE vault SET plain = false;

-- name: SealedBy :one
SELECT sealed_by FROM vault;

-- name: SetSealedBy :exec
UPDATE vault SET sealed_by = @key;
