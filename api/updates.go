package api

import (
	"context"

	"herald/api/internal/wire"
	"herald/internal/gateway"
)

// ListUpdates shows the operator what the inbox has not done.
func (s *server) ListUpdates(ctx context.Context, r wire.ListUpdatesRequestObject) (wire.ListUpdatesResponseObject, error) {
	account := callerOf(ctx).key.AccountID
	if err := s.accounts.RequireOperator(ctx, account); err != nil {
		return nil, err
	}
	p, err := page(given(r.Params.Limit), given(r.Params.Cursor), "upd")
	if err != nil {
		return nil, err
	}
	filter := gateway.PendingFilter{Aside: given(r.Params.State) == wire.UpdateAside}
	if r.Params.Bot != nil {
		bot, err := s.bots.Find(ctx, account, *r.Params.Bot)
		if err != nil {
			return nil, err
		}
		filter.BotID = bot.ID
	}
	list, err := s.updates.PendingUpdates(ctx, filter, p.Bounded())
	if err != nil {
		return nil, err
	}
	return wire.ListUpdates200JSONResponse{Items: each(list.Items, pendingUpdate), Next: next(list.Next)}, nil
}

// RetryUpdate gives an update that was put aside back to the inbox.
func (s *server) RetryUpdate(ctx context.Context, r wire.RetryUpdateRequestObject) (wire.RetryUpdateResponseObject, error) {
	if err := s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID); err != nil {
		return nil, err
	}
	u, err := s.updates.RetryUpdate(ctx, gateway.UpdateID(r.Update))
	if err != nil {
		return nil, err
	}
	return wire.RetryUpdate200JSONResponse(pendingUpdate(u)), nil
}

func pendingUpdate(u gateway.PendingUpdate) wire.PendingUpdate {
	state := wire.UpdateWaiting
	if u.Error != "" {
		state = wire.UpdateAside
	}
	return wire.PendingUpdate{
		ID: string(u.ID), Account: string(u.AccountID), Bot: string(u.BotID), State: state, ReceivedAt: u.ReceivedAt,
		Attempts: u.Attempts, Error: u.Error,
	}
}
