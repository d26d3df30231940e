package translate

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"herald/internal/gateway"
)

// cache keeps translations of masked texts: what is locked (codes, phones, links, names) never gets into it, and texts that
// differ in nothing else share one translation. What is kept is sealed, and found by a hash under a secret of the account.
type cache struct {
	store   gateway.TranslationStore
	sealer  gateway.Sealer
	ids     *gateway.IDs
	now     gateway.Clock
	age     time.Duration
	secrets sync.Map // of accounts, opened: gateway.AccountID -> []byte
}

// kept is a translation as it is kept.
type kept struct {
	Text string `json:"text"` // with tokens
	From string `json:"from,omitempty"`
}

// key names a job's masked text. Terms to keep are in it by the tokens that they left.
func (c *cache) key(ctx context.Context, j job) (key gateway.TranslationKey, err error) {
	secret, err := c.secret(ctx, j.account)
	if err != nil {
		return key, err
	}
	mac := hmac.New(sha256.New, secret)
	for _, part := range []string{googleCode(j.from), googleCode(j.to), j.masked.kinds(), j.masked.body} {
		_, _ = fmt.Fprintf(mac, "%d:", len(part))
		_, _ = io.WriteString(mac, part)
	}
	mac.Sum(key[:0])
	return key, nil
}

// secret opens the account's secret, and makes it first if there is none.
func (c *cache) secret(ctx context.Context, account gateway.AccountID) ([]byte, error) {
	if known, ok := c.secrets.Load(account); ok {
		return known.([]byte), nil
	}
	bound := account.TranslationBound()
	fresh, err := c.sealer.Seal(ctx, []byte(c.ids.Secret("tr").Reveal()), bound)
	if err != nil {
		return nil, err
	}
	sealed, err := c.store.TranslationSecret(ctx, account, fresh)
	if err != nil {
		return nil, err
	}
	secret, err := c.sealer.Open(ctx, sealed, bound)
	if err != nil {
		return nil, err
	}
	c.secrets.Store(account, secret)
	return secret, nil
}

// find returns the kept translation of a job. One that cannot be opened, or does not fit, counts as not there.
func (c *cache) find(ctx context.Context, j job) (t gateway.Translation, found bool, err error) {
	sealed, found, err := c.store.KeptTranslation(ctx, j.account, j.key, c.now().Add(-c.age))
	if err != nil || !found {
		return t, false, err
	}
	plain, err := c.sealer.Open(ctx, sealed, c.bound(j))
	if err != nil {
		return t, false, nil
	}
	var k kept
	if json.Unmarshal(plain, &k) != nil {
		return t, false, nil
	}
	t, err = k.restore(j)
	if gateway.TranslationReasonOf(err) == gateway.TranslationDamaged {
		return t, false, nil
	}
	t.Cached = err == nil
	return t, true, err
}

func (c *cache) keep(ctx context.Context, j job, k kept) error {
	plain, err := json.Marshal(k)
	if err != nil {
		return err
	}
	sealed, err := c.sealer.Seal(ctx, plain, c.bound(j))
	if err != nil {
		return err
	}
	return c.store.KeepTranslation(ctx, j.account, j.key, sealed, c.now())
}

// bound ties what is kept to its row.
func (c *cache) bound(j job) string {
	return "translations/" + string(j.account) + "/" + hex.EncodeToString(j.key[:])
}
