package gateway

import (
	"context"
	"errors"
	"time"
)

// Account is a customer of the installation. The operator is the account that owns it.
type Account struct {
	ID        AccountID
	Name      string
	Operator  bool
	Region    string // two letters, for phones written without a country code; empty asks for international form
	CreatedAt time.Time

	SuspendedAt time.Time // zero: it works
}

// AccountChange is what the operator wants to be otherwise about an account.
type AccountChange struct {
	Name    string  // empty: as it is
	Region  *string // nil: as it is; empty: none
	Suspend *bool   // nil: as it is
}

// Scope is what an API key allows.
type Scope string

const (
	ScopeMessagesSend     Scope = "messages:send"     // send messages
	ScopeMessagesRead     Scope = "messages:read"     // read messages and their events
	ScopeBotsRead         Scope = "bots:read"         // list bots and their connect links
	ScopeBotsWrite        Scope = "bots:write"        // add bots
	ScopeSubscribersRead  Scope = "subscribers:read"  // list the people connected to bots
	ScopeSubscribersWrite Scope = "subscribers:write" // change what is known about people
	ScopeEventsRead       Scope = "events:read"       // read what happened in the account
	ScopeRulesRead        Scope = "rules:read"        // read, check and try rule files
	ScopeRulesWrite       Scope = "rules:write"       // publish and activate rule files
	ScopeAccountRead      Scope = "account:read"      // read the price list and the account's defaults
	ScopeAccountWrite     Scope = "account:write"     // change the account's defaults; the operator's, the price list, too
	ScopeTranslationUse   Scope = "translation:use"   // have texts translated, and read what that costs
	ScopeKeysRead         Scope = "keys:read"         // list API keys, without their secrets
	ScopeKeysWrite        Scope = "keys:write"        // make and revoke API keys
)

// Scopes are all scopes, in the order in which they are documented.
func Scopes() []Scope {
	return []Scope{
		ScopeMessagesSend, ScopeMessagesRead, ScopeBotsRead, ScopeBotsWrite,
		ScopeSubscribersRead, ScopeSubscribersWrite, ScopeEventsRead, ScopeRulesRead, ScopeRulesWrite,
		ScopeAccountRead, ScopeAccountWrite, ScopeTranslationUse, ScopeKeysRead, ScopeKeysWrite,
	}
}

// Key is an API key. Its secret is stored as a hash and shown once.
type Key struct {
	ID         KeyID
	AccountID  AccountID
	Name       string
	Hint       string // the first characters of the secret, to recognise it by
	Scopes     []Scope
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never; kept to the minute
	RevokedAt  time.Time // zero: still good
	Suspended  bool      // its account rests
}

// Live tells whether the key may be used at now.
func (k Key) Live(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// Allows tells whether the key has the scope.
func (k Key) Allows(scope Scope) bool {
	for _, s := range k.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// KeyHash is the SHA-256 of a key's secret: secrets are 160 random bits, so a fast hash is enough.
type KeyHash [32]byte

// AccountStore keeps accounts and their keys.
type AccountStore interface {
	Operator(ctx context.Context) (Account, error) // ErrAccountNotFound before the first start
	CreateAccount(ctx context.Context, a Account) error
	Account(ctx context.Context, id AccountID) (Account, error)
	Accounts(ctx context.Context, p Page) (List[Account], error) // of the installation, newest first
	ChangeAccount(ctx context.Context, id AccountID, c AccountChange, at time.Time) (Account, error)

	CreateKey(ctx context.Context, k Key, hash KeyHash) error
	Keys(ctx context.Context, account AccountID, p Page) (List[Key], error)
	KeyByHash(ctx context.Context, hash KeyHash) (Key, error)
	TouchKey(ctx context.Context, account AccountID, id KeyID, at time.Time) error
	RevokeKey(ctx context.Context, account AccountID, id KeyID, at time.Time) (Key, error)
}

// Claim is an Idempotency-Key at work: the request that came first holds it, the answer is kept for the repeats.
type Claim struct {
	AccountID AccountID
	Key       string
	Request   [32]byte // SHA-256 of method, path and body
	Suffix    string   // 26 characters: the id part of what the request creates, so that a repeat after a crash makes the same thing
	Done      bool
	Status    int    // HTTP status of the answer
	Answer    []byte // sealed body of the answer
}

// AnswerBound is what a kept answer is bound to.
func (c Claim) AnswerBound() string {
	return "idempotency_keys.answer/" + string(c.AccountID) + "/" + c.Key
}

// TranslationBound is what the sealed secret of an account's translations is bound to.
func (id AccountID) TranslationBound() string { return "translation_secrets/" + string(id) }

// ErrNotClaimed is a request that did not take its claim with what it stores, and stored nothing: the claim has to be taken
// by itself first, by ClaimStore.Claim, which tells who holds it.
var ErrNotClaimed = errors.New("the Idempotency-Key was not claimed")

// ClaimStore keeps idempotency keys.
type ClaimStore interface {
	// Claim takes the key or returns what is known of its first use. taken is true if the caller holds it now:
	// it is new, or its holder has been silent since before staleBefore.
	Claim(ctx context.Context, c Claim, now, staleBefore time.Time) (held Claim, taken bool, err error)
	// Complete keeps the answer. It may be stored a moment later, together with others: Claim of the same process waits for it,
	// and one that is lost with the process leaves a claim that grows stale.
	Complete(ctx context.Context, c Claim, now time.Time) error
	// Release gives the key up, after a request that changed nothing (a refused one).
	Release(ctx context.Context, account AccountID, key string) error
}
