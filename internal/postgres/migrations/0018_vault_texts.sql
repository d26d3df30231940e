-- Why: what bots and people write to each other, and what rules saw of it, must not lie open either. As with people: sealed,
-- phones of SMS found by an index, and what is here already is marked by a first byte of zero until the program seals it.

-- +goose Up

UPDATE vault SET plain = EXISTS (SELECT FROM accounts);

-- +goose StatementBegin
CREATE FUNCTION unsealed(plain text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE coalesce(plain, '') WHEN '' THEN ''::bytea ELSE '\x00'::bytea || convert_to(plain, 'UTF8') END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE bad text; BEGIN
    SELECT conname INTO STRICT bad FROM pg_constraint
    WHERE conrelid = 'messages'::regclass AND pg_get_constraintdef(oid) LIKE '%translation_reason = ''''%';
    EXECUTE format('ALTER TABLE messages DROP CONSTRAINT %I', bad);
END $$;
-- +goose StatementEnd

ALTER TABLE messages
    ALTER COLUMN text TYPE bytea USING unsealed(text),
    ALTER COLUMN buttons TYPE bytea USING unsealed(buttons::text), ALTER COLUMN buttons SET NOT NULL, ALTER COLUMN buttons SET DEFAULT '',
    ALTER COLUMN media TYPE bytea USING unsealed(media::text), ALTER COLUMN media SET NOT NULL, ALTER COLUMN media SET DEFAULT '',
    ALTER COLUMN read_link DROP DEFAULT,
    ALTER COLUMN read_link TYPE bytea USING unsealed(read_link), ALTER COLUMN read_link SET DEFAULT '',
    ALTER COLUMN translation DROP DEFAULT,
    ALTER COLUMN translation TYPE bytea USING unsealed(translation), ALTER COLUMN translation SET DEFAULT '',
    ALTER COLUMN translated_buttons TYPE bytea USING unsealed(translated_buttons::text),
    ALTER COLUMN translated_buttons SET NOT NULL, ALTER COLUMN translated_buttons SET DEFAULT '',
    ADD CONSTRAINT messages_translated CHECK (translation = '' OR translation_reason = '');

-- Bound to the message, so that they go into its row as they are.
ALTER TABLE edits
    ALTER COLUMN text DROP DEFAULT,
    ALTER COLUMN text TYPE bytea USING unsealed(text), ALTER COLUMN text SET DEFAULT '',
    ALTER COLUMN buttons TYPE bytea USING unsealed(buttons::text), ALTER COLUMN buttons SET NOT NULL, ALTER COLUMN buttons SET DEFAULT '';

ALTER TABLE read_links
    ALTER COLUMN link TYPE bytea USING unsealed(link),
    ALTER COLUMN url TYPE bytea USING unsealed(url);

DROP INDEX legs_phone;
ALTER TABLE legs
    ADD COLUMN phone_index bytea NOT NULL DEFAULT '',
    ALTER COLUMN phone DROP DEFAULT,
    ALTER COLUMN phone TYPE bytea USING unsealed(phone), ALTER COLUMN phone SET DEFAULT '';
CREATE INDEX legs_phone ON legs (phone_index, settled_at DESC) WHERE phone_index <> '';

ALTER TABLE sms_replies
    ADD COLUMN phone_index bytea NOT NULL DEFAULT '',
    ALTER COLUMN phone TYPE bytea USING unsealed(phone),
    ALTER COLUMN text TYPE bytea USING unsealed(text);
CREATE INDEX sms_replies_phone ON sms_replies (phone_index) WHERE phone_index <> '';

-- Updates from our own side hold ids only, and stay as they are.
UPDATE updates SET body = '\x00'::bytea || body WHERE update_id >= 0;

ALTER TABLE verdicts
    ALTER COLUMN input TYPE bytea USING unsealed(input::text),
    ALTER COLUMN effects TYPE bytea USING unsealed(effects::text);

ALTER TABLE person_states
    ALTER COLUMN fields DROP DEFAULT,
    ALTER COLUMN fields TYPE bytea USING unsealed(nullif(fields, '{}')::text), ALTER COLUMN fields SET DEFAULT '';

-- What programs tell, rules for instance, is sealed; what a change tells about itself holds ids and states only.
ALTER TABLE events ADD COLUMN sealed bytea NOT NULL DEFAULT '';
UPDATE events SET sealed = unsealed(data::text), data = '{}'
WHERE data <> '{}' AND kind NOT LIKE 'subscriber.%' AND kind NOT LIKE 'chat.%' AND kind NOT LIKE 'bot.%';
