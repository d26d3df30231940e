package postgres

import (
	"context"
	"fmt"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.OutboxStore = (*Store)(nil)

func (s *Store) DueOutbox(ctx context.Context, now, hideUntil time.Time, limit int) ([]gateway.OutboxItem, error) {
	ctx = system(ctx, outboxWork)
	rows, err := s.q.DueOutbox(ctx, dbsqlc.DueOutboxParams{Now: now, HideUntil: hideUntil, AtMost: int32(limit)})
	if err != nil {
		return nil, fmt.Errorf("take outbox: %w", err)
	}
	out := make([]gateway.OutboxItem, len(rows))
	for i, r := range rows {
		out[i] = gateway.OutboxItem{
			AccountID: gateway.AccountID(r.AccountID), MessageID: gateway.MessageID(r.MessageID), Lane: gateway.Lane(r.Lane),
			QueuedAt: r.QueuedAt.UTC(), Attempts: int(r.Attempts),
		}
	}
	return out, nil
}

func (s *Store) DropOutbox(ctx context.Context, items []gateway.OutboxItem) error {
	ctx = system(ctx, outboxWork)
	if err := s.q.DropOutbox(ctx, idsOf(items)); err != nil {
		return fmt.Errorf("drop outbox: %w", err)
	}
	return nil
}

func (s *Store) ReleaseOutbox(ctx context.Context, items []gateway.OutboxItem, now time.Time) error {
	ctx = system(ctx, outboxWork)
	if err := s.q.ReleaseOutbox(ctx, dbsqlc.ReleaseOutboxParams{Now: now, MessageIds: idsOf(items)}); err != nil {
		return fmt.Errorf("release outbox: %w", err)
	}
	return nil
}

func idsOf(items []gateway.OutboxItem) []string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = string(item.MessageID)
	}
	return ids
}

// requeueAtMost bounds one search for forgotten messages; the next one finds the rest.
const requeueAtMost = 10_000

func (s *Store) RequeueForgotten(ctx context.Context, now, before time.Time) (int64, error) {
	ctx = system(ctx, outboxWork)
	requeued, err := s.q.RequeueForgotten(ctx, dbsqlc.RequeueForgottenParams{Now: now, Before: before, AtMost: requeueAtMost})
	if err != nil {
		return 0, fmt.Errorf("put forgotten messages back: %w", err)
	}
	return requeued, nil
}

func (s *Store) OutboxDepth(ctx context.Context, now time.Time) (count int, oldest time.Duration, err error) {
	ctx = system(ctx, metricsWork)
	row, err := s.q.OutboxDepth(ctx, now)
	if err != nil {
		return 0, 0, fmt.Errorf("count outbox: %w", err)
	}
	return int(row.Waiting), now.Sub(row.Oldest), nil
}
