package client

import (
	"context"
	"iter"
	"net/http"

	"herald/client/wire"
)

// EventFilter narrows a list of events. Zero fields mean any.
type EventFilter struct {
	Kind       string // such as subscriber.connected, or bot.* for all kinds of a noun
	Bot        string // by id or by @name
	Subscriber string
	Label      string
}

// AccountEvents walks what happened in the account, newest first.
func (c *Client) AccountEvents(ctx context.Context, f EventFilter) iter.Seq2[AccountEvent, error] {
	return walk(func(cursor string) ([]AccountEvent, string, error) {
		list, err := call[wire.AccountEventList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListEvents(ctx, &wire.ListEventsParams{
				Kind: optional(f.Kind), Bot: optional(f.Bot), Subscriber: optional(f.Subscriber), Label: optional(f.Label), Cursor: optional(cursor),
			})
		})
		return list.Items, list.Next, err
	})
}
