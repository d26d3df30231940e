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
	who := callerOf(ctx)
	scopes, err := handedOn(who.key, r.Body.Scopes)
	if err != nil {
		return nil, err
	}
	key, secret, err := s.accounts.CreateKey(ctx, who.key.AccountID, accounts.NewKey{
		ID: gateway.KeyID(who.newID("key")), Name: r.Body.Name, Scopes: scopes, ExpiresAt: r.Body.ExpiresAt.UTC(),
	})
	if err != nil {
		return nil, err
	}
	made := apiKey(key)
	return wire.CreateKey201JSONResponse{
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
	p, err := page(given(r.Params.Limit), given(r.Params.Cursor), "key")
	if err != nil {
		return nil, err
	}
	list, err := s.accounts.Keys(ctx, callerOf(ctx).key.AccountID, p)
	if err != nil {
		return nil, err
	}
	return wire.ListKeys200JSONResponse{Items: each(list.Items, apiKey), Next: next(list.Next)}, nil
}

// RevokeKey ends a key.
func (s *server) RevokeKey(ctx context.Context, r wire.RevokeKeyRequestObject) (wire.RevokeKeyResponseObject, error) {
	if !gateway.HasPrefix(r.Key, "key") {
		return nil, gateway.ErrKeyNotFound
	}
	key, err := s.accounts.RevokeKey(ctx, callerOf(ctx).key.AccountID, gateway.KeyID(r.Key))
	if err != nil {
		return nil, err
	}
	return wire.RevokeKey200JSONResponse(apiKey(key)), nil
}

func apiKey(k gateway.Key) wire.Key {
	return wire.Key{
		ID: string(k.ID), Name: k.Name, Hint: k.Hint, Scopes: each(k.Scopes, func(s gateway.Scope) string { return string(s) }),
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
}
