package accounts_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/accounts"
	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m)) }

// world is a service whose clock the test moves.
type world struct {
	*accounts.Service
	store    *postgres.Store
	operator gateway.Account
	mu       sync.Mutex
	at       time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{store: postgrestest.Store(t), at: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	w.Service = accounts.New(w.store, gateway.NewIDs(nil, nil), w.now)
	var err error
	w.operator, err = w.EnsureOperator(t.Context())
	require.NoError(t, err)
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func TestThereIsOneOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			other := accounts.New(w.store, gateway.NewIDs(nil, nil), w.now)
			account, err := other.EnsureOperator(t.Context())
			if err != nil || account.ID != w.operator.ID {
				t.Errorf("another operator %s: %v", account.ID, err)
			}
		})
	}
	wg.Wait()
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, secret, err := w.CreateKey(t.Context(), w.operator.ID, accounts.NewKey{
		Name: "shop", Scopes: []gateway.Scope{gateway.ScopeMessagesSend, gateway.ScopeMessagesSend}, ExpiresAt: w.now().Add(time.Hour),
	})
	require.NoError(t, err)
	require.Equal(t, []gateway.Scope{gateway.ScopeMessagesSend}, key.Scopes)
	require.True(t, strings.HasPrefix(secret.Reveal(), key.Hint))

	got, err := w.Authenticate(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, key.ID, got.ID)
	require.True(t, got.Allows(gateway.ScopeMessagesSend))
	require.False(t, got.Allows(gateway.ScopeKeysWrite))

	list, err := w.Keys(t.Context(), w.operator.ID, gateway.Page{})
	require.NoError(t, err)
	require.Equal(t, w.now(), list.Items[0].LastUsedAt, "its use is written down")

	for _, wrong := range []gateway.Secret{"", "hk_", secret + "x", "hk_" + gateway.Secret(strings.Repeat("0", 32)), gateway.Secret(strings.Repeat("h", 1000))} {
		_, err := w.Authenticate(t.Context(), wrong)
		require.ErrorIs(t, err, gateway.ErrUnauthorized)
	}

	w.pass(time.Hour)
	_, err = w.Authenticate(t.Context(), secret)
	require.ErrorIs(t, err, gateway.ErrUnauthorized, "it has expired")
}

func TestARevokedKeyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, secret, err := w.CreateKey(t.Context(), w.operator.ID, accounts.NewKey{Name: "shop"})
	require.NoError(t, err)
	elsewhere := accounts.New(w.store, gateway.NewIDs(nil, nil), w.now)
	_, err = elsewhere.Authenticate(t.Context(), secret)
	require.NoError(t, err)

	_, err = w.RevokeKey(t.Context(), w.operator.ID, key.ID)
	require.NoError(t, err)
	_, err = w.Authenticate(t.Context(), secret)
	require.ErrorIs(t, err, gateway.ErrUnauthorized, "at once where it was revoked")
	w.pass(time.Second)
	_, err = elsewhere.Authenticate(t.Context(), secret)
	require.ErrorIs(t, err, gateway.ErrUnauthorized, "within a second everywhere else")

	_, err = w.RevokeKey(t.Context(), "acc_other", key.ID)
	require.ErrorIs(t, err, gateway.ErrKeyNotFound)
}

func TestKeysThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name  string
		key   accounts.NewKey
		code  gateway.Code
		field string
	}{
		{"no name", accounts.NewKey{Name: " "}, gateway.CodeRequired, "name"},
		{"a name that is too long", accounts.NewKey{Name: strings.Repeat("x", 101)}, gateway.CodeFieldInvalid, "name"},
		{"an unknown scope", accounts.NewKey{Name: "x", Scopes: []gateway.Scope{"bots:read", "all"}}, gateway.CodeKeyScope, "scopes[1]"},
		{"an end in the past", accounts.NewKey{Name: "x", ExpiresAt: w.now()}, gateway.CodeFieldInvalid, "expires_at"},
	} {
		_, _, err := w.CreateKey(t.Context(), w.operator.ID, c.key)
		var faults gateway.Faults
		require.ErrorAs(t, err, &faults, c.name)
		require.Equal(t, c.code, faults[0].Code, c.name)
		require.Equal(t, c.field, faults[0].Field, c.name)
	}
	list, err := w.Keys(t.Context(), w.operator.ID, gateway.Page{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}
