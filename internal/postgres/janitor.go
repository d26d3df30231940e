package postgres

import (
	"context"
	"fmt"
	"time"
)

// How long what is done with is kept: an update may come again for a day, and its id is compared for seven; an
// Idempotency-Key answers repeats for a day.
const (
	keepUpdates = 7 * 24 * time.Hour
	keepClaims  = 24 * time.Hour
)

// Sweep removes what is no longer needed and tells how many rows that were.
func (s *Store) Sweep(ctx context.Context, now time.Time) (removed int64, err error) {
	ctx = system(ctx, janitorWork)
	before := now.Add(-keepUpdates)
	updates, err := s.q.DropOldUpdates(ctx, &before)
	if err != nil {
		return 0, fmt.Errorf("remove old updates: %w", err)
	}
	claims, err := s.q.DropOldClaims(ctx, now.Add(-keepClaims))
	if err != nil {
		return updates, fmt.Errorf("remove old idempotency keys: %w", err)
	}
	reports, err := s.q.DropOldReports(ctx, before)
	if err != nil {
		return updates + claims, fmt.Errorf("remove old SMS reports: %w", err)
	}
	files, err := s.q.DropOldFiles(ctx, now)
	if err != nil {
		return updates + claims + reports, fmt.Errorf("remove old files: %w", err)
	}
	if err := s.q.DropOldPolicyCounts(ctx, date(now.Add(-keepPolicyCounts))); err != nil {
		return updates + claims + reports + files, fmt.Errorf("remove old counts of the policy: %w", err)
	}
	return updates + claims + reports + files, nil
}
