-- Why: the operator may rest a customer: their keys are refused, and what they queued waits.

-- +goose Up

ALTER TABLE accounts
    ADD COLUMN suspended_at timestamptz,
    ADD CONSTRAINT accounts_operator_works CHECK (NOT (operator AND suspended_at IS NOT NULL));
