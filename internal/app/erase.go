package app

import (
	"context"
	"time"
)

// eraseEvery is how often a worker looks for people who want to be forgotten.
const eraseEvery = 2 * time.Second

// erase erases what is left of them, until the context ends. Several processes that do so take different people.
func (a *App) erase(ctx context.Context) {
	tick := time.NewTicker(eraseEvery)
	defer tick.Stop()
	for {
		for more := true; more; {
			var err error
			if more, err = a.store.Erase(ctx, now()); err == nil {
				continue
			}
			more = false // again with the next tick
			if ctx.Err() == nil {
				a.logger("erasure").WarnContext(ctx, "erasing what is left of a person", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
