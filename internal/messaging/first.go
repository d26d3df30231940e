package messaging

import (
	"context"
	"time"

	"herald/internal/gateway"
)

// firstTimeout bounds first attempts, but for their calls and what is written of them, which have their own.
const firstTimeout = time.Minute

// First takes a message that has no workflow as far as it comes without waiting for longer than an attempt may. What is left is for a
// workflow; the Wait of the step is what that is to wait before its first attempt. After a refusal the database does not know it, and
// for a turn there is nothing to look at before. Whoever brings evidence or a proof meanwhile finds nobody to wake, so after any other step the
// workflow looks at once. lingers is told before an attempt waits or calls. The end of the context stops it between two attempts.
func (d *Deliverer) First(ctx context.Context, account gateway.AccountID, id gateway.MessageID, lingers func()) (Step, error) {
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), firstTimeout)
	defer cancel()
	for {
		step, err := d.attempt(whole, account, id, lingers)
		if again := err == nil && !step.Done && step.Wait == 0; again && ctx.Err() == nil {
			continue
		}
		if !step.Fixed {
			step.Wait = 0
		}
		return step, err
	}
}
