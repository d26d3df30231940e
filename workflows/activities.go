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
	deliverer   *messaging.Deliverer
	reconfirmer *messaging.Reconfirmer
	logger      *slog.Logger
}

// NewActivities returns the activities over their use cases.
func NewActivities(deliverer *messaging.Deliverer, reconfirmer *messaging.Reconfirmer, logger *slog.Logger) *Activities {
	return &Activities{deliverer: deliverer, reconfirmer: reconfirmer, logger: logger}
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

// Reconfirm takes the renewal of a proof one step further.
func (a *Activities) Reconfirm(ctx context.Context, in ReconfirmPhoneInput) (messaging.ReconfirmStep, error) {
	step, err := a.reconfirmer.Step(ctx, gateway.Reconfirmation(in))
	if err != nil {
		a.logger.WarnContext(ctx, "a step of a reconfirmation is repeated", "subscriber", in.SubscriberID, "error", err)
		return messaging.ReconfirmStep{}, errUnavailable()
	}
	return step, nil
}

// DueReconfirmations reads a page of people whose proofs are too old.
func (a *Activities) DueReconfirmations(ctx context.Context, in DuePageInput) (gateway.ReconfirmPage, error) {
	page, err := a.reconfirmer.Due(ctx, in.From, in.AtMost)
	if err != nil {
		a.logger.WarnContext(ctx, "looking for proofs of phones that are too old", "error", err)
		return gateway.ReconfirmPage{}, errUnavailable()
	}
	return page, nil
}

// conceal logs an error here and returns what Temporal may keep of it: a word.
func (a *Activities) conceal(ctx context.Context, id gateway.MessageID, err error) error {
	if errors.Is(err, gateway.ErrMessageNotFound) {
		return temporal.NewApplicationError("the message does not exist", errorTypeGone)
	}
	a.logger.WarnContext(ctx, "an attempt is repeated", "message", id, "error", err)
	return errUnavailable()
}

func errUnavailable() error {
	return temporal.NewApplicationError("a part of the installation does not answer", errorTypeUnavailable)
}
