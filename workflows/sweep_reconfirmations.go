package workflows

import (
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"herald/internal/gateway"
)

// SweepReconfirmationsInput says how fast a sweep goes, and where it goes on.
type SweepReconfirmationsInput struct {
	PerMinute int                     // how many people are asked a minute at most
	From      gateway.ReconfirmCursor // zero at the beginning
	Started   int                     // by the runs before this one
}

// SweepReconfirmationsResult is how many reconfirmations a sweep has started.
type SweepReconfirmationsResult struct {
	Started int
}

// Bounds of a sweep. A page is what is started at once: no more than a twelfth of what a minute allows. A run of many pages
// hands over to a new one, so that no history grows long.
const (
	sweepPage    = 25
	pagesAMinute = 12
	pagesARun    = 40
)

// sweepOptions: a page is read by an ordinary activity. Temporal repeats one that found no database.
var sweepOptions = workflow.ActivityOptions{
	StartToCloseTimeout: time.Minute,
	RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: time.Minute},
}

// DuePageInput asks for a page of people whose proofs are too old.
type DuePageInput struct {
	From   gateway.ReconfirmCursor
	AtMost int
}

// SweepReconfirmations starts a ReconfirmPhone for everybody whose proof is too old, at a pace. It walks once from the
// beginning to the end; whoever becomes due behind it is found by the next one.
func SweepReconfirmations(ctx workflow.Context, in SweepReconfirmationsInput) (SweepReconfirmationsResult, error) {
	ctx = workflow.WithActivityOptions(ctx, sweepOptions)
	in.PerMinute = max(in.PerMinute, 1)
	var activities *Activities
	for range pagesARun {
		var page gateway.ReconfirmPage
		ask := DuePageInput{From: in.From, AtMost: min(sweepPage, max(in.PerMinute/pagesAMinute, 1))}
		if err := workflow.ExecuteActivity(ctx, activities.DueReconfirmations, ask).Get(ctx, &page); err != nil {
			return SweepReconfirmationsResult{Started: in.Started}, err
		}
		if err := startReconfirmations(ctx, page.Due); err != nil {
			return SweepReconfirmationsResult{Started: in.Started}, err
		}
		in.Started, in.From = in.Started+len(page.Due), page.Next
		// Also at the end: the next sweep begins when this one is over.
		if err := workflow.Sleep(ctx, time.Duration(len(page.Due))*time.Minute/time.Duration(in.PerMinute)); err != nil {
			return SweepReconfirmationsResult{Started: in.Started}, err
		}
		if !page.More {
			return SweepReconfirmationsResult{Started: in.Started}, nil
		}
	}
	return SweepReconfirmationsResult{}, workflow.NewContinueAsNewError(ctx, SweepReconfirmations, in)
}

// startReconfirmations starts workflows that outlive the sweep. One that runs already is success.
func startReconfirmations(ctx workflow.Context, due []gateway.Reconfirmation) error {
	started := make([]workflow.ChildWorkflowFuture, len(due))
	for i, r := range due {
		options := workflow.ChildWorkflowOptions{
			WorkflowID: reconfirmID(r), ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, // what was withdrawn begins anew
		}
		started[i] = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, options), ReconfirmPhone, ReconfirmPhoneInput(r))
	}
	for _, one := range started {
		if err := one.GetChildWorkflowExecution().Get(ctx, nil); err != nil && !runsAlready(err) {
			return err
		}
	}
	return nil
}

// runsAlready tells whether a child was not started because there is one of its id. The SDK has two words for that.
func runsAlready(err error) bool {
	var child *temporal.ChildWorkflowExecutionAlreadyStartedError
	var execution *serviceerror.WorkflowExecutionAlreadyStarted
	return errors.As(err, &child) || errors.As(err, &execution)
}
