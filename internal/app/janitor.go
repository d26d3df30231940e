package app

import (
	"context"
	"time"
)

const (
	// sweepEvery is how often what is no longer needed is removed, and what was forgotten is looked for.
	sweepEvery = time.Hour
	// forgottenAfter is when a message that should have gone on counts as forgotten.
	forgottenAfter = time.Hour
	// keepEvents is how long events are kept if nothing else is said.
	keepEvents = 30 * 24 * time.Hour
)

// sweep removes old updates, idempotency keys, events and translations, and puts messages whose workflow may be lost back into the outbox,
// until the context ends. Several processes that do so disturb nobody.
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
		if _, err := a.store.DropEvents(ctx, now().Add(-a.o.KeepEvents)); err != nil && ctx.Err() == nil {
			a.logger("janitor").WarnContext(ctx, "removing old events", "error", err)
		}
		if _, err := a.translator.Trim(ctx); err != nil && ctx.Err() == nil {
			a.logger("janitor").WarnContext(ctx, "removing old translations", "error", err)
		}
		if _, err := a.store.RequeueForgotten(ctx, now(), now().Add(-forgottenAfter)); err != nil && ctx.Err() == nil {
			a.logger("janitor").WarnContext(ctx, "looking for forgotten messages", "error", err)
		}
		if _, err := a.store.WithdrawLostReconfirmations(ctx, now()); err != nil && ctx.Err() == nil {
			a.logger("janitor").WarnContext(ctx, "looking for people who should have proved their phone by now", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
