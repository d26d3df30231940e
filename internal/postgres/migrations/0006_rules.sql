-- Why: bots answer by rule files. A file is stored as numbered versions that never change, one of which is active for a
-- bot and account; what the rules keep about a person, and what they decided about each update, is stored in the
-- transaction of that update.

-- +goose Up

CREATE TABLE rule_versions (
    account_id text NOT NULL REFERENCES accounts,
    bot_id     text NOT NULL REFERENCES bots,
    version    integer NOT NULL CHECK (version >= 1),
    source     text NOT NULL CHECK (octet_length(source) <= 262144),
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    raises     text[] NOT NULL, -- events from our own side that its rules are about: read, undelivered
    author     text NOT NULL,   -- the API key that published it
    note       text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, bot_id, version)
);

-- Which version answers now; none if it was switched off.
CREATE TABLE rule_sets (
    account_id   text NOT NULL REFERENCES accounts,
    bot_id       text NOT NULL REFERENCES bots,
    last_version integer NOT NULL DEFAULT 0,
    active       integer,
    raises       text[] NOT NULL DEFAULT '{}', -- those of the active version
    activations  integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, bot_id),
    FOREIGN KEY (account_id, bot_id, active) REFERENCES rule_versions
);

CREATE TABLE rule_activations (
    account_id text NOT NULL REFERENCES accounts,
    bot_id     text NOT NULL REFERENCES bots,
    sequence   integer NOT NULL CHECK (sequence >= 1),
    version    integer, -- null: switched off
    author     text NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (account_id, bot_id, sequence),
    FOREIGN KEY (account_id, bot_id, version) REFERENCES rule_versions
);

-- What rules of an account keep about a person. On a shared bot each account has its own.
CREATE TABLE person_states (
    account_id    text NOT NULL REFERENCES accounts,
    subscriber_id text NOT NULL REFERENCES subscribers,
    messages      bigint NOT NULL DEFAULT 0 CHECK (messages >= 0), -- that the person wrote
    tags          text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 100),
    fields        jsonb NOT NULL DEFAULT '{}', -- by name: {"int": 5}, {"string": "x"}, ...
    fired         jsonb NOT NULL DEFAULT '{}', -- when a guarded rule fired last, by its name
    muted_until   timestamptz,
    replied_at    timestamptz[] NOT NULL DEFAULT '{}', -- the latest automatic replies, for the guard against loops
    last_reply    text NOT NULL DEFAULT '', -- the message that the next reply goes out after
    PRIMARY KEY (account_id, subscriber_id)
) WITH (fillfactor = 80); -- updated with every message

-- People wrote before this table was there.
INSERT INTO person_states (account_id, subscriber_id, messages)
SELECT account_id, subscriber_id, count(*) FROM messages
WHERE direction = 'in' AND subscriber_id IS NOT NULL AND kind IN ('text', 'command', 'media', 'contact') GROUP BY account_id, subscriber_id;

ALTER TABLE messages
    ADD COLUMN rule         text NOT NULL DEFAULT '', -- that sent it
    ADD COLUMN cause_id     text NOT NULL DEFAULT '', -- the incoming message that it answers
    ADD COLUMN after_id     text NOT NULL DEFAULT '', -- the reply of the same chat that goes out first
    ADD COLUMN ask_phone    boolean NOT NULL DEFAULT false, -- with a button that shares the person's phone
    ADD COLUMN language     text NOT NULL DEFAULT '', -- in which its text is, if known
    ADD COLUMN translate_to text NOT NULL DEFAULT '', -- the language that it is wanted in
    ADD COLUMN keep         text[] NOT NULL DEFAULT '{}', -- terms that come through a translation as they are
    ADD COLUMN translated_at timestamptz,             -- when that was tried
    ADD COLUMN translation  text NOT NULL DEFAULT '', -- the text in that language; empty: the original stands
    ADD COLUMN translated_buttons jsonb,
    ADD COLUMN translation_reason text NOT NULL DEFAULT '', -- why the original stands
    ADD COLUMN translation_characters integer NOT NULL DEFAULT 0 CHECK (translation_characters >= 0),
    ADD CHECK (translation = '' OR translation_reason = '');
CREATE INDEX messages_cause ON messages (cause_id) WHERE cause_id <> '';
-- Incoming messages that wait for their translation. Outgoing ones are translated on their way.
CREATE INDEX messages_to_translate ON messages (id) WHERE direction = 'in' AND translate_to <> '' AND translated_at IS NULL;

-- What the rules decided about an update. The input is all that they saw, so that the decision can be explained by making
-- it again.
CREATE TABLE verdicts (
    message_id text NOT NULL REFERENCES messages, -- the incoming message, or the outgoing one that was read or undelivered
    event      text NOT NULL DEFAULT '',          -- read or undelivered; empty for an incoming message
    account_id text NOT NULL REFERENCES accounts,
    bot_id     text NOT NULL REFERENCES bots,
    version    integer NOT NULL,
    rules      text[] NOT NULL, -- that matched
    note       text NOT NULL DEFAULT '',
    input      jsonb NOT NULL,
    effects    jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, event),
    FOREIGN KEY (account_id, bot_id, version) REFERENCES rule_versions
);

-- Ids of updates from our own side: negative, so that they are nobody else's.
CREATE SEQUENCE own_updates;
