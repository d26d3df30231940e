package postgres

import (
	"context"
	"fmt"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.SubscriberStore = (*Store)(nil)

func (s *Store) Subscriber(ctx context.Context, account gateway.AccountID, bot gateway.BotID, id gateway.SubscriberID) (gateway.Subscriber, error) {
	row, err := s.q.Subscriber(ctx, dbsqlc.SubscriberParams{AccountID: string(account), BotID: string(bot), ID: string(id)})
	return subscriber(row), found(err, gateway.ErrSubscriberNotFound, "read subscriber")
}

func (s *Store) Subscribers(ctx context.Context, account gateway.AccountID, bot gateway.BotID, f gateway.SubscriberFilter, p gateway.Page) (gateway.List[gateway.Subscriber], error) {
	rows, err := s.q.Subscribers(ctx, dbsqlc.SubscribersParams{
		AccountID: string(account), BotID: string(bot), After: p.After, Limit: int32(p.Limit) + 1,
		Phone: f.Phone, Username: f.Username, PlatformID: f.PlatformID, Connection: string(f.Connection),
	})
	if err != nil {
		return gateway.List[gateway.Subscriber]{}, fmt.Errorf("list subscribers: %w", err)
	}
	return list(rows, p.Limit, subscriber, func(s gateway.Subscriber) string { return string(s.ID) }), nil
}

func subscriber(r dbsqlc.Subscriber) gateway.Subscriber {
	return gateway.Subscriber{
		ID: gateway.SubscriberID(r.ID), AccountID: gateway.AccountID(r.AccountID), BotID: gateway.BotID(r.BotID),
		PlatformID: r.PlatformID, ChatID: r.ChatID, Username: r.Username, UsernameSeenAt: orZero(r.UsernameSeenAt),
		FirstName: r.FirstName, LastName: r.LastName, Language: r.Language, Phone: r.Phone,
		PhoneProof: gateway.PhoneProof(r.PhoneProof), PhoneProvedAt: orZero(r.PhoneProvedAt),
		Connection: gateway.Connection(r.Connection), Reason: gateway.Reason(r.Reason), StartPayload: r.StartPayload,
		ConnectedAt: orZero(r.ConnectedAt), DisconnectedAt: orZero(r.DisconnectedAt), LastSeenAt: r.LastSeenAt.UTC(),
	}
}
