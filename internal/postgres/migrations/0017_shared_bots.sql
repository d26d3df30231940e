-- Why: the operator lends bots to all accounts. What such a bot may carry is its purpose; several bots may be names of one
-- service, and whoever is connected to any of them is reached.

-- +goose Up

ALTER TABLE bots
    ADD COLUMN shared  boolean NOT NULL DEFAULT false,
    ADD COLUMN purpose text NOT NULL DEFAULT '' CHECK (purpose IN ('', 'service', 'codes', 'alerts', 'any')),
    ADD COLUMN service text NOT NULL DEFAULT '' CHECK (length(service) <= 64),
    ADD CONSTRAINT bots_shared CHECK (shared = (purpose <> '') AND (shared OR service = ''));
CREATE INDEX bots_shared_names ON bots (lower(username)) WHERE shared;
