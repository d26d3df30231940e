package api

import (
	"context"
	"strings"

	"herald/api/internal/wire"
	"herald/internal/gateway"
	"herald/internal/messaging"
	"herald/internal/phone"
)

// ListSubscribers lists the people who connected to a bot.
func (s *server) ListSubscribers(ctx context.Context, r wire.ListSubscribersRequestObject) (wire.ListSubscribersResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	p, err := page(given(r.Params.Limit), given(r.Params.Cursor), "sub")
	if err != nil {
		return nil, err
	}
	filter := gateway.SubscriberFilter{
		Username:   strings.ToLower(strings.TrimPrefix(given(r.Params.Username), "@")),
		PlatformID: given(r.Params.PlatformID), Connection: gateway.Connection(given(r.Params.Connection)),
	}
	if r.Params.Phone != nil {
		if filter.Phone, err = phone.Parse(*r.Params.Phone, ""); err != nil {
			return nil, gateway.Fault(gateway.CodePhoneInvalid, "phone", "This is not a phone number that exists. Write it with its country code, such as +380501234567 (and + as %2B).")
		}
	}
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	list, err := s.bots.Subscribers(ctx, account, bot.ID, filter, p)
	if err != nil {
		return nil, err
	}
	return wire.ListSubscribers200JSONResponse{Items: each(list.Items, subscriber), Next: next(list.Next)}, nil
}

// GetSubscriber returns one of them.
func (s *server) GetSubscriber(ctx context.Context, r wire.GetSubscriberRequestObject) (wire.GetSubscriberResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	bot, err := s.bots.Find(ctx, account, r.Bot)
	if err != nil {
		return nil, err
	}
	if !gateway.HasPrefix(r.Subscriber, "sub") {
		return nil, gateway.ErrSubscriberNotFound
	}
	found, err := s.bots.Subscriber(ctx, account, bot.ID, gateway.SubscriberID(r.Subscriber))
	if err != nil {
		return nil, err
	}
	return wire.GetSubscriber200JSONResponse(subscriber(found)), nil
}

func subscriber(p gateway.Subscriber) wire.Subscriber {
	return wire.Subscriber{
		ID: string(p.ID), Bot: string(p.BotID), PlatformID: p.PlatformID, Username: p.Username,
		UsernameSeenAt: p.UsernameSeenAt, Name: p.Name(), FirstName: p.FirstName, LastName: p.LastName,
		Language: p.Language, Phone: p.Phone, PhoneProof: wire.SubscriberPhoneProof(p.PhoneProof),
		PhoneProvedAt: p.PhoneProvedAt, Connection: wire.Connection(p.Connection), Reason: string(p.Reason),
		ReasonText: messaging.Explain(p.Reason), StartPayload: p.StartPayload, ConnectedAt: p.ConnectedAt,
		DisconnectedAt: p.DisconnectedAt, LastSeenAt: p.LastSeenAt,
	}
}
