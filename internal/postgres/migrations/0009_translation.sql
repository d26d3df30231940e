-- Why: a text that was translated once need not be paid again, and whoever pays wants to know for what.

-- +goose Up

-- The secret of an account, sealed, under which the texts of its cache are hashed.
CREATE TABLE translation_secrets (
    account_id text PRIMARY KEY REFERENCES accounts,
    sealed     bytea NOT NULL
);

-- Translations, sealed. An account sees only its own.
CREATE TABLE translations (
    account_id text NOT NULL REFERENCES accounts,
    key        bytea NOT NULL CHECK (length(key) = 32),
    sealed     bytea NOT NULL,
    kept_at    timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX translations_age ON translations (account_id, kept_at);

-- What an account had translated on a day, by UTC. The cost is in millionths of the currency's unit.
CREATE TABLE translation_days (
    account_id text NOT NULL REFERENCES accounts,
    day        date NOT NULL,
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    calls      bigint NOT NULL CHECK (calls >= 0),
    characters bigint NOT NULL CHECK (characters >= 0),
    cost       bigint NOT NULL CHECK (cost >= 0),
    PRIMARY KEY (account_id, day, currency)
);
