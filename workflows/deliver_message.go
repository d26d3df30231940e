package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"herald/internal/gateway"
)

// DeliverMessageInput names the message. The workflow's id is the message's id, so a second start is no second sending.
type DeliverMessageInput struct {
	AccountID gateway.AccountID
	MessageID gateway.MessageID
}

// DeliverMessageResult is how the message ended.
type DeliverMessageResult struct {
	State gateway.State
}

// attemptOptions: an attempt is short (two transactions and one call), so it runs as a local activity inside the
// workflow's task, without a trip through Temporal of its own. While the database is away it is repeated for ever.
var attemptOptions = workflow.LocalActivityOptions{
	StartToCloseTimeout: time.Minute,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:        500 * time.Millisecond,
		BackoffCoefficient:     2,
		MaximumInterval:        30 * time.Second,
		NonRetryableErrorTypes: []string{errorTypeGone},
	},
}

// DeliverMessage takes one message to its end, attempt by attempt, waiting between them as long as each asks for.
func DeliverMessage(ctx workflow.Context, in DeliverMessageInput) (DeliverMessageResult, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, attemptOptions)
	var activities *Activities
	for {
		var step AttemptResult
		if err := workflow.ExecuteLocalActivity(ctx, activities.Attempt, in).Get(ctx, &step); err != nil {
			return DeliverMessageResult{}, err
		}
		if step.Done {
			return DeliverMessageResult{State: step.State}, nil
		}
		if err := workflow.Sleep(ctx, step.Wait); err != nil {
			return DeliverMessageResult{}, err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return DeliverMessageResult{}, workflow.NewContinueAsNewError(ctx, DeliverMessage, in)
		}
	}
}
