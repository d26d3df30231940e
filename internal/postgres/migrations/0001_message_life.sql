-- Why: the ground. Accounts and their keys, bots and the people connected to them, messages with their legs and their
-- story, the outbox from which workflows are started, and updates as they came. Every row names its account.

-- +goose Up

CREATE TABLE accounts (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    operator   boolean NOT NULL DEFAULT false,
    region     text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL
);
-- One account owns the installation.
CREATE UNIQUE INDEX accounts_operator ON accounts (operator) WHERE operator;

CREATE TABLE api_keys (
    id           text PRIMARY KEY,
    account_id   text NOT NULL REFERENCES accounts,
    name         text NOT NULL,
    hint         text NOT NULL,
    hash         bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX api_keys_account ON api_keys (account_id, id DESC);

-- An Idempotency-Key at work. The answer is sealed: it may hold a secret that is shown once.
CREATE TABLE idempotency_keys (
    account_id text NOT NULL REFERENCES accounts,
    key        text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request    bytea NOT NULL CHECK (length(request) = 32),
    suffix     text NOT NULL CHECK (length(suffix) = 26),
    claimed_at timestamptz NOT NULL,
    done_at    timestamptz,
    status     integer,
    answer     bytea,
    PRIMARY KEY (account_id, key),
    CHECK ((done_at IS NULL) = (status IS NULL))
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (claimed_at);

CREATE TABLE bots (
    id             text PRIMARY KEY,
    account_id     text NOT NULL REFERENCES accounts,
    platform       text NOT NULL CHECK (platform IN ('telegram')),
    network        text NOT NULL CHECK (network IN ('real', 'sandbox')),
    platform_id    bigint NOT NULL,
    username       text NOT NULL,
    name           text NOT NULL,
    sealed_token   bytea NOT NULL,
    webhook_secret text NOT NULL,
    intake         text NOT NULL CHECK (intake IN ('webhook', 'polling')),
    state          text NOT NULL CHECK (state IN ('active', 'revoked', 'conflict')),
    state_reason   text NOT NULL DEFAULT '',
    poll_holder    text NOT NULL DEFAULT '',
    poll_until     timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    UNIQUE (platform, network, platform_id)
);
CREATE INDEX bots_account ON bots (account_id, id DESC);
CREATE INDEX bots_username ON bots (account_id, lower(username));

CREATE TABLE subscribers (
    id                   text PRIMARY KEY,
    account_id           text NOT NULL REFERENCES accounts,
    bot_id               text NOT NULL REFERENCES bots,
    platform_id          bigint NOT NULL,
    chat_id              bigint NOT NULL,
    username             text NOT NULL DEFAULT '',
    username_seen_at     timestamptz,
    first_name           text NOT NULL DEFAULT '',
    last_name            text NOT NULL DEFAULT '',
    language             text NOT NULL DEFAULT '',
    phone                text NOT NULL DEFAULT '' CHECK (phone = '' OR phone ~ '^\+[1-9][0-9]{4,14}$'),
    phone_proof          text NOT NULL DEFAULT '' CHECK (phone_proof IN ('', 'contact')),
    phone_proved_at      timestamptz,
    connection           text NOT NULL CHECK (connection IN ('connected', 'disconnected')),
    reason               text NOT NULL DEFAULT '',
    start_payload        text NOT NULL DEFAULT '',
    connected_at         timestamptz,
    disconnected_at      timestamptz,
    last_seen_at         timestamptz NOT NULL,
    -- What is known was true at these marks: older updates that arrive later do not undo it.
    profile_at           timestamptz NOT NULL,
    profile_update_id    bigint NOT NULL,
    connection_at        timestamptz NOT NULL,
    connection_update_id bigint NOT NULL,
    phone_update_id      bigint NOT NULL DEFAULT 0,
    created_at           timestamptz NOT NULL,
    UNIQUE (bot_id, platform_id),
    CHECK ((phone = '') = (phone_proved_at IS NULL)),
    CHECK ((phone = '') = (phone_proof = ''))
);

-- Whether the first mark of an update is newer than the second. Ids of updates grow, and restart at random after a quiet
-- week; times have whole seconds and come from two clocks. So ids decide between updates of about the same day, and
-- times decide otherwise.
-- +goose StatementBegin
CREATE FUNCTION newer_mark(at1 timestamptz, id1 bigint, at2 timestamptz, id2 bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT at1 - at2 > interval '1 day' OR (at1 - at2 > interval '-1 day' AND id1 > id2)
$$;
-- +goose StatementEnd

CREATE INDEX subscribers_bot ON subscribers (account_id, bot_id, id DESC);
-- A phone names one person of a bot: the last proof wins.
CREATE UNIQUE INDEX subscribers_phone ON subscribers (bot_id, phone) WHERE phone <> '';
CREATE INDEX subscribers_username ON subscribers (bot_id, lower(username), username_seen_at DESC) WHERE username <> '';

-- Who claimed which phone, when and how: closed proofs stay.
CREATE TABLE phone_proofs (
    account_id    text NOT NULL REFERENCES accounts,
    bot_id        text NOT NULL REFERENCES bots,
    subscriber_id text NOT NULL REFERENCES subscribers,
    phone         text NOT NULL,
    proof         text NOT NULL CHECK (proof IN ('contact')),
    proved_at     timestamptz NOT NULL,
    closed_at     timestamptz,
    PRIMARY KEY (subscriber_id, proved_at, phone)
);
CREATE INDEX phone_proofs_phone ON phone_proofs (bot_id, phone);

CREATE TABLE messages (
    id             text PRIMARY KEY,
    account_id     text NOT NULL REFERENCES accounts,
    bot_id         text NOT NULL REFERENCES bots,
    direction      text NOT NULL CHECK (direction IN ('out', 'in')),
    subscriber_id  text REFERENCES subscribers,
    address_kind   text NOT NULL DEFAULT '' CHECK (address_kind IN ('', 'phone', 'username', 'platform')),
    address        text NOT NULL DEFAULT '',
    kind           text NOT NULL DEFAULT '',
    text           text NOT NULL,
    buttons        jsonb,
    lane           text NOT NULL DEFAULT 'service' CHECK (lane IN ('code', 'service', 'bulk')),
    on_unknown     text NOT NULL DEFAULT 'hold' CHECK (on_unknown IN ('resend', 'hold')),
    label          text NOT NULL DEFAULT '',
    state          text NOT NULL,
    previous       text NOT NULL DEFAULT '',
    reason         text NOT NULL DEFAULT '',
    waited         boolean NOT NULL DEFAULT false,
    event_sequence integer NOT NULL DEFAULT 0,
    expires_at     timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CHECK ((direction = 'out') = (address_kind <> '')),
    CHECK ((address_kind = '') = (address = '')),
    CHECK ((direction = 'out') = (expires_at IS NOT NULL)),
    -- A recipient that was reached is known.
    CONSTRAINT messages_reached CHECK (state NOT IN ('accepted', 'delivered', 'read', 'unknown') OR subscriber_id IS NOT NULL),
    -- An end without success says why.
    CHECK (state NOT IN ('not_subscribed', 'failed', 'unknown', 'expired') OR reason <> ''),
    -- The machine of an outgoing message: every state says which one it came from.
    CONSTRAINT messages_state_move CHECK (
        CASE direction WHEN 'in' THEN state = 'received' AND previous = ''
        ELSE (previous, state) IN (
            ('', 'queued'),
            ('queued', 'scheduled'), ('queued', 'sending'), ('queued', 'withheld'), ('queued', 'not_subscribed'),
            ('queued', 'failed'), ('queued', 'expired'), ('queued', 'cancelled'),
            ('scheduled', 'sending'), ('scheduled', 'withheld'), ('scheduled', 'not_subscribed'),
            ('scheduled', 'failed'), ('scheduled', 'expired'), ('scheduled', 'cancelled'),
            ('sending', 'accepted'), ('sending', 'not_subscribed'), ('sending', 'failed'), ('sending', 'unknown'),
            ('sending', 'expired'), ('sending', 'withheld'), ('sending', 'cancelled'),
            ('withheld', 'sending'), ('withheld', 'failed'), ('withheld', 'expired'), ('withheld', 'cancelled'),
            ('unknown', 'sending'), ('unknown', 'accepted'), ('unknown', 'delivered'), ('unknown', 'read'),
            ('unknown', 'failed'), ('unknown', 'expired'),
            ('accepted', 'sending'), ('accepted', 'delivered'), ('accepted', 'read'),
            ('delivered', 'read'))
        END)
);
CREATE INDEX messages_account ON messages (account_id, id DESC);
CREATE INDEX messages_bot ON messages (account_id, bot_id, id DESC);
CREATE INDEX messages_label ON messages (account_id, label, id DESC) WHERE label <> '';
CREATE INDEX messages_subscriber ON messages (subscriber_id, id DESC) WHERE subscriber_id IS NOT NULL;

CREATE TABLE legs (
    id                  text PRIMARY KEY,
    account_id          text NOT NULL REFERENCES accounts,
    message_id          text NOT NULL REFERENCES messages,
    number              integer NOT NULL CHECK (number >= 1),
    channel             text NOT NULL CONSTRAINT legs_channel CHECK (channel IN ('telegram')),
    state               text NOT NULL CONSTRAINT legs_state CHECK (state IN ('pending', 'accepted', 'delivered', 'read', 'failed', 'unknown')),
    reason              text NOT NULL DEFAULT '',
    intent_at           timestamptz,
    attempts            integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    chat_id             bigint NOT NULL DEFAULT 0,
    platform_message_id bigint NOT NULL DEFAULT 0,
    settled_at          timestamptz,
    UNIQUE (message_id, number),
    -- What was accepted has the messenger's name for it, and an intent came before.
    CONSTRAINT legs_accepted CHECK (state NOT IN ('accepted', 'delivered', 'read') OR (platform_message_id <> 0 AND attempts > 0)),
    CHECK (state <> 'unknown' OR attempts > 0),
    CHECK (state NOT IN ('failed', 'unknown') OR reason <> ''),
    CHECK (intent_at IS NULL OR attempts > 0),
    CHECK ((state = 'pending') = (settled_at IS NULL))
);

CREATE TABLE message_events (
    message_id text NOT NULL REFERENCES messages,
    sequence   integer NOT NULL CHECK (sequence >= 1),
    account_id text NOT NULL REFERENCES accounts,
    at         timestamptz NOT NULL,
    kind       text NOT NULL,
    from_state text NOT NULL DEFAULT '',
    state      text NOT NULL,
    leg        integer NOT NULL DEFAULT 0,
    reason     text NOT NULL DEFAULT '',
    detail     text NOT NULL DEFAULT '',
    wait_ms    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, sequence)
);

-- Messages whose workflow has not shown yet that it runs.
CREATE TABLE outbox (
    message_id text PRIMARY KEY REFERENCES messages,
    account_id text NOT NULL REFERENCES accounts,
    lane       text NOT NULL,
    queued_at  timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    attempts   integer NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (due_at);

-- Updates as they came. A waiting one has neither done_at nor error.
CREATE TABLE updates (
    sequence     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id   text NOT NULL REFERENCES accounts,
    bot_id       text NOT NULL REFERENCES bots,
    update_id    bigint NOT NULL,
    chat_id      bigint NOT NULL,
    body         bytea NOT NULL,
    received_at  timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    done_at      timestamptz,
    note         text NOT NULL DEFAULT '',
    error        text NOT NULL DEFAULT '',
    UNIQUE (bot_id, update_id)
);
CREATE INDEX updates_waiting ON updates (bot_id, chat_id, sequence) WHERE done_at IS NULL AND error = '';
CREATE INDEX updates_waiting_order ON updates (sequence) WHERE done_at IS NULL AND error = '';
CREATE INDEX updates_aside ON updates (sequence) WHERE error <> '';
CREATE INDEX updates_age ON updates (received_at);
