package messaging

import (
	"context"

	"herald/internal/gateway"
)

// attempt is one at a message.
type attempt struct {
	account gateway.AccountID
	id      gateway.MessageID
	first   bool   // no workflow has the message: the outbox has
	lingers func() // told before it waits or calls
	refused bool   // it called, and in vain
}

// First takes a message that has no workflow as far as it can without waiting for longer than an attempt may. Until it has ended,
// or has a workflow that has written, the message stays in the outbox, from which a workflow is started should this process die. What
// has to wait is left to the workflow as it is: the step's Wait is what it must do before its first attempt, because nobody could tell
// from the database. lingers is called before an attempt waits or calls, if one does.
func (d *Deliverer) First(ctx context.Context, account gateway.AccountID, id gateway.MessageID, lingers func()) (Step, error) {
	a := &attempt{account: account, id: id, first: true, lingers: lingers}
	for {
		a.refused = false
		step, err := d.attempt(ctx, a)
		if again := err == nil && !step.Done && step.Wait == 0; again {
			continue
		}
		if !a.refused {
			step.Wait = 0
		}
		return step, err
	}
}

// may is what of a decision the attempt may carry out: a first one neither asks anybody nor writes down that it waits, for the workflow
// decides anew.
func (a *attempt) may(n decision) decision {
	if a.first && n.wait > 0 && !n.call && !n.lingers() {
		return decision{wait: n.wait}
	}
	return n
}

// leave says of a change whether the message leaves the outbox with it: with the first change of its workflow, which decisions
// know, or with its end if it has none.
func (a *attempt) leave(d gateway.Delivery, c gateway.Change) gateway.Change {
	if a.first {
		c.LeaveQueue = d.Ends(c)
	}
	return c
}
