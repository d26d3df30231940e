package postgres

import (
	"context"
	"fmt"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.AccountEventStore = (*Store)(nil)

// storeEvents writes events. Call it in the transaction of what they tell about.
func storeEvents(ctx context.Context, q *queries, events ...gateway.AccountEvent) error {
	if len(events) == 0 {
		return nil
	}
	var p dbsqlc.StoreEventsParams
	var err error
	for _, e := range events {
		p.Ids = append(p.Ids, string(e.ID))
		p.AccountIds = append(p.AccountIds, string(e.AccountID))
		p.Kinds = append(p.Kinds, string(e.Kind))
		p.Ats = append(p.Ats, e.At)
		p.BotIds = append(p.BotIds, string(e.BotID))
		p.SubscriberIds = append(p.SubscriberIds, string(e.SubscriberID))
		p.MessageIds = append(p.MessageIds, string(e.MessageID))
		p.Labels = append(p.Labels, e.Label)
		p.Sealed = append(p.Sealed, q.vault.sealed(&err, eventBound(string(e.AccountID)), string(e.Data)))
	}
	if err != nil {
		return err
	}
	if err := q.StoreEvents(ctx, p); err != nil {
		return fmt.Errorf("insert events: %w", err)
	}
	return nil
}

func (s *Store) AccountEvents(ctx context.Context, account gateway.AccountID, f gateway.AccountEventFilter, p gateway.Page) (gateway.List[gateway.AccountEvent], error) {
	ctx = of(ctx, account)
	rows, err := s.q.AccountEvents(ctx, dbsqlc.AccountEventsParams{
		AccountID: string(account), After: p.After, Limit: int32(p.Limit) + 1, Kind: string(f.Kind),
		BotID: string(f.BotID), SubscriberID: string(f.SubscriberID), Label: f.Label,
	})
	if err != nil {
		return gateway.List[gateway.AccountEvent]{}, fmt.Errorf("list events: %w", err)
	}
	page := list(rows, p.Limit, func(r dbsqlc.Event) gateway.AccountEvent {
		e := accountEvent(r)
		if data := s.q.vault.opened(&err, eventBound(r.AccountID), r.Sealed); data != "" {
			e.Data = []byte(data)
		}
		return e
	}, func(e gateway.AccountEvent) string { return string(e.ID) })
	return page, err
}

// DropEvents removes events from before and tells how many.
func (s *Store) DropEvents(ctx context.Context, before time.Time) (removed int64, err error) {
	ctx = system(ctx, janitorWork)
	if removed, err = s.q.DropOldEvents(ctx, before); err != nil {
		return 0, fmt.Errorf("remove old events: %w", err)
	}
	return removed, nil
}

func accountEvent(r dbsqlc.Event) gateway.AccountEvent {
	return gateway.AccountEvent{
		ID: gateway.EventID(r.ID), AccountID: gateway.AccountID(r.AccountID), Kind: gateway.AccountEventKind(r.Kind), At: r.At.UTC(),
		BotID: gateway.BotID(r.BotID), SubscriberID: gateway.SubscriberID(r.SubscriberID), MessageID: gateway.MessageID(r.MessageID),
		Label: r.Label, Data: r.Data,
	}
}
