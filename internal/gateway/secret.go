package gateway

import (
	"context"
	"fmt"
	"log/slog"
)

// Secret is a token, key or password. It prints as <secret> wherever it is printed by accident: logs, errors, JSON.
// Reveal is the only way to its text.
type Secret string

const hidden = "<secret>"

func (s Secret) Reveal() string               { return string(s) }
func (s Secret) String() string               { return hidden }
func (s Secret) GoString() string             { return hidden }
func (s Secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(hidden)) }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// Sealer encrypts what must not lie open in the database. The context (a table and a row) is bound to the ciphertext,
// so that a sealed value moved to another row does not open.
type Sealer interface {
	Seal(ctx context.Context, plain []byte, bound string) ([]byte, error)
	Open(ctx context.Context, sealed []byte, bound string) ([]byte, error)
}

// Vault also finds what it sealed, and knows which key seals now.
type Vault interface {
	Sealer
	// Index returns the same bytes for the same parts: a keyed hash, by which a sealed value can be looked up.
	Index(parts ...string) []byte
	// Prefix is how every value begins that is sealed by the key that seals now.
	Prefix() []byte
	// Key names that key.
	Key() string
}
