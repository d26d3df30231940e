package messaging

import (
	"context"
	"time"

	"herald/internal/gateway"
)

// attempt is one at a message.
type attempt struct {
	account gateway.AccountID
	id      gateway.MessageID
	lingers func() // told before it waits or calls
	keeps   bool   // the wait after it is not to be cut short: it has a turn, or was refused
}

// firstTimeout bounds first attempts, but for their calls and what is written of them, which have their own.
const firstTimeout = time.Minute

// First takes a message that has no workflow as far as it comes without waiting for longer than an attempt may. What is left is for a
// workflow; the Wait of the step is what that is to wait before its first attempt. After a refusal the database does not know it, and
// for a turn there is nothing to look at before. Whoever brings evidence or a proof meanwhile finds nobody to wake, so after any other step the
// workflow looks at once. lingers is told before an attempt waits or calls. The end of the context stops it between two attempts.
func (d *Deliverer) First(ctx context.Context, account gateway.AccountID, id gateway.MessageID, lingers func()) (Step, error) {
	a := &attempt{account: account, id: id, lingers: lingers}
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), firstTimeout)
	defer cancel()
	for {
		a.keeps = false
		step, err := d.attempt(whole, a)
		if again := err == nil && !step.Done && step.Wait == 0; again && ctx.Err() == nil {
			continue
		}
		if !a.keeps {
			step.Wait = 0
		}
		return step, err
	}
}
