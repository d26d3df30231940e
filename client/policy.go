package client

import (
	"context"
	"iter"
	"net/http"

	"herald/client/wire"
)

// Policy returns the policy of shared bots. Only the operator reads it.
func (c *Client) Policy(ctx context.Context) (Policy, error) {
	return call[Policy](ctx, c, func() (*http.Response, error) { return c.calls.GetPolicy(ctx) })
}

// SetPolicy replaces the policy of shared bots; an empty source brings back the one that comes with Herald.
func (c *Client) SetPolicy(ctx context.Context, source string) (Policy, error) {
	return call[Policy](ctx, c, func() (*http.Response, error) { return c.calls.SetPolicy(ctx, wire.NewPolicy{Source: source}) })
}

// CheckPolicy tells whether shared bots would carry a text. Nothing is counted.
func (c *Client) CheckPolicy(ctx context.Context, text string, lane Lane) (PolicyCheck, error) {
	params := wire.CheckPolicyParams{IdempotencyKey: newKey()}
	return call[PolicyCheck](ctx, c, func() (*http.Response, error) {
		return c.calls.CheckPolicy(ctx, &params, wire.NewPolicyCheck{Text: text, Lane: lane})
	})
}

// SetPolicyAllowance lets an account send what the policy refuses, or takes that back.
func (c *Client) SetPolicyAllowance(ctx context.Context, a PolicyAllowance) (PolicyAllowance, error) {
	return call[PolicyAllowance](ctx, c, func() (*http.Response, error) { return c.calls.SetPolicyAllowance(ctx, a) })
}

// PolicyAllowances walks what accounts may send whatever the policy says, the youngest account first.
func (c *Client) PolicyAllowances(ctx context.Context) iter.Seq2[KeptAllowance, error] {
	return walk(func(cursor string) ([]KeptAllowance, string, error) {
		list, err := call[wire.KeptAllowanceList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListPolicyAllowances(ctx, &wire.ListPolicyAllowancesParams{Cursor: optional(cursor)})
		})
		return list.Items, list.Next, err
	})
}
