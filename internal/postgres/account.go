package postgres

import (
	"context"
	"fmt"
	"time"

	"herald/internal/gateway"
	"herald/internal/postgres/dbsqlc"
)

var _ gateway.AccountStore = (*Store)(nil)

func (s *Store) Operator(ctx context.Context) (gateway.Account, error) {
	ctx = system(ctx, accountWork)
	row, err := s.q.Operator(ctx)
	return account(row), found(err, gateway.ErrAccountNotFound, "read operator account")
}

func (s *Store) CreateAccount(ctx context.Context, a gateway.Account) error {
	ctx = system(ctx, accountWork)
	err := s.q.CreateAccount(ctx, dbsqlc.CreateAccountParams{
		ID: string(a.ID), Name: a.Name, Operator: a.Operator, Region: a.Region, CreatedAt: a.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("insert account %s: %w", a.ID, err)
	}
	return nil
}

func (s *Store) Account(ctx context.Context, id gateway.AccountID) (gateway.Account, error) {
	ctx = of(ctx, id)
	row, err := s.q.Account(ctx, string(id))
	return account(row), found(err, gateway.ErrAccountNotFound, "read account")
}

func account(r dbsqlc.Account) gateway.Account {
	return gateway.Account{
		ID: gateway.AccountID(r.ID), Name: r.Name, Operator: r.Operator, Region: r.Region, CreatedAt: r.CreatedAt.UTC(),
		SuspendedAt: orZero(r.SuspendedAt),
	}
}

func (s *Store) Accounts(ctx context.Context, p gateway.Page) (gateway.List[gateway.Account], error) {
	ctx = system(ctx, accountWork)
	rows, err := s.q.Accounts(ctx, dbsqlc.AccountsParams{After: p.After, Limit: int32(p.Limit) + 1})
	if err != nil {
		return gateway.List[gateway.Account]{}, fmt.Errorf("list accounts: %w", err)
	}
	return list(rows, p.Limit, account, func(a gateway.Account) string { return string(a.ID) }), nil
}

func (s *Store) ChangeAccount(ctx context.Context, id gateway.AccountID, c gateway.AccountChange, at time.Time) (gateway.Account, error) {
	ctx = of(ctx, id)
	p := dbsqlc.ChangeAccountParams{AccountID: string(id), Name: c.Name, Region: c.Region, ChangeSuspension: c.Suspend != nil, At: at}
	if c.Suspend != nil {
		p.Suspend = *c.Suspend
	}
	row, err := s.q.ChangeAccount(ctx, p)
	return account(row), found(err, gateway.ErrAccountNotFound, "change account")
}

func (s *Store) CreateKey(ctx context.Context, k gateway.Key, hash gateway.KeyHash) error {
	ctx = of(ctx, k.AccountID)
	scopes := make([]string, len(k.Scopes))
	for i, scope := range k.Scopes {
		scopes[i] = string(scope)
	}
	err := s.q.CreateKey(ctx, dbsqlc.CreateKeyParams{
		ID: string(k.ID), AccountID: string(k.AccountID), Name: k.Name, Hint: k.Hint, Hash: hash[:], Scopes: scopes,
		CreatedAt: k.CreatedAt, ExpiresAt: orNull(k.ExpiresAt),
	})
	if err != nil {
		return fmt.Errorf("insert API key %s: %w", k.ID, err)
	}
	return nil
}

func (s *Store) Keys(ctx context.Context, account gateway.AccountID, p gateway.Page) (gateway.List[gateway.Key], error) {
	ctx = of(ctx, account)
	rows, err := s.q.Keys(ctx, dbsqlc.KeysParams{AccountID: string(account), After: p.After, Limit: int32(p.Limit) + 1})
	if err != nil {
		return gateway.List[gateway.Key]{}, fmt.Errorf("list API keys: %w", err)
	}
	return list(rows, p.Limit, key, func(k gateway.Key) string { return string(k.ID) }), nil
}

func (s *Store) KeyByHash(ctx context.Context, hash gateway.KeyHash) (gateway.Key, error) {
	ctx = system(ctx, keyWork)
	row, err := s.q.KeyByHash(ctx, hash[:])
	k := key(row.ApiKey)
	k.Suspended = row.Suspended
	return k, found(err, gateway.ErrKeyNotFound, "read API key")
}

func (s *Store) TouchKey(ctx context.Context, account gateway.AccountID, id gateway.KeyID, at time.Time) error {
	ctx = of(ctx, account)
	err := s.q.TouchKey(ctx, dbsqlc.TouchKeyParams{AccountID: string(account), ID: string(id), LastUsedAt: &at})
	if err != nil {
		return fmt.Errorf("update API key %s: %w", id, err)
	}
	return nil
}

func (s *Store) RevokeKey(ctx context.Context, account gateway.AccountID, id gateway.KeyID, at time.Time) (gateway.Key, error) {
	ctx = of(ctx, account)
	row, err := s.q.RevokeKey(ctx, dbsqlc.RevokeKeyParams{AccountID: string(account), ID: string(id), RevokedAt: &at})
	return key(row), found(err, gateway.ErrKeyNotFound, "revoke API key")
}

func key(r dbsqlc.ApiKey) gateway.Key {
	scopes := make([]gateway.Scope, len(r.Scopes))
	for i, scope := range r.Scopes {
		scopes[i] = gateway.Scope(scope)
	}
	return gateway.Key{
		ID: gateway.KeyID(r.ID), AccountID: gateway.AccountID(r.AccountID), Name: r.Name, Hint: r.Hint, Scopes: scopes,
		CreatedAt: r.CreatedAt.UTC(), ExpiresAt: orZero(r.ExpiresAt), LastUsedAt: orZero(r.LastUsedAt), RevokedAt: orZero(r.RevokedAt),
	}
}
