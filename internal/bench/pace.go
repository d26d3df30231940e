package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// pacedAtMost is how many pieces are under way at the same time at most.
const pacedAtMost = 128

// pace begins count pieces of work at a steady rate, however long each takes, as senders do who know nothing of one
// another. It returns when all are done, or with the first error.
func pace(ctx context.Context, rate float64, count int, do func(ctx context.Context, n int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(pacedAtMost)
	begun := time.Now()
	for n := range count {
		select {
		case <-time.After(time.Until(begun.Add(time.Duration(float64(n) / rate * float64(time.Second))))):
		case <-ctx.Done():
			return fmt.Errorf("piece %d of %d: %w", n, count, context.Cause(ctx))
		}
		group.Go(func() error { return do(ctx, n) })
	}
	return group.Wait()
}
