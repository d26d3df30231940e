package client

import (
	"context"
	"iter"
	"net/http"

	"herald/client/wire"
)

// CreateAccount makes an account of a customer. The secret of its first key is in the answer and nowhere else. This and
// the other calls about accounts are the operator's.
func (c *Client) CreateAccount(ctx context.Context, a NewAccount) (CreatedAccount, error) {
	params := wire.CreateAccountParams{IdempotencyKey: newKey()}
	return call[CreatedAccount](ctx, c, func() (*http.Response, error) { return c.calls.CreateAccount(ctx, &params, a) })
}

// Accounts walks the accounts of the installation, newest first.
func (c *Client) Accounts(ctx context.Context) iter.Seq2[Account, error] {
	return walk(func(cursor string) ([]Account, string, error) {
		list, err := call[wire.AccountList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListAccounts(ctx, &wire.ListAccountsParams{Cursor: optional(cursor)})
		})
		return list.Items, list.Next, err
	})
}

// Account returns an account.
func (c *Client) Account(ctx context.Context, id string) (Account, error) {
	return call[Account](ctx, c, func() (*http.Response, error) { return c.calls.GetAccount(ctx, id) })
}

// ChangeAccount renames an account, gives it a region, suspends it, or lets it work again.
func (c *Client) ChangeAccount(ctx context.Context, id string, change AccountChange) (Account, error) {
	return call[Account](ctx, c, func() (*http.Response, error) { return c.calls.ChangeAccount(ctx, id, change) })
}

// CreateAccountKey makes an API key of an account. Its secret is in the answer and nowhere else.
func (c *Client) CreateAccountKey(ctx context.Context, account string, k NewKey) (CreatedKey, error) {
	params := wire.CreateAccountKeyParams{IdempotencyKey: newKey()}
	return call[CreatedKey](ctx, c, func() (*http.Response, error) { return c.calls.CreateAccountKey(ctx, account, &params, k) })
}

// AccountKeys walks the API keys of an account, newest first, revoked ones too.
func (c *Client) AccountKeys(ctx context.Context, account string) iter.Seq2[Key, error] {
	return walk(func(cursor string) ([]Key, string, error) {
		list, err := call[wire.KeyList](ctx, c, func() (*http.Response, error) {
			return c.calls.ListAccountKeys(ctx, account, &wire.ListAccountKeysParams{Cursor: optional(cursor)})
		})
		return list.Items, list.Next, err
	})
}

// RevokeAccountKey ends a key of an account for good.
func (c *Client) RevokeAccountKey(ctx context.Context, account, id string) (Key, error) {
	return call[Key](ctx, c, func() (*http.Response, error) { return c.calls.RevokeAccountKey(ctx, account, id) })
}
