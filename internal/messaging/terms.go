package messaging

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"herald/internal/gateway"
)

const (
	// termsFor is how long terms are believed without asking the database again: what other processes lag behind a change.
	termsFor = 2 * time.Second
	// termsAtMost bounds how many accounts' terms are remembered.
	termsAtMost = 1024
)

// termsCache remembers what accounts send by, so that accepting a message asks for nothing but its bot.
type termsCache struct {
	mu    sync.Mutex
	known map[gateway.AccountID]knownTerms
}

type knownTerms struct {
	gateway.Terms
	until time.Time
}

func (c *termsCache) get(account gateway.AccountID, now time.Time) (gateway.Terms, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[account]
	return k.Terms, ok && now.Before(k.until)
}

func (c *termsCache) put(account gateway.AccountID, t gateway.Terms, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= termsAtMost {
		c.known = map[gateway.AccountID]knownTerms{}
	}
	c.known[account] = knownTerms{Terms: t, until: now.Add(termsFor)}
}

func (c *termsCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.known)
}

// terms are what the account sends by, a moment old at most.
func (s *Service) terms(ctx context.Context, account gateway.AccountID) (gateway.Terms, error) {
	now := s.now()
	if t, ok := s.remembered.get(account, now); ok {
		return t, nil
	}
	t, err := s.store.Terms(ctx, account)
	if err != nil {
		return t, fmt.Errorf("read terms: %w", err)
	}
	s.remembered.put(account, t, now)
	return t, nil
}

// Terms returns the price list of the installation and the defaults of the account, as they are stored.
func (s *Service) Terms(ctx context.Context, account gateway.AccountID) (gateway.Terms, error) {
	return s.store.Terms(ctx, account)
}

// SetPrices replaces the price list of the installation. Messages that were accepted before keep their prices.
func (s *Service) SetPrices(ctx context.Context, l gateway.PriceList) error {
	if err := l.Check().OrNil(); err != nil {
		return err
	}
	defer s.remembered.forget()
	return s.store.SetPrices(ctx, l, s.now())
}

// SetDefaults replaces the defaults of the account. They are held against the same rules as a message's own options.
func (s *Service) SetDefaults(ctx context.Context, account gateway.AccountID, d gateway.Defaults) error {
	probe := Request{To: "#1", Text: "x"}
	if d.Fallback != "" && len(d.Cascade) > 0 {
		return gateway.Fault(gateway.CodeCascade, "fallback", "Give a cascade or a fallback, not both: a fallback is the short form of a cascade.")
	}
	probe.fillFrom(d)
	if _, err := probe.message(s.now()); err != nil {
		return err
	}
	defer s.remembered.forget()
	return s.store.SetDefaults(ctx, account, d)
}

// fillFrom fills what the request leaves open from the account's defaults. Codes are for now: how long, at which hours and
// what after a lost answer is theirs.
func (r *Request) fillFrom(d gateway.Defaults) {
	if len(r.Cascade) == 0 && r.Fallback == "" {
		r.Fallback = d.Fallback
		for _, l := range d.Cascade {
			r.Cascade = append(r.Cascade, CascadeLeg{Channel: l.Channel, Until: l.Until, Within: l.Within})
		}
	}
	if r.Timezone == "" && d.Timezone != "" {
		r.Timezone, r.zoneOf = d.Timezone, gateway.ZoneOfAccount
	}
	fill(&r.MaxPrice, d.MaxPrice)
	fill(&r.Format, d.Format)
	if r.Silent == nil && d.Silent {
		r.Silent = &d.Silent
	}
	if r.Confirmed == 0 && !strings.HasPrefix(strings.TrimSpace(r.To), "chat:") { // a group has no phone
		r.Confirmed = d.Confirmed
	}
	if r.Confirmed != 0 { // else it says nothing, and one that the request has is a slip
		fill(&r.ConfirmBy, d.ConfirmBy)
	}
	if r.Lane != gateway.LaneCode {
		fill(&r.TTL, d.TTL)
		fill(&r.OnUnknown, d.OnUnknown)
		fill(&r.Between, d.Between)
	}
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
