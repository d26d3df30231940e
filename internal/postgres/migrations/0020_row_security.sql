-- Why: every query names its account, and one day one of them will not. Then it sees nothing of others: each row is shown
-- to sessions alone whose setting herald.account names its account, or that do work of the installation itself.

-- +goose Up

-- Whether this session may see rows of an account. It is a plain expression, so that it becomes part of the statement.
-- +goose StatementBegin
CREATE FUNCTION in_scope(account text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT current_setting('herald.account', true) = '*' OR account = ANY (string_to_array(current_setting('herald.account', true), ','))
$$;

-- Puts a table under the policy. Migrations that make tables with an account call it.
CREATE FUNCTION secure_rows(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', table_name); -- its owner is held, too
    EXECUTE format('CREATE POLICY account ON %s USING (in_scope(account_id)) WITH CHECK (in_scope(account_id))', table_name);
END
$$;
-- +goose StatementEnd

SELECT secure_rows(a.attrelid::regclass)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attname = 'account_id' AND NOT a.attisdropped;

ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY account ON accounts USING (in_scope(id)) WITH CHECK (in_scope(id));

-- What SMS operators say names no account until its leg is found: only the installation itself reads it.
ALTER TABLE sms_reports ENABLE ROW LEVEL SECURITY;
ALTER TABLE sms_reports FORCE ROW LEVEL SECURITY;
CREATE POLICY installation ON sms_reports USING (current_setting('herald.account', true) = '*');
ALTER TABLE sms_replies ENABLE ROW LEVEL SECURITY;
ALTER TABLE sms_replies FORCE ROW LEVEL SECURITY;
CREATE POLICY installation ON sms_replies USING (current_setting('herald.account', true) = '*');

-- Under a policy an index serves only comparisons that PostgreSQL knows to leak nothing about rows that are not shown.
-- lower() is none of them, so the name that bots are looked up by stands in the row.
ALTER TABLE bots ADD COLUMN username_key text GENERATED ALWAYS AS (lower(username)) STORED;
DROP INDEX bots_username;
CREATE INDEX bots_username ON bots (account_id, username_key);
DROP INDEX bots_shared_names;
CREATE INDEX bots_shared_names ON bots (username_key) WHERE shared;

-- Everybody may know a shared bot, to write by it. To change it is its owner's.
CREATE POLICY shared ON bots FOR SELECT USING (shared);
