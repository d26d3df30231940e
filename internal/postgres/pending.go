package postgres

import (
	"context"
	"fmt"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.PendingStore = (*Store)(nil)

func (s *Store) PendingUpdates(ctx context.Context, f gateway.PendingFilter, p gateway.Page) (gateway.List[gateway.PendingUpdate], error) {
	ctx = system(ctx, inboxWork)
	rows, err := s.q.PendingUpdates(ctx, dbsqlc.PendingUpdatesParams{
		Aside: f.Aside, BotID: string(f.BotID), Before: gateway.UpdateID(p.After).Sequence(), AtMost: int32(p.Limit) + 1,
	})
	if err != nil {
		return gateway.List[gateway.PendingUpdate]{}, fmt.Errorf("list updates: %w", err)
	}
	return list(rows, p.Limit, func(r dbsqlc.PendingUpdatesRow) gateway.PendingUpdate {
		return gateway.PendingUpdate{
			ID: gateway.UpdateIDOf(r.Sequence), AccountID: gateway.AccountID(r.AccountID), BotID: gateway.BotID(r.BotID),
			ReceivedAt: r.ReceivedAt.UTC(), Attempts: int(r.Attempts), Error: r.Error,
		}
	}, func(u gateway.PendingUpdate) string { return string(u.ID) }), nil
}

func (s *Store) RetryUpdate(ctx context.Context, id gateway.UpdateID) (gateway.PendingUpdate, error) {
	ctx = system(ctx, inboxWork)
	r, err := s.q.RetryUpdate(ctx, id.Sequence())
	if err = found(err, gateway.ErrUpdateNotFound, "retry update"); err != nil {
		return gateway.PendingUpdate{}, err
	}
	s.announcer.announce()
	return gateway.PendingUpdate{
		ID: id, AccountID: gateway.AccountID(r.AccountID), BotID: gateway.BotID(r.BotID), ReceivedAt: r.ReceivedAt.UTC(),
	}, nil
}
