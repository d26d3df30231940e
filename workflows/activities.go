package workflows

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/temporal"

	"herald/internal/gateway"
	"herald/internal/messaging"
)

// Types of activity errors. Their words are all that Temporal gets to see of an error.
const (
	errorTypeGone        = "gone"        // the message does not exist: trying again is no use
	errorTypeUnavailable = "unavailable" // the database does not answer; try again
)

// Activities are what workflows call.
type Activities struct {
	deliverer *messaging.Deliverer
	logger    *slog.Logger
}

// NewActivities returns the activities over their use cases.
func NewActivities(deliverer *messaging.Deliverer, logger *slog.Logger) *Activities {
	return &Activities{deliverer: deliverer, logger: logger}
}

// AttemptResult is what an attempt leaves to do.
type AttemptResult struct {
	State gateway.State
	Done  bool
	Wait  time.Duration
}

// Attempt takes the message one step further.
func (a *Activities) Attempt(ctx context.Context, in DeliverMessageInput) (AttemptResult, error) {
	step, err := a.deliverer.Attempt(ctx, in.AccountID, in.MessageID)
	if err != nil {
		return AttemptResult{}, a.conceal(ctx, in.MessageID, err)
	}
	return AttemptResult{State: step.State, Done: step.Done, Wait: step.Wait}, nil
}

// conceal logs an error here and returns what Temporal may keep of it: a word.
func (a *Activities) conceal(ctx context.Context, id gateway.MessageID, err error) error {
	if errors.Is(err, gateway.ErrMessageNotFound) {
		return temporal.NewApplicationError("the message does not exist", errorTypeGone)
	}
	a.logger.WarnContext(ctx, "an attempt is repeated", "message", id, "error", err)
	return temporal.NewApplicationError("a part of the installation does not answer", errorTypeUnavailable)
}
