-- name: BeginFile :exec
INSERT INTO files (id, account_id, name, created_at, expires_at) VALUES ($1, $2, $3, $4, $5);

-- name: AddPart :execrows
-- Nothing is added when the account keeps too much. Parts of two uploads that arrive at the same moment may together go
-- over the quota by one part.
WITH f AS (
    UPDATE files n SET size = n.size + length(@body::bytea)
    WHERE n.account_id = @account_id AND n.id = @id AND n.finished_at IS NULL
      AND (SELECT coalesce(sum(o.size), 0) FROM files o WHERE o.account_id = @account_id) + length(@body::bytea) <= @quota::bigint
    RETURNING n.id, n.account_id
)
INSERT INTO file_parts (file_id, account_id, number, body) SELECT id, account_id, @number, @body FROM f;

-- name: FinishFile :exec
UPDATE files SET type = @type, width = @width, height = @height, finished_at = @finished_at, expires_at = @expires_at
WHERE account_id = $1 AND id = $2;

-- name: RemoveFile :exec
DELETE FROM files WHERE account_id = $1 AND id = $2;

-- name: File :one
SELECT * FROM files WHERE account_id = $1 AND id = $2 AND finished_at IS NOT NULL;

-- name: FilePart :one
SELECT body FROM file_parts WHERE account_id = $1 AND file_id = $2 AND number = $3;

-- name: FileHandle :one
SELECT handle FROM file_handles WHERE account_id = $1 AND file_id = $2 AND bot_id = $3 AND kind = $4;

-- name: KeepFileHandle :exec
-- A file that was removed meanwhile needs none.
INSERT INTO file_handles (file_id, bot_id, kind, account_id, handle)
SELECT f.id, @bot_id, @kind, f.account_id, @handle FROM files f WHERE f.account_id = @account_id AND f.id = @file_id
ON CONFLICT (file_id, bot_id, kind) DO UPDATE SET handle = excluded.handle;

-- name: DropFileHandle :exec
DELETE FROM file_handles WHERE account_id = $1 AND file_id = $2 AND bot_id = $3 AND kind = $4;

-- name: DropOldFiles :execrows
DELETE FROM files WHERE expires_at < @now;

-- name: HoldFile :one
UPDATE files SET expires_at = greatest(expires_at, @until::timestamptz)
WHERE account_id = $1 AND id = $2 AND finished_at IS NOT NULL
RETURNING *;
