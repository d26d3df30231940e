package api

import (
	"context"
	"fmt"

	"herald/api/internal/wire"
	"herald/internal/accounts"
	"herald/internal/gateway"
)

// CreateKey makes an API key. A key hands on no scope that it does not have itself: else the smallest key that may make
// keys could do everything.
func (s *server) CreateKey(ctx context.Context, r wire.CreateKeyRequestObject) (wire.CreateKeyResponseObject, error) {
	made, err := s.newKey(ctx, callerOf(ctx).key.AccountID, *r.Body)
	return wire.CreateKey201JSONResponse(made), err
}

// CreateAccountKey makes an API key of a customer's account. It is the operator's.
func (s *server) CreateAccountKey(ctx context.Context, r wire.CreateAccountKeyRequestObject) (wire.CreateAccountKeyResponseObject, error) {
	account, err := s.keyHolder(ctx, r.Account)
	if err != nil {
		return nil, err
	}
	made, err := s.newKey(ctx, account, *r.Body)
	return wire.CreateAccountKey201JSONResponse(made), err
}

// keyHolder reads the id of an account that there is, for the operator.
func (s *server) keyHolder(ctx context.Context, id string) (gateway.AccountID, error) {
	account, err := s.customer(ctx, id)
	if err != nil {
		return "", err
	}
	_, err = s.accounts.Account(ctx, account)
	return account, err
}

func (s *server) newKey(ctx context.Context, account gateway.AccountID, n wire.NewKey) (wire.CreatedKey, error) {
	who := callerOf(ctx)
	scopes, err := handedOn(who.key, n.Scopes)
	if err != nil {
		return wire.CreatedKey{}, err
	}
	key, secret, err := s.accounts.CreateKey(ctx, account, accounts.NewKey{
		ID: gateway.KeyID(who.newID("key")), Name: n.Name, Scopes: scopes, ExpiresAt: n.ExpiresAt.UTC(),
	})
	if err != nil {
		return wire.CreatedKey{}, err
	}
	made := apiKey(key)
	return wire.CreatedKey{
		ID: made.ID, Name: made.Name, Hint: made.Hint, Scopes: made.Scopes, CreatedAt: made.CreatedAt,
		ExpiresAt: made.ExpiresAt, Secret: secret.Reveal(),
	}, nil
}

// handedOn returns the scopes of a new key: those asked for, or all of its maker's.
func handedOn(maker gateway.Key, wanted []string) ([]gateway.Scope, error) {
	if len(wanted) == 0 {
		return maker.Scopes, nil
	}
	var faults gateway.Faults
	scopes := make([]gateway.Scope, len(wanted))
	for i, name := range wanted {
		scopes[i] = gateway.Scope(name)
		if known(scopes[i]) && !maker.Allows(scopes[i]) {
			faults = append(faults, gateway.Fault(gateway.CodeForbidden, fmt.Sprintf("scopes[%d]", i), "The key that makes this key does not have this scope itself."))
		}
	}
	return scopes, faults.OrNil()
}

// known tells whether there is such a scope. The use case refuses those that there are not.
func known(scope gateway.Scope) bool {
	for _, s := range gateway.Scopes() {
		if s == scope {
			return true
		}
	}
	return false
}

// ListKeys lists the account's keys.
func (s *server) ListKeys(ctx context.Context, r wire.ListKeysRequestObject) (wire.ListKeysResponseObject, error) {
	list, err := s.keysOf(ctx, callerOf(ctx).key.AccountID, r.Params.Limit, r.Params.Cursor)
	return wire.ListKeys200JSONResponse(list), err
}

// ListAccountKeys lists the keys of a customer's account. It is the operator's.
func (s *server) ListAccountKeys(ctx context.Context, r wire.ListAccountKeysRequestObject) (wire.ListAccountKeysResponseObject, error) {
	account, err := s.keyHolder(ctx, r.Account)
	if err != nil {
		return nil, err
	}
	list, err := s.keysOf(ctx, account, r.Params.Limit, r.Params.Cursor)
	return wire.ListAccountKeys200JSONResponse(list), err
}

func (s *server) keysOf(ctx context.Context, account gateway.AccountID, limit *int, cursor *string) (wire.KeyList, error) {
	p, err := page(given(limit), given(cursor), "key")
	if err != nil {
		return wire.KeyList{}, err
	}
	list, err := s.accounts.Keys(ctx, account, p)
	if err != nil {
		return wire.KeyList{}, err
	}
	return wire.KeyList{Items: each(list.Items, apiKey), Next: next(list.Next)}, nil
}

// RevokeKey ends a key.
func (s *server) RevokeKey(ctx context.Context, r wire.RevokeKeyRequestObject) (wire.RevokeKeyResponseObject, error) {
	key, err := s.revoked(ctx, callerOf(ctx).key.AccountID, r.Key)
	return wire.RevokeKey200JSONResponse(key), err
}

// RevokeAccountKey ends a key of a customer's account. It is the operator's.
func (s *server) RevokeAccountKey(ctx context.Context, r wire.RevokeAccountKeyRequestObject) (wire.RevokeAccountKeyResponseObject, error) {
	account, err := s.keyHolder(ctx, r.Account)
	if err != nil {
		return nil, err
	}
	key, err := s.revoked(ctx, account, r.Key)
	return wire.RevokeAccountKey200JSONResponse(key), err
}

func (s *server) revoked(ctx context.Context, account gateway.AccountID, id string) (wire.Key, error) {
	if !gateway.HasPrefix(id, "key") {
		return wire.Key{}, gateway.ErrKeyNotFound
	}
	key, err := s.accounts.RevokeKey(ctx, account, gateway.KeyID(id))
	if err != nil {
		return wire.Key{}, err
	}
	return apiKey(key), nil
}

func apiKey(k gateway.Key) wire.Key {
	return wire.Key{
		ID: string(k.ID), Name: k.Name, Hint: k.Hint, Scopes: each(k.Scopes, func(s gateway.Scope) string { return string(s) }),
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
}
