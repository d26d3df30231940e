package client

import (
	"context"
	"net/http"
	"time"

	"herald/client/wire"
)

// TranslationUsage tells what the account had translated from the first to the last day, by UTC. A zero last day is
// today, a zero first one 29 days before the last.
func (c *Client) TranslationUsage(ctx context.Context, first, last time.Time) (TranslationUsage, error) {
	day := func(t time.Time) *string {
		if t.IsZero() {
			return nil
		}
		return optional(t.Format(time.DateOnly))
	}
	return call[TranslationUsage](ctx, c, func() (*http.Response, error) {
		return c.calls.TranslationUsage(ctx, &wire.TranslationUsageParams{From: day(first), To: day(last)})
	})
}

// TryTranslation translates a text as a reply would be. It costs what a reply would.
func (c *Client) TryTranslation(ctx context.Context, t NewTranslation) (Translation, error) {
	params := wire.TryTranslationParams{IdempotencyKey: newKey()}
	return call[Translation](ctx, c, func() (*http.Response, error) { return c.calls.TryTranslation(ctx, &params, t) })
}
