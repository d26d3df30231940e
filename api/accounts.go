package api

import (
	"context"

	"herald/api/internal/wire"
	"herald/internal/accounts"
	"herald/internal/gateway"
)

// CreateAccount makes an account of a customer, with its first key. It is the operator's, as is all in this file.
func (s *server) CreateAccount(ctx context.Context, r wire.CreateAccountRequestObject) (wire.CreateAccountResponseObject, error) {
	who := callerOf(ctx)
	if err := s.accounts.RequireOperator(ctx, who.key.AccountID); err != nil {
		return nil, err
	}
	made, key, secret, err := s.accounts.Create(ctx, accounts.NewAccount{
		ID: gateway.AccountID(who.newID("acc")), Name: r.Body.Name, Region: r.Body.Region,
		Key: accounts.NewKey{ID: gateway.KeyID(who.newID("key"))},
	})
	if err != nil {
		return nil, err
	}
	first := apiKey(key)
	return wire.CreateAccount201JSONResponse{
		ID: string(made.ID), Name: made.Name, Region: made.Region, CreatedAt: made.CreatedAt,
		Key: wire.CreatedKey{
			ID: first.ID, Name: first.Name, Hint: first.Hint, Scopes: first.Scopes, CreatedAt: first.CreatedAt, Secret: secret.Reveal(),
		},
	}, nil
}

// ListAccounts lists the accounts of the installation.
func (s *server) ListAccounts(ctx context.Context, r wire.ListAccountsRequestObject) (wire.ListAccountsResponseObject, error) {
	if err := s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID); err != nil {
		return nil, err
	}
	p, err := page(given(r.Params.Limit), given(r.Params.Cursor), "acc")
	if err != nil {
		return nil, err
	}
	list, err := s.accounts.Accounts(ctx, p)
	if err != nil {
		return nil, err
	}
	return wire.ListAccounts200JSONResponse{Items: each(list.Items, accountOf), Next: next(list.Next)}, nil
}

// GetAccount shows an account.
func (s *server) GetAccount(ctx context.Context, r wire.GetAccountRequestObject) (wire.GetAccountResponseObject, error) {
	id, err := s.customer(ctx, r.Account)
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.Account(ctx, id)
	return wire.GetAccount200JSONResponse(accountOf(account)), err
}

// ChangeAccount renames an account, gives it a region, suspends it, or lets it work again.
func (s *server) ChangeAccount(ctx context.Context, r wire.ChangeAccountRequestObject) (wire.ChangeAccountResponseObject, error) {
	id, err := s.customer(ctx, r.Account)
	if err != nil {
		return nil, err
	}
	account, err := s.accounts.Change(ctx, id, gateway.AccountChange{Name: r.Body.Name, Region: r.Body.Region, Suspend: r.Body.Suspended})
	return wire.ChangeAccount200JSONResponse(accountOf(account)), err
}

// customer reads the id of an account for the operator.
func (s *server) customer(ctx context.Context, id string) (gateway.AccountID, error) {
	if err := s.accounts.RequireOperator(ctx, callerOf(ctx).key.AccountID); err != nil {
		return "", err
	}
	if !gateway.HasPrefix(id, "acc") {
		return "", gateway.ErrAccountNotFound
	}
	return gateway.AccountID(id), nil
}

func accountOf(a gateway.Account) wire.Account {
	return wire.Account{
		ID: string(a.ID), Name: a.Name, Operator: a.Operator, Region: a.Region, CreatedAt: a.CreatedAt, SuspendedAt: a.SuspendedAt,
	}
}
