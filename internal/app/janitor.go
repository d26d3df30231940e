package app

import (
	"context"
	"time"
)

// sweepEvery is how often what is no longer needed is removed.
const sweepEvery = time.Hour

// sweep removes old updates and idempotency keys until the context ends. Several processes that do so disturb nobody.
func (a *App) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		removed, err := a.store.Sweep(ctx, now())
		switch {
		case err != nil && ctx.Err() == nil:
			a.logger("janitor").WarnContext(ctx, "removing what is no longer needed", "error", err)
		case removed > 0:
			a.logger("janitor").InfoContext(ctx, "removed what is no longer needed", "rows", removed)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
