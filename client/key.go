package client

import (
	"context"
	"iter"
	"net/http"

	"herald/client/wire"
)

// CreateKey makes an API key. Its secret is in the answer and nowhere else.
func (c *Client) CreateKey(ctx context.Context, k NewKey) (CreatedKey, error) {
	params := wire.CreateKeyParams{IdempotencyKey: newKey()}
	return call[CreatedKey](ctx, c, func() (*http.Response, error) { return c.calls.CreateKey(ctx, &params, k) })
}

// Keys walks the API keys of the account, newest first, revoked ones too.
func (c *Client) Keys(ctx context.Context) iter.Seq2[Key, error] {
	return walk(func(cursor string) ([]Key, string, error) {
		list, err := call[wire.KeyList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListKeys(ctx, &wire.ListKeysParams{Cursor: optional(cursor)})
		})
		return list.Items, list.Next, err
	})
}

// RevokeKey ends a key for good.
func (c *Client) RevokeKey(ctx context.Context, id string) (Key, error) {
	return call[Key](ctx, c, func() (*http.Response, error) { return c.calls.RevokeKey(ctx, id) })
}

// Ready tells whether the installation can work, part by part. A part that fails is not an error of the call.
func (c *Client) Ready(ctx context.Context) (Health, error) {
	response, err := c.calls.GetReadiness(ctx)
	if err != nil {
		return Health{}, err
	}
	parsed, err := wire.ParseGetReadinessResponse(response)
	switch {
	case err != nil:
		return Health{}, err
	case parsed.JSON200 != nil:
		return *parsed.JSON200, nil
	case parsed.JSON503 != nil:
		return *parsed.JSON503, nil
	default:
		return Health{}, problem(response, nil)
	}
}
