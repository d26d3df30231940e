package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"herald/internal/gateway"
)

// DeliverMessageInput names the message. The workflow's id is the message's id, so a second start is no second sending.
type DeliverMessageInput struct {
	AccountID gateway.AccountID
	MessageID gateway.MessageID
	Wait      time.Duration `json:",omitempty"` // before the first attempt of the workflow, if one was made without it
}

// DeliverMessageResult is how the message ended.
type DeliverMessageResult struct {
	State gateway.State
}

// attemptOptions: an attempt is short (two transactions and one call), so it runs as a local activity inside the
// workflow's task, without a trip through Temporal of its own. It is tried once: the workflow itself waits and tries
// again, since a local activity's own retries end with its first time-out.
var attemptOptions = workflow.LocalActivityOptions{
	StartToCloseTimeout: time.Minute,
	RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
}

// Pauses after an attempt that could not reach the database, doubling.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 30 * time.Second
)

// wakeSignal tells a workflow that its message was changed: evidence came, a report, or its sender took it back. It has no
// content, since the database has it all.
const wakeSignal = "wake"

// DeliverMessage takes one message to its end, attempt by attempt, waiting between them as long as each asks for, or
// until it is woken. It ends without an outcome only if there is no such message.
func DeliverMessage(ctx workflow.Context, in DeliverMessageInput) (DeliverMessageResult, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, attemptOptions)
	if in.Wait > 0 {
		if err := sleepUntilWoken(ctx, in.Wait); err != nil {
			return DeliverMessageResult{}, err
		}
		in.Wait = 0
	}
	var activities *Activities
	var step AttemptResult
	again, err := untilDone(ctx, func() (done bool, wait time.Duration, err error) {
		err = workflow.ExecuteLocalActivity(ctx, activities.Attempt, in).Get(ctx, &step)
		return step.Done, step.Wait, err
	})
	if again {
		err = workflow.NewContinueAsNewError(ctx, DeliverMessage, in)
	}
	if err != nil {
		return DeliverMessageResult{}, err
	}
	return DeliverMessageResult{State: step.State}, nil
}

// untilDone takes step after step until one is the last, and waits between them as long as each asks for, or until it is
// woken. A step that could not reach the database is repeated, later and later. again tells that the history has grown long: a
// new run is to go on.
func untilDone(ctx workflow.Context, step func() (done bool, wait time.Duration, err error)) (again bool, err error) {
	for pause := firstPause; ; {
		done, wait, err := step()
		switch {
		case err == nil && done:
			hearAll(workflow.GetSignalChannel(ctx, wakeSignal)) // what is left is about what is over
			return false, nil
		case err == nil:
			pause = firstPause
		case isGone(err) || temporal.IsCanceledError(err):
			return false, err
		default:
			wait, pause = pause, min(2*pause, lastPause)
		}
		if err := sleepUntilWoken(ctx, wait); err != nil {
			return false, err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return true, nil
		}
	}
}

// sleepUntilWoken waits, but not longer than until the next signal. A signal that came during the attempt counts, too: the
// attempt may have looked before. To Temporal a wait without a signal is what workflow.Sleep is, so histories of workflows
// that could not be woken go on here.
func sleepUntilWoken(ctx workflow.Context, wait time.Duration) error {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel() // takes down the timer, if it still runs
	var err error
	wakes := workflow.GetSignalChannel(ctx, wakeSignal)
	selector := workflow.NewSelector(ctx)
	selector.AddFuture(workflow.NewTimer(ctx, wait), func(f workflow.Future) { err = f.Get(ctx, nil) })
	selector.AddReceive(wakes, func(workflow.ReceiveChannel, bool) { hearAll(wakes) }) // the next attempt sees what all are about
	selector.Select(ctx)
	return err
}

// hearAll takes all signals that have come.
func hearAll(wakes workflow.ReceiveChannel) {
	for wakes.ReceiveAsync(nil) {
	}
}

// isGone tells whether an attempt found that there is no such message.
func isGone(err error) bool {
	var refused *temporal.ApplicationError
	return errors.As(err, &refused) && refused.Type() == errorTypeGone
}
