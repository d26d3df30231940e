package api

import (
	"context"

	"herald/api/internal/wire"
	"herald/internal/gateway"
)

// ListEvents lists what happened in the account.
func (s *server) ListEvents(ctx context.Context, r wire.ListEventsRequestObject) (wire.ListEventsResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	p, err := page(given(r.Params.Limit), given(r.Params.Cursor), "evt")
	if err != nil {
		return nil, err
	}
	filter := gateway.AccountEventFilter{
		Kind: gateway.AccountEventKind(given(r.Params.Kind)), SubscriberID: gateway.SubscriberID(given(r.Params.Subscriber)),
		Label: given(r.Params.Label),
	}
	if r.Params.Bot != nil {
		bot, err := s.bots.Find(ctx, account, *r.Params.Bot)
		if err != nil {
			return nil, err
		}
		filter.BotID = bot.ID
	}
	list, err := s.events.AccountEvents(ctx, account, filter, p.Bounded())
	if err != nil {
		return nil, err
	}
	return wire.ListEvents200JSONResponse{Items: each(list.Items, accountEvent), Next: next(list.Next)}, nil
}

func accountEvent(e gateway.AccountEvent) wire.AccountEvent {
	return wire.AccountEvent{
		ID: string(e.ID), At: e.At, Bot: string(e.BotID), Subscriber: string(e.SubscriberID), Message: string(e.MessageID),
		Kind: string(e.Kind), Label: e.Label, Data: e.Data,
	}
}
