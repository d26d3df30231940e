package client

import (
	"context"
	"iter"
	"net/http"

	"herald/client/wire"
)

// PendingFilter narrows a list of updates. Empty fields mean any.
type PendingFilter struct {
	Bot   string // id or @name
	State wire.UpdateState
}

// PendingUpdates walks what bots received and what is not done with, newest first. For the operator.
func (c *Client) PendingUpdates(ctx context.Context, f PendingFilter) iter.Seq2[PendingUpdate, error] {
	return walk(func(cursor string) ([]PendingUpdate, string, error) {
		list, err := call[wire.PendingUpdateList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListUpdates(ctx, &wire.ListUpdatesParams{Bot: optional(f.Bot), State: optional(f.State), Cursor: optional(cursor)})
		})
		return list.Items, list.Next, err
	})
}

// RetryUpdate gives an update that was put aside back to the inbox. For the operator.
func (c *Client) RetryUpdate(ctx context.Context, id string) (PendingUpdate, error) {
	params := wire.RetryUpdateParams{IdempotencyKey: newKey()}
	return call[PendingUpdate](ctx, c, func() (*http.Response, error) { return c.calls.RetryUpdate(ctx, id, &params) })
}
