-- Why: who is being asked to prove their phone anew is left out of the walk over those who are due. If what asks them is lost, as
-- after a backup was restored beside another Temporal, they would never be asked again: the janitor looks for them.

-- +goose Up

CREATE INDEX subscribers_reconfirming_now ON subscribers (reconfirm_due_at) WHERE reconfirm_due_at IS NOT NULL;
