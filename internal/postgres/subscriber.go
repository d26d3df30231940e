package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

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

// resolve finds the person that the delivery's address names on its bot, nil if there is none, and the slots of the bot
// and of the person's chat. While a call is under way the person is who it goes to: an address may change hands meanwhile,
// and what the answer says is not about the new holder.
func resolve(ctx context.Context, q *dbsqlc.Queries, d gateway.Delivery) (*gateway.Subscriber, gateway.Slots, error) {
	account, bot := string(d.Bot.AccountID), string(d.Bot.ID)
	var row dbsqlc.Subscriber
	var slots dbsqlc.BotSlot
	var err error
	switch to := d.Message.To; {
	case !d.Leg.Intent.IsZero() && d.Message.SubscriberID != "":
		var r dbsqlc.SubscriberOfCallRow
		r, err = q.SubscriberOfCall(ctx, dbsqlc.SubscriberOfCallParams{AccountID: account, BotID: bot, ID: string(d.Message.SubscriberID)})
		row, slots = r.Subscriber, r.BotSlot
	case to.Kind == gateway.AddressPhone:
		var r dbsqlc.SubscriberByPhoneRow
		r, err = q.SubscriberByPhone(ctx, dbsqlc.SubscriberByPhoneParams{AccountID: account, BotID: bot, Phone: to.Value})
		row, slots = r.Subscriber, r.BotSlot
	case to.Kind == gateway.AddressUsername:
		var r dbsqlc.SubscriberByUsernameRow
		r, err = q.SubscriberByUsername(ctx, dbsqlc.SubscriberByUsernameParams{AccountID: account, BotID: bot, Username: to.Value})
		row, slots = r.Subscriber, r.BotSlot
	case to.Kind == gateway.AddressPlatform:
		var id int64
		if id, err = strconv.ParseInt(to.Value, 10, 64); err != nil {
			return nil, gateway.Slots{}, fmt.Errorf("read stored address: %w", err)
		}
		var r dbsqlc.SubscriberByPlatformIDRow
		r, err = q.SubscriberByPlatformID(ctx, dbsqlc.SubscriberByPlatformIDParams{AccountID: account, BotID: bot, PlatformID: id})
		row, slots = r.Subscriber, r.BotSlot
	default:
		return nil, gateway.Slots{}, fmt.Errorf("resolve recipient: unknown kind of address %q", to.Kind)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, gateway.Slots{}, nil
	}
	if err != nil {
		return nil, gateway.Slots{}, fmt.Errorf("resolve recipient: %w", err)
	}
	person := subscriber(row)
	return &person, gateway.Slots{
		Free: orZero(slots.FreeAt), ServiceFree: orZero(slots.ServiceFreeAt), BulkFree: orZero(slots.BulkFreeAt),
		ChatFree: orZero(row.ChatFreeAt), Blocked: orZero(slots.BlockedUntil), Rate: slots.Rate, RateSince: orZero(slots.RateSince),
	}, nil
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
