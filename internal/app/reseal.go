package app

import (
	"context"
	"time"
)

// resealEvery is how often a worker looks whether the key of sealed secrets is another one: longer than processes need to
// see it, so that whatever they still sealed by the earlier key is found in the pass after the first.
const resealEvery = 15 * time.Second

// reseal seals anew what an earlier key has sealed, until the context ends. It is done when a whole pass finds nothing.
func (a *App) reseal(ctx context.Context) {
	tick := time.NewTicker(resealEvery)
	defer tick.Stop()
	done := "" // the key by which everything is sealed
	for {
		if key := a.sealer.Key(); key != done {
			a.stale.Store(true)
			count, err := a.store.Reseal(ctx)
			switch {
			case err != nil && ctx.Err() == nil:
				a.logger("secrets").WarnContext(ctx, "sealing secrets anew", "error", err)
			case err == nil && count == 0:
				done = key
				a.stale.Store(false)
			case err == nil:
				a.logger("secrets").InfoContext(ctx, "sealed secrets anew", "values", count, "key", key)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
