package messaging

import (
	"context"

	"herald/internal/gateway"
)

// changeAndWake changes a message from outside its workflow, and after the commit wakes the workflow if it waits for a leg
// to come: an end is noticed at once, and so is a leg that failed. Should the waking be lost, the workflow's timer does it.
func changeAndWake(
	ctx context.Context, store gateway.DeliveryStore, waker gateway.Waker, account gateway.AccountID, id gateway.MessageID,
	decide func(gateway.Delivery) (gateway.Change, error),
) (gateway.Delivery, error) {
	waits := false
	d, err := store.ChangeDelivery(ctx, account, id, func(seen gateway.Delivery) (gateway.Change, error) {
		change, err := decide(seen)
		waits = seen.Open() && !change.Empty()
		return change, err
	})
	if err == nil && waits {
		waker.WakeDelivery(account, id)
	}
	return d, err
}
