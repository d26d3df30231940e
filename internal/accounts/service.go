package accounts

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"herald/internal/gateway"
)

const (
	// cacheFor is how long an API key is believed without asking the database: what a revocation may lag behind.
	cacheFor = time.Second
	// cacheSize bounds the cache against floods of wrong keys (which are never cached).
	cacheSize = 4096
	// touchEvery is how often the last use of a key is written down.
	touchEvery = time.Minute

	maxKeyName = 100
	secretHint = 9 // characters of a secret that lists show: "hk_" and six more, of 32
)

// Service answers who a key belongs to and manages keys.
type Service struct {
	store gateway.AccountStore
	ids   *gateway.IDs
	now   gateway.Clock

	mu    sync.Mutex
	cache map[gateway.KeyHash]cached
}

type cached struct {
	key   gateway.Key
	until time.Time
}

// New returns a Service over the store.
func New(store gateway.AccountStore, ids *gateway.IDs, now gateway.Clock) *Service {
	return &Service{store: store, ids: ids, now: now, cache: map[gateway.KeyHash]cached{}}
}

// EnsureOperator returns the operator's account, making it on the first start of an installation.
func (s *Service) EnsureOperator(ctx context.Context) (gateway.Account, error) {
	account, err := s.store.Operator(ctx)
	if err == nil || !errors.Is(err, gateway.ErrAccountNotFound) {
		return account, err
	}
	account = gateway.Account{ID: s.ids.Account(), Name: "operator", Operator: true, CreatedAt: s.now()}
	if err := s.store.CreateAccount(ctx, account); err != nil {
		return gateway.Account{}, fmt.Errorf("create operator account: %w", err)
	}
	return s.store.Operator(ctx) // another process may have been first
}

// Authenticate returns the key that the secret belongs to, or ErrUnauthorized.
func (s *Service) Authenticate(ctx context.Context, secret gateway.Secret) (gateway.Key, error) {
	if !strings.HasPrefix(secret.Reveal(), "hk_") || len(secret.Reveal()) > 100 {
		return gateway.Key{}, gateway.ErrUnauthorized
	}
	now, hash := s.now(), gateway.KeyHash(sha256.Sum256([]byte(secret.Reveal())))
	if key, ok := s.remembered(hash, now); ok {
		return key, nil
	}
	key, err := s.store.KeyByHash(ctx, hash)
	switch {
	case errors.Is(err, gateway.ErrKeyNotFound):
		return gateway.Key{}, gateway.ErrUnauthorized
	case err != nil:
		return gateway.Key{}, fmt.Errorf("find API key: %w", err)
	case !key.Live(now):
		return gateway.Key{}, gateway.ErrUnauthorized
	}
	if key.Suspended {
		return gateway.Key{}, gateway.Fault(gateway.CodeSuspended, "", "The operator has suspended this account. What was queued waits.")
	}
	if now.Sub(key.LastUsedAt) >= touchEvery {
		if err := s.store.TouchKey(ctx, key.AccountID, key.ID, now); err != nil {
			return gateway.Key{}, fmt.Errorf("touch API key %s: %w", key.ID, err)
		}
	}
	s.remember(hash, key, now)
	return key, nil
}

func (s *Service) remembered(hash gateway.KeyHash, now time.Time) (gateway.Key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.cache[hash]
	return c.key, ok && now.Before(c.until) && c.key.Live(now)
}

func (s *Service) remember(hash gateway.KeyHash, key gateway.Key, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.cache) >= cacheSize {
		clear(s.cache)
	}
	s.cache[hash] = cached{key: key, until: now.Add(cacheFor)}
}

// NewKey is what a new API key shall be.
type NewKey struct {
	ID        gateway.KeyID // filled if empty
	Name      string
	Scopes    []gateway.Scope // none means all
	ExpiresAt time.Time       // zero: never
}

// CreateKey makes an API key and returns its secret, which is shown this once. The same id once more gives that key a new
// secret.
func (s *Service) CreateKey(ctx context.Context, account gateway.AccountID, n NewKey) (gateway.Key, gateway.Secret, error) {
	scopes, err := checkKey(n, s.now())
	if err != nil {
		return gateway.Key{}, "", err
	}
	if n.ID == "" {
		n.ID = s.ids.Key()
	}
	secret := s.ids.Secret("hk")
	key := gateway.Key{
		ID: n.ID, AccountID: account, Name: strings.TrimSpace(n.Name), Hint: secret.Reveal()[:secretHint],
		Scopes: scopes, CreatedAt: s.now(), ExpiresAt: n.ExpiresAt,
	}
	if err := s.store.CreateKey(ctx, key, sha256.Sum256([]byte(secret.Reveal()))); err != nil {
		return gateway.Key{}, "", fmt.Errorf("create API key: %w", err)
	}
	return key, secret, nil
}

func checkKey(n NewKey, now time.Time) ([]gateway.Scope, error) {
	var faults gateway.Faults
	name := strings.TrimSpace(n.Name)
	switch {
	case name == "":
		faults = append(faults, gateway.Fault(gateway.CodeRequired, "name", "Name the key after the program that will use it."))
	case len(name) > maxKeyName:
		faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, "name", "A key's name has at most 100 bytes."))
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(now) {
		faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, "expires_at", "The key would expire before it was made."))
	}
	scopes := n.Scopes
	if len(scopes) == 0 {
		scopes = gateway.Scopes()
	}
	seen := map[gateway.Scope]bool{}
	for i, scope := range scopes {
		if !knownScope(scope) {
			faults = append(faults, gateway.Fault(gateway.CodeKeyScope, fmt.Sprintf("scopes[%d]", i), "There is no such scope. There are: "+scopeNames()+"."))
		}
		seen[scope] = true
	}
	unique := make([]gateway.Scope, 0, len(seen))
	for scope := range seen {
		unique = append(unique, scope)
	}
	sort.Slice(unique, func(i, j int) bool { return unique[i] < unique[j] })
	return unique, faults.OrNil()
}

func scopeNames() string {
	var names []string
	for _, scope := range gateway.Scopes() {
		names = append(names, string(scope))
	}
	return strings.Join(names, ", ")
}

func knownScope(scope gateway.Scope) bool {
	for _, s := range gateway.Scopes() {
		if s == scope {
			return true
		}
	}
	return false
}

// Keys lists the account's keys, newest first.
func (s *Service) Keys(ctx context.Context, account gateway.AccountID, p gateway.Page) (gateway.List[gateway.Key], error) {
	return s.store.Keys(ctx, account, p.Bounded())
}

// RevokeKey ends a key. Other processes notice within a second.
func (s *Service) RevokeKey(ctx context.Context, account gateway.AccountID, id gateway.KeyID) (gateway.Key, error) {
	key, err := s.store.RevokeKey(ctx, account, id, s.now())
	if err != nil {
		return gateway.Key{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.cache)
	return key, nil
}
