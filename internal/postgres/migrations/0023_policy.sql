-- Why: what goes by shared bots is held against the operator's policy. It is a file of rules, with counters of what accounts
-- sent on a day; the operator overrules it for an account or for one text. Texts and people are kept as keyed hashes.

-- +goose Up

-- The policy that holds, if it is not the one that comes with the program.
CREATE TABLE policy (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    source     text NOT NULL,
    changed_at timestamptz NOT NULL
);

-- What the operator allows whatever the policy says: everything of an account, or one text of it.
CREATE TABLE policy_allowances (
    account_id text NOT NULL REFERENCES accounts,
    text_hash  bytea NOT NULL DEFAULT '' CHECK (length(text_hash) IN (0, 32)),
    note       text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, text_hash)
);

-- Who got which text on a day, by UTC.
CREATE TABLE policy_people (
    account_id  text NOT NULL REFERENCES accounts,
    day         date NOT NULL,
    text_hash   bytea NOT NULL,
    person_hash bytea NOT NULL,
    PRIMARY KEY (account_id, day, text_hash, person_hash)
);
-- The counters, in rows of their own: whoever adds to one waits for the other who does, so that none is passed unseen.
CREATE TABLE policy_texts (
    account_id text NOT NULL REFERENCES accounts,
    day        date NOT NULL,
    text_hash  bytea NOT NULL,
    people     bigint NOT NULL,
    PRIMARY KEY (account_id, day, text_hash)
);
CREATE TABLE policy_days (
    account_id text NOT NULL REFERENCES accounts,
    day        date NOT NULL,
    messages   bigint NOT NULL,
    PRIMARY KEY (account_id, day)
);
CREATE INDEX policy_people_age ON policy_people (day);
CREATE INDEX policy_texts_age ON policy_texts (day);

SELECT secure_rows(t) FROM unnest(ARRAY['policy_allowances', 'policy_people', 'policy_texts', 'policy_days']::regclass[]) AS t;
