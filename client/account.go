package client

import (
	"context"
	"net/http"
)

// Prices shows what messages cost in this installation.
func (c *Client) Prices(ctx context.Context) (PriceList, error) {
	return call[PriceList](ctx, c, func() (*http.Response, error) { return c.calls.GetPrices(ctx) })
}

// SetPrices replaces the price list. Only the operator may.
func (c *Client) SetPrices(ctx context.Context, l PriceList) (PriceList, error) {
	return call[PriceList](ctx, c, func() (*http.Response, error) { return c.calls.SetPrices(ctx, l) })
}

// Defaults shows what the account wants of its messages where they leave it open.
func (c *Client) Defaults(ctx context.Context) (Defaults, error) {
	return call[Defaults](ctx, c, func() (*http.Response, error) { return c.calls.GetDefaults(ctx) })
}

// SetDefaults replaces the account's defaults; the zero Defaults take them away.
func (c *Client) SetDefaults(ctx context.Context, d Defaults) (Defaults, error) {
	return call[Defaults](ctx, c, func() (*http.Response, error) { return c.calls.SetDefaults(ctx, d) })
}
