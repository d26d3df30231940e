-- Why: the operator asks for money, and an account may cap what a message costs. One price list for the installation; each
-- message and each leg keeps what it was planned to cost and what it did cost, so that a list can change. An account has
-- defaults for what its messages leave open.

-- +goose Up

CREATE TABLE price_list (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one), -- there is one
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    changed_at timestamptz NOT NULL
);

CREATE TABLE prices (
    channel text NOT NULL CHECK (channel IN ('telegram', 'sms')),
    prefix  text NOT NULL CHECK (prefix ~ '^[0-9]{0,15}$'),
    amount  numeric(18, 6) NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (channel, prefix),
    CHECK (channel = 'sms' OR prefix = '')
);

ALTER TABLE messages
    ADD COLUMN max_price numeric(18, 6) CHECK (max_price >= 0),
    ADD COLUMN price     numeric(18, 6) NOT NULL DEFAULT 0 CHECK (price >= 0), -- the most that it may cost
    ADD COLUMN cost      numeric(18, 6) NOT NULL DEFAULT 0 CHECK (cost >= 0),  -- what its accepted legs did cost
    ADD COLUMN currency  text NOT NULL DEFAULT '' CHECK (currency = '' OR currency ~ '^[A-Z]{3}$');

ALTER TABLE legs
    ADD COLUMN price numeric(18, 6) NOT NULL DEFAULT 0 CHECK (price >= 0),
    ADD COLUMN cost  numeric(18, 6) NOT NULL DEFAULT 0,
    -- Free if it was never accepted: nobody has a name for what was not taken.
    ADD CONSTRAINT legs_cost CHECK (cost = 0 OR (cost = price AND (platform_message_id <> 0 OR provider_id <> '')));

ALTER TABLE accounts ADD COLUMN defaults jsonb NOT NULL DEFAULT '{}';
