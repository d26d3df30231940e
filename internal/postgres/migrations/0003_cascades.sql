-- Why: a message may take several legs, one after another, until the evidence that its sender wants has come: from a
-- link, a button, a reply, or an SMS operator's report. It may also be sent later than it was accepted.

-- +goose Up

ALTER TABLE messages
    ADD COLUMN not_before  timestamptz,
    ADD COLUMN read_link   text NOT NULL DEFAULT '',
    ADD COLUMN evidence    text NOT NULL DEFAULT '' CHECK (evidence IN ('', 'report', 'link', 'button', 'reply')),
    ADD COLUMN evidence_at timestamptz,
    ADD CHECK ((evidence = '') = (evidence_at IS NULL)),
    DROP CONSTRAINT messages_reached, -- an SMS reaches people who are connected to no bot
    DROP CONSTRAINT messages_state_move,
    ADD CONSTRAINT messages_state_move CHECK (
        CASE direction WHEN 'in' THEN state = 'received' AND previous = ''
        ELSE (previous, state) IN (
            ('', 'queued'),
            ('queued', 'scheduled'), ('queued', 'sending'), ('queued', 'withheld'), ('queued', 'not_subscribed'),
            ('queued', 'failed'), ('queued', 'expired'), ('queued', 'cancelled'),
            ('scheduled', 'sending'), ('scheduled', 'withheld'), ('scheduled', 'not_subscribed'),
            ('scheduled', 'failed'), ('scheduled', 'expired'), ('scheduled', 'cancelled'),
            ('sending', 'accepted'), ('sending', 'not_subscribed'), ('sending', 'failed'), ('sending', 'unknown'),
            ('sending', 'expired'), ('sending', 'withheld'), ('sending', 'cancelled'), ('sending', 'delivered'), ('sending', 'read'),
            ('withheld', 'sending'), ('withheld', 'failed'), ('withheld', 'expired'), ('withheld', 'cancelled'),
            ('unknown', 'sending'), ('unknown', 'accepted'), ('unknown', 'delivered'), ('unknown', 'read'),
            ('unknown', 'failed'), ('unknown', 'expired'),
            ('accepted', 'sending'), ('accepted', 'delivered'), ('accepted', 'read'), ('accepted', 'failed'),
            ('delivered', 'sending'), ('delivered', 'read'))
        END);

ALTER TABLE legs
    ADD COLUMN until       text NOT NULL DEFAULT 'accepted' CHECK (until IN ('accepted', 'delivered', 'read', 'replied')),
    ADD COLUMN within_ms   bigint NOT NULL DEFAULT 0 CHECK (within_ms >= 0),
    ADD COLUMN provider    text NOT NULL DEFAULT '',
    ADD COLUMN provider_id text NOT NULL DEFAULT '',
    ADD COLUMN report_due_at timestamptz, -- when to ask the provider what became of the SMS
    ADD COLUMN segments    integer NOT NULL DEFAULT 0 CHECK (segments >= 0),
    DROP CONSTRAINT legs_channel,
    ADD CONSTRAINT legs_channel CHECK (channel IN ('telegram', 'sms')),
    DROP CONSTRAINT legs_state,
    ADD CONSTRAINT legs_state CHECK (state IN ('pending', 'accepted', 'delivered', 'read', 'failed', 'unknown', 'skipped')),
    DROP CONSTRAINT legs_accepted,
    -- What was accepted has the name that the other side gave it, and an intent came before.
    ADD CONSTRAINT legs_accepted CHECK (state NOT IN ('accepted', 'delivered', 'read')
                                        OR (attempts > 0 AND (platform_message_id <> 0 OR provider_id <> '')));
CREATE INDEX legs_open ON legs (message_id) WHERE state = 'pending';
CREATE UNIQUE INDEX legs_provider ON legs (provider, provider_id) WHERE provider_id <> '';
CREATE INDEX legs_in_chat ON legs (chat_id, platform_message_id) WHERE platform_message_id <> 0;

CREATE INDEX legs_report_due ON legs (provider, report_due_at) WHERE report_due_at IS NOT NULL;
ALTER TABLE legs ADD COLUMN phone text NOT NULL DEFAULT ''; -- of an SMS: where it went
CREATE INDEX legs_phone ON legs (phone, settled_at DESC) WHERE phone <> '';

-- SMS that people wrote, as they came. One that answers nobody is kept without a message.
CREATE TABLE sms_replies (
    provider    text NOT NULL,
    provider_id text NOT NULL,
    phone       text NOT NULL,
    written_to  text NOT NULL,
    text        text NOT NULL,
    at          timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    message_id  text REFERENCES messages,
    PRIMARY KEY (provider, provider_id)
);

-- Links that prove reading. People hold the token; what is looked up is its hash.
CREATE TABLE read_links (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    account_id text NOT NULL REFERENCES accounts,
    message_id text NOT NULL REFERENCES messages,
    number     integer NOT NULL CHECK (number >= 1),
    link       text NOT NULL,
    url        text NOT NULL,
    shown_at   timestamptz,
    confirmed_at timestamptz,
    UNIQUE (message_id, number)
);

-- Delivery reports as they came: late, twice, or before the answer to the submission, when nobody knows yet which leg
-- they are about.
CREATE TABLE sms_reports (
    provider    text NOT NULL,
    provider_id text NOT NULL,
    status      text NOT NULL CHECK (status IN ('delivered', 'undelivered', 'expired')),
    at          timestamptz NOT NULL,
    detail      text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL,
    PRIMARY KEY (provider, provider_id, status)
);
CREATE INDEX sms_reports_age ON sms_reports (received_at);
