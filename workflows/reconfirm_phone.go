package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"herald/internal/gateway"
	"herald/internal/messaging"
)

// ReconfirmPhoneInput names the proof that is to be renewed.
type ReconfirmPhoneInput struct {
	AccountID    gateway.AccountID // of the bot
	BotID        gateway.BotID
	SubscriberID gateway.SubscriberID
	Due          time.Time // when the proof grew too old
}

// ReconfirmPhoneResult is how it ended; empty if there was nothing to do.
type ReconfirmPhoneResult struct {
	Outcome messaging.ReconfirmOutcome
}

// reconfirmID is the id of the workflow that renews a proof: a second start is no second asking.
func reconfirmID(r gateway.Reconfirmation) string {
	return string(r.SubscriberID) + "/reconfirm/" + r.Due.UTC().Format(time.RFC3339Nano)
}

// ReconfirmPhone has one person prove their phone anew, step by step: they are asked, reminded, and lose the phone if nothing
// comes. It waits between the steps as long as each asks for, or until it is woken by a proof.
func ReconfirmPhone(ctx workflow.Context, in ReconfirmPhoneInput) (ReconfirmPhoneResult, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, attemptOptions)
	var activities *Activities
	var step messaging.ReconfirmStep
	again, err := untilDone(ctx, func() (done bool, wait time.Duration, err error) {
		err = workflow.ExecuteLocalActivity(ctx, activities.Reconfirm, in).Get(ctx, &step)
		return step.Done, step.Wait, err
	})
	if again {
		err = workflow.NewContinueAsNewError(ctx, ReconfirmPhone, in)
	}
	if err != nil {
		return ReconfirmPhoneResult{}, err
	}
	return ReconfirmPhoneResult{Outcome: step.Outcome}, nil
}
